"""Processes that answer cases: each is forked from a warm one, may be killed, and tells what came of each case.

A fault is a traceback (also a process that came down), an answer after its deadline, or a silent difference: another
number or a lost row without a word. A user error in one sentence is an answer like any other.
"""

import hashlib
import multiprocessing
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue
from typing import Any

from mmexplore.runtime.errors import MmexploreError

TRACEBACK, LATE, SILENT = "traceback", "late", "silent"
ANSWERED, REFUSED = "answered", "refused in words"
WARM = ("mmexplore.cli.app", "mmexplore.training.train", "mmexplore.datasets.file", "mmexplore.nn.model", "pandas")
_LONGEST_SENTENCE = 3_000
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["__main__", *WARM])


@dataclass(frozen=True)
class Came:
    """What came of a case: one of the words above, details in words, and the seconds that the answer took."""

    what: str
    words: str = ""
    seconds: float = 0.0


@dataclass
class Tally:
    """Counts of a kind, and where the inputs of its faults lie."""

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def add(self, came: Came, case: str, keep: Callable[[], Path]) -> None:
        """Count a case; one that failed is kept and told at once."""
        self.counts[came.what] += 1
        self.slowest = max(self.slowest, came.seconds)
        if came.what in (TRACEBACK, LATE, SILENT):
            self.faults.append(case)
            print(f"{self.kind} {case}: {came.what}: {came.words}\n  kept in {keep()}", flush=True)

    def row(self) -> dict[str, Any]:
        """Row of the results."""
        told = {"kind": self.kind, "cases": self.counts.total()}
        told |= {"answered": self.counts[ANSWERED], REFUSED: self.counts[REFUSED]}
        faults = {"tracebacks": TRACEBACK, "over the deadline": LATE, "silent differences": SILENT}
        told |= {name: self.counts[what] for name, what in faults.items()}
        return told | {"slowest, s": round(self.slowest, 2)}


def dice_of(seed: int, kind: str, number: int) -> random.Random:
    """Dice of one case, the same in every process and on every machine."""
    return random.Random(f"{seed} {kind} {number}")


def asked(work: Callable[..., Came], *args: Any) -> Came:
    """What came of a piece of work: what it says, a user error in its sentence, or a traceback."""
    started = time.perf_counter()
    try:
        came = work(*args)
    except MmexploreError as error:
        came = sentence(error)
    except Exception:
        came = Came(TRACEBACK, traceback.format_exc())
    return Came(came.what, came.words, time.perf_counter() - started)


def sentence(error: MmexploreError) -> Came:
    """A user error, which is one sentence that a person can read."""
    words = str(error)
    whole = 10 < len(words) <= _LONGEST_SENTENCE and "Traceback" not in words
    return Came(REFUSED if whole else TRACEBACK, words[:_LONGEST_SENTENCE])


def pace() -> float:
    """How much longer work takes at this moment than the processor is at it: 1 on a machine with nothing else to do."""
    wall, own = time.perf_counter(), time.process_time()
    for _ in range(20):
        hashlib.sha256(bytes(1 << 20)).digest()
    return max(1.0, (time.perf_counter() - wall) / max(time.process_time() - own, 1e-9))


def _serve(pipe: Connection, begin: Callable[..., Callable[..., Came]], place: str) -> None:
    work = begin(place)
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            pipe.send(asked(work, *pipe.recv()))


class Member:
    """One process, which ``begin`` makes ready in a folder of its own; it is begun anew after it was killed."""

    def __init__(self, begin: Callable[..., Callable[..., Came]], place: str, patience: float) -> None:
        self._begin, self._place, self._patience = begin, place, patience
        self._process: Any = None

    def ask(self, *case: Any) -> Came:
        """The answer to a case; a process without one after its patience is killed, and the case is late."""
        if self._process is None:
            self._pipe, theirs = FORKED.Pipe()
            self._process = FORKED.Process(target=_serve, args=(theirs, self._begin, self._place))
            self._process.start()
            theirs.close()
        try:
            self._pipe.send(case)
            if self._pipe.poll(self._patience):
                came: Came = self._pipe.recv()
                return came
            told = Came(LATE, f"no answer in {self._patience:g} seconds", self._patience)
        except (EOFError, OSError):
            self._process.join()
            told = Came(TRACEBACK, f"the process came down with {self._process.exitcode}")
        self.end()
        return told

    def end(self) -> None:
        """End the process; the next case has another one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None


def each(
    begin: Callable[..., Callable[..., Came]],
    cases: Iterable[tuple[Any, ...]],
    folder: Path,
    *,
    patience: float,
    anew: bool = False,
    size: int = 2,
) -> Iterator[tuple[tuple[Any, ...], Came]]:
    """Every case with what came of it, over ``size`` processes; ``anew``: each has one of its own.

    ``begin`` is a function at a module's top level, given a folder of its own; what it gives answers the cases.
    """
    members: Queue[Member] = Queue()
    for number in range(size):
        (place := folder / f"member-{number}").mkdir(parents=True, exist_ok=True)
        members.put(Member(begin, str(place), patience))

    def one(case: tuple[Any, ...]) -> tuple[tuple[Any, ...], Came]:
        member = members.get()
        try:
            return case, member.ask(*case)
        finally:
            if anew:
                member.end()
            members.put(member)

    with ThreadPoolExecutor(size) as threads:
        try:
            yield from threads.map(one, cases)
        finally:
            while not members.empty():
                members.get().end()
