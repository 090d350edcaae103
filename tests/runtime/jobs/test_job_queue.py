"""Jobs beside each other: one at a time a device, servers that die, starts at once, ids that are none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from working_jobs import SCRIPT, at_work, ended

from mmexplore.runtime.errors import NotAvailable, UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client

pytest_plugins = ("working_jobs",)
pytestmark = pytest.mark.usefixtures("place")


def test_one_device_does_one_job_at_a_time_in_order_and_two_devices_two() -> None:
    elsewhere = at_work(client.start("stuck", [], device="cuda:0", home=default_home()).id).id
    on_cpu = [client.start("count", ["4", "0.1"], home=default_home()).id for _ in range(3)]
    assert [ended(id).state for id in on_cpu] == ["done"] * 3
    spans = [[event.time for event in client.events(id, home=default_home())] for id in on_cpu]
    assert all(before[-1] <= after[0] for before, after in pairwise(spans))
    assert client.job(elsewhere, home=default_home()).state == "running", (
        "it was so before the first on the other device, and is after the last"
    )


def test_a_job_outlives_its_server_and_a_fresh_process_reads_it(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    server = subprocess.Popen([*SCRIPT, "serve", "gated", str(gate)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    id = server.stdout.readline().strip()
    at_work(id)
    server.kill()
    server.wait()
    server.stdout.close()
    assert client.job(id, home=default_home()).active
    gate.touch()
    job = ended(id)
    assert (job.state, job.stage, job.done) == ("done", "gated", 1)
    read = "from mmexplore import studio; print([(job.id, job.state) for job in studio.list_jobs()])"
    told = subprocess.run(
        [sys.executable, "-c", read],
        capture_output=True,
        text=True,
        check=True,
        env=client._environment(job.folder, home=default_home()),
    )
    assert told.stdout.strip() == str([(id, "done")])


def test_follow_goes_on_to_the_end() -> None:
    job = client.start("count", ["5", "0.1"], home=default_home())
    assert [event.done for event in client.follow(job.id, poll_seconds=0.02, home=default_home())] == list(range(6))


def test_starts_at_once_from_threads_and_processes_get_different_ids() -> None:
    servers = [subprocess.Popen([*SCRIPT, "serve", "mute"], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: client.start("mute", [], home=default_home()).id, range(12)))
    for server in servers:
        assert server.stdout is not None
        ids.append(server.stdout.readline().strip())
        server.kill()
        server.wait()
        server.stdout.close()
    assert len(set(ids)) == 15
    assert {job.id for job in client.jobs(home=default_home())} == set(ids)
    created = [job.created for job in client.jobs(home=default_home())]
    assert created == sorted(created, reverse=True)


def test_a_start_that_the_system_refuses_leaves_nothing(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(client, "COMMAND", ["/nowhere/python"])
    with pytest.raises(NotAvailable, match="could not be started"):
        client.start("count", [], home=default_home())
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("id", ["", "nothing", "../jobs", "..", "a/b", "\0", ".locks"])
def test_unknown_ids_are_named(id: str) -> None:
    with pytest.raises(UnknownName, match="no job is called"):
        client.job(id, home=default_home())
