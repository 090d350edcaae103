"""The way from a model to the map: a link that makes it the model of all pages."""

import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.ui import places

USE = "use"
"""What a link to the map calls the model that is to be looked at."""


def link(model: str) -> None:
    """Draw the link; it chooses the model with the data set it was trained on, and opens the map."""
    places.link("Map", "Use on the map", ":material/scatter_plot:", **{USE: model})


def arrive(name: str) -> None:
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
