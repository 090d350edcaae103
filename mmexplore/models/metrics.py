"""Metrics of predictions, without scikit-learn, which the tests compare with: a training starts faster.

Missing labels are NaN and count nowhere; a score over several tasks is the mean of the tasks that have it.
"""

from collections.abc import Sequence

import numpy as np

from mmexplore.datasets import Kind

Scores = dict[str, float]

LOWER_IS_BETTER = frozenset({"rmse", "mae", "cross_entropy", "loss"})


def scores(kind: Kind, truth: np.ndarray, prediction: np.ndarray) -> Scores:
    """Mean scores over tasks, both arrays ``(n, tasks)``; a score that no task has is absent.

    Classification (predictions are probabilities): ``roc_auc``, ``pr_auc``, ``cross_entropy`` in nats, lower is better,
    and ``tasks``, how many have both classes here. Regression: ``rmse``, ``mae`` in the labels' unit, lower is better,
    ``r2``, and ``tasks``, how many have labels.
    """
    found = per_task(kind, truth, prediction)
    names = dict.fromkeys(name for task in found for name in task)
    means = {name: float(np.mean([task[name] for task in found if name in task])) for name in names}
    key = "roc_auc" if kind == "classification" else "rmse"
    return means | {"tasks": float(sum(key in task for task in found))}


def per_task(kind: Kind, truth: np.ndarray, prediction: np.ndarray) -> list[Scores]:
    """Scores of each task on the rows that have a label and a prediction."""
    score = _classification if kind == "classification" else _regression
    return [score(*_known(t, p)) for t, p in zip(truth.T, prediction.T, strict=True)]


def named(tasks: Sequence[str], found: list[Scores]) -> dict[str, Scores]:
    """Scores by task's name, tasks without any left out."""
    return {name: score for name, score in zip(tasks, found, strict=True) if score}


def roc_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive outranks a negative, ties counting half.

    >>> roc_auc(np.array([0, 1, 1]), np.array([0.1, 0.1, 0.7]))
    0.75
    """
    from scipy.stats import rankdata

    ranks = rankdata(score)
    positive = truth == 1
    p, n = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n))


def pr_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Average precision: precision at each distinct threshold, weighted by the recall it adds.

    >>> pr_auc(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7]))
    0.8333333333333333
    """
    thresholds, place = np.unique(-score, return_inverse=True)
    hits = np.bincount(place, truth == 1, len(thresholds)).cumsum()
    taken = np.bincount(place, minlength=len(thresholds)).cumsum()
    return float((np.diff(hits, prepend=0) / hits[-1] * hits / taken).sum())


def _known(truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(truth) & np.isfinite(prediction)
    return truth[known].astype(np.float64), prediction[known].astype(np.float64)


def _classification(truth: np.ndarray, probability: np.ndarray) -> Scores:
    if not len(truth):
        return {}
    certain = np.where(truth == 1, probability, 1 - probability)
    found = {"cross_entropy": float(-np.log(np.clip(certain, 1e-7, 1)).mean())}
    if 0 < (truth == 1).sum() < len(truth):
        found = {"roc_auc": roc_auc(truth, probability), "pr_auc": pr_auc(truth, probability)} | found
    return found


def _regression(truth: np.ndarray, value: np.ndarray) -> Scores:
    if not len(truth):
        return {}
    error = value - truth
    found = {"rmse": float(np.sqrt((error**2).mean())), "mae": float(np.abs(error).mean())}
    spread = float(((truth - truth.mean()) ** 2).sum())
    return found | ({"r2": 1 - float((error**2).sum()) / spread} if spread > 0 else {})
