"""Console script ``mmexplore``, and ``python -m mmexplore``: Ctrl-C ends it at once while the program is still read.

Once a verb is at work it ends as :mod:`mmexplore.runtime.jobs.ctrl_c` says.
"""

from mmexplore.runtime.jobs import ctrl_c


def main() -> None:
    """Run the command line; a SIGINT that whoever starts it has ignored stays so until a verb is at work."""
    ctrl_c.from_the_start()
    from mmexplore.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
