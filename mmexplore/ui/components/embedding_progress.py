"""The wait for an embedding: a job makes it, this shows how far it is and renews the page when it is there."""

from collections.abc import Sequence

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import UnknownName
from mmexplore.studio import Job
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell.jobs import share, words


def wait(models: Sequence[str], data: str) -> None:
    """Have each model embed the data set, one job after the other; a failed one says why and can be tried again."""
    at_work = {}
    for model in models:
        job = _job(model, data)
        if job is None:
            job = studio.start_embedding(model, data)
            st.session_state[_key(model, data)] = job.id
        if job.unfinished:
            _again(job, model, data)
        else:
            at_work[model] = job.id
    if at_work:
        _follow(at_work)


@st.fragment(run_every=0.7)
def _follow(jobs: dict[str, str]) -> None:
    known = [studio.job(id) for id in jobs.values()]
    if any(not job.active for job in known):
        st.rerun(scope="app")
    for job in known:
        st.progress(share(job), literal(f"{job.title}: {words(job)}"))


def _again(job: Job, model: str, data: str) -> None:
    st.error(literal(job.message or f"The {job.title} was not finished."), icon=":material/info:")
    if st.button("Try again", key=f"again/{job.id}", icon=":material/refresh:"):
        del st.session_state[_key(model, data)]
        st.rerun()


def _key(model: str, data: str) -> str:
    return f"embed-job/{model}/{studio.dataset(data).digest}"


def _job(model: str, data: str) -> Job | None:
    """The job that this visit has started; one that is done though the embedding is gone again does not count."""
    try:
        job = studio.job(st.session_state[_key(model, data)])
    except (KeyError, UnknownName):
        return None
    return None if job.state == "done" else job
