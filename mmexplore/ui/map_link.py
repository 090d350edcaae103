"""The way from a model to the map: a button that makes it the model of all pages."""

from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.ui import places


def button(model: str, key: str) -> None:
    """Draw the button; a click chooses the model with the data set it was trained on, and opens the map."""
    about: dict[str, Any] = {"type": "primary", "icon": ":material/scatter_plot:"}
    clicked = st.button("Use on the map", key=key, on_click=_choose, args=(model,), **about)
    page = places.page("Map")
    if clicked and page:
        st.switch_page(page)


def _choose(name: str) -> None:
    """Runs before the frame draws its pickers, which then show the new choice."""
    try:
        data = studio.model(name).data
    except MmexploreError:
        return  # deleted meanwhile
    here = {entry.name for entry in studio.datasets() if entry.available}
    st.session_state["model"] = name
    st.session_state.pop("view", None)  # the next model may not have it
    if data in here:
        st.session_state["data"] = data
