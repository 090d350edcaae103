"""What stands above the map: what is shown, how it is laid out and coloured, and the search box."""

import streamlit as st

from mmexplore import studio
from mmexplore.errors import BadMolecule
from mmexplore.studio import METHODS, Found, MapFile
from mmexplore.ui import map_state, session
from mmexplore.ui.map_state import TITLES
from mmexplore.ui.plain_text import literal
from mmexplore.ui.session import Choice

_METHOD_HELP = """**UMAP** and **t-SNE** keep neighbours together; distances between far groups mean little.
**PCA** is a straight projection: distances are true as far as two axes go."""


def title(choice: Choice, shown: MapFile | None, method: str) -> None:
    """How many molecules of what, in which view of which model, laid out how."""
    data = studio.dataset(choice.data)
    st.title(f"{len(data):,} molecules of {literal(data.title)}", anchor=False)
    by = TITLES[shown.method if shown else method]
    seed = f", seed {shown.seed}" if shown and shown.method != "pca" else ""
    lost = len(data) - map_state.placed(shown.xy) if shown else 0
    without = f"; {lost:,} could not be embedded and have no place" if lost else ""
    st.caption(literal(f"View {choice.view} of model {choice.model}, {by}{seed}{without}"))


def controls(on: map_state.Ground) -> tuple[str, str, str]:
    """The method, the colour and the text to search for, as they stand in the URL."""
    method, colour, search = st.columns([1.5, 1.5, 2.2])
    with method:
        chosen = st.segmented_control(
            "Map by",
            METHODS,
            default=METHODS[0],
            required=True,
            key="method",
            bind="query-params",
            format_func=lambda name: TITLES[name],
            help=_METHOD_HELP,
        )
    with colour:
        names = map_state.colour_names(on)
        by = st.selectbox("Colour by", names, key="colour", bind="query-params")
    with search:
        text = st.text_input(
            "Search",
            key="search",
            bind="query-params",
            placeholder="name, SMILES or SMARTS, for example c1ccncc1",
            icon=":material/search:",
            max_chars=500,
        )
    return str(chosen or METHODS[0]), by or names[0], text or ""


def search(data: str, text: str) -> Found | None:
    """What the text means in this data set; a text that means nothing is answered in words."""
    try:
        return map_state.found(data, text)
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def found_line(found: Found | None) -> None:
    """How many were found and how, and the way to select them."""
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
