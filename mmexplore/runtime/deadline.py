"""Deadline of chemistry on what a visitor typed: it runs in a few warm processes and is ended there when time is over.

RDKit holds the interpreter's lock and cannot be interrupted, so that one odd structure would stop a whole server. The
processes are those of :mod:`mmexplore.runtime.workers`; here one is killed at the end of its time and the next is
already waiting. There is one setting, ``MMEXPLORE_DEADLINE``, in seconds.

They are seconds of a processor: where a busy machine gives a process less than one, it may take up to four times as
long by the clock, so that what is quick is not refused because something else is slow.
"""

import atexit
import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, ParamSpec, TypeVar

from mmexplore.runtime import errors, processes
from mmexplore.runtime.errors import BadMolecule, Busy, MmexploreError, TooLong
from mmexplore.runtime.workers import Worker, WorkerDiedError, function

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

SETTING = "MMEXPLORE_DEADLINE"
USUAL_SECONDS = 2.0
MOST_BYTES = 8 * 2**30
"""So much address space a process may take; what needs more is refused like what takes too long."""
_START_SECONDS = 120.0
_CLOCK = 4
_SOON = 0.02  # seconds: what a processor's clock does not tell apart
_MOST_LATE = 3
_KNOWN = ("mmexplore.chem.standardize", "mmexplore.datasets.search", "mmexplore.features.workers")


def seconds() -> float:
    """Seconds that chemistry on a visitor's input may take; the usual ones where the setting is no such number."""
    with suppress(ValueError):
        if 0 < (chosen := float(os.environ.get(SETTING, ""))) < 3600:
            return chosen
    return USUAL_SECONDS


class WorkerTask(NamedTuple):
    """Task of a worker: a function's name and arguments that JSON can say."""

    named: str
    args: Sequence[Any]
    kwargs: dict[str, Any]

    @property
    def frame(self) -> bytes:
        """What the worker is sent."""
        asked = {"function": f"{__name__}:answered", "items": [json.dumps([self.args, self.kwargs], allow_nan=False)]}
        return json.dumps(asked | {"settings": {"named": self.named}}, allow_nan=False).encode()


class Hurried:
    """Process pool whose answers come in time or not at all; shared by all threads of this process.

    ``known``: modules that a process imports before its first task; ``most_bytes`` of address space it may take (None:
    any); ``who`` works there, in words; ``eager``: all are started at the first task, and not each when it is needed.
    """

    def __init__(
        self,
        size: int,
        known: Sequence[str] = _KNOWN,
        *,
        most_bytes: int | None = MOST_BYTES,
        who: str = "RDKit",
        eager: bool = True,
    ) -> None:
        self._size, self._known, self._most_bytes, self._who, self._eager = size, known, most_bytes, who, eager
        self._empty()

    def _empty(self) -> None:
        self._idle: list[Worker] = []
        self._alive = 0  # idle, busy or starting
        self._starting = 0
        self._was_ready = False
        self._change = threading.Condition()

    @property
    def cold(self) -> bool:
        """Whether no process was ever ready: the first are still to start."""
        return not self._was_ready

    def warm(self) -> None:
        """Have the processes started, without waiting for them."""
        with self._change:
            for _ in range(self._size - self._alive):
                self._begin()

    def ask(
        self,
        named: str,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        before: WorkerTask | None = None,
        limit: float | None = None,
    ) -> Any:
        """What a function gives for arguments that JSON can say. Raises its MmexploreError, TooLong, BadMolecule.

        ``before`` has the process ready, and takes none of its time: what fails there fails in the function, too.
        ``limit``: seconds that it may take, those of the setting if None.
        """
        limit = seconds() if limit is None else limit
        end = time.monotonic() + limit
        if self._eager:
            self.warm()
        worker, end = self._leased(end)
        over, failed = threading.Event(), False
        told: bytes | None = None
        try:
            if before:
                began = time.monotonic()
                _answer(worker, before, began + _START_SECONDS, over)
                end += time.monotonic() - began
            failed, told = _answer(worker, WorkerTask(named, args, kwargs), end, over)
        except WorkerDiedError:
            pass
        finally:
            self._give_back(worker, told is not None and not over.is_set())
        if told is None:
            if over.is_set():
                words = f"this structure takes {self._who} longer than {limit:g} seconds and was given up"
                raise TooLong(f"{words}; a simpler one would do")
            raise BadMolecule(f"{self._who} came down over this structure; give another")
        if failed:
            raise RuntimeError(f"{named} failed in a worker:\n{told.decode()}")
        return _unpacked(named, told)

    def close(self) -> None:
        """End all idle processes."""
        with self._change:
            idle, self._idle = self._idle, []
            self._alive -= len(idle)
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        """In a forked child: the processes are the parent's."""
        self._empty()

    def _begin(self) -> None:
        self._alive += 1
        self._starting += 1
        threading.Thread(target=self._start, name="deadline-worker", daemon=True).start()

    def _start(self) -> None:
        worker = None
        try:
            worker = Worker()
            asked = {"function": f"{__name__}:prepared", "items": list(self._known)}
            limit = {"settings": {"most_bytes": self._most_bytes}}
            worker.ask(json.dumps(asked | limit, allow_nan=False).encode())
        except (OSError, WorkerDiedError):
            log.exception("a process for chemistry did not start")
            if worker:
                worker.close()
            worker = None
        with self._change:
            self._starting -= 1
            if worker:
                self._was_ready = True
                self._idle.append(worker)
            else:
                self._alive -= 1
            self._change.notify_all()

    def _leased(self, end: float) -> tuple[Worker, float]:
        """A warm process, and when its time is over: what a cold start takes is no chemistry, and counts not."""
        latest = time.monotonic() + _START_SECONDS
        with self._change:
            while True:
                while self._idle:
                    worker = self._idle.pop()
                    if worker.alive():
                        return worker, end
                    self._alive -= 1
                    worker.close()
                if self._alive < self._size:
                    self._begin()
                began, cold = time.monotonic(), self._starting == self._alive
                if began > (latest if cold else end):
                    raise Busy("other structures keep the server busy; try again in a moment")
                self._change.wait((latest if cold else end) - began)
                if cold:
                    end += time.monotonic() - began

    def _give_back(self, worker: Worker, good: bool) -> None:
        with self._change:
            if good:
                self._idle.append(worker)
            else:
                self._alive -= 1
                self._begin()
            self._change.notify()
        if not good:
            worker.close()


