"""Hyperedge panel: the current molecule's hyperedge and memory anchors under a structure-aware model."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.ui.components import waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.shell import session

_HYPEREDGE, _HOSTS, _ANCHORS = "hyperedge", "hosts", "anchors"
_MOST_HOSTS = 9


def hyperedge_panel() -> None:
    """Hyperedge neighbors of the current molecule, drawn; nothing for a model without a memory."""
    choice, row = session.choice(), session.current_row()
    if not studio.has_hyperedges(choice.model):
        return
    st.subheader("Kin of the current molecule", anchor=False)
    if row < 0:
        st.caption("Click a molecule on the map: its hyperedge and its memory anchors appear here.")
        return
    neighbors = studio.hyperedge_neighbors(choice.model, choice.data, row)
    if neighbors is None:
        waits.embedded([choice.model], choice.data)
        return
    if not neighbors.anchors:
        st.caption("This molecule could not be embedded, so it has no kin.")
        return
    names = studio.dataset(choice.data).names
    st.caption(f"Nearest to it in the unified embedding; {_hyperedge(neighbors.members, len(neighbors.near))}")
    _grid(_HYPEREDGE, choice.data, names, _apart(neighbors.near))
    if neighbors.hosts:
        more = f", the {_MOST_HOSTS} nearest of {len(neighbors.hosts)}" if len(neighbors.hosts) > _MOST_HOSTS else ""
        st.caption(f"Molecules in whose hyperedge it is{more}")
        _grid(_HOSTS, choice.data, names, _apart(neighbors.hosts)[:_MOST_HOSTS])
    st.caption(
        f"Its strongest memory anchors of {neighbors.anchors_in_all}, with its share of each, shown by the molecules "
        "of this data set that have most of it"
    )
    shown = [
        (other, f"anchor {anchor.number}: {anchor.share:.1%}")
        for anchor in neighbors.anchors
        for other in anchor.typical
    ]
    _grid(_ANCHORS, choice.data, names, shown)


def _hyperedge(members: int, shown: int) -> str:
    if members == shown:
        return "its hyperedge"
    some = {0: "its hyperedge has none of them", 1: "the first makes its hyperedge"}
    return some.get(members, f"the first {members} make its hyperedge")


def _apart(neighbors: dict[int, float]) -> list[tuple[int, str]]:
    return [(other, f"distance {distance:.3g}") for other, distance in neighbors.items()]


def _grid(key: str, data: str, names: np.ndarray, rows: list[tuple[int, str]]) -> None:
    cells = [Drawing(of_row(data, row), str(names[row]) or f"Molecule {row + 1}", text, row) for row, text in rows]
    drawings(key, cells, lambda: _pick(key), width=110, height=84)


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)
