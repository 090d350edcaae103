"""The Map: points in the chosen view, what they are coloured by, which are found and selected."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.errors import BadMolecule
from mmexplore.studio import METHODS, Found, MapFile
from mmexplore.ui import blobs, map_progress, map_state, session
from mmexplore.ui.molecule_map import Shown, event, mask, molecule_map
from mmexplore.ui.molecule_map.painting import Painting
from mmexplore.ui.molecule_panel import molecule_panel
from mmexplore.ui.plain_text import literal
from mmexplore.ui.quality_panel import quality_panel
from mmexplore.ui.selection_panel import selection_grid, selection_table
from mmexplore.ui.session import Choice

_MAP, _ON_MAP = "map", "on-map"


def map_page() -> None:
    """The whole page."""
    choice = session.choice()
    header = st.container(gap="small")
    method, colour, text = _controls(choice)
    found = _search(choice.data, text)
    shown = map_state.finished_map(choice, method) or map_state.finished_map(choice, "pca")
    with header:
        _title(choice, shown, method)
    if shown is None or shown.method != method:
        map_progress.wait(choice, method, shown.method if shown else "")
    if shown is None:
        st.info(
            "The first picture, by PCA, appears here as soon as the molecules are embedded.",
            icon=":material/hourglass_top:",
        )
        return
    _body(choice, shown, colour, found)


def _controls(choice: Choice) -> tuple[str, str, str]:
    method, colour, search = st.columns([1.1, 1.6, 2.3], vertical_alignment="bottom")
    with method:
        chosen = st.segmented_control(
            "Map by", METHODS, default=studio.first_choice()[3], required=True, key="method", bind="query-params",
            format_func=lambda name: map_state.TITLES[name], help=_METHOD_HELP,
        )  # fmt: skip
    with colour:
        names = map_state.colour_names(choice)
        by = st.selectbox("Colour by", names, key="colour", bind="query-params")
    with search:
        text = st.text_input(
            "Search", key="search", bind="query-params", placeholder="name, SMILES or SMARTS, for example c1ccncc1",
            icon=":material/search:", max_chars=500,
        )  # fmt: skip
    return str(chosen or METHODS[0]), by or names[0], text or ""


_METHOD_HELP = """**UMAP** and **t-SNE** keep neighbours together; distances between far groups mean little.
**PCA** is a straight projection: distances are true as far as two axes go."""


def _search(data: str, text: str) -> Found | None:
    try:
        return map_state.found(data, text)
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def _title(choice: Choice, shown: MapFile | None, method: str) -> None:
    data = studio.dataset(choice.data)
    by = map_state.TITLES[shown.method if shown else method]
    st.title(f"{len(data):,} molecules of {literal(data.title)}", anchor=False)
    seed = f", seed {shown.seed}" if shown and shown.method != "pca" else ""
    lost = len(data) - map_state.placed(shown.xy) if shown else 0
    without = f"; {lost:,} could not be embedded and have no place" if lost else ""
    st.caption(literal(f"View {choice.view} of model {choice.model}, {by}{seed}{without}"))


def _body(choice: Choice, shown: MapFile, colour: str, found: Found | None) -> None:
    painting = map_state.painting(choice, colour)
    smarts = found.smarts if found else ""
    picture, side = st.columns([13, 7], gap="medium")
    with picture:
        _found_line(found)
        _draw(choice, shown, painting, found)
    with side:
        quality_panel(shown)
        st.divider()
        molecule_panel(smarts)
        if len(session.selection()) or session.current_row() < 0:
            selection_grid(smarts)
    selection_table()


def _found_line(found: Found | None) -> None:
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(literal(found.how), width="content")
        if len(found.rows):
            st.button(
                "Select these",
                key="select-found",
                icon=":material/select_all:",
                on_click=session.select,
                args=(found.rows,),
            )


def _draw(choice: Choice, shown: MapFile, painting: Painting, found: Found | None) -> None:
    rows, n = session.selection(), len(shown.xy)
    points = blobs.published(("points", str(shown.path), shown.created, shown.seconds), shown.xy.tobytes)
    by = map_state.TITLES[shown.method]
    title = f"{n:,} molecules of {choice.data}, view {choice.view}, {by}, coloured by {painting.label}"
    st.session_state[_ON_MAP] = (shown.xy, painting.codes)
    what = Shown(
        title,
        choice.data,
        choice.model,
        points,
        painting,
        blobs.publish(painting.codes.tobytes()),
        blobs.publish(mask(rows, n)) if len(rows) else "",
        blobs.publish(mask(found.rows, n)) if found else "",
        session.current_row(),
    )
    molecule_map(_MAP, what, _happened)


def _happened() -> None:
    """Do what was wished on the map, before the page runs again."""
    wish = event(_MAP)
    if not wish or _ON_MAP not in st.session_state:
        return
    xy, codes = st.session_state[_ON_MAP]
    kind, mode = wish["kind"], wish.get("mode", "replace")
    if kind in ("lasso", "box"):
        session.select(np.flatnonzero(studio.inside(wish["outline"], xy)), mode)
    elif kind == "category":
        session.select(np.flatnonzero(codes == wish["code"]), mode)
    elif kind == "click" and mode == "add":
        session.select(np.array([wish["row"]]), "add")
    elif kind == "click":
        session.choose_row(wish["row"])
    elif kind == "clear":
        session.clear_selection()
