"""Side panel beside the map, or below several: the selected molecules and the current one, a tab each."""

import streamlit as st

from mmexplore.ui.components.molecule_map import Star
from mmexplore.ui.map.molecule import molecule_panel
from mmexplore.ui.map.selection import selection_grid
from mmexplore.ui.shell import address
from mmexplore.ui.shell.tabs import BESIDE, MOLECULE_TAB, SELECTION_TAB


def turn_to(tab: str) -> None:
    """Open a tab; called before the page draws it."""
    st.session_state[BESIDE] = tab


def map_side(smarts: str, star: Star | None = None) -> None:
    """Both tabs; atoms that match ``smarts`` are highlighted. ``star``: the molecule that was typed."""
    selection, molecule = address.tabs([SELECTION_TAB, MOLECULE_TAB], BESIDE)
    if selection.open:
        with selection:
            selection_grid(smarts)
    if molecule.open:
        with molecule:
            molecule_panel(smarts, star.smiles if star else "")
