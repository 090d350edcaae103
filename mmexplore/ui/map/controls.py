"""Map controls above the map: what is shown, how it is laid out and coloured, and the search box."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmexplore import studio
from mmexplore.runtime.errors import BadMolecule
from mmexplore.studio import METHODS, MapFile, SearchResult
from mmexplore.ui.compare import menu
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.words import METHOD_TITLES, left_out, literal
from mmexplore.ui.map import cliffs, regions, state
from mmexplore.ui.shell import address, session, tabs, tour
from mmexplore.ui.shell.session import Choice

_METHOD_HELP = """**UMAP** and **t-SNE** keep neighbours together; distances between far groups mean little.
**PCA** is a straight projection: distances are true as far as two axes go."""


_COMPARE_HELP = "Two to six maps of these molecules side by side: point at one and it lights up in all"
_LENS_HELP = "One map that moves from view to view under a slider, each molecule on its own path"
_FOG_HELP = (
    "Fades molecules whose place is doubtful: their neighbours on the map are their neighbours in the full space no "
    "more than in maps laid out anew from data whose columns were permuted one by one"
)


@dataclass(frozen=True)
class Header:
    """Page header: the place of the title, and what the URL wants: maps, a lens, the fog, cliffs, labels, contours."""

    title: DeltaGenerator
    several: bool
    lens: bool
    fog: bool
    cliffs: bool
    labels: bool
    contours: bool


def header(choice: Choice) -> Header:
    """Page header, drawn: the switches beside the title."""
    title, switch = st.columns([6, 6], vertical_alignment="center")
    fog = steps = labels = contours = False
    with switch, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        before = st.container(horizontal=True, width="content")
        tour.button()
        lens = address.toggle("Lens", key=tabs.LENS, help=_LENS_HELP)
        several = address.toggle("Compare", key="compare", help=_COMPARE_HELP, disabled=lens) and not lens
        with before:
            if several:
                menu.menu(choice)
            elif not lens:
                fog = address.toggle("Trust fog", key="fog", help=_FOG_HELP)
                labels, contours = regions.switches()
                steps = cliffs.switch(choice)
    return Header(title, several, lens, fog, steps, labels, contours)


def title(choice: Choice, shown: MapFile | None, method: str) -> None:
    """How many molecules of what, in which view of which model, laid out how."""
    data = studio.dataset(choice.data)
    st.title(f"{len(data):,} molecules of {literal(data.title)}", anchor=False)
    by = METHOD_TITLES[shown.method if shown else method]
    seed = f", seed {shown.seed}" if shown and shown.method != "pca" else ""
    lost = len(data) - state.placed(shown.xy) if shown else 0
    without = f"; {lost:,} could not be embedded and have no place" if lost else ""
    st.caption(literal(f"View {choice.view} of model {choice.model}, {by}{seed}{without}"))


@dataclass(frozen=True)
class Controls:
    """Map controls: method, colour, the text to search for, and the seed of a comparison."""

    method: str
    color: str
    search: str
    seed: int = 0


def controls(on: state.Ground, several: bool) -> Controls:
    """As they stand in the URL."""
    widths = [1.5, 1.5, 1.6, 0.6] if several else [1.5, 1.5, 2.2]
    method, color, search, *seed = st.container(key="pairs-controls" if several else "map-controls").columns(widths)
    with method:
        chosen = address.choose(
            st.segmented_control,
            "Map by",
            METHODS,
            default=METHODS[0],
            required=True,
            key="method",
            kind="the method",
            format_func=lambda name: METHOD_TITLES[name],
            help=_METHOD_HELP,
        )
    with color:
        names = state.color_names(on)
        by = address.choose(st.selectbox, "Colour by", names, key="colour", kind="the colour")
    with search:
        text = structure_text(
            "Search",
            "search",
            bind="query-params",
            placeholder=f"{ANY_TEXT}, for example c1ccncc1",
            icon=":material/search:",
        )
    return Controls(str(chosen or METHODS[0]), by or names[0], text, _seed(seed[0]) if several else 0)


def _seed(place: DeltaGenerator) -> int:
    about = "Seed of UMAP and t-SNE, the same for all maps"
    return address.whole(place, "Seed", 0, 2**31 - 1, 0, key="seed", kind="the seed", help=about)


def search(data: str, text: str) -> SearchResult | None:
    """What the text means in this data set; a text that means nothing is answered in words."""
    try:
        return state.found(data, text)
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def left_out_line(choice: Choice, shown: MapFile) -> None:
    """Names the rows that have no place on the map."""
    if words := left_out(studio.not_placed(shown, choice.model, choice.data), "on this map"):
        st.caption(literal(words))


def found_line(found: SearchResult | None) -> None:
    """Search hit count: how many were found and how, and the way to select them."""
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
