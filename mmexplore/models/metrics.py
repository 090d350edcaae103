"""Metrics of predictions, without scikit-learn, which the tests compare with: a training starts faster.

Missing labels are NaN and count nowhere; a score over several tasks is the mean of the tasks that have it.
"""

from collections.abc import Collection, Sequence

import numpy as np

from mmexplore.datasets import Kind
from mmexplore.models.measures import CLASSES, NUMBERS, Sample, entropies

Scores = dict[str, float]
Kinds = Kind | Sequence[Kind]
"""Kind of the tasks, one of all or one each."""

LOWER_IS_BETTER = frozenset({"rmse", "mae", "cross_entropy", "calibration_error", "loss"})
FIRST = ("roc_auc", "pr_auc", "cross_entropy", "rmse", "mae", "r2")
"""What a training tells of its epochs and on its card; the rest is made of the predictions that it keeps."""
NAMES = (*CLASSES, *NUMBERS)
CALLED = ("balanced_accuracy", "mcc", "f1")
"""Scores that depend on the threshold from which a molecule is called class 1."""


def scores(
    kinds: Kinds,
    truth: np.ndarray,
    prediction: np.ndarray,
    names: Collection[str] = FIRST,
    threshold: float = 0.5,
) -> Scores:
    """Mean scores over tasks, both arrays ``(n, tasks)``; a score that no task has is absent.

    Classification (predictions are probabilities): ``roc_auc``, ``pr_auc``, ``cross_entropy`` in nats, lower is better.
    Regression: ``rmse``, ``mae`` in the labels' unit, lower is better, ``r2``. And ``tasks``, how many have both
    classes, or labels, here. ``names`` asks for others of :mod:`mmexplore.models.measures`; classes are called 1 from
    ``threshold`` on.
    """
    found = per_task(kinds, truth, prediction, names, threshold)
    there = dict.fromkeys(name for task in found for name in task)
    means = {name: float(np.mean([task[name] for task in found if name in task])) for name in there}
    columns = zip(each(kinds, len(found)), truth.T, prediction.T, strict=True)
    return means | {"tasks": float(sum(_is_scored(*column) for column in columns))}


def _is_scored(kind: Kind, truth: np.ndarray, prediction: np.ndarray) -> bool:
    labels = known(truth, prediction)[0]
    return bool(len(labels)) and (kind == "regression" or 0 < (labels == 1).sum() < len(labels))


def per_task(
    kinds: Kinds,
    truth: np.ndarray,
    prediction: np.ndarray,
    names: Collection[str] = FIRST,
    threshold: float = 0.5,
) -> list[Scores]:
    """Scores of each task on the rows that have a label and a prediction."""
    columns = zip(each(kinds, truth.shape[1]), truth.T, prediction.T, strict=True)
    return [_scores(kind, *known(t, p), names, threshold) for kind, t, p in columns]


def main(kind: Kind) -> str:
    """The one score that stands for a task."""
    return "roc_auc" if kind == "classification" else "rmse"


def each(kinds: Kinds, count: int) -> tuple[Kind, ...]:
    """Kind of each task."""
    return (kinds,) * count if isinstance(kinds, str) else tuple(kinds)


def named(tasks: Sequence[str], found: list[Scores]) -> dict[str, Scores]:
    """Scores by task's name, tasks without any left out."""
    return {name: score for name, score in zip(tasks, found, strict=True) if score}


def mean_loss(kinds: Sequence[Kind], truth: np.ndarray, prediction: np.ndarray, std: np.ndarray) -> float:
    """Mean over tasks of the loss that a training minimises, so that tasks of both kinds have one score.

    Cross entropy in nats, and squared error in units of ``std`` (tasks,); NaN without labels. Lower is better.
    """
    found = []
    for kind, t, p, spread in zip(kinds, truth.T, prediction.T, std, strict=True):
        labels, guesses = known(t, p)
        if len(labels):
            squares = ((guesses - labels) / spread) ** 2
            lost = entropies(labels, guesses) if kind == "classification" else squares
            found.append(float(lost.mean()))
    return float(np.mean(found)) if found else float("nan")


def roc_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive outranks a negative, ties counting half.

    >>> roc_auc(np.array([0, 1, 1]), np.array([0.1, 0.1, 0.7]))
    0.75
    """
    return float(Sample(truth, score, np.ones((1, len(truth)))).roc_auc()[0])


def pr_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Average precision: precision at each distinct threshold, weighted by the recall it adds.

    >>> pr_auc(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7]))
    0.8333333333333333
    """
    return float(Sample(truth, score, np.ones((1, len(truth)))).pr_auc()[0])


def known(truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What has both, float64."""
    there = np.isfinite(truth) & np.isfinite(prediction)
    return truth[there].astype(np.float64), prediction[there].astype(np.float64)


def resampled(
    kind: Kind,
    truth: np.ndarray,
    prediction: np.ndarray,
    weights: np.ndarray,
    names: Collection[str] = NAMES,
    threshold: float = 0.5,
) -> dict[str, np.ndarray]:
    """Scores of one task (n,) over resamples, ``weights`` (resamples, n); NaN where one has not what it takes."""
    there = np.isfinite(truth) & np.isfinite(prediction)
    able = CLASSES if kind == "classification" else NUMBERS
    asked = [name for name in able if name in names]
    if not there.any():
        return {name: np.full(len(weights), np.nan) for name in asked}
    sample = Sample(truth[there], prediction[there], weights[:, there], threshold)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: np.where(sample.total > 0, able[name](sample), np.nan) for name in asked}


def _scores(kind: Kind, truth: np.ndarray, prediction: np.ndarray, names: Collection[str], threshold: float) -> Scores:
    if not len(truth):
        return {}
    found = resampled(kind, truth, prediction, np.ones((1, len(truth))), names, threshold)
    one_class = kind == "classification" and not 0 < (truth == 1).sum() < len(truth)
    values = {name: float(value[0]) for name, value in found.items() if np.isfinite(value[0])}
    return {name: value for name, value in values.items() if not one_class or name in _ONE_CLASS}


_ONE_CLASS = ("cross_entropy", "calibration_error")
"""What can be said of molecules of one class."""
