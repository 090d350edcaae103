"""Job client, long work as a process of its own: start, list, follow, cancel, start again.

The server only starts and watches; everything it knows of a job it reads from the job's folder (see
job_folder.py), so a restarted server, a second one or a shell see the same jobs and miss nothing. What the
process does at its own end is job_process.py. One job at a time works on a device, in the order of asking.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path

import psutil

from mmexplore.runtime import files, logs, places, processes
from mmexplore.runtime.errors import MmexploreError, NotAvailable, UnknownName
from mmexplore.runtime.home import Home, write_json
from mmexplore.runtime.jobs import limits
from mmexplore.runtime.jobs.folder import Event, Job, is_alive, pid_of, read, read_all, read_events

COMMAND = [sys.executable, "-m", "mmexplore"]
_MARK = "MMEXPLORE_JOB"
_only_known: ContextVar[bool] = ContextVar("only_known", default=False)


def start(verb: str, arguments: Sequence[str], *, device: str = "cpu", title: str = "", home: Home) -> Job:
    """Start ``python -m mmexplore VERB ARGUMENTS --job FOLDER`` and come back at once.

    Raises NotAvailable if the system gives no process.
    """
    if _only_known.get():
        raise _NoneAtWork
    if limits.limit(limits.JOBS) is not None:
        limits.check_jobs(sum(known.active for known in jobs(home=home)))
    limits.check_room(home)
    folder, created = _new_folder(verb, home=home)
    logs.audit("job", verb=verb, title=title or verb, job=folder.name)
    asked = {"id": folder.name, "verb": verb, "arguments": [str(argument) for argument in arguments]}
    with files.whole_or_gone(folder, before=False):
        write_json(folder / "job.json", asked | {"title": title or verb, "device": device, "created": created})
    command = [*COMMAND, verb, *asked["arguments"], "--job", str(folder)]
    try:
        with (folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(folder, home=home),
                **processes.APART,
            )
    except OSError as error:
        shutil.rmtree(folder)
        raise NotAvailable(f"the job {title or verb!r} could not be started: {error}") from error
    _write_process(folder, process.pid)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie when it ends
    return read(folder)


def start_once(verb: str, arguments: Sequence[str], *, device: str = "cpu", title: str = "", home: Home) -> Job:
    """Like :func:`start`, or the job that waits for the same work or is at it already; however many ask at once."""
    if _only_known.get():
        if (known := _at_work(verb, arguments, home=home)) is None:
            raise _NoneAtWork
        return known
    with starting(home=home):
        known = _at_work(verb, arguments, home=home)
        return known or start(verb, arguments, device=device, title=title, home=home)


def at_work(begin: Callable[[], Job]) -> Job | None:
    """The job that is already at what ``begin`` would have done by :func:`start_once`; None, and none is started."""
    before = _only_known.set(True)
    try:
        return begin()
    except _NoneAtWork:
        return None
    finally:
        _only_known.reset(before)


class _NoneAtWork(Exception):
    """No job is at that work."""


def _at_work(verb: str, arguments: Sequence[str], *, home: Home) -> Job | None:
    asked = [str(argument) for argument in arguments]
    same = (known for known in jobs(home=home) if known.verb == verb and list(known.arguments) == asked)
    return next((known for known in same if known.active), None)


def starting(*, home: Home) -> AbstractContextManager[object]:
    """Turn to start jobs: inside, no other process that asks for a turn starts one."""
    from filelock import FileLock

    return FileLock(home.folder("jobs", ".locks") / "start.lock")


def jobs(*, home: Home) -> list[Job]:
    """All jobs, the newest first."""
    return sorted(read_all(_place(home=home)), key=lambda job: (job.created, job.id), reverse=True)


def job(id: str, *, home: Home) -> Job:
    """The job of an id. Raises UnknownName."""
    try:
        if re.fullmatch(r"[0-9a-z][0-9a-z-]*", id):
            return read(_place(home=home) / id)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise UnknownName("job", id, [known.id for known in jobs(home=home)[:10]])


def events(id: str | Job, since: int = 0, *, home: Home) -> list[Event]:
    """The progress reports of a job, those after ``since`` (the ``end`` of the last one seen). Raises UnknownName."""
    return read_events((id if isinstance(id, Job) else job(id, home=home)).folder, since)


def follow(id: str, since: int = 0, poll_seconds: float = 0.2, *, home: Home) -> Iterator[Event]:
    """Every progress report of a job, past and to come, until it ends. Raises UnknownName."""
    watched = job(id, home=home)
    while True:
        fresh = read_events(watched.folder, since)
        yield from fresh
        since = fresh[-1].end if fresh else since
        if not watched.active and not fresh:
            return
        if watched.active and not fresh:
            time.sleep(poll_seconds)
        try:
            watched = read(watched.folder)
        except (OSError, ValueError):
            return  # removed meanwhile


def cancel(id: str, *, patience: float = 3.0, grace: float = 10.0, home: Home) -> Job:
    """Ask a job to stop and come back at once; a job that has ended stays as it is. Raises UnknownName.

    The job is asked by a file, after ``patience`` seconds by SIGTERM, and killed ``grace`` seconds after that; at once
    after ``patience`` where a system knows no SIGTERM.
    """
    stopped = job(id, home=home)
    if stopped.active:
        logs.audit("cancel", job=stopped.id)
        (stopped.folder / "cancel").touch()
        threading.Thread(target=_insist, args=(stopped.folder, patience, grace)).start()
    return job(id, home=home)


def again(id: str, *, home: Home) -> Job:
    """Start the same work as a new job; a training goes on from what its run folder holds.

    Raises UnknownName, and MmexploreError while the job still waits or works.
    """
    old = _ended(id, "start it again", home=home)
    _kill_leftovers(old.folder)
    return start_once(old.verb, old.arguments, device=old.device, title=old.title, home=home)


def remove(id: str, *, home: Home) -> None:
    """Forget a job and its log; what the work made elsewhere stays. Raises like :func:`again`."""
    old = _ended(id, "remove it", home=home)
    _kill_leftovers(old.folder)
    leaving = old.folder.with_name(f".{old.id}")
    files.patiently(lambda: old.folder.rename(leaving))
    files.patiently(lambda: shutil.rmtree(leaving))


def _place(*, home: Home) -> Path:
    return home.folder("jobs").resolve()


def _ended(id: str, action: str, *, home: Home) -> Job:
    found = job(id, home=home)
    if found.active:
        raise MmexploreError(f"job {id} is still {found.state}; cancel it first, then {action}")
    return found


def _new_folder(verb: str, *, home: Home) -> tuple[Path, float]:
    """A folder nobody else has, ``20261121-101502-train-ab12`` (UTC, as names shall sort by time)."""
    word = re.sub(r"[^a-z0-9]+", "", verb.lower())[:16] or "job"
    while True:
        now = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        folder = _place(home=home) / f"{stamp}-{word}-{os.urandom(2).hex()}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder, now


def _environment(folder: Path, *, home: Home) -> dict[str, str]:
    """Ours, with this very package and this very home, whatever the working directory is."""
    fixed = {"MMEXPLORE_HOME": str(home.path.resolve()), _MARK: str(folder), **places.importable()}
    fixed |= {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}  # a crash leaves its trace
    return {**os.environ, **fixed, "PYTHONUTF8": "1"}  # so is the log read, whatever a console here would write


def _write_process(folder: Path, pid: int) -> None:
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        started = 0.0
    write_json(folder / "process.json", {"pid": pid, "started": started})


def _insist(folder: Path, patience: float, grace: float) -> None:
    """See to it that a process ends: wait, then SIGTERM to its group, wait, then kill it and all it started."""
    if not _gone_within(folder, patience) and _asked_to_end(folder):
        _gone_within(folder, grace)
    _kill_leftovers(folder)


def _gone_within(folder: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while is_alive(folder):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _asked_to_end(folder: Path) -> bool:
    process = pid_of(folder)
    return process is not None and is_alive(folder) and processes.ask_to_end(process[0])


def _kill_leftovers(folder: Path) -> None:
    """Kill the job itself and workers that outlived it."""
    processes.kill_all(_MARK, str(folder))
