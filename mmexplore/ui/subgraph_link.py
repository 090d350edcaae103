"""The way from the Map to the Subgraphs page: the selection as a group, or the current molecule."""

import streamlit as st

from mmexplore.ui import places

GROUP_KIND, TABS = "subgraphs/group", "subgraphs/tab"
SELECTION, GROUP, MOLECULE = "selection", "A group", "One molecule"
_OF = "of"


def link(tab: str) -> None:
    """Draw the link; it opens the page on that tab."""
    page = places.page("Subgraphs")
    words = "What these molecules have in common" if tab == GROUP else "Which part of it decides"
    if page:
        asked = {_OF: SELECTION if tab == GROUP else "molecule"}
        st.page_link(page, label="Subgraphs", icon=":material/hub:", help=words, query_params=asked)


def arrive() -> None:
    """Open the tab that a link asked for; called before the page draws anything."""
    if _OF not in st.query_params:
        return
    if st.query_params.pop(_OF) == SELECTION:
        st.session_state[TABS], st.session_state[GROUP_KIND] = GROUP, SELECTION
    else:
        st.session_state[TABS] = MOLECULE
        st.session_state.pop("smiles", None)
