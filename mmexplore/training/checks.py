"""Checks before a training: what forbids it, said in sentences before any work is done, and what is worth a word.

One function for the form, the shell and the jobs; no torch. What is asked again once the molecules are featurized
(:mod:`mmexplore.training.data`) is asked in the same words.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from mmexplore.datasets import Dataset, Skipped, Task, splits
from mmexplore.datasets.splits import Division, SplitRule
from mmexplore.features.of_dataset import check_measured
from mmexplore.recipes.recipe import UNSEEDED, Data, Recipe
from mmexplore.runtime.errors import BadRecipe, MmexploreError
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.registry import PRETRAININGS

FEWEST_MOLECULES = 10
PARTS = ("train", "validation", "test")
Parts = dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingCheck:
    """Training check.

    ``refusals``: sentences that forbid the training, empty where it may start. ``warnings``: what its scores will lack.
    ``skipped``: rows that take no part, as their SMILES cannot be read.
    """

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def check(recipe: Recipe, dataset: Dataset) -> TrainingCheck:
    """Training check of a recipe on a data set: labels, split, and what each part of it holds."""
    try:
        dataset = drawn(recipe, dataset)
        for modality in recipe.modalities | recipe.teachers:
            check_measured(dataset, modality)
        warnings = _without_labels(recipe, dataset) if recipe.pretrains else _with_labels(recipe, dataset)
    except MmexploreError as mistake:
        return TrainingCheck((str(mistake),))
    skipped = dataset.skipped(dataset.unreadable)
    return TrainingCheck((), (*warnings, *_unread(skipped)), skipped)


def drawn(recipe: Recipe, dataset: Dataset) -> Dataset:
    """What a pre-training draws of a data set, or all of it. Raises BadRecipe where labels are learned."""
    if recipe.data.molecules and not recipe.pretrains:
        raise BadRecipe(f"data.molecules draws those of a pre-training, and {recipe.name!r} learns labels; 0 would do")
    return dataset.drawn(recipe.data.molecules, recipe.data.split_seed)


def _with_labels(recipe: Recipe, dataset: Dataset) -> list[str]:
    tasks, labels = chosen_labels(recipe, dataset)
    labels[list(dataset.unreadable)] = np.nan
    check_labels(dataset.name, tasks, labels)
    check_weights(recipe, tasks)
    division = divide(recipe, dataset)
    parts = _by_name(division)
    check_training_part(dataset.name, recipe.data.split, tasks, labels[parts["train"]])
    warnings = [*division.notes, *_by_itself(recipe, tasks)]
    for part in PARTS:
        scored = _scored(tasks, labels[parts[part]])
        if not scored.any():
            raise BadRecipe(_no_score(dataset.name, recipe, part, tasks, labels[parts[part]]))
        for kind, what in (("classification", "both classes"), ("regression", "a label")):
            dull = [task.name for task, has in zip(tasks, scored, strict=True) if not has and task.kind == kind]
            if dull:
                warnings.append(f"{len(dull)} of {len(tasks)} tasks have not {what} in the {part} part: {_some(dull)}")
        if part != "train":
            warnings += _constant(part, tasks, labels[parts[part]])
    if len({task.kind for task in tasks}) > 1 and recipe.stacks:
        raise BadRecipe(_MIXED_STACK)
    return warnings


def _by_itself(recipe: Recipe, tasks: tuple[Task, ...]) -> list[str]:
    """A word on a split in the order of what is predicted."""
    column = recipe.data.split_column
    if recipe.data.split != "time" or column not in [task.name for task in tasks]:
        return []
    return [f"the split goes by {column!r}, which is predicted: its highest values are in the test part alone"]


_MIXED_STACK = "a stack weighs its members for tasks of one kind, and targets of both came; choose targets of one kind"


def check_weights(recipe: Recipe, tasks: tuple[Task, ...]) -> None:
    """Refuse weights of classes and tasks that say nothing about these tasks. Raises BadRecipe."""
    training, count = recipe.training, len(tasks)
    if len(training.task_weights) not in (0, count):
        raise BadRecipe(
            f"each task has one number in task_weights, and {len(training.task_weights)} came for {count} "
            f"task{'s' * (count != 1)}"
        )
    if training.task_weights and recipe.baseline.name:
        raise BadRecipe("a baseline learns each task by itself, and task_weights came with it; leave them out")
    if training.class_weights != "none" and all(task.kind == "regression" for task in tasks):
        raise BadRecipe(f"class_weights {training.class_weights!r} weigh classes, and no target is a classification")
    if len(training.positive_weights) not in (0, 1, count):
        raise BadRecipe(
            "all tasks have one number in positive_weights, or one each, and "
            f"{len(training.positive_weights)} came for {count} task{'s' * (count != 1)}"
        )


def _without_labels(recipe: Recipe, dataset: Dataset) -> list[str]:
    if len(dataset.readable) < FEWEST_MOLECULES:
        raise BadRecipe(too_few_to_pretrain(dataset.name, len(dataset.readable)))
    division = divide(recipe, dataset)
    parts = _by_name(division)
    try:
        fewest = int(PRETRAININGS.attribute(recipe.pretraining.name, "fewest"))
    except AttributeError:
        fewest = 1
    if (size := len(parts["validation"])) < fewest:
        few = f"the validation part has {size} of the {fewest} molecules that a loss compares"
        return [*division.notes, f"{few}: no epoch is better than another, and the last one's weights are kept"]
    return list(division.notes)


def too_few_to_pretrain(name: str, count: int) -> str:
    """Refusal of a pre-training on so many molecules."""
    return f"{name!r} has {count} molecules that can be described, and a pre-training needs {FEWEST_MOLECULES} or more"


def split_parts(recipe: Recipe, dataset: Dataset) -> Parts:
    """Rows of each part of the recipe's split, by name. Raises BadRecipe where one would be empty."""
    return _by_name(divide(recipe, dataset))


