"""Links that make a model that of all pages: from a model to the map, and to those that a page can work with."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Model
from mmexplore.ui.server import asked
from mmexplore.ui.shell import address, navigation

USE, ON = "use", "on"
"""What a link calls the model that is to be looked at, and the data set that it is to be shown with."""
_OFFERED = 6
_PREDICT = "Predict with this model"


def link(model: str) -> None:
    """Draw the link; it chooses the model with the data set it was trained on, and opens the map."""
    navigation.link("Map", "Use on the map", ":material/scatter_plot:", **{USE: model})


def predict_link(model: str) -> None:
    """Draw the link that chooses a model and opens Predict with it; nothing for one that predicts no labels."""
    _predict_link(model, **{USE: model})


def predict_here(model: str, label: str = _PREDICT, **asked: str) -> None:
    """Draw the link that opens Predict with the model that is chosen already."""
    _predict_link(model, label, **asked)


def _predict_link(model: str, label: str = _PREDICT, **asked: str) -> None:
    able = False
    with suppress(MmexploreError):  # deleted meanwhile
        able = studio.predicts(model)
    if able:
        words = "New molecules, one or a file, through this model"
        navigation.link("Predict", label, ":material/batch_prediction:", words, **asked)


def others(page: str, able: Sequence[Model], data: str) -> None:
    """Links to the same page with other models, those trained on this data set or another that is here first."""
    here = studio.available()
    with st.container(horizontal=True, gap="small"):
        for model in sorted(able, key=lambda m: (m.data != data, m.data not in here, m.name))[:_OFFERED]:
            navigation.link(page, model.title or model.name, ":material/arrow_forward:", **{USE: model.name})


def arrive(name: str) -> None:
    """Runs before the frame draws its pickers, which then show the new choice."""
    try:
        data = studio.model(asked.model(name)).data
    except MmexploreError:  # deleted meanwhile, or never there
        address.tell(USE, address.lacking("the model", name, "the one that was chosen"))
        return
    here = studio.available()
    st.session_state["model"] = name
    st.session_state.pop("view", None)  # the next model may not have it
    if data in here:
        st.session_state["data"] = data


def arrive_with(name: str) -> None:
    """Choose a data set that is here, whatever the model was trained on."""
    if name not in studio.available():
        address.tell(ON, address.lacking("the data set", name, "the one that was chosen"))
        return
    st.session_state["data"] = name
    st.session_state.pop("colour", None)  # the next data set has others
