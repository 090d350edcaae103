"""Subgraphs: the smallest part of a molecule that decides, motifs of groups, and an exam of both."""

from functools import partial

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import model_links, molecule
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, session, tour
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import EXAM, GROUP, MOLECULE, SUBGRAPH_TABS
from mmexplore.ui.subgraphs import controls, exam, models, result, search
from mmexplore.ui.subgraphs import group as subgraph_group


def subgraph_page() -> None:
    """The whole page."""
    choice = session.choice()
    st.title("Subgraphs", anchor=False)
    if not studio.explained_tasks(choice.model):
        _nothing_to_explain(choice)
        return
    try:
        one, group, examined = address.tabs([MOLECULE, GROUP, EXAM], SUBGRAPH_TABS)
        if one.open:
            with one:
                _one(choice, controls.goal(choice.model))
        if group.open:
            with group:
                subgraph_group.show(choice)
        if examined.open:
            with examined:
                exam.show(choice)
    except MmexploreError as mistake:
        st.error(literal(mistake), icon=":material/info:")


def _nothing_to_explain(choice: Choice) -> None:
    if isinstance(chosen := studio.model(choice.model), studio.Ensemble):
        words = (
            f"{chosen.title} is an ensemble of {len(chosen.members)} models, and each has parts of its own that decide:"
        )
        st.info(literal(words), icon=":material/info:")
        model_links.others("Subgraphs", chosen.members, choice.data)
        return
    able = [known for known in studio.models() if studio.explained_tasks(known.name)]
    words = f"Model {choice.model} predicts no label, so there is nothing to explain. "
    st.info(literal(words + ("These do:" if able else "Train one on the Train page.")), icon=":material/info:")
    model_links.others("Subgraphs", able, choice.data)


def _one(choice: Choice, asked: controls.SubgraphRequest) -> None:
    query = controls.molecule()
    if query is None:
        words = "Type a name or a SMILES, or click a molecule on the Map: the smallest part that decides appears here."
        st.info(words, icon=":material/draw:")
        tour.example_button(choice)
        return
    limits = controls.limits(query.smiles)
    card = partial(molecule.facts, query, choice.model, choice.view, "subgraphs-card", asked.goal.task)
    found = search.explained(choice.model, query.smiles, asked.goal, limits, result.MOST)
    if found is None:
        card()
        return
    name = molecule.title(query) if query.row >= 0 else query.smiles
    result.show(found, name, asked, card)
    if found.subgraphs:
        exam.trust(choice)
    models.show(choice.model, found, asked, limits)
