"""Jobs: long work as processes of their own; what there is, how far it is, and its end."""

from collections.abc import Callable, Iterator

from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Event, Job, damaged
from mmexplore.studio.door import home


def list_jobs() -> list[Job]:
    """All jobs, the newest first."""
    return client.jobs(home=home())


def damaged_jobs() -> dict[str, str]:
    """What lies among the jobs and is none, by its name: why not."""
    return damaged(home().folder("jobs").resolve())


def job(id: str) -> Job:
    """The job of an id. Raises UnknownName."""
    return client.job(id, home=home())


def job_at_work(start: Callable[[], Job]) -> Job | None:
    """The job that is already at what ``start`` would have a job do; None where none is, and none is started."""
    return client.at_work(start)


def follow_job(id: str) -> Iterator[Event]:
    """Every progress report of a job, past and to come, until it ends. Raises UnknownName."""
    return client.follow(id, home=home())


def cancel_job(id: str) -> Job:
    """Ask a job to stop and come back at once; one that has ended stays as it is. Raises UnknownName."""
    return client.cancel(id, home=home())


def restart_job(id: str) -> Job:
    """Start the same work as a new job. Raises UnknownName, and MmexploreError while it still waits or works."""
    return client.again(id, home=home())


def forget_job(id: str) -> None:
    """Remove a job and its log; what the work made elsewhere stays. Raises like :func:`restart_job`."""
    client.remove(id, home=home())
