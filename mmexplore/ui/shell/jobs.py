"""Long work at a glance, on every page: what runs, how far it is, and the way to it. It looks by itself."""

import streamlit as st

from mmexplore import studio
from mmexplore.studio import Job
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.shell import navigation

_PLACES = {
    "train": "Train",
    "pretrain": "Train",
    "import": "Data",
    "fetch": "Data",
    "map": "Map",
    "motifs": "Subgraphs",
}


@st.fragment(run_every=3.0)
def job_banner() -> None:
    """One box for each job that waits or works; nothing where nothing does."""
    for job in studio.list_jobs():
        if job.active:
            with st.container(border=True, gap="small"):
                _box(job)


def share(job: Job) -> float:
    """How much of the stage is done, 0 to 1."""
    return min(max(job.done / job.total, 0.0), 1.0) if job.total else 0.0


def words(job: Job) -> str:
    """The stage in words, with the time left where there is an estimate."""
    stage = job.stage or ("waiting for its turn" if job.state == "queued" else "starting")
    count = f", {job.done:,} of {job.total:,}" if job.total > 1 else ""
    left = f", {duration(job.seconds_left)} left" if job.seconds_left is not None else ""
    return f"{stage}{count}{left}"


def _box(job: Job) -> None:
    st.markdown(f"**{literal(job.title)}**")
    st.progress(share(job), literal(words(job)))
    title = _PLACES.get(job.verb, "")
    navigation.link(title, f"Open {title}", ":material/arrow_forward:", **({"job": job.id} if title == "Train" else {}))
    if st.button("Cancel", key=f"cancel-{job.id}", type="tertiary", icon=":material/close:"):
        studio.cancel_job(job.id)
