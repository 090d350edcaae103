"""The catalogue on the Data page: what is here, what a click brings, and what each set is."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Entry, Job
from mmexplore.ui.components import follow_job, structures
from mmexplore.ui.components.words import literal

_FROM = {"embedded": "comes with the project", "yours": "yours"} | dict.fromkeys(
    ("moleculenet", "nmrshiftdb2"), "published, fetched"
)
_COLUMNS = {
    "here": st.column_config.CheckboxColumn("here", help="on this machine"),
    "megabytes": st.column_config.NumberColumn("download", format="%.1f MB"),
    "rows": st.column_config.NumberColumn(format="localized", help="rows of the source, before anything is rejected"),
    "molecules": st.column_config.NumberColumn(
        format="localized", help="kept, or as published where none was read yet"
    ),
    "address": st.column_config.LinkColumn("address"),
    "title": st.column_config.TextColumn(width=230),
    "name": st.column_config.TextColumn(width=110),
    "counted": st.column_config.TextColumn(width=90, help="kept: after reading; published: rows of the source"),
}
_FIT = ("name", "title", "here", "molecules", "counted", "tasks")


def show(entries: Sequence[Entry], chosen: str) -> None:
    """Draw the catalogue; a click on a line that is here makes it the data set of all pages."""
    st.caption(f"Chosen now: {literal(chosen)}. A click on a line that is here chooses another one, for all pages.")
    key = f"catalogue/{sum(entry.available for entry in entries)}/{len(entries)}"
    st.session_state["catalogue/lines"] = [(entry.name, entry.available) for entry in entries]
    about: dict[str, Any] = {"height": 320, "placeholder": "", "key": key, "selection_mode": "single-row"}
    structures.fitting(table(entries), _FIT, "sets", _COLUMNS, on_select=lambda: _choose_line(key), **about)
    _elsewhere([entry for entry in entries if not entry.available])


def table(entries: Sequence[Entry]) -> pd.DataFrame:
    """The catalogue as a table, in the order given."""
    return pd.DataFrame([_line(entry) for entry in entries]).astype({"rows": "Int64", "molecules": "Int64"})


def _line(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "here": entry.available,
        "molecules": entry.rows if entry.molecules is None else entry.molecules,
        "counted": "published" if entry.molecules is None and entry.rows else "kept" if entry.molecules else "",
        "rows": entry.rows,
        "tasks": len(entry.tasks),
        "labels": _labels(entry),
        "kind": ", ".join(sorted({task.kind for task in entry.tasks})),
        "from": _FROM[entry.source],
        "megabytes": entry.megabytes or None,
        "licence": entry.licence,
        "checksum": _checksum(entry),
        "address": entry.url or None,
    }


def choose(name: str) -> None:
    """Make a data set that of all pages; for callbacks, which run before the frame's picker is drawn."""
    st.session_state["data"] = name


def _labels(entry: Entry) -> str:
    shown = ", ".join(f"{task.name} ({task.unit})" if task.unit else task.name for task in entry.tasks[:3])
    return shown + (f" and {len(entry.tasks) - 3} more" if len(entry.tasks) > 3 else "")


def _checksum(entry: Entry) -> str:
    return f"sha256 {entry.sha256}" if entry.sha256 else f"md5 {entry.md5}" if entry.md5 else ""


def _choose_line(key: str) -> None:
    lines = st.session_state["catalogue/lines"]
    for number in st.session_state[key].selection.rows[:1]:
        name, here = lines[number] if number < len(lines) else ("", False)
        if here:
            choose(name)
        elif name:
            st.toast(f"{literal(name)} is not here yet: fetch it below the table")


def _elsewhere(entries: Sequence[Entry]) -> None:
    """What a click brings; downloads are jobs, and the page runs again when one of them begins or ends."""
    if not entries:
        return
    seen = list(_downloads().values())

    def draw(jobs: Sequence[Job]) -> None:
        last = {job.arguments[0]: job for job in jobs}
        with st.expander(f"{len(entries)} sets that can be fetched from the network", key="catalogue/elsewhere"):
            for entry in entries:
                _line_of(entry, last.get(entry.name))

    every = 1.0 if any(job.active for job in seen) else None
    follow_job.follow(lambda: list(_downloads().values()), draw, seen, every)


def _downloads() -> dict[str, Job]:
    """The last download of each set."""
    return {job.arguments[0]: job for job in reversed(studio.list_jobs()) if job.verb == "fetch" and job.arguments}


def _line_of(entry: Entry, job: Job | None) -> None:
    words, button = st.columns([5, 1], vertical_alignment="center")
    size = f", {entry.megabytes:.1f} MB" if entry.megabytes else ""
    words.text(f"{entry.name}: {entry.title}{size}; licence: {entry.licence or 'not stated'}")
    about: dict[str, Any] = {"width": "stretch"}
    if job and job.active:
        with words:
            follow_job.bar(job)
        with button:
            follow_job.cancel_button(job, f"fetch/cancel/{entry.name}", **about)
        return
    button.button("Fetch", key=f"fetch/{entry.name}", on_click=_fetch, args=(entry.name,), **about)
    if job and job.state == "failed":
        words.warning(literal(job.message))


def _fetch(name: str) -> None:
    try:
        studio.start_fetch(name)
    except MmexploreError as error:
        st.toast(literal(error), icon=":material/error:")
