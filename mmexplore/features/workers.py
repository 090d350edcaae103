"""Featurization workers: warm processes that featurise chunks of SMILES, spoken to through pipes.

They run ``python -m mmexplore.features.workers`` and not :mod:`multiprocessing`, whose children import the caller's
``__main__`` again (under Streamlit: the page). They end with the pipe, so also when their owner is killed, and after
five idle minutes. A frame is its length in eight bytes, then JSON one way and ``npz`` back. Threads here only wait:
RDKit holds the interpreter's lock, so that featurising in threads gains nothing.
"""

import atexit
import io
import json
import os
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import IO, Any

import numpy as np

from mmexplore.features.featurize import Chunk, featurize, join, refused
from mmexplore.features.packing import Packed
from mmexplore.runtime import places, processes
from mmexplore.runtime.registry import MODALITIES

IDLE_SECONDS = 300


class WorkerDiedError(Exception):
    """Raised when a worker's pipe breaks: it crashed, was killed, or had been idle for long."""


class Worker:
    """Worker process; it serves one thread at a time."""

    def __init__(self) -> None:
        environment = os.environ | places.importable() | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "mmexplore.features.workers"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def featurize(self, modality: str, options: dict[str, Any], smiles: Sequence[str]) -> Chunk:
        """The chunk of these SMILES. Raises WorkerDiedError; RuntimeError with the trace from there."""
        assert self.process.stdin
        assert self.process.stdout
        task = json.dumps({"modality": modality, "options": options, "smiles": list(smiles)})
        try:
            _send(self.process.stdin, task.encode())
            answer = _receive(self.process.stdout)
        except (OSError, EOFError) as error:  # Windows has no error of its own for a broken pipe
            raise WorkerDiedError from error
        if answer.startswith(b"!"):
            raise RuntimeError(f"featurising failed in a worker:\n{answer[1:].decode()}")
        return _unpacked(answer)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Workers:
    """Worker pool: workers that wait for work; shared by all threads of this process."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    def featurize(
        self, modality: str, options: dict[str, Any], chunks: Sequence[Sequence[str]], workers: int
    ) -> Generator[tuple[int, Chunk], None, None]:
        """Number and content of each chunk as it is done. Closing the iterator drops what has not begun."""
        with ThreadPoolExecutor(workers, "featurise") as threads:
            asked: dict[Future[Chunk], int] = {
                threads.submit(self._one, modality, options, smiles): i for i, smiles in enumerate(chunks)
            }
            try:
                while asked:
                    for future in wait(asked, return_when=FIRST_COMPLETED).done:
                        yield asked.pop(future), future.result()
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def idle(self) -> int:
        """Number of workers that are warm and wait."""
        return len(self._idle)

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        """In a forked child: the idle workers are the parent's."""
        self._idle, self._lock = [], threading.Lock()

    def _one(self, modality: str, options: dict[str, Any], smiles: Sequence[str], fresh: bool = False) -> Chunk:
        worker = Worker() if fresh else self._leased()
        try:
            chunk = worker.featurize(modality, options, smiles)
        except WorkerDiedError:
            worker.close()
            return self._after_death(modality, options, smiles, fresh)
        except RuntimeError:
            self._give_back(worker)
            raise
        self._give_back(worker)
        return chunk

    def _after_death(self, modality: str, options: dict[str, Any], smiles: Sequence[str], fresh: bool) -> Chunk:
        """Try again with a new process; if that dies too, halve, until the molecule is found that kills it."""
        if not fresh:
            return self._one(modality, options, smiles, fresh=True)
        if len(smiles) == 1:
            return refused(MODALITIES[modality].columns, f"the process that read {smiles[0]!r} died twice of it")
        middle = len(smiles) // 2
        halves = [self._one(modality, options, part, fresh=True) for part in (smiles[:middle], smiles[middle:])]
        return join(halves)

    def _leased(self) -> Worker:
        with self._lock:
            return self._idle.pop() if self._idle else Worker()

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._idle.append(worker)


WORKERS = Workers()
atexit.register(WORKERS.close)
processes.in_forked_children(WORKERS.forget)


def _send(file: IO[bytes], content: bytes) -> None:
    file.write(struct.pack("<q", len(content)) + content)
    file.flush()


def _receive(file: IO[bytes]) -> bytes:
    header = file.read(8)
    content = file.read(struct.unpack("<q", header)[0]) if len(header) == 8 else b""
    if not content:
        raise EOFError
    return content


def _packed(chunk: Chunk) -> bytes:
    file = io.BytesIO()
    columns = {f"column {name}": values for name, values in chunk.packed.columns.items()}
    counts = {f"counts {axis}": values for axis, values in chunk.packed.counts.items()}
    reasons = np.frombuffer(json.dumps(list(chunk.reasons.items())).encode(), np.uint8)
    arrays: dict[str, Any] = {"ok": chunk.ok, "reasons": reasons} | columns | counts
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(content: bytes) -> Chunk:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        columns = {k.removeprefix("column "): arrays[k] for k in arrays if k.startswith("column ")}
        counts = {k.removeprefix("counts "): arrays[k] for k in arrays if k.startswith("counts ")}
        ok, reasons = arrays["ok"], dict(json.loads(arrays["reasons"].tobytes()))
    return Chunk(Packed(len(ok), columns, counts), ok, reasons)


def _serve() -> None:
    """Answer frames from stdin until it closes or nothing comes for long."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land between the frames
    while True:
        idle = threading.Timer(IDLE_SECONDS, os._exit, [0])  # Windows cannot wait for a pipe and a clock at once
        idle.daemon = True
        idle.start()
        try:
            task = json.loads(_receive(sys.stdin.buffer))
        except EOFError:
            return
        finally:
            idle.cancel()
        try:
            answer = _packed(featurize(MODALITIES[task["modality"]](**task["options"]), task["smiles"]))
        except Exception:
            answer = b"!" + traceback.format_exc().encode()
        _send(answers, answer)


if __name__ == "__main__":
    _serve()
