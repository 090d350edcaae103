"""Console script ``mmexplore``, and ``python -m mmexplore``: Ctrl-C ends it at once while the program is still read.

Once a verb is at work it ends as :mod:`mmexplore.runtime.jobs.worker` says.
"""

import signal


def main() -> None:
    """Run the command line; a SIGINT that whoever starts it has ignored stays so until a verb is at work."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mmexplore.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
