"""The catalogue on the Data page: what is here, what a click brings, and what each set is."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.studio import Entry
from mmexplore.ui import progress_bar
from mmexplore.ui.plain_text import literal

_FROM = {"embedded": "comes with the project", "moleculenet": "published, fetched", "yours": "yours"}
_COLUMNS = {
    "here": st.column_config.CheckboxColumn("here", help="on this machine"),
    "megabytes": st.column_config.NumberColumn("download", format="%.1f MB"),
    "rows": st.column_config.NumberColumn(format="localized", help="rows of the source, before anything is rejected"),
    "address": st.column_config.LinkColumn("address"),
}


def show(entries: Sequence[Entry], chosen: str) -> None:
    """Draw the catalogue; a click on a line that is here makes it the data set of all pages."""
    st.caption(f"Chosen now: {literal(chosen)}. A click on a line that is here chooses another one, for all pages.")
    key = f"catalogue/{sum(entry.available for entry in entries)}/{len(entries)}"
    st.session_state["catalogue/lines"] = [(entry.name, entry.available) for entry in entries]
    st.dataframe(
        table(entries),
        hide_index=True,
        height=320,
        placeholder="",
        column_config=_COLUMNS,
        key=key,
        selection_mode="single-row",
        on_select=lambda: _choose_line(key),
    )
    _elsewhere([entry for entry in entries if not entry.available])


def table(entries: Sequence[Entry]) -> pd.DataFrame:
    """The catalogue as a table, in the order given."""
    return pd.DataFrame([_line(entry) for entry in entries]).astype({"rows": "Int64"})


def _line(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "here": entry.available,
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
    if not entries:
        return
    with st.expander(f"{len(entries)} sets that can be fetched from the network"):
        for entry in entries:
            words, button = st.columns([5, 1], vertical_alignment="center")
            size = f", {entry.megabytes:.1f} MB" if entry.megabytes else ""
            words.text(f"{entry.name}: {entry.title}{size}; licence: {entry.licence or 'not stated'}")
            if button.button("Fetch", key=f"fetch/{entry.name}", width="stretch"):
                _fetch(entry)


def _fetch(entry: Entry) -> None:
    try:
        with progress_bar.shown(f"Fetching {entry.name}") as progress:
            studio.fetch(entry.name, progress)
    except MmexploreError as error:
        st.warning(literal(error))
        return
    st.toast(f"{literal(entry.name)} is here now")
    st.rerun()
