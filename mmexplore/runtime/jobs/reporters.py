"""Progress reporters: one writes to a job's folder, one draws a line in the terminal."""

import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import psutil

from mmexplore.runtime import files
from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import as_json, json_text
from mmexplore.runtime.jobs.folder import ACTIVE, State, with_crc
from mmexplore.runtime.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

STATUS_EVERY_SECONDS = 0.2
EVENT_EVERY_SECONDS = 1.0
GOES_ON = "what was done is kept, and the same command goes on with it"


class Listener(Progress, Protocol):
    """Job listener: what :func:`~mmexplore.runtime.jobs.worker.running` gives a verb.

    A progress to call, a place for the result, and what to say of work that is stopped.
    """

    result: dict[str, Any] | None
    goes_on: str


class Pace:
    """Remaining-time estimate.

    How long a stage will still take, going by its last 32 reports that lie a second or more apart.

    >>> pace = Pace()
    >>> pace.seconds_left(0, 10, now=100.0), pace.seconds_left(2, 10, now=101.0)
    (None, 4.0)
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=32)

    def seconds_left(self, done: int, total: int, now: float) -> float | None:
        """Take note of a report (``now`` in seconds) and estimate; None while there is nothing to go by."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()  # the stage began anew
        if not self._seen or now - self._seen[-1][0] >= 1.0 or len(self._seen) == 1:
            self._seen.append((now, done))
        then, had = self._seen[0]
        if done <= had or total < done:
            return None
        return (total - done) * (now - then) / (done - had)


class JobProgress:
    """Writes progress to a job's folder and raises Cancelled once somebody asked the job to stop.

    status.json is renewed five times a second at most; a report joins events.jsonl if it carries values, opens
    or completes a stage, or comes a second after the last one. For one process, any of its threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result: dict[str, Any] | None = None
        self.goes_on = GOES_ON
        self._status: dict[str, Any] = {"state": "queued", "stage": "", "done": 0, "total": 0, "seconds_left": None}
        self._status |= {"values": {}, "message": "", "pid": os.getpid(), "started": psutil.Process().create_time()}
        self._lock = threading.RLock()
        self._cancel = os.fspath(folder / "cancel")
        self._paces: dict[str, Pace] = {}
        self._written = self._told = 0.0
        _end_last_line(folder / "events.jsonl")

    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        """Report where the work is; see :class:`mmexplore.runtime.progress.Progress`."""
        self.raise_if_cancelled()
        with self._lock:
            now, turning = time.time(), stage != self._status["stage"] or done >= total
            report = {"stage": stage, "done": int(done), "total": int(total)}
            plain = {name: as_json(float(value)) for name, value in values.items()}
            left = self._paces.setdefault(stage, Pace()).seconds_left(done, total, now)
            self._status |= {**report, "seconds_left": left, "values": {**self._status["values"], **plain}}
            if plain or turning or now - self._told >= EVENT_EVERY_SECONDS:
                self._tell({"time": now, **report, "values": plain})
            if turning or now - self._written >= STATUS_EVERY_SECONDS:
                self._write(now)

    def mark(self, state: State, message: str = "", *, retry: bool = True) -> None:
        """Enter a state, with a sentence for the reader; ``retry``: whether the same work again may do better."""
        with self._lock:
            changed = (state, message) != (self._status["state"], self._status["message"])
            self._status |= {"state": state, "message": message, "retry": retry}
            if state not in ACTIVE:
                self._status["seconds_left"] = None
            if changed or not self._written:
                self._write(time.time())

    def raise_if_cancelled(self) -> None:
        """Raise Cancelled if somebody asked the job to stop."""
        if os.path.exists(self._cancel):  # noqa: PTH110 - asked at every step: a third of pathlib's price
            raise Cancelled("stopped as asked")

    def _tell(self, event: dict[str, Any]) -> None:
        self._told = event["time"]
        with (self.folder / "events.jsonl").open("ab", buffering=0) as file:
            file.write((json_text(with_crc(event)) + "\n").encode())  # one write: a kill leaves the line whole or away

    def _write(self, now: float) -> None:
        """Replace status.json; without fsync, as after a power cut nothing in it is true any more."""
        self._written = now
        fresh = self.folder / ".status.json"
        fresh.write_text(json_text(with_crc(self._status | {"updated": now}), indent=1) + "\n", encoding="utf-8")
        files.replace(fresh, self.folder / "status.json")


class TerminalProgress:
    """Draws one line on stderr while something is done; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self.result: dict[str, Any] | None = None
        self.goes_on = GOES_ON
        self._shown = sys.stderr.isatty()
        self._line: RichProgress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.stop()

    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        """Report where the work is; see :class:`mmexplore.runtime.progress.Progress`."""
        if not self._shown:
            return
        self._line = self._line or _terminal_line()
        told = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        if self._task is None or self._line.tasks[0].description != stage:
            for task in self._line.task_ids:
                self._line.remove_task(task)
            self._task = self._line.add_task(stage, total=total, told=told)
        self._line.update(self._task, completed=done, total=total)
        if told:
            self._line.update(self._task, told=told)


def _terminal_line() -> "RichProgress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    told = TextColumn("{task.fields[told]}")
    line = RichProgress(*columns, told, console=Console(stderr=True), transient=True)
    line.start()
    return line


def _end_last_line(path: Path) -> None:
    """Close a line that a kill left open, so that the next report does not become part of it."""
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
