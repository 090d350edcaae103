"""Rows added to a data set of the user's own: the file, the job that adds it, and what became of its rows."""

from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.chem.file_endings import ENDINGS, FORMATS, PACKED
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Entry, Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import uploads

_JOB, _TURN = "data/append/job", "data/append/turn"
_HELP = "Columns are matched by their names; a molecule that is here already is merged by the rule of this data set."


def form(entry: Entry) -> None:
    """Draw the way to add rows."""
    key = f"data/append/{entry.name}/{st.session_state.get(_TURN, 0)}"
    with st.popover("Add rows", icon=":material/playlist_add:"):
        st.text(f"{_HELP} Models and maps of the rows so far stay as they are.")
        about: dict[str, Any] = {"key": key, "help": f"{FORMATS}, plain or gzipped"}
        given = st.file_uploader("File", [*ENDINGS, PACKED], **about)
        about = {"type": "primary", "on_click": _start, "args": (entry.name, key), "disabled": given is None}
        st.button("Add these rows", key=f"{key}/start", **about)


def result(entry: Entry) -> None:
    """Say what became of the rows that were added last, or how far that is."""
    if (job := follow_job.known(st.session_state.get(_JOB, ""))) and entry.name in job.arguments:
        follow_job.follow_one(job, _shown, every=1.0)


def _start(name: str, key: str) -> None:
    given = st.session_state.get(key)
    if given is None:
        return
    try:
        st.session_state[_JOB] = studio.start_append(uploads.keep(given.name, given.getvalue()), name).id
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
        return
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _shown(job: Job) -> None:
    if job.active:
        follow_job.bar(job)
        follow_job.cancel_button(job, f"data/append/cancel/{job.id}")
        return
    uploads.forget(Path(job.arguments[0]))
    if job.state != "done":
        st.error(literal(follow_job.why(job, job.state)), icon=":material/info:")
        return
    st.text(words((job.result or {}).get("appended", {})))


def words(report: dict[str, int]) -> str:
    """Report on added rows in words.

    >>> words({"read": 4, "new": 2, "merged": 1, "rejected": 1})
    '4 rows read: 2 new, 1 merged, 1 rejected'
    """
    counts = ", ".join(f"{report.get(name, 0):,} {name}" for name in ("new", "merged", "rejected"))
    return f"{report.get('read', 0):,} rows read: {counts}"
