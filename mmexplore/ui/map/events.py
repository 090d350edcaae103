"""What a visitor does on a map becomes the page's selection or its current molecule: the same on one map and on six."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.ui.components.molecule_map import event
from mmexplore.ui.map import side
from mmexplore.ui.shell import session

_DRAWN = "drawn-maps"


def drawn(key: str, codes: np.ndarray, xy: np.ndarray | None = None) -> None:
    """Remember what stands on the map or bar of that key: an outline that comes back means these places."""
    st.session_state.setdefault(_DRAWN, {})[key] = (codes, xy)


def happened(key: str) -> None:
    """Do what was wished on the map or bar of that key, before the page runs again."""
    wish, known = event(key), st.session_state.get(_DRAWN, {}).get(key)
    if not wish or known is None:
        return
    codes, xy = known
    kind, mode = wish["kind"], wish.get("mode", "replace")
    if kind == "click" and mode == "replace":
        session.choose_row(wish["row"])
        side.turn_to(side.MOLECULE)
        return
    if kind == "clear":
        session.clear_selection()
    elif kind == "click":
        session.select(np.array([wish["row"]]), "add")
    elif kind == "category":
        session.select(np.flatnonzero(codes == wish["code"]), mode)
    elif xy is not None:
        session.select(np.flatnonzero(studio.inside(wish["outline"], xy)), mode)
    side.turn_to(side.SELECTION)
