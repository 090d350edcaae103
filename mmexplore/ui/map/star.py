"""Query star: a molecule that was typed or drawn, and is in no row of the data set, lands on the map as a star."""

from functools import partial
from math import isnan

import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import short
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import MapFile, MoleculeRef, SearchResult, ViewRef
from mmexplore.ui.components import waits
from mmexplore.ui.components.molecule_map import Star
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell.session import Choice


def star(choice: Choice, shown: MapFile, text: str, found: SearchResult | None) -> Star | None:
    """The star of what stands in the search box; None for names, patterns and what the data set holds."""
    if found is None or not found.molecule:
        return None
    query = studio.query_of(choice.data, text)
    if query.row >= 0:
        return None
    panel = ViewRef(choice.model, choice.view)
    if studio.lacking([panel], choice.data):
        st.caption("This molecule is in no row of the data set. The model has to embed all of them to place it.")
        start = partial(studio.start_embedding, choice.model, choice.data)
        key = f"star/{choice.model}/{studio.dataset(choice.data).digest}"
        waits.made_when_asked(key, "Place it on the map", start, "The embedding was not finished.", "Try again")
        return None
    try:
        with st.spinner("Placing the molecule ..."):
            return _placed(query, panel, choice.data, shown)
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def _placed(query: MoleculeRef, panel: ViewRef, data: str, shown: MapFile) -> Star | None:
    place = studio.place_on(query, panel, data, shown.xy)
    if place is None:
        return None
    standings = studio.detail(query, panel.model, panel.view).standings
    facts = [
        (f"{s.task}, predicted", f"{short(s.prediction)} {s.unit}".strip())
        for s in standings
        if not isnan(s.prediction)
    ]
    return Star(place, query.smiles, "Typed molecule", tuple(facts))


def words(shown: Star | None) -> None:
    """Says what the star is and how it got its place."""
    if shown:
        st.caption(
            f"The star is {literal(shown.smiles)}, which is not in this data set: it lies among its five nearest "
            "molecules in the view, weighted by 1/distance\u00b2."
        )
