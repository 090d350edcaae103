"""What the Fusion page reads more than once, kept between runs; made by a job where the embedding is not there yet."""

from functools import lru_cache

import numpy as np

from mmexplore import studio
from mmexplore.studio import FusionReport, Judge, Panel
from mmexplore.ui.components import progress_bar


def fused(model: str) -> bool:
    """Whether the model fuses modalities into a prediction."""
    known = studio.model(model)
    return bool(known.recipe and known.card and not known.recipe.pretrains and len(known.recipe.branches) > 1)


def report(model: str, data: str, task: str) -> FusionReport:
    """What the model's fusion made of the data set, which it has embedded."""
    with progress_bar.shown("Comparing the modalities"):
        return _report(model, data, task, _stamp(model, data))


def judge(model: str, data: str, task: str) -> Judge | None:
    """The labels that its predictions are held against."""
    return _judge(model, data, task, _stamp(model, data))


def disagreement(one: Panel, other: Panel, data: str, k: int) -> np.ndarray:
    """1 - Jaccard index of each molecule's neighbours in two views."""
    stamps = studio.space_stamp(one, data) + studio.space_stamp(other, data)
    with progress_bar.shown("Comparing neighbours"):
        return _disagreement(one, other, data, k, stamps)


def _stamp(model: str, data: str) -> str:
    return studio.space_stamp(Panel(model, studio.model(model).views[0]), data)


@lru_cache(maxsize=6)
def _report(model: str, data: str, task: str, stamp: str) -> FusionReport:  # noqa: ARG001
    return studio.fusion_report(model, data, task)


@lru_cache(maxsize=6)
def _judge(model: str, data: str, task: str, stamp: str) -> Judge | None:
    return studio.judge(_report(model, data, task, stamp), model, data)


@lru_cache(maxsize=12)
def _disagreement(one: Panel, other: Panel, data: str, k: int, stamps: str) -> np.ndarray:  # noqa: ARG001
    return studio.disagreement(one, other, data, k)
