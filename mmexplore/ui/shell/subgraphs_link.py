"""The way from the Map to the Subgraphs page: the selection as a group, or the current molecule."""

import streamlit as st

from mmexplore.ui.shell import navigation

GROUP_KIND, TABS = "subgraphs/group", "subgraphs/tab"
SELECTION, GROUP, MOLECULE = "selection", "A group", "One molecule"
OF = "of"
"""What a link calls that which is to be explained: the selection, or else the current molecule."""


def link(tab: str) -> None:
    """Draw the link; it opens the page on that tab."""
    words = "What these molecules have in common" if tab == GROUP else "Which part of it decides"
    asked = {OF: SELECTION if tab == GROUP else "molecule"}
    navigation.link("Subgraphs", "Subgraphs", ":material/hub:", words, **asked)


def arrive(asked: str) -> None:
    """Open the tab that a link asked for."""
    if asked == SELECTION:
        st.session_state[TABS], st.session_state[GROUP_KIND] = GROUP, SELECTION
    else:
        st.session_state[TABS] = MOLECULE
        st.session_state.pop("smiles", None)
