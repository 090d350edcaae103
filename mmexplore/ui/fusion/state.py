"""Fusion page state, read more than once, kept between runs; made by a job where the embedding is not there yet."""

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, Contributions, Evaluation, FusionReport, MissingModalities, ViewRef
from mmexplore.ui.components import waits
from mmexplore.ui.shell.session import Choice

WAITING = "This appears here once the model has embedded the data set; the bar above says how far."


def fused(model: str) -> bool:
    """Whether the model fuses modalities into a prediction."""
    known = studio.model(model)
    if isinstance(known, studio.Ensemble):
        return False  # each member fuses in its own way
    return bool(known.recipe and known.card and not known.recipe.pretrains and len(known.recipe.parts) > 1)


def fused_early(model: str) -> bool:
    """Whether the model's one encoder learned from a blend of modalities."""
    recipe = studio.model(model).recipe
    return bool(recipe and not recipe.pretrains and recipe.parts == ("early",))


def lacking(choice: Choice) -> str:
    """Data set that the model still has to embed, "" for none: the chosen one, or that which it has learned from."""
    if fused(choice.model) and studio.has_report(choice.model, choice.data):
        return ""
    card, names = studio.model(choice.model).card, [choice.data]
    if card and fused(choice.model) and card.data.name in studio.available():
        names += [card.data.name] * (studio.dataset(card.data.name).digest == card.data.digest)
    return next((name for name in names if studio.lacking([ViewRef(choice.model, choice.view)], name)), "")


def report(model: str, data: str, task: str) -> FusionReport:
    """What the model's fusion made of the data set, which it has embedded."""
    with waits.bar("Comparing the modalities"):
        return studio.fusion_report(model, data, task)


def evaluate(model: str, data: str, task: str) -> Evaluation | None:
    """The labels that its predictions are held against."""
    return studio.fusion_evaluation(studio.fusion_report(model, data, task), model, data)


def contributions(choice: Choice, task: str, absent: Absent) -> Contributions | None:
    """What each modality adds to each prediction; where it is not known yet a job finds it, whose bar is shown."""
    report(choice.model, choice.data, task)
    found = studio.stored_contributions(choice.model, choice.data, task, absent)
    if found is None:
        key = f"contributions-job/{_of(choice.model, choice.data)}/{task}/{absent}"
        waits.made(key, lambda: studio.start_contributions(choice.model, choice.data, task, absent))
    return found


def stress(found: Contributions, choice: Choice, task: str) -> MissingModalities:
    """Scores where modalities are missing. Raises NotAvailable where nothing can be scored."""
    return _stress(found, choice.model, choice.data, task, found.absent, _of(choice.model, choice.data))


@st.cache_data(max_entries=8, show_spinner=False)
def _stress(_found: Contributions, model: str, data: str, task: str, absent: Absent, of: str) -> MissingModalities:
    del absent, of  # what the answer is known by
    return studio.stress(_found, studio.fusion_report(model, data, task), model, data)


def _of(model: str, data: str) -> str:
    return f"{studio.model(model).digest}/{studio.dataset(data).digest}"


def disagreement(one: ViewRef, other: ViewRef, data: str, k: int) -> np.ndarray:
    """1 - Jaccard index of each molecule's neighbors in two views."""
    with waits.bar("Comparing neighbours"):
        return studio.disagreement(one, other, data, k)
