"""Job folder: who writes which file, and how a reader makes sense of it after any kill.

    job.json      what was asked: id, verb, arguments, title, device, created      written once by the starter
    process.json  pid and start time of the process, as the starter saw them       written once by the starter
    status.json   state, stage, done, total, values, pid, message ...              written by the job alone
    events.jsonl  progress reports, one JSON object a line                         appended by the job alone
    result.json   what the work handed back                                        written once by the job
    cancel        empty; it is there once somebody asked the job to stop           written by anybody
    log.txt       stdout and stderr of the process

Every file has one writer, so nothing is locked; all but the log and the events are replaced whole. Nothing
is kept in memory: what a reader sees is what lies here, checked against the processes that are alive. What is written
many times a second, the status and the events, holds a CRC-32 of itself instead of having a seal.
"""

import json
import math
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from mmexplore.runtime.cache import changed
from mmexplore.runtime.errors import Damaged
from mmexplore.runtime.home import as_json, read_json

State = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE = ("queued", "running")
DAMAGED = "what the job said of itself was damaged"
DIED = "the process ended without a word (killed?)"
_SECONDS_TO_APPEAR = 60.0


@dataclass(frozen=True)
class Event:
    """Job event: one progress report; ``end`` is the position to go on reading after it, in bytes."""

    time: float
    stage: str
    done: int
    total: int
    values: dict[str, float]
    end: int


@dataclass(frozen=True)
class Job:
    """Job state: what is known of a job now.

    ``seconds_left`` is an estimate for the stage, None before there is one. ``retry``: whether the same work started
    again may do better; it cannot where what was asked for is what was wrong.
    """

    id: str
    verb: str
    arguments: tuple[str, ...]
    title: str
    device: str
    state: State
    stage: str
    done: int
    total: int
    seconds_left: float | None
    values: dict[str, float]
    message: str
    created: float
    updated: float
    died: bool
    folder: Path
    retry: bool = True

    @property
    def active(self) -> bool:
        """Whether it waits or works."""
        return self.state in ACTIVE

    @property
    def unfinished(self) -> bool:
        """Whether it ended without doing its work: it failed, died or was cancelled."""
        return not self.active and self.state != "done"

    @property
    def result(self) -> dict[str, Any] | None:
        """Result of the work, once it is done."""
        return read_mapping(self.folder / "result.json") or None

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of what the process wrote; of a line redrawn by a progress bar, its last state."""
        return log_tail(self.folder, lines)


def read(folder: Path) -> Job:
    """Job state read from a folder. Raises FileNotFoundError or ValueError where there is none."""
    stamp = changed(folder / "status.json")
    if folder in _ended and _ended[folder][0] == stamp:
        return _ended[folder][1]
    found = _read(folder)
    if not (found.active or found.died):
        _ended[folder] = stamp, found  # screens list all jobs every few seconds
    return found


_ended: dict[Path, tuple[int, Job]] = {}


def _read(folder: Path) -> Job:
    asked = read_json(folder / "job.json")
    status = _status(folder)
    if status.get("state", "queued") in ACTIVE and not is_alive(folder, status):
        status = _status(folder)  # it may have ended between the two looks
        if status.get("state", "queued") in ACTIVE:
            status |= _end_without_a_word(folder)
    texts = [asked[key] for key in ("id", "verb", "title", "device")] + [status.get("message", "")]
    texts += [status.get("stage", ""), status.get("state", "queued"), *asked["arguments"]]
    numbers = [asked["created"], *(status.get(key, 0) for key in ("done", "total", "updated"))]
    if not all(isinstance(one, str) for one in texts) or not all(isinstance(one, int | float) for one in numbers):
        raise TypeError(f"{folder} holds other kinds of values than a job's")
    return Job(
        **{key: asked[key] for key in ("id", "verb", "title", "device", "created")},
        arguments=tuple(asked["arguments"]),
        state=status.get("state", "queued"),
        stage=status.get("stage", ""),
        done=status.get("done", 0),
        total=status.get("total", 0),
        seconds_left=status.get("seconds_left"),
        values=_numbers(status.get("values", {})),
        message=status.get("message", ""),
        updated=status.get("updated", asked["created"]),
        died=status.get("died", False),
        retry=status.get("retry", True) is not False,
        folder=folder,
    )


def with_crc(values: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with a CRC-32 of all else in it."""
    values = as_json(values)
    return values | {"crc": zlib.crc32(json.dumps(values, sort_keys=True, allow_nan=False).encode())}


