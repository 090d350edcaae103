"""Evaluation of a trained model: scores with intervals on molecules that it was not trained on, beside a baseline's.

Of its own data set a model is judged on a part of its split, with the predictions of its training. Of another one it is
judged on all labelled molecules but those that it was trained on, with predictions that are made now.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.datasets import Dataset, Task
from mmexplore.models import bootstrap, embed, metrics
from mmexplore.models.bootstrap import Interval, PairedTest
from mmexplore.models.metrics import Scores
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.recipes.presets import preset
from mmexplore.recipes.recipe import UNSEEDED, Data, Recipe
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent

PARTS = ("train", "validation", "test")
SIMPLE = "boosting"
"""The strongest simple baseline, by the name of its recipe."""


@dataclass(frozen=True)
class Judged:
    """Judged molecules: a model's predictions and the labels, both ``(n, tasks)``, of the ``rows`` (n,) of a data set.

    Only molecules with a label; ``part`` says in words which they are, ``notes`` which are not among them. ``spread``
    (tasks,) is the labels' standard deviation, in which the loss of numbers is told: over the training part, where that
    is known.
    """

    tasks: tuple[Task, ...]
    rows: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray
    part: str
    spread: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def kinds(self) -> metrics.Kinds:
        """Kind of each task."""
        return tuple(task.kind for task in self.tasks)

    @property
    def main(self) -> str:
        """The one score that stands for all: that of the tasks' kind, the loss of tasks of both kinds."""
        return main_score(self.tasks)


@dataclass(frozen=True)
class Scored:
    """Scores with their intervals at 95 %: means over tasks, and by task's name; ``n`` molecules with a label."""

    metrics: Scores
    intervals: dict[str, Interval]
    per_task: dict[str, Scores]
    per_task_intervals: dict[str, dict[str, Interval]]
    n: int
    resamples: int


def main_score(tasks: Sequence[Task]) -> str:
    """The one score that stands for a model of these tasks."""
    kinds = {task.kind for task in tasks}
    return "loss" if len(kinds) > 1 else metrics.main(next(iter(kinds)))


def judged(
    model: Model, dataset: Dataset, part: str, training: Dataset | None, progress: Progress = silent, *, home: Home
) -> Judged:
    """Judged molecules of a model on a data set; ``training`` is the one that it was trained on, None where it is gone.

    Raises BadRecipe for a model that predicts nothing, or none of the labels, UnknownName for a part, NotAvailable
    where it cannot be told what the model was trained on.
    """
    if model.card is not None and model.card.data.digest == dataset.digest:
        return kept(model, dataset, part, home=home)
    tasks = _tasks(model, dataset, part)
    chosen, words, notes = _unseen(model, dataset, training)
    made = embed.embedding(model, dataset, progress, home=home)
    guess = np.asarray(made.predictions, np.float64)[:, [made.tasks.index(task.name) for task in tasks]]
    return _judged(model, dataset, tasks, chosen, guess, words, notes, chosen)


def kept(model: Model, dataset: Dataset, part: str, *, home: Home) -> Judged:
    """Judged molecules of a part of a model's own split, with the predictions of its training.

    Raises BadRecipe, UnknownName, and NotAvailable where those, or the data set as it was, are not here.
    """
    tasks = _tasks(model, dataset, part)
    table = predictions(model, dataset, home=home)
    if model.card is None or model.card.data.digest != dataset.digest or table is None or "split" not in table:
        raise NotAvailable(
            f"what {model.name!r} predicted in its training of {dataset.name!r} as it is now is not here"
        )
    guess = table[[task.name for task in tasks]].to_numpy(np.float64)
    own, learned = ((table["split"] == name).to_numpy() for name in (part, "train"))
    return _judged(model, dataset, tasks, own, guess, f"{part} part", (), learned)


def _tasks(model: Model, dataset: Dataset, part: str) -> tuple[Task, ...]:
    """Tasks that a model predicts and a data set has. Raises BadRecipe, UnknownName."""
    if part not in PARTS:
        raise UnknownName("part of a split", part, PARTS)
    if model.card is None or model.card.untrained or not model.card.data.tasks:
        raise BadRecipe(f"{model.name!r} predicts nothing that could be scored; choose a model that learned labels")
    tasks = tuple(task for task in model.card.data.tasks if _has(dataset.tasks, task))
    if not tasks:
        theirs = ", ".join(task.name for task in model.card.data.tasks[:10])
        there = ", ".join(task.name for task in dataset.tasks[:10]) or "none"
        raise BadRecipe(f"{model.name!r} predicts {theirs}, and {dataset.name!r} has: {there}")
    return tasks


def _judged(
    model: Model,
    dataset: Dataset,
    tasks: tuple[Task, ...],
    chosen: np.ndarray,
    guess: np.ndarray,
    words: str,
    notes: tuple[str, ...],
    learned: np.ndarray,
) -> Judged:
    names = [task.name for task in dataset.tasks]
    truth = dataset.labels[:, [names.index(task.name) for task in tasks]].astype(np.float64)
    labelled, told = chosen & np.isfinite(truth).any(1), np.isfinite(guess).any(1)
    rows = np.flatnonzero(labelled & told)
    if lost := int((labelled & ~told).sum()):
        notes += (f"{lost:,} labelled molecules have no prediction and are not scored",)
    if not len(rows):
        raise BadRecipe(f"the {words} of {dataset.name!r} has no labelled molecule that {model.name!r} predicts")
    spread = bootstrap.deviations(truth[learned])
    return Judged(tasks, rows, truth[rows], guess[rows], words, spread, notes)


