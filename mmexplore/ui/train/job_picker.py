"""Job picker, which trainings are shown: the one in the address, else the first that is active, and a list of all."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.jobs.folder import Job
from mmexplore.ui.components import follow_job, structures
from mmexplore.ui.shell import address

_JOB = "job"


def trainings() -> list[Job]:
    """All trainings and searches of settings, the newest first."""
    return [job for job in studio.list_jobs() if job.verb in (*studio.TRAINING_VERBS, studio.TUNING_VERB)]


def chosen(jobs: list[Job]) -> Job | None:
    """The training to follow: that of ``?job=`` in the address, else the oldest that is active, else none."""
    asked = st.query_params.get(_JOB, "")
    if asked == "none":
        return None
    known = {job.id: job for job in jobs}
    active = [job for job in jobs if job.active]
    shown = known.get(asked) or (active[-1] if active else None)
    if asked and asked not in known and address.arriving(_JOB) is not None:
        address.tell(_JOB, address.lacking("the training", asked, shown.title if shown else "none"))
    address.keep(_JOB, asked if asked in known else None)
    address.answer(_JOB, shown.id if shown else "")
    return shown


def others(jobs: list[Job], shown: Job | None) -> None:
    """The other trainings, to be shown, or forgotten once they ended; while one is active they are looked at anew."""
    apart = shown.id if shown else ""

    def look() -> list[Job]:
        return [job for job in trainings() if job.id != apart]

    seen = [job for job in jobs if job.id != apart]
    every = 1.0 if any(job.active for job in seen) else None
    follow_job.follow(look, lambda rest: _others(rest, apart), seen, every)


def _others(rest: Sequence[Job], apart: str) -> None:
    waiting = [job for job in rest if job.active]
    if not rest:
        return
    words = f"Other trainings ({len(rest)}" + (f", {len(waiting)} waiting or running)" if waiting else ")")
    with st.expander(words, expanded=bool(waiting)):
        table = pd.DataFrame([_row(job) for job in rest])
        config = {"id": None}
        about: dict[str, Any] = {"on_select": "rerun", "selection_mode": "single-row"}
        about["key"] = f"jobs/{len(rest)}/{apart}"
        picked = structures.fitting(table, ("title", "state", "done", "started"), "trainings", config, **about)
        for number in picked.selection.rows[:1]:
            _one(rest[number])


def _row(job: Job) -> dict[str, object]:
    done = f"{job.done} of {job.total}" if job.total and job.state != "queued" else ""
    started = pd.Timestamp(job.created, unit="s", tz="UTC")
    words = {"title": job.title, "state": job.state, "stage": job.stage, "done": done}
    return words | {"message": job.message, "started": started, "id": job.id}


def _one(job: Job) -> None:
    with st.container(horizontal=True):
        if st.button("Show", key=f"show/{job.id}", on_click=_show, args=(job.id,)):
            st.rerun(scope="app")  # the list may be a fragment
        if job.active:
            follow_job.cancel_button(job, f"stop/{job.id}")
        else:
            st.button("Forget", key=f"forget/{job.id}", on_click=_forget, args=(job.id,), help="a model stays")


def _show(job_id: str) -> None:
    st.query_params[_JOB] = job_id


def _forget(job_id: str) -> None:
    follow_job.attempt(studio.forget_job, job_id)
