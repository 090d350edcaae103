"""The current molecule: a large drawing, what is known of it, its SMILES to copy."""

import streamlit as st

from mmexplore import studio
from mmexplore.ui import session, subgraph_link
from mmexplore.ui.drawings import Drawing, drawings, of_row
from mmexplore.ui.plain_text import literal


def molecule_panel(smarts: str = "") -> None:
    """The current molecule, or how to choose one; atoms that match ``smarts`` are highlighted."""
    choice, row = session.choice(), session.current_row()
    if row < 0:
        st.caption(
            "Click a molecule on the map, or walk to one with the arrow keys and press Enter; every page then shows it."
        )
        return
    card = studio.molecule_card(choice.data, row, choice.model)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{literal(card.name or f'Molecule {row + 1}')}**", width="content")
        subgraph_link.link(subgraph_link.MOLECULE)
        st.button(
            "Close",
            key="close-molecule",
            type="tertiary",
            icon=":material/close:",
            on_click=session.choose_row,
            args=(-1,),
        )
    drawings("current-molecule", [Drawing(of_row(choice.data, row, smarts), "", "", row)], width=240, height=170)
    if card.facts:
        facts = [f"| {literal(label)} | {literal(value)} |" for label, value in card.facts[:8]]
        st.markdown("\n".join(["| | |", "|:--|--:|", *facts]))
    st.code(card.smiles, language=None, wrap_lines=True)
    st.caption(f"Row {row + 1:,}, line {card.line:,} of the source.")
