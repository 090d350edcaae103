"""Tabs of pages that links open: their names, as they stand in the address, and the way from the Map to Subgraphs."""

import streamlit as st

from mmexplore.ui.shell import address, navigation

BESIDE, SELECTION_TAB, MOLECULE_TAB = "beside", "Selection", "Molecule"
FUSION_TABS = "fusion"
WEIGHTS, WHAT_IF, ALIKE = "Weights", "What if", "Modalities alike?"
ADDED, MISSING = "What each adds", "Missing modalities"
COMPARED, DISAGREEMENT = "Fusions compared", "Disagreement"
GROUP_KIND, SUBGRAPH_TABS, SOUGHT = "group", "subgraphs", "sought"
SELECTION, GROUP, MOLECULE, EXAM = "selection", "A group", "One molecule", "Exam"
PREDICT_TABS, ONE_MOLECULE, A_TABLE, BENCH = "predict", "A molecule", "A file or a data set", "Bench"
BENCH_BOX = "bench"
"""Key of the bench's box, and its name in the address."""
PREDICT_FROM, PREDICT_SET, A_FILE, A_DATA_SET = "from", "set", "A file", "A data set"
LENS, PANELS = "lens", "panels"
"""The switch of the lens, and the views that are compared, as they stand in the address."""
OF = "of"
"""What a link calls that which is to be explained: the selection, or else the current molecule."""
_OFS = (SELECTION, "molecule")


def subgraphs_link(tab: str) -> None:
    """Draw the link; it opens the page on that tab."""
    words = "What these molecules have in common" if tab == GROUP else "Which part of it decides"
    asked = {OF: SELECTION if tab == GROUP else "molecule"}
    navigation.link("Subgraphs", "Subgraphs", ":material/hub:", words, **asked)


def arrive_at_subgraphs(asked: str) -> None:
    """Open the tab that a link asked for."""
    if asked not in _OFS:
        address.tell(OF, address.lacking("the parts of", asked, "the page as it was"))
    elif asked == SELECTION:
        st.session_state[SUBGRAPH_TABS], st.session_state[GROUP_KIND] = GROUP, SELECTION
    else:
        st.session_state[SUBGRAPH_TABS] = MOLECULE
        st.session_state.pop("smiles", None)
