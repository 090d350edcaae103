"""Fusion page state, read more than once, kept between runs; made by a job where the embedding is not there yet."""

import numpy as np

from mmexplore import studio
from mmexplore.studio import Evaluation, FusionReport, ViewRef
from mmexplore.ui.components import waits


def fused(model: str) -> bool:
    """Whether the model fuses modalities into a prediction."""
    known = studio.model(model)
    if isinstance(known, studio.Ensemble):
        return False  # each member fuses in its own way
    return bool(known.recipe and known.card and not known.recipe.pretrains and len(known.recipe.parts) > 1)


def report(model: str, data: str, task: str) -> FusionReport:
    """What the model's fusion made of the data set, which it has embedded."""
    with waits.bar("Comparing the modalities"):
        return studio.fusion_report(model, data, task)


def evaluate(model: str, data: str, task: str) -> Evaluation | None:
    """The labels that its predictions are held against."""
    return studio.evaluate(studio.fusion_report(model, data, task), model, data)


def disagreement(one: ViewRef, other: ViewRef, data: str, k: int) -> np.ndarray:
    """1 - Jaccard index of each molecule's neighbors in two views."""
    with waits.bar("Comparing neighbours"):
        return studio.disagreement(one, other, data, k)
