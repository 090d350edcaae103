"""Measures of predictions over resampled molecules, vectorised: each gives one number a resample.

A resample is a row of counts, how often each molecule was drawn; a row of ones is the sample itself. Molecules are
sorted once, and what ties is counted together, so that no measure depends on the order of the rows.

    enrichment    share of the actives among the best 1 or 5 %, over that share; BEDROC with alpha 20: Truchon and Bayly
                  2007, doi:10.1021/ci600426e; both as RDKit's Scoring has them
    MCC           Matthews 1975, doi:10.1016/0005-2795(75)90109-9
    calibration   expected calibration error of the probability of class 1 in ten equal bins: Naeini et al. 2015
    Kendall       tau-b
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

ALPHA = 20.0
BINS = 10
Measure = Callable[["Sample"], np.ndarray]


class Sample:
    """Predictions of one task: ``truth`` and ``guess`` (n,), and ``weights`` (resamples, n), how often each counts."""

    def __init__(self, truth: np.ndarray, guess: np.ndarray, weights: np.ndarray, threshold: float = 0.5) -> None:
        self.truth, self.guess = np.asarray(truth, np.float64), np.asarray(guess, np.float64)
        self.weights, self.threshold = np.asarray(weights, np.float64), threshold

    @cached_property
    def total(self) -> np.ndarray:
        """Molecules of each resample."""
        found: np.ndarray = self.weights.sum(1)
        return found

    @cached_property
    def positives(self) -> np.ndarray:
        """Molecules of class 1 of each resample."""
        found: np.ndarray = (self.weights * (self.truth == 1)).sum(1)
        return found

    @cached_property
    def _falling(self) -> tuple[np.ndarray, np.ndarray]:
        """Positives, and molecules, at each distinct prediction, the highest first."""
        order = np.argsort(-self.guess, kind="stable")
        starts = _starts(self.guess[order])
        weights = self.weights[:, order]
        return (
            np.add.reduceat(weights * (self.truth[order] == 1), starts, axis=1),
            np.add.reduceat(weights, starts, axis=1),
        )

    @cached_property
    def confusion(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """True and false positives, false and true negatives of each resample, at the threshold."""
        true, called = self.truth == 1, self.guess >= self.threshold
        cells = (true & called, ~true & called, true & ~called, ~true & ~called)
        tp, fp, fn, tn = ((self.weights * cell).sum(1) for cell in cells)
        return tp, fp, fn, tn

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Means of a value a molecule."""
        found: np.ndarray = (self.weights * values).sum(1) / self.total
        return found

    # ---- classes

    def roc_auc(self) -> np.ndarray:
        """Area under the ROC curve."""
        hits, taken = self._falling
        misses = taken - hits
        negatives = self.total - self.positives
        below = negatives[:, None] - misses.cumsum(1)
        return _over((hits * (below + misses / 2)).sum(1), self.positives * negatives)

    def pr_auc(self) -> np.ndarray:
        """Average precision."""
        hits, taken = self._falling
        some = np.where(self.positives > 0, self.positives, np.nan)[:, None]
        found: np.ndarray = (hits / some * hits.cumsum(1) / np.maximum(taken.cumsum(1), 1)).sum(1)
        return np.where(self.positives < self.total, found, np.nan)

    def cross_entropy(self) -> np.ndarray:
        """Mean cross entropy in nats."""
        return self.mean(entropies(self.truth, self.guess))

    def balanced_accuracy(self) -> np.ndarray:
        """Mean of the shares of both classes that are called so."""
        tp, fp, fn, tn = self.confusion
        return np.asarray((_over(tp, tp + fn) + _over(tn, tn + fp)) / 2)

    def mcc(self) -> np.ndarray:
        """Matthews' correlation, 0 where only one class is called or there."""
        tp, fp, fn, tn = self.confusion
        below = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        return np.where(below > 0, (tp * tn - fp * fn) / np.where(below > 0, below, 1), 0.0)

    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall of class 1, 0 where nothing is called or there."""
        tp, fp, fn, _ = self.confusion
        return np.where(tp > 0, 2 * tp / np.maximum(2 * tp + fp + fn, 1), 0.0)

    def enrichment(self, share: float) -> np.ndarray:
        """Enrichment factor among the best ``share``; of molecules that tie at its end the mean."""
        hits, taken = self._falling
        best = np.ceil(self.total * share - 1e-9)
        room = np.clip(best[:, None] - (taken.cumsum(1) - taken), 0, taken)
        found = (hits * room / np.maximum(taken, 1)).sum(1)
        return _over(found * self.total, self.positives * best)

    def bedroc(self) -> np.ndarray:
        """BEDROC; molecules that tie share their ranks."""
        hits, taken = self._falling
        n, share = self.total, self.positives / self.total
        step = np.exp(-ALPHA / n)
        ends = taken.cumsum(1)
        sums = step[:, None] * (1 - np.exp(-ALPHA * ends / n[:, None])) / (1 - step)[:, None]
        each = np.diff(sums, prepend=0, axis=1) / np.maximum(taken, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rie = (hits * each).sum(1) / (self.positives * (1 - np.exp(-ALPHA)) / (n * (np.exp(ALPHA / n) - 1)))
            most = (1 - np.exp(-ALPHA * share)) / (share * (1 - np.exp(-ALPHA)))
            least = (1 - np.exp(ALPHA * share)) / (share * (1 - np.exp(ALPHA)))
            return np.where((share > 0) & (share < 1), (rie - least) / (most - least), np.nan)

    def calibration_error(self) -> np.ndarray:
        """Expected calibration error."""
        place = np.minimum((self.guess * BINS).astype(np.int64), BINS - 1)
        gap = self.weights * (self.truth - self.guess)
        each = np.stack([gap[:, place == number].sum(1) for number in range(BINS)], axis=1)
        return np.asarray(np.abs(each).sum(1) / self.total)

    # ---- numbers

    def rmse(self) -> np.ndarray:
        """Root of the mean squared error."""
        return np.asarray(np.sqrt(self.mean((self.guess - self.truth) ** 2)))

    def mae(self) -> np.ndarray:
        """Mean absolute error."""
        return self.mean(np.abs(self.guess - self.truth))

    def r2(self) -> np.ndarray:
        """Coefficient of determination."""
        middle = self.mean(self.truth)[:, None]
        spread = (self.weights * (self.truth - middle) ** 2).sum(1)
        return 1 - _over((self.weights * (self.guess - self.truth) ** 2).sum(1), spread)

    def spearman(self) -> np.ndarray:
        """Pearson's correlation of the ranks, those that tie sharing theirs."""
        x, y = (self._ranks(values) for values in (self.truth, self.guess))
        x, y = x - self._middle(x), y - self._middle(y)
        w = self.weights
        return _over((w * x * y).sum(1), np.sqrt((w * x * x).sum(1) * (w * y * y).sum(1)))

    def kendall(self) -> np.ndarray:
        """Kendall's tau-b: pairs in one order less those in two, over all but ties."""
        order = np.lexsort((self.guess, self.truth))
        x, y, w = self.truth[order], self.guess[order], self.weights[:, order]
        pairs, tied_x = _pairs(self.total), _pairs(np.add.reduceat(w, _starts(x), axis=1)).sum(1)
        by_y = np.argsort(y, kind="stable")
        tied_y = _pairs(np.add.reduceat(w[:, by_y], _starts(y[by_y]), axis=1)).sum(1)
        both = _pairs(np.add.reduceat(w, _starts(x, y), axis=1)).sum(1)
        odd = _inversions(np.unique(y, return_inverse=True)[1], w)
        known, told = pairs - tied_x, pairs - tied_y
        return _over(pairs - tied_x - tied_y + both - 2 * odd, np.sqrt(known * told))

    def _ranks(self, values: np.ndarray) -> np.ndarray:
        """Rank of each molecule in each resample, in the order of the rows."""
        order = np.argsort(values, kind="stable")
        starts = _starts(values[order])
        count = np.add.reduceat(self.weights[:, order], starts, axis=1)
        rank = count.cumsum(1) - (count - 1) / 2
        group = np.empty(len(values), np.int64)
        group[order] = np.searchsorted(starts, np.arange(len(values)), side="right") - 1
        found: np.ndarray = rank[:, group]
        return found

    def _middle(self, ranks: np.ndarray) -> np.ndarray:
        found: np.ndarray = ((self.weights * ranks).sum(1) / self.total)[:, None]
        return found


