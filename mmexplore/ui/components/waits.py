"""Waits of a page: a bar for work in its own run; jobs that embed a data set, after which the page is drawn anew."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.progress import Progress
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal


@contextmanager
def bar(words: str) -> Iterator[Progress]:
    """A progress to pass down; ``words`` stand there until it is called."""
    place = st.empty()
    place.progress(0.0, text=literal(words))

    def progress(stage: str, done: int, total: int, /, **_: float) -> None:
        share = min(1.0, done / total) if total else 0.0
        place.progress(share, text=literal(f"{stage} {done:,} of {total:,}"))

    try:
        yield progress
    finally:
        place.empty()


def embedded(models: Sequence[str], data: str) -> None:
    """Have each model embed the data set, one job after the other; a failed one says why and can be tried again."""
    at_work = []
    for model in models:
        job = _job(model, data)
        if job is None:
            job = studio.start_embedding(model, data)
            st.session_state[_key(model, data)] = job.id
        if not job.unfinished:
            at_work.append(job)
        elif follow_job.unfinished(job, f"The {job.title} was not finished.", "Try again", job.id):
            del st.session_state[_key(model, data)]
            st.rerun()
    if at_work:
        follow_job.follow(lambda: [job for seen in at_work if (job := follow_job.known(seen.id))], _bars, at_work)


def made(key: str, start: Callable[[], Job]) -> None:
    """Have a job make what a page lacks; one that failed, or whose work is gone again, can be started once more."""
    job = follow_job.known(st.session_state.get(key, ""))
    if job is None:
        job = start()
        st.session_state[key] = job.id
    if job.active:
        follow_job.follow(lambda: [seen] if (seen := follow_job.known(job.id)) else [], _bars, [job])
    elif follow_job.unfinished(job, f"What the {job.title} found is not here.", "Try again", job.id):
        del st.session_state[key]
        st.rerun()


def _bars(jobs: Sequence[Job]) -> None:
    for job in jobs:
        follow_job.bar(job, f"{job.title}: {follow_job.words(job)}")


def _key(model: str, data: str) -> str:
    return f"embed-job/{model}/{studio.dataset(data).digest}"


def _job(model: str, data: str) -> Job | None:
    """The job that this visit has started; one that is done though the embedding is gone again does not count."""
    job = follow_job.known(st.session_state.get(_key(model, data), ""))
    return None if job is None or job.state == "done" else job
