"""Smallest part of the bench's molecule that decides: it is sought beside the page, which goes on meanwhile."""

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.maps.painting import short
from mmexplore.runtime.errors import Busy, MmexploreError, TooLong
from mmexplore.studio import RULES, Job, Target, TaskEstimate
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.drawings import Drawing, drawings, of_atoms
from mmexplore.ui.components.words import literal

_SOUGHT = "predict/bench/sought"
_LOOK_SECONDS = 0.4
_searches = ThreadPoolExecutor(1, thread_name_prefix="deciding-part")
"""One at a time: the other process that holds models answers the next edit."""


def begin(model: str, smiles: str, estimate: TaskEstimate) -> None:
    """Begin the search, so that it goes on while the page draws what stands before the panel."""
    if _is_explained(model, estimate) and (goal := reached(model, estimate)) is not None:
        asked = _asked(model, smiles, goal)
        job = follow_job.known(st.session_state.get(_key(asked), ""))
        if job is None or not job.active:
            _search(asked, job)


def show(model: str, smiles: str, estimate: TaskEstimate) -> None:
    """Draw the panel; what is not found yet comes by itself."""
    st.markdown("**Smallest part that decides**")
    if not _is_explained(model, estimate):
        st.caption("An ensemble has none of its own: each of its members has another.")
        return
    goal = reached(model, estimate)
    if goal is None:
        st.caption("The prediction lies between the quartiles of the training labels: no part makes it high or low.")
        return
    asked = _asked(model, smiles, goal)
    key = _key(asked)
    job = follow_job.known(st.session_state.get(key, ""))
    if job is not None and job.active:
        follow_job.follow_one(job, partial(follow_job.bar_and_cancel, key))
        return
    waiting = not _search(asked, job).done()

    @st.fragment(run_every=_LOOK_SECONDS if waiting else None)
    def live() -> None:
        search = _search(asked, job)
        if not search.done():
            st.caption("Looking for it ...")
            return
        if waiting:
            st.rerun()
        _answer(search, asked, key, job)

    live()


def _is_explained(model: str, estimate: TaskEstimate) -> bool:
    return estimate.name in {task.name for task in studio.explained_tasks(model)}


def _asked(model: str, smiles: str, goal: Target) -> tuple[Any, ...]:
    return model, smiles, goal, RULES, "fragment", 1


def _key(asked: tuple[Any, ...]) -> str:
    return f"{_SOUGHT}/{hashlib.sha256(repr(asked).encode()).hexdigest()[:16]}"


def reached(model: str, estimate: TaskEstimate) -> Target | None:
    """What the prediction is by the usual thresholds of subgraphs: high, low, or of a class; None: nothing of these."""
    value = np.array(estimate.value)
    for direction in studio.DIRECTIONS[estimate.kind]:
        goal, _ = studio.target(model, estimate.name, direction)
        if goal.reached(goal.score(value)):
            return goal
    return None


def _search(asked: tuple[Any, ...], job: Job | None) -> "Future[Explained]":
    """The search of this visit; another one that has not begun is given up for it. A job that ended is read anew."""
    about = asked, job.id if job is not None else ""
    before: tuple[Any, Future[Explained]] | None = st.session_state.get(_SOUGHT)
    if before is not None and before[0] == about:
        return before[1]
    if before is not None:
        before[1].cancel()
    search = _searches.submit(copy_context().run, studio.explain_in_time, *asked)
    st.session_state[_SOUGHT] = about, search
    return search


def _answer(search: "Future[Explained]", asked: tuple[Any, ...], key: str, job: Job | None) -> None:
    try:
        found = search.result()
    except TooLong:
        if job is None and follow_job.begun(key, partial(studio.start_explaining, *asked)) is not None:
            st.rerun()
        st.caption("It takes longer for this molecule than a page waits; a job can take its time.")
        if st.button("Search as a job", key=f"{key}/start", icon=":material/hub:"):
            st.session_state[key] = studio.start_explaining(*asked).id
            st.rerun()
        return
    except Busy as mistake:
        st.caption(literal(mistake))
        st.button("Try again", key=f"{key}/again", icon=":material/refresh:", on_click=_forget)
        return
    except MmexploreError as mistake:
        st.caption(literal(mistake))
        return
    _draw(found)


def _draw(found: Explained) -> None:
    if not found.subgraphs:
        st.caption(literal(f"{found.note[:1].upper()}{found.note[1:]}."))
        return
    part, goal = found.subgraphs[0], found.target
    drawings("predict/bench/part", [Drawing(of_atoms(found.smiles, part.atoms, faint=True))], width=240, height=170)
    words = part.smiles or f"{part.n_atoms} atoms"
    side = "at most" if goal.direction == "below" else "at least"
    what = f"the probability of {goal.direction}" if goal.direction.startswith("class") else goal.task
    st.caption(literal(f"{words}: alone it still makes {what} {side} {short(goal.threshold)}."))


def _forget() -> None:
    st.session_state.pop(_SOUGHT, None)
