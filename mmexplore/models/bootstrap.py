"""Bootstrap over molecules: intervals of scores by percentiles, and a paired test of two models (Efron 1979).

Molecules are drawn with repeats, with all their labels, so that tasks of one molecule stay together; draws come from a
seed. Two models are judged on the same draws.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.datasets import Kind
from mmexplore.models import metrics
from mmexplore.models.measures import entropies

RESAMPLES, FEWEST = 1_000, 200
LEVEL = 0.95
_BLOCK = 2_000_000
_MOST = 400_000_000  # molecules drawn in all, times tasks
Interval = tuple[float, float]


def resamples(n: int, tasks: int) -> int:
    """How many resamples are drawn of so many molecules and tasks: fewer of very many."""
    return max(FEWEST, min(RESAMPLES, _MOST // max(1, n * tasks)))


def drawn(n: int, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Resamples in blocks (m, n) float64: how often each molecule was drawn."""
    generator = np.random.default_rng(seed)
    size = max(1, _BLOCK // max(1, n))
    for start in range(0, count, size):
        m = min(size, count - start)
        places = generator.integers(n, size=(m, n)) + n * np.arange(m)[:, None]
        yield np.bincount(places.ravel(), minlength=m * n).reshape(m, n).astype(np.float64)


@dataclass(frozen=True)
class Intervals:
    """Intervals of scores at LEVEL, by score, of the mean over tasks and of each task."""

    overall: dict[str, Interval]
    per_task: list[dict[str, Interval]]
    resamples: int


def intervals(
    kinds: metrics.Kinds,
    truth: np.ndarray,
    prediction: np.ndarray,
    names: Sequence[str] = metrics.NAMES,
    *,
    threshold: float = 0.5,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals of scores, both arrays ``(n, tasks)``; a score that hardly a resample has is absent."""
    each = metrics.each(kinds, truth.shape[1])
    rows = np.isfinite(truth).any(1)
    truth, prediction = truth[rows], prediction[rows]
    count = resamples(len(truth), len(each))
    tasks = [
        {name: np.concatenate(parts) for name, parts in one.items()}
        for one in _sampled(each, truth, prediction, names, threshold, count, seed)
    ]
    every = dict.fromkeys(name for task in tasks for name in task)
    overall = {name: _mean([task[name] for task in tasks if name in task]) for name in every}
    return Intervals(_percentiles(overall), [_percentiles(task) for task in tasks], count)


def _sampled(
    kinds: Sequence[Kind],
    truth: np.ndarray,
    prediction: np.ndarray,
    names: Sequence[str],
    threshold: float,
    count: int,
    seed: int,
) -> list[dict[str, list[np.ndarray]]]:
    found: list[dict[str, list[np.ndarray]]] = [{} for _ in kinds]
    if not len(truth):
        return found
    for weights in drawn(len(truth), count, seed):
        for task, kind in enumerate(kinds):
            made = metrics.resampled(kind, truth[:, task], prediction[:, task], weights, names, threshold)
            for name, values in made.items():
                found[task].setdefault(name, []).append(values)
    return found


def _mean(columns: list[np.ndarray]) -> np.ndarray:
    """Means over the tasks that have a score, NaN where none has."""
    table = np.stack(columns)
    known = np.isfinite(table)
    return np.where(known.any(0), np.where(known, table, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)


def _percentiles(values: dict[str, np.ndarray]) -> dict[str, Interval]:
    ends = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    found = {name: each[np.isfinite(each)] for name, each in values.items()}
    return {
        name: (float(low), float(high))
        for name, each in found.items()
        if len(each) > FEWEST / 2
        for low, high in [np.quantile(each, ends)]
    }


@dataclass(frozen=True)
class PairedTest:
    """Paired test of two models, the first less the second.

    ``difference`` of ``metric`` with its interval ``low`` to ``high`` at LEVEL; ``p``: two-sided, how easily no
    difference at all would look like this; ``wins`` of ``n`` pairs, molecules or seeds (``over``), that the first
    predicts better.
    """

    metric: str
    difference: float
    low: float
    high: float
    p: float
    wins: int
    n: int
    over: str


def deviations(labels: np.ndarray) -> np.ndarray:
    """Standard deviation of each column's labels (n, tasks), 1 where they do not differ."""
    known = np.isfinite(labels)
    return np.array(
        [np.std(column[there]) or 1.0 if there.any() else 1.0 for column, there in zip(labels.T, known.T, strict=True)]
    )


def paired(
    kinds: metrics.Kinds,
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    metric: str,
    *,
    spread: np.ndarray | None = None,
    seed: int = 0,
) -> PairedTest | None:
    """Paired bootstrap of two models' predictions ``(n, tasks)`` of the same molecules; None where nothing is scored.

    Rows count where a label and both predictions are. ``p`` is twice the share of resamples on the other side of no
    difference. A molecule is won by the lower mean loss over its labels: cross entropy, or absolute error in units of
    ``spread`` (tasks,), the labels' own deviation where it is None.
    """
    each = metrics.each(kinds, truth.shape[1])
    there = np.isfinite(first) & np.isfinite(second)
    truth = np.where(there, truth, np.nan)
    rows = np.isfinite(truth).any(1)
    truth, first, second = truth[rows], first[rows], second[rows]
    if not len(truth):
        return None
    scale = deviations(truth) if spread is None else spread
    count = resamples(len(truth), 2 * len(each))
    samples = [_overall(each, truth, guess, metric, scale, count, seed) for guess in (first, second)]
    gaps = samples[0] - samples[1]
    gaps = gaps[np.isfinite(gaps)]
    own = [_point(each, truth, guess, metric, scale) for guess in (first, second)]
    if len(gaps) <= FEWEST / 2 or not np.isfinite(own).all():
        return None
    low, high = np.quantile(gaps, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)).tolist()
    tail = min((gaps <= 0).sum(), (gaps >= 0).sum())
    p = min(1.0, 2 * (int(tail) + 1) / (len(gaps) + 1))
    lost = [np.nanmean(_each_loss(each, truth, guess, scale, 1), axis=1) for guess in (first, second)]
    wins = int((lost[0] < lost[1]).sum())
    return PairedTest(metric, own[0] - own[1], low, high, p, wins, len(truth), "molecules")


def _point(kinds: Sequence[Kind], truth: np.ndarray, guess: np.ndarray, metric: str, scale: np.ndarray) -> float:
    if metric == "loss":
        return metrics.mean_loss(kinds, truth, guess, scale)
    return metrics.scores(kinds, truth, guess, (metric,)).get(metric, float("nan"))


def _overall(
    kinds: Sequence[Kind],
    truth: np.ndarray,
    guess: np.ndarray,
    metric: str,
    scale: np.ndarray,
    count: int,
    seed: int,
) -> np.ndarray:
    if metric == "loss":
        each = _each_loss(kinds, truth, guess, scale, 2)
        return np.concatenate([_mean_losses(each, weights) for weights in drawn(len(truth), count, seed)])
    tasks = _sampled(kinds, truth, guess, (metric,), 0.5, count, seed)
    columns = [np.concatenate(task[metric]) for task in tasks if metric in task]
    return _mean(columns) if columns else np.empty(0)


def _each_loss(
    kinds: Sequence[Kind], truth: np.ndarray, guess: np.ndarray, scale: np.ndarray, power: int
) -> np.ndarray:
    """Loss of each label (n, tasks), NaN where missing: cross entropy, or a power of the error over ``scale``."""
    found = np.empty(truth.shape)
    for task, kind in enumerate(kinds):
        t, g = truth[:, task].astype(np.float64), guess[:, task].astype(np.float64)
        numbers = (np.abs(g - t) / scale[task]) ** power
        found[:, task] = np.where(np.isfinite(t), entropies(t, g) if kind == "classification" else numbers, np.nan)
    return found


def _mean_losses(each: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Loss of each resample as :func:`mmexplore.models.metrics.mean_loss` has it, from that of each label."""
    known = np.isfinite(each)
    counts = weights @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        table = weights @ np.where(known, each, 0) / np.where(counts > 0, counts, np.nan)
    return _mean(list(table.T))


def over_seeds(
    metric: str, first: Sequence[float], second: Sequence[float], *, overlap: float = 0.0
) -> PairedTest | None:
    """Paired test over seeds by Student's t: scores of two models, pair by pair; None for fewer than two pairs.

    Where seeds divide the same molecules anew their scores are not independent: with ``overlap``, the ratio of tested
    to learned molecules, the variance is corrected for that (Nadeau and Bengio 2003).

    >>> over_seeds("rmse", [1.5, 2.0, 1.9], [1.0, 1.4, 1.5]).wins
    0
    """
    from scipy import stats

    gaps = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 2:
        return None
    error = gaps.std(ddof=1) * (1 / len(gaps) + overlap) ** 0.5
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(gaps) - 1) * error)
    middle = float(gaps.mean())
    p = float(2 * stats.t.sf(abs(middle) / error, len(gaps) - 1)) if error > 0 else float(middle == 0)
    better = gaps < 0 if metric in metrics.LOWER_IS_BETTER else gaps > 0
    return PairedTest(metric, middle, middle - half, middle + half, p, int(better.sum()), len(gaps), "seeds")
