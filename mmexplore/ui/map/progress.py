"""The wait for a map: a job computes it, this shows how far it is and brings the page up to date when more is there."""

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import NotAvailable
from mmexplore.studio import Job, MapFile
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.map import state
from mmexplore.ui.shell.session import Choice


def wait(choice: Choice, method: str, shown: MapFile | None, seed: int = 0) -> None:
    """Have the map computed and show the progress; ``shown`` is what is on the screen meanwhile."""
    key = _key(choice, method, seed)
    job = _job(key)
    if job is None:
        try:
            job = studio.start_map(choice.model, choice.data, choice.view, method, seed)
        except (
            NotAvailable
        ) as refusal:  # a visitor's jobs are as many as a server lets him have: what is there is shown
            st.info(literal(refusal), icon=":material/hourglass_disabled:")
            return
        st.session_state[key] = job.id
    if not job.unfinished:
        _follow(choice, method, seed, _state(shown), job)
    elif follow_job.unfinished(job, f"The {METHOD_TITLES[method]} map was not finished.", "Compute it again", key):
        del st.session_state[key]
        st.rerun()


def failed(choice: Choice, method: str, seed: int = 0) -> bool:
    """Whether the map was asked for and did not come about."""
    job = _job(_key(choice, method, seed))
    return job is not None and job.unfinished


def _key(choice: Choice, method: str, seed: int) -> str:
    return "/".join(("map-job", str(state.ground(choice).folders[-1]), choice.view, method, str(seed)))


def _job(key: str) -> Job | None:
    return follow_job.known(st.session_state.get(key, ""))


def _follow(choice: Choice, method: str, seed: int, shown: tuple[str, bool] | None, job: Job) -> None:
    title = METHOD_TITLES[method]
    what = f"The {title} map is being computed"
    if shown and shown[0] == method:
        what = f"The {title} map is being scored"
    elif shown:
        what = f"PCA for now; {title} is being computed"

    def is_more_there() -> bool:
        return _state(state.best_map(state.ground(choice), method, seed)) != shown

    def draw(job: Job) -> None:
        follow_job.bar(job, f"{what}: {follow_job.words(job)}")

    follow_job.follow_one(job, draw, changed=is_more_there)


def _state(shown: MapFile | None) -> tuple[str, bool] | None:
    """What tells one picture from the next: the method, and whether it has been scored."""
    return (shown.method, state.is_scored(shown)) if shown else None
