"""Calibration of predictions: intervals and sets by split conformal prediction, and temperature scaling.

The calibration rows of a model are those of its validation part that chose no epoch (``Prepared.calibration``), of
whatever is fitted at once the whole part. Their errors say how far a prediction may be off (Vovk, Gammerman and Shafer,
Algorithmic Learning in a Random World, 2005; Lei et al., JASA 2018, 113, 1094): as many of new molecules that are drawn
like the calibration rows are covered as the level says, whatever the model is. Nothing here imports torch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Dataset, Kind, Task, tables
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import read_json, write_json

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.models.registry import Model

FILE, FORMAT = "calibration.json", 1
FEWEST = 10
"""Calibration rows of a task at least: of fewer nothing is said."""
FEWEST_APART = 20
"""Rows that are set apart at least, and that the epoch is chosen by at least."""
LEVEL = 0.9
"""The level of intervals and sets unless another is asked for."""
_PREDICTIONS = "predictions.parquet"
_CERTAIN = 1e-7
_HOTTEST = 20.0
_MEDIANS = 3.0  # of two to five the answer is about the same, of none and of very many worse (docs/figures.md)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration rows of a model: what it predicts of them, and what is true.

    ``truth`` and ``prediction`` float64 ``(rows, tasks)``, NaN where there is no label; ``spread`` that of an
    ensemble's members, None of a single model. ``kinds`` of the tasks. ``apart``: the rows chose no epoch.
    """

    kinds: tuple[Kind, ...]
    truth: np.ndarray
    prediction: np.ndarray
    spread: np.ndarray | None = None
    apart: bool = True

    @property
    def words(self) -> str:
        """What the rows are, in a sentence."""
        many = f"{max(map(len, self._known)):,} molecules of the validation part"
        if self.apart:
            return f"Calibrated on {many} that chose no epoch."
        return f"Calibrated on {many}, which chose the epoch, too: intervals may be a little too narrow."

    def rows(self, task: int) -> int:
        """How many rows a task is calibrated on."""
        return len(self._known[task])

    def interval(
        self, task: int, mean: np.ndarray, spread: np.ndarray | None = None, level: float = LEVEL
    ) -> tuple[np.ndarray, np.ndarray]:
        """Prediction intervals of a regression, ``(low, high)`` in the label's unit, float64 ``(n,)``.

        The half width is the ``ceil((rows + 1) * level)``-th smallest error of the calibration rows; infinite where
        there are too few for that level. With ``spread`` (n,), an ensemble's, errors and widths are in units of the
        spread and three times its median over the calibration rows together (after Papadopoulos et al., ECML 2002):
        what members disagree on is wider, and no chance agreement of few members makes a width vanish. NaN where
        ``mean`` is. Raises BadRecipe for a level that is none.
        """
        mean = np.asarray(mean, np.float64)
        known = self._known[task]
        error = np.abs(self.truth[known, task] - self.prediction[known, task])
        scale = np.ones(len(mean))
        if spread is not None and self.spread is not None:
            error = error / self._scale(task, self.spread[known, task])
            scale = self._scale(task, np.asarray(spread, np.float64))
        half = np.where(np.isfinite(mean), quantile(error, level) * scale, np.nan)
        return mean - half, mean + half

    def sets(self, task: int, probability: np.ndarray, level: float = LEVEL) -> list[str]:
        """Prediction sets of a classification: ``"0"``, ``"1"``, ``"0|1"`` where both are possible, ``""`` for neither.

        Class-conditional (Mondrian): each class is covered by itself, the rare one as often as the common one. A class
        with too few calibration rows for that level is in every set. ``""`` where the probability is NaN, too.
        """
        p = np.asarray(probability, np.float64)
        known = self._known[task]
        truth, told = self.truth[known, task], self.prediction[known, task]
        zero = p <= quantile(told[truth == 0], level)
        one = 1 - p <= quantile(1 - told[truth == 1], level)
        return [_SETS[int(a), int(b)] for a, b in zip(zero, one, strict=True)]

    def probability(self, task: int, p: np.ndarray) -> np.ndarray:
        """Probabilities after temperature scaling (Guo et al., ICML 2017), float64 (n,); their order is kept."""
        return _sigmoid(_logit(np.asarray(p, np.float64)) / self.temperatures[task])

    @cached_property
    def temperatures(self) -> tuple[float, ...]:
        """Temperature of each task's logits, which has the least cross entropy; 1 where only one class is known."""
        return tuple(self._temperature(task) for task in range(self.truth.shape[1]))

    def coverage(
        self,
        tasks: Sequence[Task],
        truth: np.ndarray,
        mean: np.ndarray,
        spread: np.ndarray | None = None,
        level: float = LEVEL,
    ) -> tuple["Coverage", ...]:
        """How many labels of other rows the intervals or sets cover, a task each; all arrays ``(n, tasks)``.

        Tasks without a label there, or with fewer than ``FEWEST`` calibration rows, are left out.
        """
        found = []
        for number, task in enumerate(tasks):
            known = np.isfinite(truth[:, number]) & np.isfinite(mean[:, number])
            if not known.any() or self.rows(number) < FEWEST:
                continue
            y, guess = truth[known, number], mean[known, number]
            if self.kinds[number] == "classification":
                sets = self.sets(number, guess, level)
                hit = np.array([str(int(label)) in one for label, one in zip(y, sets, strict=True)])
                size = float(np.mean([len(one.replace("|", "")) for one in sets]))
                classes = {str(c): (int(hit[y == c].sum()), int((y == c).sum())) for c in (0, 1)}
                found.append(Coverage(task.name, level, int(hit.sum()), len(y), size, classes))
            else:
                own = None if spread is None else spread[known, number]
                low, high = self.interval(number, guess, own, level)
                hit = (low <= y) & (y <= high)
                found.append(Coverage(task.name, level, int(hit.sum()), len(y), float(np.mean(high - low))))
        return tuple(found)

    @cached_property
    def _known(self) -> list[np.ndarray]:
        known = np.isfinite(self.truth) & np.isfinite(self.prediction)
        if self.spread is not None:
            known &= np.isfinite(self.spread)
        return [np.flatnonzero(column) for column in known.T]

    def _scale(self, task: int, spread: np.ndarray) -> np.ndarray:
        assert self.spread is not None
        known = self._known[task]
        typical = float(np.median(self.spread[known, task])) if len(known) else 0.0
        return np.asarray(spread + _MEDIANS * typical if typical > 0 else np.ones_like(spread))

    def _temperature(self, task: int) -> float:
        known = self._known[task]
        truth = self.truth[known, task]
        if self.kinds[task] != "classification" or len(known) < FEWEST or len(np.unique(truth)) < 2:
            return 1.0
        from scipy.optimize import minimize_scalar

        z = np.where(truth == 1, 1, -1) * _logit(self.prediction[known, task])
        bounds = (-math.log(_HOTTEST), math.log(_HOTTEST))
        best = minimize_scalar(lambda t: np.logaddexp(0, -z / math.exp(t)).mean(), bounds=bounds, method="bounded")
        return math.exp(float(best.x))


