"""The folder of a job read after any kill, torn by anything, and the pace of what is reported."""

import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from working_jobs import SCRIPT, at_work, ended, folder_of, until

from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs import folder as job_folder
from mmexplore.runtime.jobs.reporters import JobProgress, Pace, TerminalProgress
from mmexplore.runtime.jobs.worker import running

pytest_plugins = ("working_jobs",)
pytestmark = pytest.mark.usefixtures("place")


def test_a_stranger_with_the_same_number_is_not_the_job(place: Path) -> None:
    me = psutil.Process()
    folder_of(place, state="running", pid=me.pid, started=me.create_time() - 3600)
    assert client.jobs(home=default_home())[0].died


def test_a_clock_that_was_set_does_not_bury_a_living_job() -> None:
    job = at_work(client.start("count", ["600", "0.05"], home=default_home()).id)
    status = json.loads((job.folder / "status.json").read_text())
    assert job_folder.is_alive(job.folder, status | {"started": status["started"] + 86400})


def test_a_zombie_is_dead(place: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    started = psutil.Process(process.pid).create_time()
    folder_of(place, state="running", pid=process.pid, started=started)
    assert client.jobs(home=default_home())[0].died
    process.wait()


def test_a_job_that_ends_between_two_looks_is_not_called_dead(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(place, state="running", pid=1, started=0.0)

    def ends(folder: Path, status: object) -> bool:
        (folder / "status.json").write_text('{"state": "done"}')
        return False

    monkeypatch.setattr(job_folder, "is_alive", ends)
    assert job_folder.read(folder).state == "done"


def test_a_device_in_other_hands_is_waited_for(place: Path) -> None:
    (place / ".locks").mkdir(parents=True)
    with FileLock(place / ".locks" / "cuda_0.lock"):
        job = client.start("count", ["1", "0"], device="cuda:0", home=default_home())
        until(lambda: client.job(job.id, home=default_home()).message == "waiting for cuda:0")
    assert ended(job.id).state == "done"


def test_torn_and_missing_files_do_not_stop_a_reader(place: Path) -> None:
    folder = folder_of(place)
    assert client.jobs(home=default_home())[0].state == "queued", "its process may be about to start"
    (folder / "status.json").write_bytes(b'{"state": "runn')
    assert client.jobs(home=default_home())[0].state == "queued"
    os.utime(folder / "job.json", (0, 0))
    assert client.jobs(home=default_home())[0].died
    (place / "20260101-000001-count-0000").mkdir()
    assert len(client.jobs(home=default_home())) == 1
    assert client.events(folder.name, home=default_home()) == []
    assert client.jobs(home=default_home())[0].log_tail() == ""


def test_a_torn_last_line_is_passed_over_and_closed_by_the_next_writer(place: Path) -> None:
    folder = folder_of(place)
    JobProgress(folder)("a", 1, 3, loss=math.inf)
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'{"time": 1, "stage": "a", "done": 2')
    assert [event.done for event in client.events(folder.name, home=default_home())] == [1]
    JobProgress(folder)("a", 3, 3)
    assert [event.done for event in client.events(folder.name, home=default_home())] == [1, 3]
    assert math.isnan(client.events(folder.name, home=default_home())[0].values["loss"])


def test_reports_are_throttled_but_none_with_values_is_lost(place: Path) -> None:
    folder = folder_of(place)
    progress = JobProgress(folder)
    threads = [threading.Thread(target=lambda: [progress("a", 1, 9, x=step) for step in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event.values["x"] for event in client.events(folder.name, home=default_home())) == sorted(
        list(range(250)) * 4
    )
    for step in range(1, 2000):
        progress("b", step, 10**6)
    assert len(client.events(folder.name, home=default_home())) < 1100
    (folder / "cancel").touch()
    with pytest.raises(Cancelled):
        progress("b", 2000, 10**6)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_read_and_reading_in_two_goes_is_reading_in_one(head: bytes, tail: bytes) -> None:
    line = b'{"time": 1, "stage": "a", "done": 2, "total": 3, "values": {"x": null}}\n'
    data = head + b"\n" + line + tail
    found = job_folder.parse_events(data)
    assert any((event.stage, event.done, event.end) == ("a", 2, len(head) + 1 + len(line)) for event in found)
    cut = found[0].end
    assert found == found[:1] + job_folder.parse_events(data[cut:], cut)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
        lambda held: (
            st.lists(held, max_size=3)
            | st.dictionaries(st.sampled_from(["time", "stage", "done", "total", "values", "x"]), held, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_any_json_line_is_an_event_or_passed_over(line: object) -> None:
    for event in job_folder.parse_events(json.dumps(line).encode() + b"\n"):
        assert isinstance(event.stage, str)
        assert all(isinstance(value, float) for value in event.values.values())


@pytest.mark.parametrize("line", [b"[" * 100_000, b"9" * 10_000, b'{"time":1e999,"stage":"a","done":1e999,"total":1}'])
def test_monstrous_lines_are_passed_over(line: bytes) -> None:
    assert job_folder.parse_events(line + b"\n") == []


def test_the_pace_follows_what_happens_lately() -> None:
    pace = Pace()
    for second in range(100):
        pace.seconds_left(second, 1000, now=float(second))
    slow = [pace.seconds_left(100 + second // 10, 1000, now=100.0 + second) for second in range(400)][-1]
    assert slow == pytest.approx((1000 - 139) * 10, rel=0.2)
    assert pace.seconds_left(0, 1000, now=501.0) is None


def test_the_foreground_says_nothing_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with running(None) as progress:
        assert isinstance(progress, TerminalProgress)
        progress("a", 1, 2, loss=0.5)
        progress.result = {"n": 1}
    assert capfd.readouterr().err == ""


def test_the_foreground_draws_in_a_terminal() -> None:
    import pty

    master, terminal = pty.openpty()
    done = subprocess.run(
        [*SCRIPT, "count", "2", "0.2"], stderr=terminal, env={**os.environ, "TERM": "xterm"}, check=False
    )
    os.close(terminal)
    assert done.returncode == 0
    assert b"count" in os.read(master, 65536)
    os.close(master)
