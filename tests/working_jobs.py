"""What the tests of jobs share; ``pytest_plugins = ("working_jobs",)`` brings the fixture: a home for each test."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job

SCRIPT = [sys.executable, str(Path(__file__).with_name("job_script.py"))]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for each test; what still runs at its end is killed."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.setenv(
        "PYTHONPATH", str(Path(client.__file__).parents[3]), prepend=os.pathsep
    )  # for scripts started here
    monkeypatch.setattr(client, "COMMAND", SCRIPT)
    yield tmp_path / "jobs"
    for job in client.jobs(home=default_home()):
        client._kill_leftovers(job.folder)


def until(true: Callable[[], object]) -> None:
    """Look again and again, however long it takes: what never comes is pytest-timeout's to end."""
    while not true():
        time.sleep(0.05)


def ended(id: str) -> Job:
    until(lambda: not client.job(id, home=default_home()).active)
    return client.job(id, home=default_home())


def at_work(id: str) -> Job:
    until(lambda: client.job(id, home=default_home()).stage)
    return client.job(id, home=default_home())


def marked(folder: Path) -> list[psutil.Process]:
    """The living processes of a job."""
    found = []
    for process in psutil.process_iter():
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.environ().get("MMEXPLORE_JOB") == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def folder_of(place: Path, **status: object) -> Path:
    """A job's folder as if its process had been here."""
    folder = place / "20260101-000000-count-0000"
    folder.mkdir(parents=True)
    asked = {"id": folder.name, "verb": "count", "arguments": [], "title": "", "device": "cpu", "created": time.time()}
    (folder / "job.json").write_text(json.dumps(asked))
    if status:
        (folder / "status.json").write_text(json.dumps(status))
    return folder