HURRIED = Hurried(max(2, min(4, processes.cores())))
atexit.register(HURRIED.close)
processes.in_forked_children(HURRIED.forget)


def within(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function of this package gives, made in a process that is killed when :func:`seconds` are over.

    Arguments and answer are what JSON can say (a tuple comes back as a list). Raises what the function raises of
    MmexploreError, TooLong at the end of the time, and BadMolecule where RDKit fails in its own way or comes down.
    """
    made: T = HURRIED.ask(f"{work.__module__}:{work.__name__}", args, dict(kwargs))
    return made


def within_seconds(limit: float, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Like :func:`within`, with so many seconds: for a search that has an end of its own and may miss it."""
    made: T = HURRIED.ask(f"{work.__module__}:{work.__name__}", args, dict(kwargs), limit=limit)
    return made


def each(
    work: Callable[..., list[T]],
    items: Sequence[Any],
    *,
    at_once: int = 50,
    most_late: int = _MOST_LATE,
    **settings: Any,
) -> list[T | None]:
    """Like :func:`within` for a function of a list: so many items at once, and None for one that takes too long alone.

    ``settings`` are its keywords. Raises TooLong where more than ``most_late`` do.
    """
    found: list[T | None] = []
    late = 0
    waiting = [list(items[i : i + at_once]) for i in range(0, len(items), at_once)][::-1]
    while waiting:
        part = waiting.pop()
        try:
            found += within(work, part, **settings)
        except TooLong:
            if len(part) == 1:
                late += 1
                found.append(None)
                if late > most_late:
                    raise
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
    return found


def _answer(worker: Worker, task: WorkerTask, end: float, over: threading.Event) -> tuple[bool, bytes]:
    """Whether a task failed, and the answer; at the ``end`` the worker is killed. Raises WorkerDiedError.

    Where it had no processor for all the time until then, it has the rest of it, with a new ``end`` by the clock.
    """
    began, limit, used = time.monotonic(), max(end - time.monotonic(), 0), worker.processor_seconds()
    done = threading.Event()

    def watch() -> None:
        rest = limit
        while not done.wait(rest):
            rest = min(limit - (worker.processor_seconds() - used), began + _CLOCK * limit - time.monotonic())
            if rest < _SOON:
                over.set()
                worker.kill()
                return

    watcher = threading.Thread(target=watch, name="deadline", daemon=True)
    watcher.start()
    try:
        return worker.ask(task.frame)
    finally:
        done.set()
        watcher.join()


def _unpacked(named: str, answer: bytes) -> Any:
    told = json.loads(answer)
    if "made" in told:
        return told["made"]
    if trace := told.get("trace"):
        log.warning("%s failed over a visitor's structure:\n%s", named, trace)
    kind: type[MmexploreError] = getattr(errors, told["mistake"], BadMolecule)
    mistake = kind.__new__(kind)  # one of them makes its own sentence
    Exception.__init__(mistake, told["words"])
    raise mistake


def answered(items: Sequence[str], named: str) -> bytes:
    """A worker's share: what a function gives as JSON, or the mistake that it found."""
    args, kwargs = json.loads(items[0])
    try:
        return json.dumps({"made": function(named)(*args, **kwargs)}, allow_nan=False).encode()
    except MmexploreError as mistake:
        return json.dumps({"mistake": type(mistake).__name__, "words": str(mistake)}, allow_nan=False).encode()
    except MemoryError:
        words = "this structure takes more memory than is given to one; a simpler one would do"
        return json.dumps({"mistake": "TooLong", "words": words}, allow_nan=False).encode()
    except Exception as error:  # RDKit raises a dozen types of its own for odd structures
        words = f"RDKit cannot work with this structure: {' '.join(str(error).split())[:200] or type(error).__name__}"
        told = {"mistake": "BadMolecule", "words": words, "trace": traceback.format_exc()}
        return json.dumps(told, allow_nan=False).encode(errors="replace")


def prepared(modules: Sequence[str], most_bytes: int | None) -> bytes:
    """A worker's first task: what it will need is imported, it yields to the server, and its memory has an end."""
    for name in modules:
        import_module(name)
    if hasattr(os, "nice"):
        os.nice(5)
    if most_bytes is not None:
        processes.limit_memory(most_bytes)
    return b""
