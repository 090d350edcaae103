"""A first molecule for those who have none in mind."""

from contextlib import suppress

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.shell import session
from mmexplore.ui.shell.session import Choice

_WORDS = "A molecule of the data set that the model predicts well and has not seen in training, where there is one"


def button(choice: Choice) -> None:
    """Makes an example the current molecule."""
    st.button("Show an example", icon=":material/lightbulb:", help=_WORDS, on_click=_choose, args=(choice,))


def _choose(choice: Choice) -> None:
    row = -1
    with suppress(MmexploreError):
        row = studio.showpiece(choice.model, choice.data, studio.target(choice.model)[0].threshold)
    session.choose_row(row if row >= 0 else len(studio.dataset(choice.data)) // 2)
