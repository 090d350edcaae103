"""A stand-in for ``python -m mmexplore`` in the tests of jobs: a few verbs that do next to nothing."""

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs.client import start
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.runtime.jobs.worker import running


def count(progress: Listener, steps: int, seconds: float) -> None:
    for step in range(steps):
        progress("count", step, steps, loss=1 / (step + 1))
        time.sleep(seconds)
    progress("count", steps, steps)
    progress.result = {"steps": steps, "auc": float("nan")}


def gated(progress: Listener, gate: Path) -> None:
    """At work until a file is there."""
    while not gate.exists():
        progress("gated", 0, 1)
        time.sleep(0.05)
    progress("gated", 1, 1)


def wait_to_be_killed() -> None:
    while True:
        signal.pause()


def stuck(progress: Listener, worker: bool) -> None:
    """Never reports again; a worker of its own is left waiting with it."""
    if worker:
        multiprocessing.get_context("fork").Process(target=wait_to_be_killed).start()
    progress("stuck", 0, 1)
    wait_to_be_killed()


def work(verb: str, arguments: list[str], progress: Listener) -> None:
    match verb:
        case "count":
            count(progress, int(arguments[0]), float(arguments[1]))
        case "gated":
            gated(progress, Path(arguments[0]))
        case "refuse":
            raise BadTable("the table has no column 'smiles'; it has: a, b")
        case "crash":
            raise ZeroDivisionError("no luck\nat all")
        case "exit":
            sys.exit(int(arguments[0]))
        case "stuck":
            stuck(progress, bool(arguments))
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            stuck(progress, worker=True)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "serve":  # a server: it starts one job, says its id and waits
        import mmexplore.runtime.jobs.client

        mmexplore.runtime.jobs.client.COMMAND = [sys.executable, __file__]
        print(start(arguments[0], arguments[1:], home=default_home()).id, flush=True)
        wait_to_be_killed()
    if verb == "mute":  # dies before it ever says that it is there
        sys.exit(3)
    folder = Path(arguments.pop()) if "--job" in arguments else None
    arguments = [argument for argument in arguments if argument != "--job"]
    with running(folder) as progress:
        work(verb, arguments, progress)
