"""Similarity heat maps of the modalities' embeddings to each other and to the fused one (MMFRL's figure 3)."""

import streamlit as st

from mmexplore.ui.components import charts
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import state
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

_MEASURES = {
    "cosine": "Mean over molecules of the cosine of its two embeddings, as the paper takes it. Each branch has axes of "
    "its own, so a value near 0 may only mean other axes; the other two measures do not depend on them.",
    "CKA": "Linear CKA (Kornblith et al. 2019): 1 where one embedding is the other turned and scaled, 0 where nothing "
    "is shared.",
    "neighbours": "Disagreement: 1 - Jaccard index of a molecule's {k} nearest others by cosine, mean over molecules: "
    "0 the same ones, 1 none in common.",
}


def show(choice: Choice, task: str) -> None:
    """One heat map, by the chosen measure."""
    found = state.report(choice.model, choice.data, task)
    names = list(_MEASURES)
    about = {"default": names[0], "required": True}
    measure = address.choose(st.segmented_control, "Measure", names, key="measure", kind="the measure", **about)
    matrices = {
        "cosine": (found.alike.cosine, -1.0, 1.0),
        "CKA": (found.alike.cka, 0.0, 1.0),
        "neighbours": (found.alike.disagreement, 0.0, 1.0),
    }
    matrix, low, high = matrices[str(measure)]
    title, told = f"{choice.model}, {measure}", f"{len(found.rows):,} molecules of {choice.data}"
    left, right = st.container(key="stacks-fusion-alike").columns([13, 7], gap="large")
    with left:
        drawn = fusion_charts.alike(matrix, found.alike.names, title, told, low, high)
        charts.show(drawn, f"{choice.model}-{measure}", f"fusion/alike/{measure}")
    right.caption(literal(_MEASURES[str(measure)].format(k=found.alike.k)))