def entropies(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Cross entropy of each molecule in nats; no probability counts as less than 1e-7."""
    certain = np.where(truth == 1, probability, 1 - probability)
    return np.asarray(-np.log(np.clip(certain, 1e-7, 1)))


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A ratio, NaN where there is nothing below."""
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)


def _starts(*columns: np.ndarray) -> np.ndarray:
    """Where equal rows of sorted columns begin."""
    change = np.logical_or.reduce([np.diff(column) != 0 for column in columns])
    return np.concatenate([[0], np.flatnonzero(change) + 1])


def _pairs(count: np.ndarray) -> np.ndarray:
    return np.asarray(count * (count - 1) / 2)


def _inversions(y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weight of the pairs whose first member has the larger ``y`` (whole numbers from 0), one a resample.

    Two numbers differ first in some bit: of those that are equal above it, all pairs are counted at once where the
    first has the bit and the second has not.
    """
    found = np.zeros(len(weights))
    for bit in range(int(y.max(initial=0)).bit_length()):
        order = np.argsort(y >> (bit + 1), kind="stable")
        has = (y[order] >> bit & 1).astype(bool)
        w = weights[:, order]
        before = np.cumsum(w * has, axis=1)
        starts = _starts(y[order] >> (bit + 1))
        group = np.searchsorted(starts, np.arange(len(y)), side="right") - 1
        base = np.concatenate([np.zeros((len(w), 1)), before], axis=1)[:, starts]
        found += (w * ~has * (before - base[:, group])).sum(1)
    return found


CLASSES: dict[str, Measure] = {
    "roc_auc": Sample.roc_auc,
    "pr_auc": Sample.pr_auc,
    "cross_entropy": Sample.cross_entropy,
    "balanced_accuracy": Sample.balanced_accuracy,
    "mcc": Sample.mcc,
    "f1": Sample.f1,
    "enrichment_1": lambda sample: sample.enrichment(0.01),
    "enrichment_5": lambda sample: sample.enrichment(0.05),
    "bedroc": Sample.bedroc,
    "calibration_error": Sample.calibration_error,
}
NUMBERS: dict[str, Measure] = {
    "rmse": Sample.rmse,
    "mae": Sample.mae,
    "r2": Sample.r2,
    "spearman": Sample.spearman,
    "kendall": Sample.kendall,
}