def _by_name(division: Division) -> Parts:
    return {name: getattr(division.split, name) for name in PARTS}


def divide(recipe: Recipe, dataset: Dataset, progress: Progress = silent) -> Division:
    """Division of a data set by the recipe's split. Raises BadRecipe."""
    return splits.divide(dataset, split_rule(recipe.data), progress)


def digest_of(parts: Parts, dataset: Dataset) -> str:
    """Sixteen hex digits that change with any molecule of any part."""
    found = hashlib.sha256()
    for name in PARTS:
        found.update("\n".join([name, *dataset.smiles[parts[name]].tolist()]).encode())
    return found.hexdigest()[:16]


def split_rule(data: Data) -> SplitRule:
    """Split rule of a recipe."""
    return SplitRule(
        name=data.split,
        seed=data.split_seed,
        fractions=data.fractions,
        column=data.split_column,
        file=data.split_file,
        similarity=data.cluster_similarity,
        folds=data.folds,
        fold=data.fold,
        folds_by=data.folds_by,
    )


def chosen_labels(recipe: Recipe, dataset: Dataset) -> tuple[tuple[Task, ...], np.ndarray]:
    """Tasks of a recipe and their labels, float32 (n, tasks). Raises BadRecipe for a column that is not there."""
    names = [task.name for task in dataset.tasks]
    wanted = recipe.data.targets or tuple(names)
    if unknown := [t for t in wanted if t not in names]:
        there = ", ".join(names[:20]) or "none"
        raise BadRecipe(f"{dataset.name!r} has no label column {unknown[0]!r}; there are: {there}")
    columns = [names.index(t) for t in wanted]
    return tuple(dataset.tasks[c] for c in columns), np.array(dataset.labels[:, columns], np.float32, order="C")


def check_labels(name: str, tasks: tuple[Task, ...], labels: np.ndarray) -> None:
    """Refuse labels that no training can learn. Raises BadRecipe."""
    known = np.isfinite(labels)
    if not tasks or not known.any():
        raise BadRecipe(f"{name!r} has no labels to learn from; name a label column, or choose a data set with one")
    if np.isinf(labels).any():
        raise BadRecipe(f"{name!r} has infinite labels; leave such cells empty")
    if empty := [t.name for t, some in zip(tasks, known.any(0), strict=True) if not some]:
        raise BadRecipe(f"label column {empty[0]!r} of {name!r} holds no number at all; leave it out of the targets")
    if (rows := int(known.any(1).sum())) < FEWEST_MOLECULES:
        raise BadRecipe(f"{name!r} has {rows} molecules with a label, and a training needs {FEWEST_MOLECULES} or more")
    classes = np.array([task.kind == "classification" for task in tasks])
    if not (np.isin(labels[:, classes], (0, 1)) | ~known[:, classes]).all():
        raise BadRecipe(_not_two(name, tasks, labels))


