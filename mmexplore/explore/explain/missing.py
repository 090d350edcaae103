"""Missing modalities: the score of a fusion where some are absent, and what each one adds, with intervals.

What a modality adds is told in two ways, each over the molecules that judge: the score that is lost without it, and
how its contribution goes with the label. The second is what chance alone makes 0, however much was learned by heart.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Kind
from mmexplore.explore.explain.contributions import Absent
from mmexplore.explore.explain.fusion import Evaluation, FusionReport
from mmexplore.explore.explain.subsets import Contributions

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
RESAMPLES = 1_000
_AT_ONCE = 4_000_000  # weights of molecules that are held at a time


@dataclass(frozen=True)
class Addition:
    """Addition of a modality: two numbers, each with the ends of its 95 % interval by bootstrap over molecules.

    ``gain``: how much worse the score is without it (ROC-AUC lost, or RMSE added, in the label's unit). ``toward``:
    how much higher its contribution is for a label one standard deviation higher, in the contributions' unit; of
    classes for a molecule of class 1 than for one of class 0.
    """

    modality: str
    gain: tuple[float, float, float]
    toward: tuple[float, float, float]


@dataclass(frozen=True)
class MissingModalities:
    """Missing-modality stress test: scores of a fusion with subsets of its modalities.

    ``metric`` is "roc_auc" or "rmse" in ``unit``, over ``n`` molecules of ``part``. ``subsets``: a row a subset,
    columns ``missing`` (how many), ``share`` (of all), ``present`` (names) and ``score``. ``curve``: a row a number of
    missing ones, columns ``missing``, ``share``, ``subsets``, ``score`` (their mean), ``deviation``, ``lowest``,
    ``highest``. ``exact``: all subsets; else those on the way of drawn orders. ``added``: what each modality adds.
    """

    absent: Absent
    metric: str
    unit: str
    part: str
    n: int
    exact: bool
    subsets: "pd.DataFrame"
    curve: "pd.DataFrame"
    added: tuple[Addition, ...]


def stress(found: Contributions, report: FusionReport, against: Evaluation) -> MissingModalities:
    """Stress test over all subsets of modalities that were tried, on the molecules that judge."""
    import pandas as pd

    judged = np.flatnonzero(np.isfinite(against.truth))
    truth, predicted = against.truth[judged], found.predicted[:, judged]
    once = np.ones((1, len(judged)))
    scores = _scores(against.kind, truth, predicted)(once)[0]
    missing = (~found.present).sum(1)
    share = missing / len(found.modalities)
    names = [", ".join(np.array(found.modalities)[kept]) for kept in found.present]
    table = pd.DataFrame({"missing": missing, "share": share, "present": names, "score": scores})
    table = table.sort_values(["missing", "score"], ignore_index=True)
    spread = table.groupby(["missing", "share"])["score"]
    curve = spread.agg(subsets="size", score="mean", deviation=lambda x: x.std(ddof=0), lowest="min", highest="max")
    metric = "roc_auc" if against.kind == "classification" else "rmse"
    added = additions(found, against)
    unit = report.unit if metric == "rmse" else ""
    return MissingModalities(
        found.absent, metric, unit, against.part, len(judged), found.exact, table, curve.reset_index(), added
    )


def additions(
    found: Contributions, against: Evaluation, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Addition, ...]:
    """What each modality adds, over the molecules that judge."""
    judged = np.flatnonzero(np.isfinite(against.truth))
    truth, values, number = against.truth[judged], found.values[judged], len(found.modalities)
    without = [found.of(~one) for one in np.eye(number, dtype=bool)]
    predicted = np.stack([found.prediction, *(one for one in without if one is not None)])[:, judged]
    score = _scores(against.kind, truth, predicted)
    sign = 1.0 if against.kind == "regression" else -1.0

    def gains(weights: np.ndarray) -> np.ndarray:
        told = score(weights)
        difference: np.ndarray = sign * (told[:, 1:] - told[:, :1])
        return difference

    gain = _with_interval(gains, len(judged), resamples, seed)
    toward = _with_interval(_toward(against.kind, truth, values), len(judged), resamples, seed)
    return tuple(Addition(name, gain[i], toward[i]) for i, name in enumerate(found.modalities))


def _with_interval(
    told: Callable[[np.ndarray], np.ndarray], n: int, resamples: int, seed: int
) -> list[tuple[float, float, float]]:
    """Value and percentile interval of each column that ``told`` makes of weights (resamples, n)."""
    value = told(np.ones((1, n)))[0]
    drawn = np.concatenate([told(weights) for weights in _resampled(n, resamples, seed)])
    ends = np.nanquantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return [(float(v), float(low), float(high)) for v, low, high in zip(value, *ends, strict=True)]


def _resampled(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each molecule is drawn, (some resamples, n), of all resamples in turn."""
    rng = np.random.default_rng(seed)
    size = max(1, _AT_ONCE // n)
    for start in range(0, resamples, size):
        count = min(size, resamples - start)
        yield np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(count)]).astype(np.float64)


def _scores(kind: Kind, truth: np.ndarray, predicted: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Scores (resamples, predictions) under weights (resamples, n), of ``predicted`` (predictions, n)."""
    if kind == "classification":
        return lambda weights: np.stack([_roc_auc(truth, one, weights) for one in predicted], axis=1)
    errors = (predicted - truth) ** 2
    return lambda weights: np.sqrt(weights @ errors.T / weights.sum(1, keepdims=True))


def _roc_auc(truth: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Areas under the ROC curve (resamples,), ties counting half; NaN where a class was not drawn."""
    order = np.argsort(score, kind="stable")
    first = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)  # of each run of equal scores
    positive, negative = (
        np.add.reduceat(weights[:, order] * (truth[order] == label), first, axis=1) for label in (1, 0)
    )
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(1) * negative.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.where(pairs > 0, (positive * below).sum(1) / pairs, np.nan)
    return found


def _toward(kind: Kind, truth: np.ndarray, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """How contributions (n, modalities) go with the label, under weights (resamples, n)."""

    def of_classes(weights: np.ndarray) -> np.ndarray:
        one, other = ((weights * (truth == label)) for label in (1, 0))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: np.ndarray = one @ values / one.sum(1, keepdims=True) - other @ values / other.sum(1, keepdims=True)
        return found

    def of_numbers(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(1, keepdims=True)
        y = truth - weights @ truth[:, None] / total
        deviation = np.sqrt((weights * y**2).sum(1, keepdims=True) / total)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: np.ndarray = (weights * y) @ values / total / deviation
        return found

    return of_classes if kind == "classification" else of_numbers
