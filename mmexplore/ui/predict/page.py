"""Predict: trained models at work on new molecules: one, typed or drawn, a file with every row in its order,
or one after the other on the bench."""

from collections.abc import Sequence

import streamlit as st

from mmexplore import studio
from mmexplore.studio import Model
from mmexplore.ui.components import model_links
from mmexplore.ui.components.words import literal
from mmexplore.ui.predict import bench, many, one, request
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.tabs import A_TABLE, BENCH, ONE_MOLECULE, PREDICT_TABS


def predict_page() -> None:
    """The whole page."""
    st.title("Predict", anchor=False)
    choice = session.choice()
    able = studio.predicting_models()
    if not able:
        st.info(
            "No model that predicts a label is here yet. Train one on the Train page: it appears here.",
            icon=":material/model_training:",
        )
        return
    asked = request.asked(choice, able)
    molecule, table, edited = address.tabs([ONE_MOLECULE, A_TABLE, BENCH], PREDICT_TABS)
    if not asked.models:
        st.info(literal(f"{_why_none(choice.model, able)}; choose a model above."), icon=":material/info:")
        model_links.others("Predict", able, choice.data)
        return
    if molecule.open:
        with molecule:
            one.show(choice, asked)
    if table.open:
        with table:
            many.show(choice, asked)
    if edited.open:
        with edited:
            bench.show(choice, asked)


def _why_none(model: str, able: Sequence[Model]) -> str:
    """Why no model predicts."""
    if model in {one.name for one in able}:
        return "No model is chosen"
    imported = isinstance(studio.model(model), studio.Imported)
    why = "holds imported vectors, and nothing that could embed a new molecule" if imported else "predicts no label"
    return f"{model} {why}"
