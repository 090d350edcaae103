"""The way from the Map to the Subgraphs page: the selection as a group, or the current molecule."""

import streamlit as st

from mmexplore.ui import places

GROUP_KIND, TABS = "subgraphs/group", "subgraphs/tab"
SELECTION, GROUP, MOLECULE = "selection", "A group", "One molecule"


def button(tab: str, key: str) -> None:
    """Draw the button; a click opens the page on that tab."""
    page = places.page("Subgraphs")
    words = "What these molecules have in common" if tab == GROUP else "Which part of it decides"
    if page and st.button("Subgraphs", key=key, type="tertiary", icon=":material/hub:", help=words):
        st.session_state[TABS] = tab
        if tab == GROUP:
            st.session_state[GROUP_KIND] = SELECTION
        else:
            st.session_state.pop("smiles", None)
        st.switch_page(page)
