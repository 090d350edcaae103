"""Limits of a home: jobs at once, what it keeps, what a job's process may ask the system for."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmexplore import studio
from mmexplore.runtime import processes
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs import client, limits
from mmexplore.ui.shell import uploads


def test_without_a_word_there_is_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (limits.JOBS, limits.GIGABYTES, limits.MEMORY):
        monkeypatch.delenv(name, raising=False)
    limits.check_jobs(10**6)
    limits.check_room(Home(tmp_path), 10**15)


@pytest.mark.parametrize("text", ["none", "0", "-1", "inf", "nan"])
def test_a_limit_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.JOBS, text)
    with pytest.raises(NotAvailable, match=limits.JOBS):
        limits.check_jobs(0)


def test_as_many_jobs_as_there_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "COMMAND", [sys.executable, "-c", "import sys; sys.stdin.read(); input()", "--"])
    monkeypatch.setattr(client, "jobs", lambda *, home: [type("Active", (), {"active": True})()] * 2)
    monkeypatch.setenv(limits.JOBS, "2")
    with pytest.raises(NotAvailable, match="2 of your jobs"):
        client.start("train", [], home=Home(tmp_path))
    assert not (tmp_path / "jobs").exists() or not list((tmp_path / "jobs").glob("2*")), "nothing is left of it"
    monkeypatch.setenv(limits.JOBS, "3")
    assert client.start("train", [], home=Home(tmp_path)).verb == "train"


def test_a_home_that_is_full_takes_no_upload_and_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Home(tmp_path)
    monkeypatch.setenv(limits.GIGABYTES, "0.000001")
    with studio.at_home(place):
        uploads.keep("small.csv", b"x" * 10)
        with pytest.raises(NotAvailable, match="keeps 1e-06 GB"):
            uploads.keep("large.csv", b"x" * 1000)
    assert not list(tmp_path.rglob("large.csv"))
    (tmp_path / "large").write_bytes(b"x" * 2000)
    with pytest.raises(NotAvailable, match="delete"):
        client.start("train", [], home=place)


@pytest.mark.skipif(processes.resource is None, reason="only Linux refuses a process addresses")
def test_a_job_is_refused_more_memory_than_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.MEMORY, "2")
    code = "from mmexplore.runtime.jobs import limits; limits.hold_memory({!r}); print(len(bytearray(3 * 10**9)))"
    for device, fits in (("cpu", False), ("cuda", True)):
        done = subprocess.run([sys.executable, "-c", code.format(device)], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is fits
        assert fits or "MemoryError" in done.stderr
