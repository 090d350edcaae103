"""The current molecule: its card, and the ways to other pages with it."""

import streamlit as st

from mmexplore import studio
from mmexplore.ui.components import molecule
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import navigation, session, tabs


def molecule_panel(smarts: str = "", typed: str = "") -> None:
    """The molecule that was typed, if one was, and the current one, or how to choose one.

    Atoms that match ``smarts`` are highlighted.
    """
    choice, row = session.choice(), session.current_row()
    if typed:
        st.markdown("**Typed molecule**, the star on the map")
        molecule.show(studio.MoleculeRef(typed), choice.model, choice.view, "typed-molecule", task=_colored())
    if row < 0:
        st.caption(
            "Click a molecule on the map, or walk to one with the arrow keys and press Enter; every page then shows it."
        )
        return
    query = studio.query_of_row(choice.data, row)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{literal(molecule.title(query))}**", width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            navigation.link("Retrieval", "Find similar ones", ":material/manage_search:")
            tabs.subgraphs_link(tabs.MOLECULE)
            navigation.link("Predict", "Predict", ":material/batch_prediction:", "With this model, and with others")
            st.button(
                "Close",
                key="close-molecule",
                type="tertiary",
                icon=":material/close:",
                on_click=session.choose_row,
                args=(-1,),
            )
    molecule.show(query, choice.model, choice.view, "current-molecule", smarts=smarts, task=_colored())
    line = int(studio.dataset(choice.data).lines[row])
    st.caption(f"Row {row + 1:,}, line {line:,} of the source.")


def _colored() -> str:
    """The label that the map shows, which stands first on the card."""
    return str(st.session_state.get("colour", "")).removeprefix("prediction: ").removeprefix("error: ")
