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
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mmexplore.runtime import files, logs, processes
from mmexplore.runtime.errors import Cancelled, MmexploreError, NotAvailable
from mmexplore.runtime.home import default_home, write_json
from mmexplore.runtime.jobs.folder import Job, State, read, read_all
from mmexplore.runtime.jobs.reporters import JobProgress, Listener, TerminalProgress

if TYPE_CHECKING:
    from filelock import FileLock

POLL_SECONDS = 0.2
CTRL_C_SECONDS = 1.0
"""So long Python has to end by itself after Ctrl-C; a library at work in C may not let it."""
_Handler = Callable[[int, FrameType | None], None]
_log = logging.getLogger(__name__)


@contextmanager
def running(folder: Path | None) -> Iterator[Listener]:
    """Be the job of a folder: wait for the device, work, and write down how it ended."""
    if folder is None:
        with TerminalProgress() as shown, _ctrl_c_ends(shown):
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


@contextmanager
def _ctrl_c_ends(shown: TerminalProgress) -> Iterator[None]:
    """SIGINT ends the work soon, whatever it is at and whatever catches the exception, with a sentence and code 130.

    A kill at any moment leaves whole files behind, so nothing has to be put in order. Nor is Python's own end waited
    for, which joins threads that may be at work in C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed, ended = threading.Event(), threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not pressed.is_set():
            pressed.set()
            raise KeyboardInterrupt

    def insist() -> None:
        if not press.waited_for() or ended.is_set():
            return
        latest = time.monotonic() + CTRL_C_SECONDS
        press.interrupt()
        if not ended.wait(CTRL_C_SECONDS):
            _say_stopped(shown)
        time.sleep(max(latest - time.monotonic(), 0))
        processes.kill_started()  # a worker would go on to the end of its share
        os._exit(130)

    press = _KeptBack(stop) if hasattr(signal, "sigwait") else _Heard(stop)
    watch = threading.Thread(target=insist, name="ctrl-c", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        press.close(watch)
        if pressed.is_set():
            _say_stopped(shown)
            raise SystemExit(130)


class _KeptBack:
    """The press of Ctrl-C, kept back from all threads but the one that waits for it, which tells the main one.

    RDKit puts a handler of its own in the place of Python's while it works in C, and where two threads work there, one
    of them puts back the other's: no handler hears of a press then.
    """

    def __init__(self, stop: _Handler) -> None:
        self._told = signal.signal(signal.SIGUSR1, stop)
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def waited_for(self) -> bool:
        return signal.sigwait({signal.SIGINT}) == signal.SIGINT

    def interrupt(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGUSR1)

    def close(self, watch: threading.Thread) -> None:
        if watch.is_alive() and watch.ident is not None:
            signal.pthread_kill(watch.ident, signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        late = signal.SIG_IGN if self._told == signal.SIG_DFL else self._told  # a press may be on its way to main
        signal.signal(signal.SIGUSR1, late)


class _Heard:
    """The press of Ctrl-C where a signal cannot be kept back: the system writes it down even while no Python runs."""

    def __init__(self, stop: _Handler) -> None:
        self._heard, self._rung = socket.socketpair()
        self._rung.setblocking(False)
        self._handler = signal.signal(signal.SIGINT, stop)
        self._woken = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)

    def waited_for(self) -> bool:
        with self._heard, suppress(OSError):
            while (number := self._heard.recv(1)) and number[0] != signal.SIGINT:
                pass
            return bool(number)
        return False

    def interrupt(self) -> None:
        """Python's own handler has done it."""

    def close(self, _watch: threading.Thread) -> None:
        signal.set_wakeup_fd(self._woken)
        signal.signal(signal.SIGINT, self._handler)
        self._rung.close()


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
    lock_path = progress.folder.parent / ".locks" / f"{re.sub(r'[^A-Za-z0-9]+', '_', me.device)}.lock"
    lock_path.parent.mkdir(exist_ok=True)
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