def _verified(found: dict[str, Any]) -> dict[str, Any]:
    """The object without its CRC-32, which version 0.1 did not write. Raises ValueError where it is another one's."""
    crc = found.pop("crc", None)
    if crc is not None and with_crc(found)["crc"] != crc:
        raise ValueError(DAMAGED)
    return found


def _status(folder: Path) -> dict[str, Any]:
    try:
        return _verified(read_mapping(folder / "status.json"))
    except ValueError:
        return {"state": "failed", "message": DAMAGED}


def read_all(place: Path) -> Iterator[Job]:
    """Every job whose folder lies in a place, in no order; folders that are none are passed over."""
    for folder in place.iterdir() if place.is_dir() else ():
        try:
            if not folder.name.startswith("."):
                yield read(folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # :func:`damaged` names it


def damaged(place: Path) -> dict[str, str]:
    """What lies among the jobs and is none, by its name: why not."""
    found = {}
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        if folder.name.startswith("."):
            continue
        try:
            read(folder)
        except Damaged as error:
            found[folder.name] = str(error)
        except FileNotFoundError:
            if folder.is_symlink() or (folder.exists() and time.time() - changed(folder) / 1e9 > _SECONDS_TO_APPEAR):
                found[folder.name] = "a link that leads nowhere" if not folder.exists() else "it has no job.json"
        except NotADirectoryError:
            found[folder.name] = "a file, and no folder of a job"
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            found[folder.name] = f"its files are none of a job ({type(error).__name__})"
    return found


def pid_of(folder: Path, status: Mapping[str, Any] | None = None) -> tuple[int, float] | None:
    """Process id and start time (seconds since 1970), from the job itself or else from its starter."""
    for known in (status or read_mapping(folder / "status.json"), read_mapping(folder / "process.json")):
        if "pid" in known:
            return known["pid"], known["started"]
    return None


def is_alive(folder: Path, status: Mapping[str, Any] | None = None) -> bool:
    """Whether the job's own process still runs: not a zombie, and not a stranger with the same number."""
    process = pid_of(folder, status)
    if process is None:  # between the making of the folder and the start of the process
        return time.time() - (folder / "job.json").stat().st_mtime < _SECONDS_TO_APPEAR
    try:
        found = psutil.Process(process[0])
        if found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        # Setting the clock moves every start time; then the command line, which names the folder, still tells.
        return abs(found.create_time() - process[1]) < 2 or str(folder) in found.cmdline()
    except psutil.Error:
        return False


def read_events(folder: Path, since: int = 0) -> list[Event]:
    """The progress reports after a position in bytes (``end`` of the last one seen)."""
    try:
        with (folder / "events.jsonl").open("rb") as file:
            file.seek(max(0, since))
            return parse_events(file.read(), max(0, since))
    except FileNotFoundError:
        return []


def parse_events(data: bytes, start: int = 0) -> list[Event]:
    r"""Read event lines; a line that is none and a last line without its end are passed over.

    >>> [event.done for event in parse_events(b'{"time":1,"stage":"a","done":3,"total":4}\n{"time":2,"sta')]
    [3]
    """
    events = []
    for line in data.split(b"\n")[:-1]:
        start += len(line) + 1
        try:
            found = _verified(json.loads(line))
            events.append(_event(found, start))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            continue
    return events


def log_tail(folder: Path, lines: int) -> str:
    """See :meth:`Job.log_tail`."""
    try:
        with (folder / "log.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 65536))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    kept = re.split(r"\r?\n", text.rstrip("\r\n"))[-lines:]
    return "\n".join(line.rsplit("\r", 1)[-1] for line in kept)


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none or it cannot be read."""
    try:
        found = read_json(path)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _event(found: dict[str, Any], end: int) -> Event:
    if not isinstance(found["stage"], str):
        raise TypeError("a stage is text")
    values = _numbers(found.get("values", {}))
    return Event(float(found["time"]), found["stage"], int(found["done"]), int(found["total"]), values, end)


def _numbers(values: dict[str, float | None]) -> dict[str, float]:
    """JSON knows no NaN: it is written as null."""
    return {name: math.nan if value is None else float(value) for name, value in values.items()}


def _end_without_a_word(folder: Path) -> dict[str, Any]:
    if (folder / "cancel").exists():
        return {"state": "cancelled", "message": "stopped", "seconds_left": None}
    log = "" if (folder / "status.json").exists() else log_tail(folder, 40)
    words = [line.strip(" │") for line in log.splitlines() if re.search(r"\w", line)]  # typer frames its errors
    message = f"the process ended before its work began: {words[-1]}" if words else DIED
    return {"state": "failed", "message": message, "died": True, "seconds_left": None}
