"""Laws of jobs, tried on real processes: every end is recognised, and no kill makes a reader lie."""

import os
import signal
import sys
from pathlib import Path

import pytest
from working_jobs import at_work, ended, marked, until

from mmexplore.runtime.errors import MmexploreError, UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client, folder

pytest_plugins = ("working_jobs",)
pytestmark = pytest.mark.usefixtures("place")


def test_a_job_that_succeeds_leaves_values_events_and_a_result() -> None:
    job = client.start("count", ["3", "0.01"], title="count to three", home=default_home())
    assert job.active
    assert (job.verb, job.arguments, job.title, job.device) == ("count", ("3", "0.01"), "count to three", "cpu")
    job = ended(job.id)
    assert (job.state, job.stage, job.done, job.total, job.message) == ("done", "count", 3, 3, "")
    assert job.result == {"steps": 3, "auc": None}
    assert job.values == {"loss": pytest.approx(1 / 3)}
    seen = client.events(job.id, home=default_home())
    assert [(event.done, event.values) for event in seen] == [
        (0, {"loss": 1}),
        (1, {"loss": 1 / 2}),
        (2, {"loss": 1 / 3}),
        (3, {}),
    ]
    assert client.events(job, since=seen[1].end, home=default_home()) == seen[2:]
    assert list(client.follow(job.id, home=default_home())) == seen


def test_a_users_mistake_is_shown_word_for_word() -> None:
    job = ended(client.start("refuse", [], home=default_home()).id)
    assert (job.state, job.message, job.result) == ("failed", "the table has no column 'smiles'; it has: a, b", None)
    assert "Traceback" not in job.log_tail()


def test_a_crash_is_one_sentence_and_a_trace_in_both_logs(tmp_path: Path) -> None:
    job = ended(client.start("crash", [], home=default_home()).id)
    assert job.state == "failed"
    assert not job.died
    assert "ZeroDivisionError: no luck" in job.message
    assert "\n" not in job.message
    for log in (job.log_tail(), (tmp_path / "logs" / "mmexplore.log").read_text()):
        assert "Traceback" in log
        assert "in work" in log


@pytest.mark.parametrize(("code", "state"), [(0, "done"), (4, "failed")])
def test_an_early_exit_counts_by_its_code(code: int, state: str) -> None:
    assert ended(client.start("exit", [str(code)], home=default_home()).id).state == state


@pytest.mark.parametrize("verb", ["mute", "segfault"])
def test_a_process_that_ends_without_a_word_is_failed(verb: str) -> None:
    job = ended(client.start(verb, [], home=default_home()).id)
    assert (job.state, job.died, job.message) == ("failed", True, folder.DIED)


def test_a_process_that_fails_before_its_work_shows_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "COMMAND", [sys.executable, "-c", "import sys; print(1); sys.exit('no such option')"])
    job = ended(client.start("count", [], home=default_home()).id)
    assert (job.state, job.message) == ("failed", "the process ended before its work began: no such option")
    assert job.log_tail() == "1\nno such option"


def test_work_that_somebody_is_at_is_found_and_none_is_started() -> None:
    home = default_home()

    def start() -> folder.Job:
        return client.start_once("stuck", [], home=home)

    assert client.at_work(start) is None
    assert client.jobs(home=home) == []
    job = start()
    found = client.at_work(start)
    assert found is not None
    assert found.id == job.id == start().id
    client.cancel(job.id, patience=0, grace=0, home=home)
    ended(job.id)
    assert client.at_work(start) is None
    assert len(client.jobs(home=home)) == 1


def test_kill_9_is_seen_and_the_job_can_be_started_again() -> None:
    job = at_work(client.start("stuck", [], title="long", home=default_home()).id)
    with pytest.raises(MmexploreError, match="cancel it first"):
        client.again(job.id, home=default_home())
    with pytest.raises(MmexploreError, match="cancel it first"):
        client.remove(job.id, home=default_home())
    os.kill(folder.pid_of(job.folder)[0], signal.SIGKILL)
    job = ended(job.id)
    assert (job.state, job.died, job.message) == ("failed", True, folder.DIED)
    other = client.again(job.id, home=default_home())
    assert other.id != job.id
    assert (other.verb, other.arguments, other.title, other.device) == (job.verb, job.arguments, job.title, job.device)
    assert at_work(other.id).state == "running"


def test_workers_of_a_killed_job_do_not_outlive_its_removal() -> None:
    job = at_work(client.start("stuck", ["worker"], home=default_home()).id)
    assert len(marked(job.folder)) == 2
    os.kill(folder.pid_of(job.folder)[0], signal.SIGKILL)
    ended(job.id)
    follower = client.start("count", ["1", "0"], home=default_home())
    assert ended(follower.id).state == "done", "the worker must not hold the device"
    client.remove(job.id, home=default_home())
    until(lambda: not marked(job.folder))
    assert [known.id for known in client.jobs(home=default_home())] == [follower.id]
    with pytest.raises(UnknownName, match=follower.id):
        client.job(job.id, home=default_home())


def test_cancel_while_running(tmp_path: Path) -> None:
    job = at_work(client.start("gated", [str(tmp_path / "never")], home=default_home()).id)
    client.cancel(job.id, home=default_home())
    job = ended(job.id)
    assert (job.state, job.seconds_left, job.died) == ("cancelled", None, False)
    assert client.cancel(job.id, home=default_home()).state == "cancelled"


def test_cancel_reaches_work_that_never_reports() -> None:
    job = at_work(client.start("stuck", ["worker"], home=default_home()).id)
    client.cancel(job.id, patience=0, home=default_home())
    job = ended(job.id)
    assert (job.state, job.message) == ("cancelled", "stopped by a signal" if hasattr(os, "killpg") else "stopped")
    until(lambda: not marked(job.folder))
    assert "Traceback" not in job.log_tail(), "to its workers a signal is just a signal"


def test_cancel_kills_what_is_deaf_and_all_its_workers() -> None:
    job = at_work(client.start("deaf", [], home=default_home()).id)
    assert len(marked(job.folder)) == 2
    client.cancel(job.id, patience=0, grace=0.2, home=default_home())
    assert ended(job.id).state == "cancelled"
    until(lambda: not marked(job.folder))


def test_cancel_while_queued_and_before_the_first_word() -> None:
    first = at_work(client.start("stuck", [], title="the first", home=default_home()).id)
    second = client.start("count", ["1", "0"], home=default_home())
    until(lambda: client.job(second.id, home=default_home()).message)
    assert (client.job(second.id, home=default_home()).state, client.job(second.id, home=default_home()).message) == (
        "queued",
        "waiting for the first",
    )
    third = client.start("count", ["1", "0"], home=default_home())
    for waiting in (second, third):
        client.cancel(waiting.id, home=default_home())
        assert ended(waiting.id).state == "cancelled"
    assert client.job(first.id, home=default_home()).state == "running"
