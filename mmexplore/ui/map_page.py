"""The Map: points in the chosen view, what they are coloured by, which are found and selected."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Found, MapFile
from mmexplore.ui import blobs, map_controls, map_progress, map_state, session
from mmexplore.ui.map_state import TITLES
from mmexplore.ui.molecule_map import Shown, event, mask, molecule_map
from mmexplore.ui.molecule_map.painting import Painting
from mmexplore.ui.molecule_panel import molecule_panel
from mmexplore.ui.quality_panel import quality_panel
from mmexplore.ui.selection_panel import selection_grid, selection_table
from mmexplore.ui.session import Choice

_MAP, _ON_MAP, _BESIDE = "map", "on-map", "beside"
_SELECTION, _MOLECULE = "Selection", "Molecule"


def map_page() -> None:
    """The whole page."""
    choice = session.choice()
    header = st.container(gap="small")
    on = map_state.ground(choice)
    method, colour, text = map_controls.controls(on)
    found = map_controls.search(choice.data, text)
    shown = map_state.best_map(on, method)
    with header:
        map_controls.title(choice, shown, method)
    if not map_state.is_final(shown, method):
        map_progress.wait(choice, method, shown)
    if shown is None:
        words = "The first picture, by PCA, appears here as soon as the molecules are embedded."
        st.info(words, icon=":material/hourglass_top:")
        return
    _body(choice, shown, map_state.painting(on, colour), found)


def _body(choice: Choice, shown: MapFile, painting: Painting, found: Found | None) -> None:
    picture, side = st.columns([12, 8], gap="medium")
    with picture:
        map_controls.found_line(found)
        _draw(choice, shown, painting, found)
    with side:
        quality_panel(shown)
        _beside(found.smarts if found else "")
    selection_table()


def _beside(smarts: str) -> None:
    selection, molecule = st.tabs([_SELECTION, _MOLECULE], key=_BESIDE, on_change="rerun")
    if selection.open:
        with selection:
            selection_grid(smarts)
    if molecule.open:
        with molecule:
            molecule_panel(smarts)


def _draw(choice: Choice, shown: MapFile, painting: Painting, found: Found | None) -> None:
    rows, n = session.selection(), len(shown.xy)
    points = blobs.published(("points", str(shown.path), shown.created, shown.seconds), shown.xy.tobytes)
    by = TITLES[shown.method]
    st.session_state[_ON_MAP] = (shown.xy, painting.codes)
    what = Shown(
        title=f"{n:,} molecules of {choice.data}, view {choice.view}, {by}, coloured by {painting.label}",
        data=choice.data,
        model=choice.model,
        points=points,
        painting=painting,
        codes=blobs.publish(painting.codes.tobytes()),
        selected=blobs.publish(mask(rows, n)) if len(rows) else "",
        found=blobs.publish(mask(found.rows, n)) if found else "",
        current=session.current_row(),
    )
    molecule_map(_MAP, what, _happened)


def _happened() -> None:
    """Do what was wished on the map, before the page runs again."""
    wish = event(_MAP)
    if not wish or _ON_MAP not in st.session_state:
        return
    xy, codes = st.session_state[_ON_MAP]
    kind, mode = wish["kind"], wish.get("mode", "replace")
    if kind == "click" and mode == "replace":
        session.choose_row(wish["row"])
        st.session_state[_BESIDE] = _MOLECULE
        return
    if kind == "clear":
        session.clear_selection()
    elif kind == "click":
        session.select(np.array([wish["row"]]), "add")
    elif kind == "category":
        session.select(np.flatnonzero(codes == wish["code"]), mode)
    else:
        session.select(np.flatnonzero(studio.inside(wish["outline"], xy)), mode)
    st.session_state[_BESIDE] = _SELECTION
