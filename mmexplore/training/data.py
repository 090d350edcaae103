"""Training data: the tasks it learns (none without labels), featurised molecules, parts of the split.

Whatever forbids a training is refused here, in sentences for the user (BadRecipe); what can be lived with is kept as
notes for the model's card.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mmexplore.chem import inchi_keys
from mmexplore.datasets import Dataset, Kind, Skipped, Task
from mmexplore.datasets.splits import Division
from mmexplore.features.of_dataset import features_of
from mmexplore.features.packing import Source
from mmexplore.models.calibration import set_apart
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent
from mmexplore.training import checks, teachers

_FOUNDATION = "MiniMol was trained with labels of PubChem's assays: on data made of those it may have seen the answers"


@dataclass(frozen=True)
class Prepared:
    """Training data, prepared.

    ``features`` by modality, and ``labels`` float32 ``(n, tasks)`` with NaN where missing, span the data set; ``parts``
    are int64 row numbers by name (PARTS), only rows that can be described, and in train only rows with a label;
    ``mean`` and ``std`` ``(tasks,)`` z-score the labels (0 and 1 for classification). ``skipped``: the other rows.
    ``calibration``: rows of the validation part that choose no epoch, none where there are too few for that.
    """

    features: dict[str, Source]
    labels: np.ndarray
    tasks: tuple[Task, ...]
    parts: dict[str, np.ndarray]
    mean: np.ndarray
    std: np.ndarray
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    calibration: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def choosing(self) -> np.ndarray:
        """Rows of the validation part that choose the epoch."""
        return np.setdiff1d(self.parts["validation"], self.calibration)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Classification or regression, of each task."""
        return tuple(task.kind for task in self.tasks)

    @property
    def mixed(self) -> bool:
        """Whether tasks of both kinds are learned."""
        return len(set(self.kinds)) > 1

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Molecules in train, validation and test."""
        return len(self.parts["train"]), len(self.parts["validation"]), len(self.parts["test"])


def prepare(
    recipe: Recipe, dataset: Dataset, progress: Progress, *, without: Sequence[Dataset] = (), home: Home
) -> Prepared:
    """Check, featurise and split a data set. Raises BadRecipe where nothing could be learned from it.

    What is in a set of ``without`` takes no part: told by the first block of its InChIKey.
    """
    held = held_by(without, dataset, progress)
    if recipe.pretrains:
        return _prepare_unlabeled(recipe, dataset, held, progress, home=home)
    tasks, labels = checks.chosen_labels(recipe, dataset)
    checks.check_labels(dataset.name, tasks, labels)
    checks.check_weights(recipe, tasks)
    described, ok, reasons = _described(recipe.modalities, dataset, progress, home=home)
    ok[list(held)] = False
    division = checks.divide(recipe, dataset, progress)
    parts = _parts(division, ok)
    parts["train"] = parts["train"][np.isfinite(labels[parts["train"]]).any(1)]
    train = labels[parts["train"]]
    checks.check_training_part(dataset.name, recipe.data.split, tasks, train)
    mean, std = _moments(tasks, train)
    skipped = dataset.skipped(dict(division.left_out) | reasons | _reasons(held))
    notes = division.notes + _notes(recipe, dataset.skipped(reasons)) + _without(held) + _dull(tasks, train)
    apart = set_apart(recipe, parts["validation"], labels[parts["validation"]])
    return Prepared(described, labels, tasks, parts, mean, std, notes, skipped, apart)


def _prepare_unlabeled(
    recipe: Recipe, dataset: Dataset, held: dict[int, str], progress: Progress, *, home: Home
) -> Prepared:
    modalities = recipe.modalities | pretraining_targets.teachers(recipe)
    described, ok, reasons = _described(modalities, dataset, progress, home=home)
    for target_name, name in pretraining_targets.frozen(recipe).items():
        described[pretraining_targets.record_name(target_name)] = target = teachers.read(
            target_name, name, dataset, progress, home=home
        )
        ok = ok & target.ok
        reasons = dict.fromkeys(np.flatnonzero(~target.ok).tolist(), f"{name} has no embedding of it") | reasons
    ok[list(held)] = False
    if ok.sum() < checks.FEWEST_MOLECULES:
        raise BadRecipe(checks.too_few_to_pretrain(dataset.name, int(ok.sum())))
    division = checks.divide(recipe, dataset, progress)
    parts, nothing = _parts(division, ok), np.empty(0, np.float32)
    labels = np.empty((len(dataset), 0), np.float32)
    notes = division.notes + _left_out(dataset.skipped(reasons)) + _without(held)
    skipped = dict(division.left_out) | reasons | _reasons(held)
    return Prepared(described, labels, (), parts, nothing, nothing, notes, dataset.skipped(skipped))


def held_by(without: Sequence[Dataset], dataset: Dataset, progress: Progress = silent) -> dict[int, str]:
    """Rows whose molecules are in other sets, by the first block of the InChIKey, and the first set that holds each."""
    known: dict[str | None, str] = {None: ""}
    for other in without:
        for key in inchi_keys.skeletons(map(str, other.smiles[other.readable]), progress):
            known.setdefault(key, other.name)
    if len(known) == 1:
        return {}
    rows = dataset.readable.tolist()
    keys = inchi_keys.skeletons(map(str, dataset.smiles[rows]), progress)
    return {row: known[key] for row, key in zip(rows, keys, strict=True) if known.get(key)}


def _described(
    modalities: dict[str, dict[str, Any]], dataset: Dataset, progress: Progress, *, home: Home
) -> tuple[dict[str, Source], np.ndarray, dict[int, str]]:
    """Features by modality, which molecules have all of them, and why the others do not.

    Peaks may be known of some molecules alone.
    """
    made = {m: features_of(dataset, m, options, progress, home=home) for m, options in modalities.items()}
    if pretraining_targets.PEAKS in made and not made[pretraining_targets.PEAKS].ok.any():
        raise BadRecipe(f"{dataset.name!r} has no molecule whose peaks are assigned to atoms: choose another data set")
    found: dict[str, Source] = {m: f.with_gaps() if m == pretraining_targets.PEAKS else f for m, f in made.items()}
    reasons = {row: why for m, f in made.items() if m != pretraining_targets.PEAKS for row, why in f.reasons().items()}
    return found, np.logical_and.reduce([f.ok for f in found.values()]), reasons


def _parts(division: Division, ok: np.ndarray) -> dict[str, np.ndarray]:
    every = {name: getattr(division.split, name) for name in checks.PARTS}
    return {name: rows[ok[rows]] for name, rows in every.items()}


def _moments(tasks: tuple[Task, ...], train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, std = np.zeros(len(tasks), np.float32), np.ones(len(tasks), np.float32)
    for number, column in enumerate(train.T.astype(np.float64)):
        known = column[np.isfinite(column)]
        if tasks[number].kind == "regression" and len(known):
            mean[number], spread = known.mean(), known.std()
            std[number] = spread if spread > 0 else 1.0
    return mean, std


def _without(held: dict[int, str]) -> tuple[str, ...]:
    if not held:
        return ()
    counts = Counter(held.values())
    return (f"{len(held):,} molecules take no part: " + ", ".join(f"{n:,} of {name}" for name, n in counts.items()),)


def _reasons(held: dict[int, str]) -> dict[int, str]:
    return {row: f"{name} holds it" for row, name in held.items()}


def _left_out(skipped: tuple[Skipped, ...]) -> tuple[str, ...]:
    if not skipped:
        return ()
    some = "; ".join(f"line {one.line}: {one.reason}" for one in skipped[:5]) + "; ..." * (len(skipped) > 5)
    return (f"{len(skipped)} molecules could not be described and were left out ({some})",)


def learning_from(prepared: Prepared, rows: np.ndarray) -> Prepared:
    """The same data where the training part is these rows alone, labels z-scored by them."""
    mean, std = _moments(prepared.tasks, prepared.labels[rows])
    return replace(prepared, parts=prepared.parts | {"train": rows}, mean=mean, std=std)


def _notes(recipe: Recipe, skipped: tuple[Skipped, ...]) -> tuple[str, ...]:
    foundation = any(branch.reads == "foundation" for branch in recipe.every_branch)
    return _left_out(skipped) + (_FOUNDATION,) * foundation


def _dull(tasks: tuple[Task, ...], train: np.ndarray) -> tuple[str, ...]:
    dull = [t.name for t, teaches in zip(tasks, checks.teaches(train), strict=True) if not teaches]
    few = ", ".join(dull[:10])
    what = f"{len(dull)} of {len(tasks)} tasks have no two different labels in the training part: {few}"
    return (what,) if dull else ()
