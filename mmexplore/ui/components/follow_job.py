"""Jobs on a screen: a part of the page that looks at them by itself, their bar, how to stop one, why one failed.

The whole page runs again as soon as another job is active than before, so that what a job made is shown at once.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError, UnknownName
from mmexplore.studio import Job
from mmexplore.ui.components.words import duration, literal


def follow(
    look: Callable[[], Sequence[Job]],
    draw: Callable[[Sequence[Job]], None],
    seen: Sequence[Job] | None = None,
    every: float | None = 0.7,
    changed: Callable[[], bool] = lambda: False,
) -> None:
    """Draw the jobs that ``look`` finds, again each ``every`` seconds; None: once, as a part of the page.

    ``seen`` are those that the page was made by: where others are active now, or ``changed`` says so, the page runs
    again. Without them only this part does, as it does for what is pressed in it; what has ended is pressed for the
    page's sake (continued, closed, opened).
    """
    if every is None:
        draw(look())
        return
    active = _active(seen) if seen is not None else None

    @st.fragment(run_every=every)
    def live() -> None:
        jobs = look()
        if active is not None and (_active(jobs) != active or changed()):
            st.rerun(scope="app")
        draw(jobs)

    live()


def follow_one(
    seen: Job, draw: Callable[[Job], None], every: float = 0.7, changed: Callable[[], bool] | None = None
) -> None:
    """Follow one job while it is active or ``changed`` may come true, else draw it once; nothing if it is gone."""

    def look() -> list[Job]:
        found = known(seen.id)
        return [found] if found else []

    def drawn(jobs: Sequence[Job]) -> None:
        for job in jobs:
            draw(job)

    follow(look, drawn, [seen], every if seen.active or changed else None, changed or (lambda: False))


def known(job_id: str) -> Job | None:
    """The job of an id, None where it was forgotten, there never was one, or the id is empty."""
    if not job_id:
        return None
    try:
        return studio.job(job_id)
    except UnknownName:
        return None


def begun(key: str, start: Callable[[], Job]) -> Job | None:
    """The job that this visit has begun under a key, or whoever is at that work already, as after a reload.

    None where nobody is; nothing is started.
    """
    job = known(st.session_state.get(key, ""))
    with suppress(MmexploreError):  # what cannot be started nobody is at
        if job is None and (job := studio.job_at_work(start)) is not None:
            st.session_state[key] = job.id
    return job


def _active(jobs: Sequence[Job]) -> set[str]:
    return {job.id for job in jobs if job.active}


def share(job: Job) -> float:
    """Share of the stage that is done, 0 to 1."""
    return min(max(job.done / job.total, 0.0), 1.0) if job.total else 0.0


def words(job: Job) -> str:
    """The stage in words, with the time left where there is an estimate; before the first, what is waited for."""
    waits_for = (job.message or "its process is being started") if job.state == "queued" else "reading what it needs"
    stage = job.stage or waits_for
    count = f", {job.done:,} of {job.total:,}" if job.total > 1 else ""
    left = f", {duration(job.seconds_left)} left" if job.seconds_left is not None else ""
    return f"{stage}{count}{left}"


def bar(job: Job, text: str = "") -> None:
    """Progress bar of a job; ``text`` in place of its stage in words."""
    st.progress(share(job), literal(text or words(job)))


def cancel_button(job: Job, key: str, **about: Any) -> None:
    """The way to stop the job."""
    st.button("Cancel", key=key, on_click=cancel, args=(job.id,), **about)


def bar_and_cancel(key: str, job: Job) -> None:
    """Progress bar of a job by its title, and the way to stop it."""
    bar(job, f"{job.title}: {words(job)}")
    cancel_button(job, f"{key}/cancel", icon=":material/close:")


def cancel(job_id: str) -> None:
    """Ask a job to stop; for callbacks."""
    attempt(studio.cancel_job, job_id)


def attempt(what: Callable[[str], object], job_id: str) -> None:
    """Do something with a job, and say it where that cannot be."""
    try:
        what(job_id)
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")


def why(job: Job, otherwise: str = "") -> str:
    """Why a job was not finished; an uploaded file by the name that it was given, and not by where it is kept."""
    text, kept = job.message, studio.home().folder("uploads")
    for word in job.arguments:
        if Path(word).is_relative_to(kept):
            text = text.replace(word, Path(word).name)
    return text or otherwise


def unfinished(job: Job, otherwise: str, again: str, key: str) -> bool:
    """Say why a job was not finished, and offer it ``again`` where that may help; whether that was asked for."""
    st.error(literal(why(job, otherwise)), icon=":material/info:")
    return job.retry and st.button(again, key=f"again/{key}", icon=":material/refresh:")
