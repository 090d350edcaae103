"""Subgraphs: the smallest part of a molecule that decides, under one model or several, and what groups share."""

from functools import partial

import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.ui import (
    example,
    model_links,
    molecule_card,
    session,
    subgraph_controls,
    subgraph_group,
    subgraph_models,
    subgraph_result,
)
from mmexplore.ui.plain_text import literal
from mmexplore.ui.session import Choice
from mmexplore.ui.subgraph_link import GROUP, MOLECULE, TABS


def subgraph_page() -> None:
    """The whole page."""
    choice = session.choice()
    st.title("Subgraphs", anchor=False)
    if not studio.explained_tasks(choice.model):
        _nothing_to_explain(choice)
        return
    try:
        asked = subgraph_controls.goal(choice.model)
        one, group = st.tabs([MOLECULE, GROUP], key=TABS, on_change="rerun")
        if one.open:
            with one:
                _one(choice, asked)
        if group.open:
            with group:
                subgraph_group.show(choice, asked.goal)
    except MmexploreError as mistake:
        st.error(literal(mistake), icon=":material/info:")


def _nothing_to_explain(choice: Choice) -> None:
    able = [known for known in studio.models() if studio.explained_tasks(known.name)]
    words = f"Model {choice.model} predicts no label, so there is nothing to explain. "
    st.info(literal(words + ("These do:" if able else "Train one on the Train page.")), icon=":material/info:")
    model_links.others("Subgraphs", able, choice.data)


def _one(choice: Choice, asked: subgraph_controls.Asked) -> None:
    query = subgraph_controls.molecule()
    if query is None:
        words = "Type a SMILES, or click a molecule on the Map: the smallest part of it that decides appears here."
        st.info(words, icon=":material/draw:")
        example.button(choice)
        return
    limits = subgraph_controls.limits()
    with st.spinner("Looking for subgraphs ..."):
        found = studio.explain(choice.model, query.smiles, asked.goal, limits.rules, limits.by, subgraph_result.MOST)
    name = molecule_card.title(query) if query.row >= 0 else query.smiles
    card = partial(molecule_card.facts, query, choice.model, choice.view, "subgraphs-card")
    subgraph_result.show(found, name, asked, card)
    subgraph_models.show(choice.model, found, asked, limits)
