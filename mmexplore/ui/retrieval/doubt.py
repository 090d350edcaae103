"""Doubt my molecule: does a list of peaks belong to a structure, and which of a data set's spectra do not?"""

from functools import partial
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import CALLED_BELOW, Doubt, MoleculeRef, PeakList
from mmexplore.ui.components import follow_job, molecule, structures, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import session

_SHOWN = 6
_LISTED = 200
_DRAWN = ("structure", "fits better")
_WAYS = {"both": "by both", "joint": "by the joint model", "shifts": "by predicted shifts"}


def doubt_panel(peaks: PeakList | None, data: str) -> None:
    """One pairing on the left, those of the data set on the right."""
    one, every = st.columns([2, 3], gap="medium")
    with one:
        st.markdown("**A structure and the peaks above**")
        if peaks is None:
            st.caption("Type or paste peaks above: a structure that is said to have them is compared with its isomers.")
        elif query := _structure(data):
            _one(query, peaks, data)
    with every:
        st.markdown(f"**All spectra of {literal(data)}**")
        if studio.dataset(data).spectra is None:
            st.caption("This data set has no measured spectra; 'nmrshiftdb2' has.")
        else:
            _every(data)


def _structure(data: str) -> MoleculeRef | None:
    placeholder = f"{ANY_TEXT}; empty: the current molecule"
    text = structure_text("Structure", "doubted", bind="query-params", placeholder=placeholder)
    try:
        if text:
            return studio.query_of(data, text)
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None
    row = session.current_row()
    return studio.query_of_row(session.choice().data, row) if row >= 0 else None


def _one(query: MoleculeRef, peaks: PeakList, data: str) -> None:
    try:
        with st.spinner("Comparing with decoys ..."):
            found = studio.doubt(query, peaks, data)
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return
    st.markdown(literal(in_words(found, molecule.title(query) if query.row >= 0 else "the typed molecule", data)))
    if len(found.better):
        st.caption("These fit the peaks better:")
        table, rows = studio.dataset(data), found.better[:_SHOWN].tolist()
        shown = [Drawing(of_row(data, row), str(table.names[row]) or f"Molecule {row + 1}", "", row) for row in rows]
        drawings("doubt-better", shown, width=150, height=120)


def in_words(found: Doubt, name: str, data: str) -> str:
    """Where a structure stands among its decoys, and what that means."""
    (way, share), *others = found.percentile.items()
    more = "".join(f", {_WAYS[other]} {value:.0%}" for other, value in others)
    least = CALLED_BELOW[way]
    called = "that is doubtful" if share <= least else "nothing speaks against it"
    return (
        f"{share:.0%} of {found.decoys} decoys from {data} ({found.isomers} of them isomers) fit the peaks worse than "
        f"{name}, {_WAYS[way]}{more}: {called}. One true pairing in twenty at most stands at {least:.0%} or lower."
    )


def _every(data: str) -> None:
    found = studio.stored_doubts(data)
    if found is None:
        _make(data)
        return
    st.caption(
        f"Of {len(found.rows):,} spectra {found.called:,} stand at {CALLED_BELOW[found.way]:.0%} of their decoys or "
        "lower, where one true pairing in twenty does at most: these are worth a look, the most doubtful first."
    )
    table = studio.doubt_table(found, data)
    shown = table.head(_LISTED).copy()
    shown.insert(1, "structure", structures.addresses(shown["smiles"]))
    shown["fits better"] = [structures.address(text) if text else "" for text in shown["fits better"]]
    config: dict[str, Any] = {name: structures.column(name) for name in _DRAWN}
    config["percentile"] = st.column_config.NumberColumn(format="percent", width="small")
    structures.table(shown, config, most_px=480, fit=("percentile", *_DRAWN), switch="doubts")
    csv = studio.to_csv(table).encode()
    icon = ":material/download:"
    st.download_button("CSV", csv, f"{data}-doubts.csv", "text/csv", icon=icon, on_click="ignore")


def _make(data: str) -> None:
    key = f"doubts/{studio.dataset(data).digest}"
    if follow_job.known(st.session_state.get(key, "")) is None:
        st.caption("Each spectrum is compared with its own structure and with up to 50 decoys, isomers first.")
    start = partial(studio.start_doubts, data)
    waits.made_when_asked(key, "Doubt all of them", start, "The doubts were not finished.", "Try again")
