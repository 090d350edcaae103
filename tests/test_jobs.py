"""Laws of jobs, tried on real processes: every end is recognised, and no kill makes a reader lie."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from mmexplore import job_folder, jobs
from mmexplore.errors import Cancelled, MmexploreError, NotAvailable, UnknownName
from mmexplore.job_progress import JobProgress, Pace, TerminalProgress

SCRIPT = [sys.executable, str(Path(__file__).with_name("job_script.py"))]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for each test; what still runs at its end is killed."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(jobs.__file__).parents[1]))  # for the scripts started here
    monkeypatch.setattr(jobs, "COMMAND", SCRIPT)
    yield tmp_path / "jobs"
    for job in jobs.jobs():
        jobs._kill_leftovers(job.folder)


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def ended(id: str) -> jobs.Job:
    until(lambda: not jobs.job(id).active)
    return jobs.job(id)


def at_work(id: str) -> jobs.Job:
    until(lambda: jobs.job(id).stage)
    return jobs.job(id)


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


def test_a_job_that_succeeds_leaves_values_events_and_a_result() -> None:
    job = jobs.start("count", ["3", "0.01"], title="count to three")
    assert job.active
    assert (job.verb, job.arguments, job.title, job.device) == ("count", ("3", "0.01"), "count to three", "cpu")
    job = ended(job.id)
    assert (job.state, job.stage, job.done, job.total, job.message) == ("done", "count", 3, 3, "")
    assert job.result == {"steps": 3, "auc": None}
    assert job.values == {"loss": pytest.approx(1 / 3)}
    seen = jobs.events(job.id)
    assert [(event.done, event.values) for event in seen] == [
        (0, {"loss": 1}),
        (1, {"loss": 1 / 2}),
        (2, {"loss": 1 / 3}),
        (3, {}),
    ]
    assert jobs.events(job, since=seen[1].end) == seen[2:]
    assert list(jobs.follow(job.id)) == seen


def test_a_users_mistake_is_shown_word_for_word() -> None:
    job = ended(jobs.start("refuse", []).id)
    assert (job.state, job.message, job.result) == ("failed", "the table has no column 'smiles'; it has: a, b", None)
    assert "Traceback" not in job.log_tail()


def test_a_crash_is_one_sentence_and_a_trace_in_both_logs(tmp_path: Path) -> None:
    job = ended(jobs.start("crash", []).id)
    assert job.state == "failed"
    assert not job.died
    assert "ZeroDivisionError: no luck" in job.message
    assert "\n" not in job.message
    for log in (job.log_tail(), (tmp_path / "logs" / "mmexplore.log").read_text()):
        assert "Traceback" in log
        assert "in work" in log


@pytest.mark.parametrize(("code", "state"), [(0, "done"), (4, "failed")])
def test_an_early_exit_counts_by_its_code(code: int, state: str) -> None:
    assert ended(jobs.start("exit", [str(code)]).id).state == state


@pytest.mark.parametrize("verb", ["mute", "segfault"])
def test_a_process_that_ends_without_a_word_is_failed(verb: str) -> None:
    job = ended(jobs.start(verb, []).id)
    assert (job.state, job.died, job.message) == ("failed", True, job_folder.DIED)


def test_a_process_that_fails_before_its_work_shows_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "COMMAND", [sys.executable, "-c", "import sys; print(1); sys.exit('no such option')"])
    job = ended(jobs.start("count", []).id)
    assert (job.state, job.message) == ("failed", "the process ended before its work began: no such option")
    assert job.log_tail() == "1\nno such option"


def test_kill_9_is_seen_and_the_job_can_be_started_again() -> None:
    job = at_work(jobs.start("count", ["600", "0.1"], title="long").id)
    with pytest.raises(MmexploreError, match="cancel it first"):
        jobs.again(job.id)
    with pytest.raises(MmexploreError, match="cancel it first"):
        jobs.remove(job.id)
    os.kill(job_folder.pid_of(job.folder)[0], signal.SIGKILL)
    job = ended(job.id)
    assert (job.state, job.died, job.message) == ("failed", True, job_folder.DIED)
    other = jobs.again(job.id)
    assert other.id != job.id
    assert (other.verb, other.arguments, other.title, other.device) == (job.verb, job.arguments, job.title, job.device)
    assert at_work(other.id).state == "running"


def test_workers_of_a_killed_job_do_not_outlive_its_removal() -> None:
    job = at_work(jobs.start("stuck", ["worker"]).id)
    assert len(marked(job.folder)) == 2
    os.kill(job_folder.pid_of(job.folder)[0], signal.SIGKILL)
    ended(job.id)
    follower = jobs.start("count", ["1", "0"])
    assert ended(follower.id).state == "done", "the worker must not hold the device"
    jobs.remove(job.id)
    until(lambda: not marked(job.folder))
    assert [known.id for known in jobs.jobs()] == [follower.id]
    with pytest.raises(UnknownName, match=follower.id):
        jobs.job(job.id)


def test_cancel_while_running() -> None:
    job = at_work(jobs.start("count", ["600", "0.05"]).id)
    jobs.cancel(job.id)
    job = ended(job.id)
    assert (job.state, job.seconds_left, job.died) == ("cancelled", None, False)
    assert jobs.cancel(job.id).state == "cancelled"


def test_cancel_reaches_work_that_never_reports() -> None:
    job = at_work(jobs.start("stuck", ["worker"]).id)
    jobs.cancel(job.id, patience=0)
    job = ended(job.id)
    assert (job.state, job.message) == ("cancelled", "stopped by a signal")
    until(lambda: not marked(job.folder))
    assert "Traceback" not in job.log_tail(), "to its workers a signal is just a signal"


def test_cancel_kills_what_is_deaf_and_all_its_workers() -> None:
    job = at_work(jobs.start("deaf", []).id)
    assert len(marked(job.folder)) == 2
    jobs.cancel(job.id, patience=0, grace=0.2)
    assert ended(job.id).state == "cancelled"
    until(lambda: not marked(job.folder))


def test_cancel_while_queued_and_before_the_first_word() -> None:
    first = at_work(jobs.start("count", ["600", "0.05"], title="the first").id)
    second = jobs.start("count", ["1", "0"])
    until(lambda: jobs.job(second.id).message)
    assert (jobs.job(second.id).state, jobs.job(second.id).message) == ("queued", "waiting for the first")
    third = jobs.start("count", ["1", "0"])
    for waiting in (second, third):
        jobs.cancel(waiting.id)
        assert ended(waiting.id).state == "cancelled"
    assert jobs.job(first.id).state == "running"


def test_one_device_does_one_job_at_a_time_in_order_and_two_devices_two() -> None:
    on_cpu = [jobs.start("count", ["4", "0.1"]).id for _ in range(3)]
    elsewhere = jobs.start("count", ["600", "0.1"], device="cuda:0").id
    together = False
    while any(jobs.job(id).active for id in on_cpu):
        states = [jobs.job(id).state for id in on_cpu]
        assert states.count("running") <= 1
        together |= "running" in states and jobs.job(elsewhere).state == "running"
    spans = [[event.time for event in jobs.events(id)] for id in on_cpu]
    assert all(before[-1] <= after[0] for before, after in pairwise(spans))
    assert together
    assert jobs.job(elsewhere).state == "running"


def test_a_job_outlives_its_server_and_a_fresh_process_reads_it() -> None:
    server = subprocess.Popen([*SCRIPT, "serve", "count", "10", "0.1"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    id = server.stdout.readline().strip()
    at_work(id)
    server.kill()
    server.wait()
    server.stdout.close()
    assert jobs.job(id).active
    job = ended(id)
    assert (job.state, job.result) == ("done", {"steps": 10, "auc": None})
    read = "from mmexplore import jobs; print([(job.id, job.state) for job in jobs.jobs()])"
    told = subprocess.run(
        [sys.executable, "-c", read], capture_output=True, text=True, check=True, env=jobs._environment(job.folder)
    )
    assert told.stdout.strip() == str([(id, "done")])


def test_follow_goes_on_to_the_end() -> None:
    job = jobs.start("count", ["5", "0.1"])
    assert [event.done for event in jobs.follow(job.id, poll_seconds=0.02)] == list(range(6))


def test_starts_at_once_from_threads_and_processes_get_different_ids() -> None:
    servers = [subprocess.Popen([*SCRIPT, "serve", "mute"], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: jobs.start("mute", []).id, range(12)))
    for server in servers:
        assert server.stdout is not None
        ids.append(server.stdout.readline().strip())
        server.kill()
        server.wait()
        server.stdout.close()
    assert len(set(ids)) == 15
    assert {job.id for job in jobs.jobs()} == set(ids)
    created = [job.created for job in jobs.jobs()]
    assert created == sorted(created, reverse=True)


def test_a_start_that_the_system_refuses_leaves_nothing(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(jobs, "COMMAND", ["/nowhere/python"])
    with pytest.raises(NotAvailable, match="could not be started"):
        jobs.start("count", [])
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("id", ["", "nothing", "../jobs", "..", "a/b", "\0", ".locks"])
def test_unknown_ids_are_named(id: str) -> None:
    with pytest.raises(UnknownName, match="no job is called"):
        jobs.job(id)


def folder_of(place: Path, **status: object) -> Path:
    """A job's folder as if its process had been here."""
    folder = place / "20260101-000000-count-0000"
    folder.mkdir(parents=True)
    asked = {"id": folder.name, "verb": "count", "arguments": [], "title": "", "device": "cpu", "created": time.time()}
    (folder / "job.json").write_text(json.dumps(asked))
    if status:
        (folder / "status.json").write_text(json.dumps(status))
    return folder