def _has(tasks: Sequence[Task], one: Task) -> bool:
    """Whether one of these has a task's name and kind, whatever its unit is called."""
    return any((task.name, task.kind) == (one.name, one.kind) for task in tasks)


def _unseen(model: Model, dataset: Dataset, training: Dataset | None) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Which molecules a model was not trained on, by their SMILES."""
    if training is None:
        raise NotAvailable(
            f"{model.name!r} was trained on {model.data!r}, which is not here: it cannot be told which molecules of "
            f"{dataset.name!r} it has learned; evaluate it on its own data set"
        )
    known = set(training.smiles.tolist())
    unseen = np.array([smiles not in known for smiles in dataset.smiles.tolist()], bool)
    count = int((~unseen).sum())
    note = f"{count:,} molecules that are in its training data {training.name!r}, too, are left out"
    return unseen, "molecules that are not in its training data", (note,) if count else ()


def scored(found: Judged, threshold: float = 0.5, names: Sequence[str] = metrics.NAMES) -> Scored:
    """Scores with intervals; classes are called 1 from ``threshold`` on."""
    tasks = [task.name for task in found.tasks]
    known = found.kinds, found.truth, found.prediction, names
    ends = bootstrap.intervals(*known, threshold=threshold)
    each = metrics.per_task(*known, threshold)
    by_name = {name: one for name, one in zip(tasks, ends.per_task, strict=True) if one}
    whole = metrics.scores(*known, threshold)
    return Scored(whole, ends.overall, metrics.named(tasks, each), by_name, len(found.rows), ends.resamples)


@cached(64)
def scores_of(
    model: Model, dataset: Dataset, part: str, training: Dataset | None, *, home: Home, progress: Progress = silent
) -> Scored:
    """:func:`scored` of :func:`judged`, kept in memory."""
    return scored(judged(model, dataset, part, training, progress, home=home))


def compared(first: Judged, second: Judged) -> PairedTest | None:
    """Paired test of two models' main score on the molecules that both predict; None where nothing is scored."""
    names = [task.name for task in second.tasks]
    tasks = [task for task in first.tasks if task.name in names]
    rows, here, there = np.intersect1d(first.rows, second.rows, assume_unique=True, return_indices=True)
    if not len(rows) or not tasks:
        return None
    own = [first.tasks.index(task) for task in tasks]
    theirs = [names.index(task.name) for task in tasks]
    kinds = [task.kind for task in tasks]
    truth, guess = first.truth[here][:, own], first.prediction[here][:, own]
    other = second.prediction[there][:, theirs]
    return bootstrap.paired(kinds, truth, guess, other, main_score(tasks), spread=first.spread[own])


@cached(64)
def paired_test(first: Model, second: Model, dataset: Dataset, part: str, *, home: Home) -> PairedTest | None:
    """:func:`compared` of two models on a part of the split that both were trained on, kept in memory."""
    return compared(*(kept(model, dataset, part, home=home) for model in (first, second)))


# ---- the baseline


def split_key(model: Model) -> tuple[object, ...]:
    """What models have in common that were trained and tested on the same molecules; () for one without labels."""
    if model.card is None or model.recipe is None or not model.card.data.tasks or model.card.untrained:
        return ()
    data = model.recipe.data
    told = data.model_dump(exclude={"dataset", "targets", "split_seed", "calibration", "tuned"})
    if data.split == "kfold" and data.folds_by != "cluster":
        told.pop("cluster_similarity")
    for name in _UNUSED.get(data.split, _OPTIONS):
        told.pop(name, None)
    seed = 0 if data.split in UNSEEDED else data.split_seed
    digest = model.card.split.digest if data.split == "file" else ""
    return (model.card.data.digest, seed, digest, *told.items())


_OPTIONS = ("split_column", "split_file", "cluster_similarity", "folds", "fold", "folds_by")
_UNUSED = {
    "column": (*_OPTIONS[1:], "fractions"),
    "time": _OPTIONS[1:],
    "file": (*_OPTIONS, "fractions"),
    "cluster": ("split_column", "split_file", "folds", "fold", "folds_by"),
    "kfold": _OPTIONS[:2],
}


def is_simple(model: Model) -> bool:
    """Whether a model is the strongest simple baseline: boosting on fingerprint counts and descriptors."""
    recipe = model.recipe
    return recipe is not None and recipe.baseline.name == SIMPLE and _encoders(recipe) == _encoders(preset(SIMPLE))


def _encoders(recipe: Recipe) -> list[str]:
    return [branch.encoder for branch in recipe.branches]


def baseline_of(model: Model, among: Sequence[Model]) -> Model | None:
    """The strongest simple baseline that was trained on a model's tasks and split, its seed's first; None without."""
    key = split_key(model)
    if not key or model.card is None:
        return None
    tasks, seed = {task.name for task in model.card.data.tasks}, model.card.seed
    able = [
        one
        for one in among
        if one.card
        and is_simple(one)
        and split_key(one) == key
        and tasks <= {task.name for task in one.card.data.tasks}
    ]
    return min(able, key=lambda one: one.card is None or one.card.seed != seed, default=None)


def baseline_command(model: Model) -> str:
    """The line that trains the baseline on a model's data and split."""
    assert model.recipe is not None
    data, plain = model.recipe.data, Data()
    words = ["mmexplore", "train", SIMPLE, "--data", model.data or data.dataset, "--split", data.split]
    words += ["--fold", str(data.fold)] if data.split == "kfold" else []
    for name in Data.model_fields:
        value = getattr(data, name)
        if name not in ("dataset", "split", "fold", "tuned") and value != getattr(plain, name):
            words += ["--set", f"data.{name}={json.dumps(value, allow_nan=False)}"]
    return shlex.join(words)
