"""Map events: what a visitor does on a map becomes the page's selection or its current molecule.

The same on one map and on six.
"""

import numpy as np
import streamlit as st

from mmexplore.ui.components.molecule_map import event, rows_meant
from mmexplore.ui.map import cliffs, regions, side
from mmexplore.ui.shell import session
from mmexplore.ui.shell.tabs import MOLECULE_TAB, SELECTION_TAB

_DRAWN = "drawn-maps"


def drawn(key: str, codes: np.ndarray, xy: np.ndarray | None = None) -> None:
    """Remember what stands on the map or bar of that key: an outline that comes back means these places."""
    st.session_state.setdefault(_DRAWN, {})[key] = (codes, xy)


def codes_of(key: str) -> np.ndarray | None:
    """The codes that stand on the map of that key, None where nothing was drawn."""
    known = st.session_state.get(_DRAWN, {}).get(key)
    return known[0] if known else None


def happened(key: str) -> None:
    """Do what an event on the map or bar of that key asks for, before the page runs again."""
    action, known = event(key), st.session_state.get(_DRAWN, {}).get(key)
    if not action or known is None:
        return
    codes, xy = known
    kind, mode = action["kind"], action.get("mode", "replace")
    if kind == "edge":
        cliffs.clicked(action["code"])
    if kind in ("edge", "lens"):
        return
    if kind == "click" and mode == "replace":
        session.choose_row(action["row"])
        side.turn_to(MOLECULE_TAB)
        return
    if kind == "clear":
        session.clear_selection()
    elif kind == "label":
        session.select(regions.rows_of(action["code"]), mode)
    elif xy is not None or kind in ("click", "category"):
        session.select(rows_meant(action, codes, xy), mode)
    side.turn_to(SELECTION_TAB)
