"""Map card of the Map: one file that shows the map offline, written by a job and then downloaded."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Job, MapFile
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal
from mmexplore.ui.map import state
from mmexplore.ui.shell.session import Choice

_HELP = """One HTML file that any browser opens without a network: the map, a drawing of each molecule, colours, search,
scores with their permuted values, digests, the model card, and the command that makes it again. It holds the names,
SMILES, labels and predictions of all molecules of this data set: whoever gets the file gets these."""


def offer(choice: Choice, shown: MapFile) -> None:
    """The way to the card of a map, once the map is scored."""
    if not state.is_scored(shown):
        return
    key = f"card-job/{shown.digest}"
    start = partial(studio.start_map_card, choice.model, choice.data, choice.view, shown.method, shown.seed)
    seen = follow_job.begun(key, start)
    if seen is None or seen.unfinished:
        about: dict[str, Any] = {"icon": ":material/id_card:", "help": _HELP, "type": "tertiary"}
        if st.button("Make a map card", key="map-card", **about):
            seen = _started(key, start)
    if seen is not None:
        follow_job.follow_one(seen, _shown)


def _started(key: str, start: Callable[[], Job]) -> Job | None:
    try:
        job = start()
    except MmexploreError as mistake:
        st.warning(literal(mistake))
        return None
    st.session_state[key] = job.id
    return job


def _shown(job: Job) -> None:
    """How far the card is, or the card."""
    if job.active:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container():
                follow_job.bar(job, f"The map card is being written: {follow_job.words(job)}")
            follow_job.cancel_button(job, f"cancel/{job.id}", width="content")
        return
    file = Path(job.arguments[-1])
    if job.state != "done" or not file.is_file():
        st.error(literal(job.message or "The map card was not written."))
        return
    about: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:", "key": "map-card-file", "help": _HELP}
    st.download_button("Download the map card", file.read_bytes, file.name, "text/html", **about)