def test_a_stranger_with_the_same_number_is_not_the_job(place: Path) -> None:
    me = psutil.Process()
    folder_of(place, state="running", pid=me.pid, started=me.create_time() - 3600)
    assert jobs.jobs()[0].died


def test_a_clock_that_was_set_does_not_bury_a_living_job() -> None:
    job = at_work(jobs.start("count", ["600", "0.05"]).id)
    status = json.loads((job.folder / "status.json").read_text())
    assert job_folder.is_alive(job.folder, status | {"started": status["started"] + 86400})


def test_a_zombie_is_dead(place: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    started = psutil.Process(process.pid).create_time()
    folder_of(place, state="running", pid=process.pid, started=started)
    assert jobs.jobs()[0].died
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
        job = jobs.start("count", ["1", "0"], device="cuda:0")
        until(lambda: jobs.job(job.id).message == "waiting for cuda:0")
    assert ended(job.id).state == "done"


def test_torn_and_missing_files_do_not_stop_a_reader(place: Path) -> None:
    folder = folder_of(place)
    assert jobs.jobs()[0].state == "queued", "its process may be about to start"
    (folder / "status.json").write_bytes(b'{"state": "runn')
    assert jobs.jobs()[0].state == "queued"
    os.utime(folder / "job.json", (0, 0))
    assert jobs.jobs()[0].died
    (place / "20260101-000001-count-0000").mkdir()
    assert len(jobs.jobs()) == 1
    assert jobs.events(folder.name) == []
    assert jobs.jobs()[0].log_tail() == ""


def test_a_torn_last_line_is_passed_over_and_closed_by_the_next_writer(place: Path) -> None:
    folder = folder_of(place)
    JobProgress(folder)("a", 1, 3, loss=math.inf)
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'{"time": 1, "stage": "a", "done": 2')
    assert [event.done for event in jobs.events(folder.name)] == [1]
    JobProgress(folder)("a", 3, 3)
    assert [event.done for event in jobs.events(folder.name)] == [1, 3]
    assert math.isnan(jobs.events(folder.name)[0].values["loss"])


def test_reports_are_throttled_but_none_with_values_is_lost(place: Path) -> None:
    folder = folder_of(place)
    progress = JobProgress(folder)
    threads = [threading.Thread(target=lambda: [progress("a", 1, 9, x=step) for step in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event.values["x"] for event in jobs.events(folder.name)) == sorted(list(range(250)) * 4)
    for step in range(1, 2000):
        progress("b", step, 10**6)
    assert len(jobs.events(folder.name)) < 1100
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
    with jobs.running(None) as progress:
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
