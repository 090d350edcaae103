"""Job worker: what a verb does to be a job. The other end, which starts and watches, is client.py.

    with running(folder) as progress:      # before anything heavy is imported: it may have to wait here
        card = train(recipe, dataset, out, progress=progress)
        progress.result = {"model": card.name}

With ``folder=None`` the same lines run in the foreground with a progress line in the terminal, and Ctrl-C ends them
with one sentence and code 130. In a job no
exception leaves the block: it is written down, and the process exits with 1, or with 130 after a cancel.
"""

import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mmexplore.runtime import files, logs
from mmexplore.runtime.errors import Cancelled, MmexploreError, NotAvailable
from mmexplore.runtime.home import default_home, write_json
from mmexplore.runtime.jobs import ctrl_c, limits
from mmexplore.runtime.jobs.folder import Job, State, read, read_all
from mmexplore.runtime.jobs.reporters import JobProgress, Listener, TerminalProgress

if TYPE_CHECKING:
    from filelock import FileLock

POLL_SECONDS = 0.2
_log = logging.getLogger(__name__)


@contextmanager
def running(folder: Path | None) -> Iterator[Listener]:
    """Be the job of a folder: wait for the device, work, and write down how it ended."""
    if folder is None:
        with TerminalProgress() as shown, ctrl_c.ends(partial(_say_stopped, shown)):
            yield shown
        return
    logs.configure(logs.log_file(default_home()), stderr=True)
    progress = JobProgress(folder)
    with _sigterm_cancels(), ExitStack() as held:  # the device is given back after the end is written down
        try:
            held.enter_context(_turn_on_device(progress))
            progress.mark("running")
            yield progress
            _deaf_to_sigterm()
            _finish(progress)
        except BaseException as error:
            _deaf_to_sigterm()
            raise SystemExit(_write_down(progress, error)) from None


def _say_stopped(shown: TerminalProgress) -> None:
    print(f"stopped by Ctrl-C: {shown.goes_on}", file=sys.stderr, flush=True)


def _finish(progress: JobProgress) -> None:
    write_json(progress.folder / "result.json", progress.result or {})
    progress.mark("done")
    _log.info("%s is done", progress.folder.name)


def _write_down(progress: JobProgress, error: BaseException) -> int:
    """Write how the work ended; returns the exit code of the process."""
    name = progress.folder.name
    if isinstance(error, SystemExit) and not error.code:
        _finish(progress)
        return 0
    if isinstance(error, Cancelled | KeyboardInterrupt):
        _mark(progress, "cancelled", str(error) or "stopped")
        _log.info("%s was cancelled", name)
        return 130
    if isinstance(error, MmexploreError):
        sentence = str(error)
        _log.warning("%s failed: %s", name, sentence)
    elif isinstance(error, SystemExit):
        sentence = f"the work ended early: {error.code}"
        _log.warning("%s failed: %s", name, sentence)
    elif isinstance(error, OSError) and (sentence := files.disk_words(error)):
        _log.warning("%s failed: %s", name, sentence)
    else:
        said = (str(error).strip().splitlines() or ["no more is said"])[0]
        sentence = f"something went wrong inside ({type(error).__name__}: {said}); the log has the trace"
        _log.error("%s failed", name, exc_info=error)
    _mark(
        progress,
        "failed",
        sentence,
        retry=not isinstance(error, MmexploreError) or isinstance(error, NotAvailable),
    )
    return 1


def _mark(progress: JobProgress, state: State, message: str, *, retry: bool = True) -> None:
    """Where even this cannot be written, readers see that the process has ended, and find the words in the log."""
    try:
        progress.mark(state, message, retry=retry)
    except OSError:
        print(message, file=sys.stderr)


@contextmanager
def _turn_on_device(progress: JobProgress) -> Iterator[None]:
    """Wait for the jobs that were asked for earlier, then hold the device's lock."""
    from filelock import FileLock

    me = read(progress.folder)
    locks = Path(os.environ.get("MMEXPLORE_LOCKS") or progress.folder.parent / ".locks")
    lock_path = locks / f"{re.sub(r'[^A-Za-z0-9]+', '_', me.device)}.lock"
    locks.mkdir(parents=True, exist_ok=True)
    limits.hold_memory(me.device)
    lock = FileLock(lock_path)
    rivals = sorted(read_all(progress.folder.parent), key=lambda job: (job.created, job.id))
    ahead = [job.folder for job in rivals if _goes_first(job, me)]
    while True:
        progress.raise_if_cancelled()
        first = _first_active(ahead)
        if first is None and _acquired(lock):
            break
        progress.mark("queued", f"waiting for {first.title or first.id}" if first else f"waiting for {me.device}")
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _goes_first(other: Job, me: Job) -> bool:
    return other.active and other.device == me.device and (other.created, other.id) < (me.created, me.id)


def _first_active(folders: list[Path]) -> Job | None:
    """The first job that still waits or works; those before it leave the list."""
    while folders:
        try:
            job = read(folders[0])
            if job.active:
                return job
        except (OSError, ValueError):
            pass  # removed meanwhile
        folders.pop(0)
    return None


def _acquired(lock: "FileLock") -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


@contextmanager
def _sigterm_cancels() -> Iterator[None]:
    """SIGTERM raises Cancelled, once; in processes forked off here it keeps its usual meaning."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    mine = os.getpid()

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN if os.getpid() == mine else signal.SIG_DFL)
        if os.getpid() == mine:
            raise Cancelled("stopped by a signal")
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _deaf_to_sigterm() -> None:
    """From here on the end is being written down, which nothing may interrupt."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