_SETS = {(0, 0): "", (0, 1): "1", (1, 0): "0", (1, 1): "0|1"}


@dataclass(frozen=True)
class Coverage:
    """Coverage of one task: ``covered`` labels of ``of`` by intervals or sets of that ``level``.

    ``width``: mean width of an interval in the label's unit, or mean number of classes in a set. ``classes``: covered
    and all labels of each class, of a classification.
    """

    task: str
    level: float
    covered: int
    of: int
    width: float
    classes: dict[str, tuple[int, int]] | None = None

    @property
    def share(self) -> float:
        """Share that is covered."""
        return self.covered / self.of

    def bounds(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        from scipy.stats import binomtest

        found = binomtest(self.covered, self.of).proportion_ci(0.95, "wilson")
        return float(found.low), float(found.high)

    def words(self, of: str = "test molecules") -> str:
        """Coverage in words.

        >>> Coverage("logS", 0.9, 100, 113, 2.0).words()
        '90 % intervals covered 88.5 % of 113 test molecules (81 to 93)'
        """
        low, high = self.bounds()
        what = "intervals" if self.classes is None else "sets"
        told = f"{100 * self.level:.0f} % {what} covered {100 * self.share:.1f} % of {self.of:,} {of}"
        return f"{told} ({100 * low:.0f} to {100 * high:.0f})"


def in_words(found: Sequence[Coverage]) -> str:
    """Coverage of a model's tasks together, "" where none is known.

    >>> in_words([Coverage("a", 0.9, 46, 50, 1.2, {}), Coverage("b", 0.9, 44, 50, 1.1, {})])
    '90 % sets covered 90.0 % of 100 test labels of 2 tasks (83 to 94)'
    """
    if len(found) < 2:
        return found[0].words() if found else ""
    hits, of = sum(one.covered for one in found), sum(one.of for one in found)
    whole = Coverage("", found[0].level, hits, of, 0.0, found[0].classes)
    return whole.words(f"test labels of {len(found):,} tasks")


def quantile(errors: np.ndarray, level: float) -> float:
    """Conformal quantile: the ``ceil((n + 1) * level)``-th smallest of n errors, infinite where there are too few.

    >>> quantile(np.arange(1.0, 20.0), 0.9), quantile(np.arange(8.0), 0.9)
    (18.0, inf)
    """
    if not 0 < level < 1:
        raise BadRecipe(f"the level of an interval lies between 0 and 1, as 0.9 does, and {level} came")
    rank = math.ceil((len(errors) + 1) * level - 1e-9)
    return float(np.partition(errors, rank - 1)[rank - 1]) if rank <= len(errors) else math.inf


def promise(rule: str, level: float = LEVEL) -> str:
    """What intervals and sets cover of new molecules, by the split that they were calibrated on, in a sentence."""
    share = f"{100 * level:.0f} %"
    if rule == "random":
        return (
            f"{share} of new molecules are covered if they are like those of the data set, as calibration and test "
            "molecules were drawn at random from it; of other chemistry fewer are."
        )
    if rule == "kfold":
        return (
            f"{share} of new molecules are covered if the folds were drawn at random and they are like those of the "
            "data set; folds by scaffold or cluster promise nothing of new ones."
        )
    other = _OTHER.get(rule, "molecules that were not drawn at random as the calibration molecules were")
    return (
        f"Split {rule!r} gives the test part {other}, so {share} is not promised there: what was measured is what such "
        "intervals cover of those."
    )


_SCAFFOLDS = "scaffolds that the calibration molecules do not have"
_OTHER = {
    "scaffold": _SCAFFOLDS,
    "scaffold_balanced": _SCAFFOLDS,
    "cluster": "clusters that the calibration molecules do not lie in",
    "time": "later molecules than those of the calibration",
}


def calibration(model: "Model", trained_on: Dataset | None = None) -> Calibration | None:
    """Calibration of a model or an ensemble; None where it has no calibration rows, or too few for any task.

    Of a model from before there were such rows: those of its validation part, whose labels are those of ``trained_on``,
    its data set, where they do not lie beside its predictions, as of shipped models. Raises Damaged for kept rows that
    are not what was written.
    """
    if model.card is None or model.card.untrained or not model.card.data.tasks:
        return None
    found = _kept(model) or _of_predictions(model, trained_on)
    return found if found and any(found.rows(task) >= FEWEST for task in range(found.truth.shape[1])) else None


def write(folder: Path, tasks: Sequence[Task], found: Calibration, weights_sha256: str) -> None:
    """Keep calibration rows in a model's folder, beside the weights that they belong to."""
    columns = {"truth": found.truth, "prediction": found.prediction}
    columns |= {} if found.spread is None else {"spread": found.spread}
    values = {
        task.name: {what: column[:, number].tolist() for what, column in columns.items()}
        for number, task in enumerate(tasks)
    }
    about = {"format": FORMAT, "weights_sha256": weights_sha256, "apart": found.apart}
    write_json(folder / FILE, about | {"tasks": values})


def bring(source: Path, weights_sha256: str, tasks: Sequence[Task], folder: Path, now_sha256: str) -> None:
    """Have a model's folder hold the calibration rows of the folder that it came from; what is none is left there."""
    try:
        found = _read(version(source / FILE), weights_sha256, tuple(tasks))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    if found is not None:
        write(folder, tasks, found, now_sha256)


def chosen_by_validation(recipe: Recipe) -> bool:
    """Whether the validation part of a recipe chooses an epoch, or chose its settings.

    Of what is fitted at once it chooses nothing.
    """
    if recipe.data.tuned:
        return True
    if recipe.stacks:
        return any(recipe.member(name).predicts_by_fusion for name in recipe.parts)
    return recipe.predicts_by_fusion


def _kept(model: "Model") -> Calibration | None:
    """The rows in the model's folder, unless they belong to other weights."""
    assert model.card is not None
    try:
        file = version(model.folder / FILE)
    except OSError:
        return None
    return _read(file, model.card.weights_sha256, model.card.data.tasks)


@cached(16)
def _read(file: FileVersion, weights_sha256: str, tasks: tuple[Task, ...]) -> Calibration | None:
    values = read_json(file.path)
    if values.get("format") != FORMAT or values["weights_sha256"] != weights_sha256:
        return None

    def column(what: str) -> np.ndarray:
        return np.array([values["tasks"][task.name][what] for task in tasks], np.float64).T

    spread = column("spread") if all("spread" in values["tasks"][task.name] for task in tasks) else None
    kinds = tuple(task.kind for task in tasks)
    return Calibration(kinds, column("truth"), column("prediction"), spread, bool(values["apart"]))


def set_apart(recipe: Recipe, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Calibration rows: of ``rows`` of the validation part all where it chooses no epoch, else the recipe's share.

    ``labels`` (len(rows), tasks). That share is drawn at random, of classes as many positives as it has rows, and the
    same whatever the seeds: models of one split share it. Where it, or what it leaves, would be small, none is set
    apart.
    """
    known = np.isfinite(labels).any(1)
    rows, labels = rows[known], labels[known]
    if not chosen_by_validation(recipe):
        return rows
    count = round(len(rows) * recipe.data.calibration)
    if min(count, len(rows) - count) < FEWEST_APART:
        return rows[:0]
    order = np.random.default_rng(0).permutation(len(rows))
    if set(np.unique(labels[np.isfinite(labels)])) <= {0.0, 1.0}:
        order = order[np.argsort((labels[order] == 1).sum(1), kind="stable")]
        return np.sort(rows[order[((np.arange(count) + 0.5) * len(rows) / count).astype(np.int64)]])
    return np.sort(rows[order[:count]])


def _of_predictions(model: "Model", trained_on: Dataset | None) -> Calibration | None:
    """Rows of the validation part, where the predictions of the training lie beside the model.

    Those alone that were set apart, where that many are.
    """
    card, recipe = model.card, model.recipe
    assert card is not None
    assert recipe is not None
    own = trained_on if trained_on is not None and trained_on.digest == card.data.digest else None
    for place in (model.folder / _PREDICTIONS, model.folder.parent / _PREDICTIONS):
        if place.is_file():
            found = _validation(version(place), card.data.tasks, own)
            if found is None:
                return None
            rows, truth, prediction = found
            apart = set_apart(recipe, rows, truth)
            if chosen_by_validation(recipe) and len(apart) != card.split.calibration:
                apart = rows[:0]  # of a version that set none apart
            kept = np.isin(rows, apart) if len(apart) else np.ones(len(rows), bool)
            kinds = tuple(task.kind for task in card.data.tasks)
            return Calibration(kinds, truth[kept], prediction[kept], None, len(apart) > 0)
    return None


@cached(16)
def _validation(
    file: FileVersion, tasks: tuple[Task, ...], own: Dataset | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Numbers of the rows, what is true of them, and what was predicted; None where that is not known.

    Labels lie beside the predictions, or are those of the data set, whose rows these are.
    """
    names = [task.name for task in tasks]
    table = _rows_of(file, [*names, *(f"truth: {name}" for name in names)])
    if table is not None:
        truth = table[[f"truth: {name}" for name in names]].to_numpy(np.float64)
    else:  # of a foreign or former version, or shipped
        table, there = _rows_of(file, names), [] if own is None else [task.name for task in own.tasks]
        if table is None or own is None or not set(names) <= set(there):
            return None
        truth = own.labels[table.index][:, [there.index(name) for name in names]].astype(np.float64)
    return table.index.to_numpy(), truth, table[names].to_numpy(np.float64)


def _rows_of(file: FileVersion, columns: list[str]) -> "pd.DataFrame | None":
    """Rows of the validation part, by their number among all; None where a column is not there."""
    try:
        table = tables.frame(seals.read(file.path), ["split", *columns])
    except (OSError, ValueError, KeyError):
        return None
    table = table.reset_index(drop=True)
    return table[table["split"] == "validation"]


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(p) - np.log1p(-p))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(z))
