"""Standardization of molecules, many at once: in this process for a few thousand, over worker processes for more.

Workers are ``python -m mmexplore.chem.standardize`` and speak lines of JSON through pipes, rather than being forked or
spawned by :mod:`multiprocessing`: a forked child of a threaded server can hang, a spawned one runs the caller's main
script again. A worker that RDKit brings down costs the one row that did it.
"""

import json
import os
import queue
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO, Literal, NamedTuple

from mmexplore.chem.molecules import Salts, canonical, parse, parse_block, scaffold, standardise
from mmexplore.runtime import processes
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.progress import Progress, silent

Task = Literal["keep", "strip", "scaffold"]

_STAGES = {"keep": "standardise", "strip": "standardise", "scaffold": "find scaffolds"}
_COMMAND = ("-m", "mmexplore.chem.standardize")
CHUNK = 256
POOL_FROM = 5_000


class Standardized(NamedTuple):
    """Canonical SMILES ("" where refused), what was done to it in words, why it was refused ("" where it was not)."""

    smiles: str
    done: str
    refused: str


def standardised(text: str, salts: Salts = "keep") -> Standardized:
    """One SMILES or mol block, standardised; nothing is raised.

    >>> standardised("OCC.Cl", "strip")
    Standardized(smiles='CCO', done='salt stripped: removed Cl', refused='')
    """
    try:
        mol, done = standardise(parse_block(text) if "\n" in text else parse(text), salts)
        return Standardized(canonical(mol), done, "")
    except BadMolecule as error:
        return Standardized("", "", str(error))
    except Exception as error:  # RDKit raises a dozen types of its own for odd molecules
        return Standardized("", "", f"RDKit cannot standardise it: {' '.join(str(error).split())[:200]}")


def standardize_all(
    texts: Sequence[str], salts: Salts = "keep", progress: Progress = silent, workers: int | None = None
) -> list[Standardized]:
    """Outcomes in the order of ``texts``; ``workers`` None: one a processor from 5,000 texts on, else none (0)."""
    return _all(texts, salts, progress, workers)


def scaffolds(smiles: Sequence[str], progress: Progress = silent, workers: int | None = None) -> list[str]:
    """Bemis-Murcko scaffolds in the order of ``smiles``. Raises BadMolecule for the first that cannot be read."""
    outcomes = _all(smiles, "scaffold", progress, workers)
    for outcome in outcomes:
        if outcome.refused:
            raise BadMolecule(outcome.refused)
    return [outcome.smiles for outcome in outcomes]


def _done(task: Task, text: str) -> Standardized:
    if task != "scaffold":
        return standardised(text, task)
    try:
        return Standardized(scaffold(text), "", "")
    except BadMolecule as error:
        return Standardized("", "", str(error))


def _all(texts: Sequence[str], task: Task, progress: Progress, workers: int | None) -> list[Standardized]:
    if workers is None:
        workers = processes.cores() if len(texts) >= POOL_FROM else 0
    chunks = [list(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)]
    if workers < 2:
        return _serially(chunks, task, progress, len(texts))
    return _pooled(chunks, task, progress, len(texts), workers)


def _serially(chunks: list[list[str]], task: Task, progress: Progress, total: int) -> list[Standardized]:
    outcomes: list[Standardized] = []
    for chunk in chunks:
        outcomes += [_done(task, text) for text in chunk]
        progress(_STAGES[task], len(outcomes), total)
    return outcomes


def _pooled(chunks: list[list[str]], task: Task, progress: Progress, total: int, workers: int) -> list[Standardized]:
    idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
    everyone = [_Worker() for _ in range(min(workers, len(chunks)))]
    for worker in everyone:
        idle.put(worker)

    def run(chunk: list[str]) -> list[Standardized]:
        worker = idle.get()
        try:
            return worker.ask(chunk, task)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(everyone)) as threads:
        futures = [threads.submit(run, chunk) for chunk in chunks]
        try:
            done = 0
            for future in as_completed(futures):
                done += len(future.result())
                progress(_STAGES[task], done, total)
            return [outcome for future in futures for outcome in future.result()]
        finally:
            for future in futures:
                future.cancel()
            for worker in everyone:
                worker.stop()


class _Worker:
    """One process, replaced when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def ask(self, chunk: list[str], task: Task) -> list[Standardized]:
        answer = self._answer(chunk, task)
        if answer is not None:
            return [Standardized(*fields) for fields in answer]
        if len(chunk) == 1:
            return [Standardized("", "", "RDKit crashed on it")]
        half = len(chunk) // 2
        return self.ask(chunk[:half], task) + self.ask(chunk[half:], task)

    def _answer(self, chunk: list[str], task: Task) -> list[list[str]] | None:
        """None when the process died over it."""
        if self._stopped:
            return [["", "", "stopped"]] * len(chunk)
        process = self._process = self._process or _started()
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(json.dumps([task, chunk]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):
            line = ""
        if not line:
            process.kill()
            process.wait()
            self._process = None
            return None
        answer: list[list[str]] = json.loads(line)
        return answer

    def stop(self) -> None:
        self._stopped = True
        if self._process:
            self._process.kill()
            self._process.wait()


def _started() -> "subprocess.Popen[str]":
    command = [sys.executable, *_COMMAND]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def _serve(inbox: IO[str], outbox: IO[str]) -> None:
    for line in inbox:
        task, chunk = json.loads(line)
        outbox.write(json.dumps([_done(task, text) for text in chunk]) + "\n")
        outbox.flush()


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
