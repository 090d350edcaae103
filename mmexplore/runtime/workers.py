"""Worker processes: warm, and asked for a function of this package over pieces of a list, from any thread.

They run ``python -m mmexplore.runtime.workers`` and not :mod:`multiprocessing`: its spawned children import the
caller's ``__main__`` again (under Streamlit: the page), its forked ones can hang under a threaded server. They end with
their pipe, so also when their owner is killed, and after five idle minutes. A frame is a head of nine bytes and what it
counts: JSON one way, whatever bytes the function makes the other. Threads here only wait.
"""

import atexit
import contextlib
import importlib
import inspect
import json
import math
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import IO, Any, NamedTuple

import psutil

from mmexplore.runtime import places, processes

COMMAND = [sys.executable, "-m", "mmexplore.runtime.workers"]
IDLE_SECONDS = 300.0

_NAME = re.compile(r"mmexplore(\.\w+)+:[a-z]\w*")
_HEAD = struct.Struct("<?q")  # whether it failed, how many bytes follow


class Died(NamedTuple):
    """A killer: the one item of a list over which two processes died, alone with it."""

    item: str


class WorkerDiedError(Exception):
    """Raised when a worker's pipe breaks: it crashed or was killed."""


class Worker:
    """One process; it serves one thread at a time."""

    def __init__(self) -> None:
        environment = os.environ | places.importable() | {"OMP_NUM_THREADS": "1"}
        command = [*COMMAND, str(IDLE_SECONDS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, task: bytes) -> tuple[bool, bytes]:
        """Whether the task failed, and the answer or the trace. Raises WorkerDiedError."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            _send(self.process.stdin, task)
            return _receive(self.process.stdout)
        except (OSError, EOFError) as error:  # Windows has no error of its own for a broken pipe
            raise WorkerDiedError from error

    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def processor_seconds(self) -> float:
        """Processor time that it has had; endless where it is gone."""
        try:
            used = psutil.Process(self.process.pid).cpu_times()
        except psutil.Error:
            return math.inf
        return float(used.user + used.system)

    def kill(self) -> None:
        """Have the process end, whatever it is at; from any thread."""
        self.process.kill()

    def close(self) -> None:
        """End the process and its pipes."""
        self.process.kill()
        self.process.communicate()


class _Asking:
    """One call of :meth:`Workers.ask`: what is asked for, and the workers that are at it."""

    def __init__(self, function: str, settings: Mapping[str, Any]) -> None:
        self._asked = {"function": function, "settings": dict(settings)}
        self.function = function
        self.busy: set[Worker] = set()
        self.stopped = False

    def task(self, items: Sequence[str]) -> bytes:
        return json.dumps(self._asked | {"items": list(items)}, allow_nan=False).encode()


class Workers:
    """Process pool; shared by all threads of this process."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    def ask(
        self, function: str, chunks: Sequence[Sequence[str]], settings: Mapping[str, Any], workers: int
    ) -> Generator[tuple[int, list[bytes | Died]], None, None]:
        """Number and answers of each chunk as it is done, over at most so many processes at once.

        ``function`` is named as in ``mmexplore.chem.standardize:standardise_chunk`` and called with the items of a
        chunk and ``settings`` (what JSON can say) as keywords; it gives bytes. A chunk has one answer; where a process
        died of it, one for each of the parts, in order, into which it was halved until the item was found that kills.
        Closing the iterator ends what is under way. Raises ValueError for a function outside the package, RuntimeError
        with the trace of what the function raised.
        """
        if not _NAME.fullmatch(function):
            raise ValueError(f"workers call functions of mmexplore, as in 'mmexplore.room.file:name', not {function!r}")
        asking = _Asking(function, settings)
        with ThreadPoolExecutor(max(min(workers, len(chunks)), 1), "workers") as threads:
            asked: dict[Future[list[bytes | Died]], int] = {
                threads.submit(self._answers, asking, items): i for i, items in enumerate(chunks)
            }
            try:
                for future in as_completed(asked):
                    yield asked.pop(future), future.result()
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                self._stop(asking)

    def idle(self) -> int:
        """How many are warm and wait."""
        with self._lock:
            return sum(worker.alive() for worker in self._idle)

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        """In a forked child: the idle workers are the parent's."""
        self._idle, self._lock = [], threading.Lock()

    def _answers(self, asking: _Asking, items: Sequence[str], again: bool = False) -> list[bytes | Died]:
        worker = self._leased(asking, fresh=again)
        try:
            failed, answer = worker.ask(asking.task(items))
        except WorkerDiedError:
            self._give_up(asking, worker)
            return self._after_death(asking, items, again)
        self._give_back(asking, worker)
        if failed:
            raise RuntimeError(f"{asking.function} failed in a worker:\n{answer.decode()}")
        return [answer]

    def _after_death(self, asking: _Asking, items: Sequence[str], again: bool) -> list[bytes | Died]:
        """Halve; a single item is tried once more, as a process may die of other things, too."""
        if len(items) > 1:
            middle = len(items) // 2
            return self._answers(asking, items[:middle]) + self._answers(asking, items[middle:])
        return [Died(items[0])] if again else self._answers(asking, items, again=True)

    def _leased(self, asking: _Asking, fresh: bool) -> Worker:
        with self._lock:
            if asking.stopped:
                raise WorkerDiedError
            worker = None if fresh else self._living()
            worker = worker or Worker()
            asking.busy.add(worker)
            return worker

    def _living(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive():
                return worker
            worker.close()
        return None

    def _give_back(self, asking: _Asking, worker: Worker) -> None:
        with self._lock:
            asking.busy.discard(worker)
            self._idle.append(worker)

    def _give_up(self, asking: _Asking, worker: Worker) -> None:
        with self._lock:
            asking.busy.discard(worker)
        worker.close()

    def _stop(self, asking: _Asking) -> None:
        with self._lock:
            asking.stopped = True
            for worker in asking.busy:
                worker.kill()


WORKERS = Workers()
atexit.register(WORKERS.close)
processes.in_forked_children(WORKERS.forget)


def _send(file: IO[bytes], content: bytes, failed: bool = False) -> None:
    file.write(_HEAD.pack(failed, len(content)))
    file.write(content)
    file.flush()


def _receive(file: IO[bytes]) -> tuple[bool, bytes]:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    failed, length = _HEAD.unpack(head)
    content = file.read(length)
    if len(content) < length:
        raise EOFError
    return failed, content


def function(name: str) -> Callable[..., Any]:
    """A function of this package by its name; one that a module has merely imported from elsewhere is none."""
    module, _, attribute = name.partition(":")
    found = getattr(importlib.import_module(module), attribute) if _NAME.fullmatch(name) else None
    if not inspect.isfunction(found) or not found.__module__.startswith("mmexplore."):
        raise ValueError(f"{name!r} is no function of mmexplore")
    return found


def _done(task: bytes) -> tuple[bool, bytes]:
    """Whether it failed, and the answer or the trace."""
    try:
        asked = json.loads(task)
        return False, function(asked["function"])(asked["items"], **asked["settings"])
    except MemoryError:
        os._exit(1)  # half as much may fit
    except KeyboardInterrupt:
        os._exit(130)  # RDKit hears Ctrl-C whatever is told to the process, whose owner ends too
    except Exception:
        return True, traceback.format_exc().encode(errors="replace")


def serve(idle_seconds: float) -> None:
    """Answer frames from stdin until it closes, or nothing has come for so long since the last answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the owner, whose end closes the pipe
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land between the frames
    with contextlib.suppress(EOFError):
        _, task = _receive(sys.stdin.buffer)
        while True:
            failed, answer = _done(task)
            idle = threading.Timer(idle_seconds, os._exit, [0])  # Windows cannot wait for a pipe and a clock at once
            idle.daemon = True
            try:
                _send(answers, answer, failed)
            except BrokenPipeError:
                os._exit(0)  # the owner has ended and wants no answer
            idle.start()
            _, task = _receive(sys.stdin.buffer)
            idle.cancel()


if __name__ == "__main__":
    serve(float(sys.argv[1]))
