"""Search for subgraphs while a page waits; what takes longer is offered as a job, which can be stopped."""

import hashlib
from collections.abc import Callable
from functools import partial

import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.storage import Explained
from mmexplore.runtime.errors import Busy, TooLong
from mmexplore.studio import Job, Target
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal
from mmexplore.ui.subgraphs.controls import Limits


def explained(model: str, smiles: str, goal: Target, limits: Limits, count: int) -> Explained | None:
    """Explanation of a molecule; None where a job has to make it, which is drawn here.

    Raises BadMolecule.
    """
    asked = model, smiles, goal, limits.rules, limits.by, count
    key = f"subgraphs/search/{hashlib.sha256(repr(asked).encode()).hexdigest()[:16]}"
    start = partial(studio.start_explaining, *asked)
    late = st.session_state.get(f"{key}/late")
    job = follow_job.begun(key, start) if late else follow_job.known(st.session_state.get(key, ""))
    if job is not None and job.active:
        follow_job.follow_one(job, partial(follow_job.bar_and_cancel, key))
        return None
    if (job is not None and job.state == "done") or not late:
        try:
            with st.spinner(literal(f"Asking {model} for subgraphs ...")):
                return studio.explain_in_time(*asked)
        except Busy as mistake:
            st.info(literal(mistake), icon=":material/hourglass_top:")
            st.button("Try again", key=f"{key}/again", icon=":material/refresh:")  # which runs the page again
            return None
        except TooLong:
            st.session_state[f"{key}/late"] = True  # it is not tried at every run of the page
            if job is None and follow_job.begun(key, start) is not None:
                st.rerun()
    _offer(key, job, model, start)
    return None


def _offer(key: str, job: Job | None, who: str, start: Callable[[], Job]) -> None:
    if job is not None and job.state == "failed":
        st.error(literal(job.message), icon=":material/info:")
    words = f"{who} takes longer for this molecule than a page waits. A job can take its time; it can be stopped."
    st.info(literal(words), icon=":material/hourglass_top:")
    if st.button("Search as a job", key=f"{key}/start", icon=":material/hub:"):
        st.session_state[key] = start().id
        st.rerun()
