"""Waits of a page: a bar for work in its own run; jobs that make what it lacks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.progress import Progress
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal

_READ = "data/read"


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


def read(data: str) -> None:
    """Have a data set read before a page asks for it: what is used for the first time takes a while, and has a bar."""
    place, known = st.empty(), st.session_state.setdefault(_READ, set())
    if data in known:
        return

    def progress(_: str, done: int, total: int, /, **__: float) -> None:
        words = f"Reading {data}, used for the first time: {done:,} of {total:,} molecules"
        place.progress(min(1.0, done / total) if total else 0.0, text=literal(words))

    studio.dataset(data, progress)
    place.empty()
    known.add(data)


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


def made_beside(key: str, start: Callable[[], Job], what: str, lost: str, is_there: Callable[[], bool]) -> None:
    """Have a job make what a page does without meanwhile; the page runs again once it ``is_there``.

    A bar after ``what`` it is for, with the way to stop it; ``lost`` says that it was not finished.
    """
    job = follow_job.known(st.session_state.get(key, ""))
    if job is None:
        job = start()
        st.session_state[key] = job.id
    own = f"{what}/{key}"  # a job may make more than one thing
    if job.state == "done":
        st.caption("This was computed, and could not be kept.")
    elif not job.unfinished:
        follow_job.follow_one(job, partial(_bar_beside, what, own), changed=is_there)
    elif follow_job.unfinished(job, lost, "Compute it again", own):
        del st.session_state[key]
        st.rerun()


def made_when_asked(key: str, words: str, start: Callable[[], Job], lost: str, again: str) -> None:
    """The button whose ``words`` start a job, then its bar and the way to stop it; a failed one is offered ``again``.

    ``lost`` says that it was not finished.
    """
    job = follow_job.begun(key, start)
    if job is None:
        st.button(words, key=f"{key}/start", on_click=_begin, args=(key, start))
    elif job.active:
        follow_job.follow_one(job, partial(_bar_to_cancel, key))
    elif follow_job.unfinished(job, lost, again, key):
        del st.session_state[key]
        st.rerun()


def _begin(key: str, start: Callable[[], Job]) -> None:
    try:
        st.session_state[key] = start().id
    except MmexploreError as error:
        st.toast(literal(error), icon=":material/error:")


def _bar_to_cancel(key: str, job: Job) -> None:
    if job.active:
        follow_job.bar(job)
        follow_job.cancel_button(job, f"{key}/cancel")


def _bar_beside(what: str, key: str, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container():
            follow_job.bar(job, f"{what}: {follow_job.words(job)}")
        follow_job.cancel_button(job, f"cancel/{key}", width="content")


def _bars(jobs: Sequence[Job]) -> None:
    for job in jobs:
        follow_job.bar(job, f"{job.title}: {follow_job.words(job)}")


def _key(model: str, data: str) -> str:
    return f"embed-job/{model}/{studio.dataset(data).digest}"


def _job(model: str, data: str) -> Job | None:
    """The job that this visit has started; one that is done though the embedding is gone again does not count."""
    job = follow_job.known(st.session_state.get(_key(model, data), ""))
    return None if job is None or job.state == "done" else job
