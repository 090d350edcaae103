"""Job banner on every page: what runs, how far it is, and the way to it. It looks by itself."""

from collections.abc import Sequence

import streamlit as st

from mmexplore import studio
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import navigation

_PLACES = {
    "train": "Train",
    "tune": "Train",
    "pretrain": "Train",
    "import": "Data",
    "fetch": "Data",
    "map": "Map",
    "lens": "Map",
    "cliffs": "Map",
    "fusion": "Fusion",
    "probe": "Retrieval",
    "retrieve": "Retrieval",
    "doubt": "Retrieval",
    "subgraph": "Subgraphs",
    "motifs": "Subgraphs",
    "exam": "Subgraphs",
    "predict": "Predict",
}
_FOLLOWED = ("Train", "Predict")


def job_banner() -> None:
    """Job banner: one box for each job that waits or works; nothing where nothing does."""
    follow_job.follow(studio.list_jobs, _boxes, every=3.0)


def _boxes(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.active:
            with st.container(border=True, gap="small"):
                _box(job)


def _box(job: Job) -> None:
    st.markdown(f"**{literal(job.title)}**")
    follow_job.bar(job)
    title = _PLACES.get(job.verb, "")
    navigation.link(
        title, f"Open {title}", ":material/arrow_forward:", **({"job": job.id} if title in _FOLLOWED else {})
    )
    follow_job.cancel_button(job, f"cancel-{job.id}", type="tertiary", icon=":material/close:")
