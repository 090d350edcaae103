"""Training data: the tasks it learns (none without labels), featurised molecules, parts of the split.

Whatever forbids a training is refused here, in sentences for the user (BadRecipe); what can be lived with is kept as
notes for the model's card.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset, Kind, Task, splits
from mmexplore.features.of_dataset import features_of
from mmexplore.features.packing import Source
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress
from mmexplore.training import teachers

FEWEST_MOLECULES = 10
_FOUNDATION = "MiniMol was trained with labels of PubChem's assays: on data made of those it may have seen the answers"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Prepared:
    """Training data, prepared.

    ``features`` by modality, and ``labels`` float32 ``(n, tasks)`` with NaN where missing, span the data set; ``parts``
    are int64 row numbers by name (PARTS), only rows that can be described, and in train only rows with a label;
    ``mean`` and ``std`` ``(tasks,)`` z-score the labels (0 and 1 for classification).
    """

    features: dict[str, Source]
    labels: np.ndarray
    tasks: tuple[Task, ...]
    parts: dict[str, np.ndarray]
    mean: np.ndarray
    std: np.ndarray
    notes: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Classification or regression; tasks of both are refused."""
        return self.tasks[0].kind

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Molecules in train, validation and test."""
        return len(self.parts["train"]), len(self.parts["validation"]), len(self.parts["test"])


def prepare(recipe: Recipe, dataset: Dataset, progress: Progress, *, home: Home) -> Prepared:
    """Check, featurise and split a data set. Raises BadRecipe where nothing could be learned from it."""
    if recipe.pretrains:
        return _prepare_unlabeled(recipe, dataset, progress, home=home)
    tasks, labels = _chosen(recipe, dataset)
    _check_labels(dataset.name, tasks, labels)
    described, ok = _described(recipe.modalities, dataset, progress, home=home)
    parts = _parts(recipe, dataset, ok)
    parts["train"] = parts["train"][np.isfinite(labels[parts["train"]]).any(1)]
    train = labels[parts["train"]]
    _check_training_part(dataset.name, recipe.data.split, tasks, train)
    mean, std = _moments(tasks, train)
    return Prepared(described, labels, tasks, parts, mean, std, _notes(recipe, ok) + _dull(tasks, train))


def _prepare_unlabeled(recipe: Recipe, dataset: Dataset, progress: Progress, *, home: Home) -> Prepared:
    described, ok = _described(recipe.modalities | pretraining_targets.teachers(recipe), dataset, progress, home=home)
    for target_name, name in pretraining_targets.frozen(recipe).items():
        described[pretraining_targets.record_name(target_name)] = target = teachers.read(
            target_name, name, dataset, progress, home=home
        )
        ok = ok & target.ok
    if ok.sum() < FEWEST_MOLECULES:
        raise BadRecipe(
            f"{dataset.name!r} has {ok.sum()} molecules that can be described, and a pre-training needs "
            f"{FEWEST_MOLECULES} or more"
        )
    parts, nothing = _parts(recipe, dataset, ok), np.empty(0, np.float32)
    labels = np.empty((len(dataset), 0), np.float32)
    return Prepared(described, labels, (), parts, nothing, nothing, _left_out(ok))


def _described(
    modalities: dict[str, dict[str, Any]], dataset: Dataset, progress: Progress, *, home: Home
) -> tuple[dict[str, Source], np.ndarray]:
    """Features by modality, and which molecules have all of them; peaks may be known of some molecules alone."""
    made = {m: features_of(dataset, m, options, progress, home=home) for m, options in modalities.items()}
    if pretraining_targets.PEAKS in made and not made[pretraining_targets.PEAKS].ok.any():
        raise BadRecipe(f"{dataset.name!r} has no molecule whose peaks are assigned to atoms: choose another data set")
    found: dict[str, Source] = {m: f.with_gaps() if m == pretraining_targets.PEAKS else f for m, f in made.items()}
    return found, np.logical_and.reduce([f.ok for f in found.values()])


def _parts(recipe: Recipe, dataset: Dataset, ok: np.ndarray) -> dict[str, np.ndarray]:
    data = recipe.data
    split = splits.split(list(dataset.smiles), data.split, data.split_seed, data.fractions)
    return {name: getattr(split, name)[ok[getattr(split, name)]] for name in PARTS}


def _chosen(recipe: Recipe, dataset: Dataset) -> tuple[tuple[Task, ...], np.ndarray]:
    names = [task.name for task in dataset.tasks]
    wanted = recipe.data.targets or tuple(names)
    if unknown := [t for t in wanted if t not in names]:
        there = ", ".join(names[:20]) or "none"
        raise BadRecipe(f"{dataset.name!r} has no label column {unknown[0]!r}; there are: {there}")
    columns = [names.index(t) for t in wanted]
    return tuple(dataset.tasks[c] for c in columns), np.ascontiguousarray(dataset.labels[:, columns], np.float32)


def _check_labels(name: str, tasks: tuple[Task, ...], labels: np.ndarray) -> None:
    known = np.isfinite(labels)
    if not tasks or not known.any():
        raise BadRecipe(f"{name!r} has no labels to learn from; name a label column, or choose a data set with one")
    if np.isinf(labels).any():
        raise BadRecipe(f"{name!r} has infinite labels; leave such cells empty")
    if empty := [t.name for t, some in zip(tasks, known.any(0), strict=True) if not some]:
        raise BadRecipe(f"label column {empty[0]!r} of {name!r} holds no number at all; leave it out of the targets")
    if len({t.kind for t in tasks}) > 1:
        kinds = ", ".join(f"{t.name}: {t.kind}" for t in tasks[:6])
        raise BadRecipe(
            f"a model learns classification or regression, and both came ({kinds}); choose targets of one kind"
        )
    if (rows := int(known.any(1).sum())) < FEWEST_MOLECULES:
        raise BadRecipe(f"{name!r} has {rows} molecules with a label, and a training needs {FEWEST_MOLECULES} or more")
    if tasks[0].kind == "classification" and not np.isin(labels[known], (0, 1)).all():
        odd = labels[known][~np.isin(labels[known], (0, 1))][0]
        raise BadRecipe(f"labels of a classification are 0 and 1, and {odd:g} came in {name!r}")


def _check_training_part(name: str, rule: str, tasks: tuple[Task, ...], train: np.ndarray) -> None:
    """Of several tasks some may teach nothing here, but one must."""
    if not len(train):
        raise BadRecipe(
            f"the training part of {name!r} has no labelled molecule; choose another split or a larger part"
        )
    if not _teaches(train).any():
        what = "one class" if tasks[0].kind == "classification" else "one value"
        raise BadRecipe(f"labels in the training part of {name!r} (split {rule!r}) have {what}: nothing can be learned")


def _teaches(train: np.ndarray) -> np.ndarray:
    """Which tasks have two different labels in the training part."""
    return np.array([len(np.unique(column[np.isfinite(column)])) > 1 for column in train.T])


def _moments(tasks: tuple[Task, ...], train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, std = np.zeros(len(tasks), np.float32), np.ones(len(tasks), np.float32)
    for number, column in enumerate(train.T.astype(np.float64)):
        known = column[np.isfinite(column)]
        if tasks[number].kind == "regression" and len(known):
            mean[number], spread = known.mean(), known.std()
            std[number] = spread if spread > 0 else 1.0
    return mean, std


def learning_from(prepared: Prepared, rows: np.ndarray) -> Prepared:
    """The same data where the training part is these rows alone, labels z-scored by them."""
    mean, std = _moments(prepared.tasks, prepared.labels[rows])
    return replace(prepared, parts=prepared.parts | {"train": rows}, mean=mean, std=std)


def _notes(recipe: Recipe, ok: np.ndarray) -> tuple[str, ...]:
    foundation = any(branch.reads == "foundation" for branch in recipe.every_branch)
    return _left_out(ok) + (_FOUNDATION,) * foundation


def _left_out(ok: np.ndarray) -> tuple[str, ...]:
    return () if ok.all() else (f"{int((~ok).sum())} molecules could not be described and were left out",)


def _dull(tasks: tuple[Task, ...], train: np.ndarray) -> tuple[str, ...]:
    dull = [t.name for t, teaches in zip(tasks, _teaches(train), strict=True) if not teaches]
    few = ", ".join(dull[:10])
    what = f"{len(dull)} of {len(tasks)} tasks have no two different labels in the training part: {few}"
    return (what,) if dull else ()
