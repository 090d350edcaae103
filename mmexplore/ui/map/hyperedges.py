"""Whom a structure-aware model takes the current molecule to be like: its hyperedge and its memory anchors."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.ui.components import waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.shell import session

_HYPEREDGE, _HOSTS, _ANCHORS = "hyperedge", "hosts", "anchors"
_MOST_HOSTS = 9


def hyperedge_panel() -> None:
    """Drawings of the current molecule's kin; nothing for a model without a memory."""
    choice, row = session.choice(), session.current_row()
    if not studio.has_hyperedges(choice.model):
        return
    st.subheader("Kin of the current molecule", anchor=False)
    if row < 0:
        st.caption("Click a molecule on the map: its hyperedge and its memory anchors appear here.")
        return
    kin = studio.hyperedge_neighbors(choice.model, choice.data, row)
    if kin is None:
        waits.embedded([choice.model], choice.data)
        return
    if not kin.anchors:
        st.caption("This molecule could not be embedded, so it has no kin.")
        return
    names = studio.dataset(choice.data).names
    st.caption(f"Nearest to it in the unified embedding; {_hyperedge(kin.members, len(kin.near))}")
    _grid(_HYPEREDGE, choice.data, names, _apart(kin.near))
    if kin.hosts:
        more = f", the {_MOST_HOSTS} nearest of {len(kin.hosts)}" if len(kin.hosts) > _MOST_HOSTS else ""
        st.caption(f"Molecules in whose hyperedge it is{more}")
        _grid(_HOSTS, choice.data, names, _apart(kin.hosts)[:_MOST_HOSTS])
    st.caption(
        f"Its strongest memory anchors of {kin.anchors_in_all}, with its share of each, shown by the molecules of this "
        "data set that have most of it"
    )
    shown = [
        (other, f"anchor {anchor.number}: {anchor.share:.1%}") for anchor in kin.anchors for other in anchor.typical
    ]
    _grid(_ANCHORS, choice.data, names, shown)


def _hyperedge(members: int, shown: int) -> str:
    if members == shown:
        return "its hyperedge"
    some = {0: "its hyperedge has none of them", 1: "the first makes its hyperedge"}
    return some.get(members, f"the first {members} make its hyperedge")


def _apart(kin: dict[int, float]) -> list[tuple[int, str]]:
    return [(other, f"distance {distance:.3g}") for other, distance in kin.items()]


def _grid(key: str, data: str, names: np.ndarray, rows: list[tuple[int, str]]) -> None:
    cells = [Drawing(of_row(data, row), str(names[row]) or f"Molecule {row + 1}", text, row) for row, text in rows]
    drawings(key, cells, lambda: _pick(key), width=110, height=84)


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)