def _not_two(name: str, tasks: tuple[Task, ...], labels: np.ndarray) -> str:
    """Labels that are no two classes, and how to make them so."""
    for task, column in zip(tasks, labels.T, strict=True):
        if task.kind == "regression":
            continue
        values = np.unique(column[np.isfinite(column)])
        odd = values[~np.isin(values, (0, 1))]
        if len(odd):
            words = f"labels of a classification are 0 and 1, and {odd[0]:g} came in {name!r}"
            shown = ", ".join(f"{value:g}" for value in values[:6]) + (", ..." if len(values) > 6 else "")
            cut = f"{values[min(1, len(values) - 1)]:g}"
            return (
                f"{words}: {task.name!r} has {len(values)} class{'es' * (len(values) != 1)} ({shown}); cut it in two "
                f"as it is imported, with a threshold such as {cut} (--label and --threshold {cut} in a shell, the "
                "label step of the Data page), or import it as a regression"
            )
    return f"labels of a classification are 0 and 1, and others came in {name!r}"


def check_training_part(name: str, rule: str, tasks: tuple[Task, ...], train: np.ndarray) -> None:
    """Refuse a training part that teaches nothing; of several tasks some may, but one must. Raises BadRecipe."""
    if not np.isfinite(train).any():
        raise BadRecipe(
            f"the training part of {name!r} has no labelled molecule; choose another split or a larger part"
        )
    if not teaches(train).any():
        what = "one class" if tasks[0].kind == "classification" else "one value"
        raise BadRecipe(f"labels in the training part of {name!r} (split {rule!r}) have {what}: nothing can be learned")


def teaches(train: np.ndarray) -> np.ndarray:
    """Which tasks have two different labels in the training part."""
    return np.array([len(np.unique(column[np.isfinite(column)])) > 1 for column in train.T])


def _scored(tasks: tuple[Task, ...], labels: np.ndarray) -> np.ndarray:
    """Which tasks a part can be scored on: those with both classes, or with a number."""
    classes = np.array([task.kind == "classification" for task in tasks])
    both = (labels == 1).any(0) & (labels == 0).any(0)
    return np.asarray(np.where(classes, both, np.isfinite(labels).any(0)))


def _no_score(name: str, recipe: Recipe, part: str, tasks: tuple[Task, ...], labels: np.ndarray) -> str:
    known = int(np.isfinite(labels).any(1).sum())
    if not known:
        what = "no label"
    elif len(tasks) == 1:
        what = f"one class of {tasks[0].name!r} alone ({known} molecules of class {np.nanmax(labels):g})"
    else:
        what = f"both classes of none of the {len(tasks)} tasks"
    seeded = recipe.data.split not in UNSEEDED
    rule = f"split {recipe.data.split!r}" + (f", seed {recipe.data.split_seed}" if seeded else "")
    advice = "choose another split" + (" or seed" if seeded else "")
    return f"the {part} part of {name!r} ({rule}) has {what}, so it cannot be scored; {advice}, or other fractions"


def _constant(part: str, tasks: tuple[Task, ...], labels: np.ndarray) -> list[str]:
    known = [np.unique(column[np.isfinite(column)]) for column in labels.T]
    pairs = zip(tasks, known, strict=True)
    same = [task.name for task, values in pairs if len(values) == 1 and task.kind == "regression"]
    return [f"the {part} part has one value of {_some(same)}: its R² is not defined"] if same else []


def _unread(skipped: tuple[Skipped, ...]) -> list[str]:
    if not skipped:
        return []
    some = "; ".join(f"line {one.line}: {one.reason}" for one in skipped[:3])
    more = f"; and {len(skipped) - 3:,} more" if len(skipped) > 3 else ""
    return [f"{len(skipped):,} row{'s' * (len(skipped) != 1)} cannot be read: left out ({some}{more})"]


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
