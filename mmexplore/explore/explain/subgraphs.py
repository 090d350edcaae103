"""Minimum positive subgraphs of a molecule under a model: what counts as positive, and the smallest part that does."""

import time
from collections.abc import Hashable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.chem.molecules import parse
from mmexplore.chem.peeling import Skeleton, skeleton
from mmexplore.datasets import Dataset, Task
from mmexplore.explore import hurried
from mmexplore.explore.explain import storage
from mmexplore.explore.explain.search import RULES, By, Direction, Rules, Search, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.neighbors.applicability import domain
from mmexplore.features.store import features
from mmexplore.models.ensembles import Ensemble, single
from mmexplore.models.imported import Imported, no_encoder
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached, digest
from mmexplore.runtime.errors import BadMolecule, BadRecipe, UnknownName
from mmexplore.runtime.home import Home, as_json
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from mmexplore.explore.explain.scorer import FragmentModel

MOST_ATOMS = 250
"""A larger molecule is not explained: its fragments are drawn and laid out while a page waits."""
SHIPPED = "subgraphs"
"""Folder of a shipped model with the explanations that came with it."""
MOST_BY_SMILES = 300
"""So many fragments are all scored where each has to be read from its SMILES."""
DIRECTIONS: dict[str, tuple[Direction, ...]] = {
    "classification": ("class 1", "class 0"),
    "regression": ("above", "below"),
}


def explained_tasks(model: Model) -> tuple[Task, ...]:
    """Explainable tasks of a model, none for the baseline, models without labels, and ensembles: their members are."""
    return model.card.data.tasks if model.card and not isinstance(model, Ensemble) else ()


def target(
    model: Model, task: str, direction: str, threshold: float | None, trained_on: Dataset | None, *, home: Home
) -> tuple[Target, str]:
    """Explanation target: what counts as positive, and in words where the threshold comes from.

    ``trained_on``: the model's data set, None where it is not here. Defaults: the model's first task; class 1 at 0.5,
    as chemprop's; above the upper quartile of the training labels (below: the lower one). Raises UnknownName, and
    BadRecipe for a model without predictions.
    """
    chosen = explained_task(model, task)
    known = DIRECTIONS[chosen.kind]
    if direction and direction not in known:
        raise UnknownName(f"direction of a {chosen.kind}", direction, known)
    way: Direction = next((d for d in known if d == direction), known[0])
    if chosen.kind == "classification":
        return Target(chosen.name, way, 0.5 if threshold is None else threshold), "one half" * (threshold is None)
    low, high, spread, whose = _quartiles(model, chosen.name, trained_on, home=home)
    if threshold is not None:
        return Target(chosen.name, way, threshold, spread), ""
    value, which = (low, "lower") if way == "below" else (high, "upper")
    return Target(chosen.name, way, round(value, 4), spread), f"the {which} quartile of {whose}"


def explain(
    model: Model,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    progress: Progress = silent,
) -> Explained:
    """Minimum positive subgraphs of a molecule in any spelling; imports torch.

    Fragments are sought once and kept for a while, so that other sizes and thresholds need no new search. Raises
    BadMolecule for what the model cannot read.
    """
    molecule = _skeleton(smiles)
    fragment_model(model)
    started = time.perf_counter()  # a model is loaded once
    search = _search(model, molecule, goal, progress=progress)
    return _explained(search, molecule, goal, rules, by, count, started, progress)


def explain_in_time(
    model: Model,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    branch: str = "",
    trained_on: Dataset | None = None,
    *,
    home: Home,
) -> Explained:
    """The same, or that of a ``branch``, of whose goal the task alone counts: kept by a job, shipped with the model, or
    made by a process that is ended at the deadline (:mod:`mmexplore.explore.hurried`). Raises TooLong.

    ``trained_on``: what fragments are compared with (:func:`beside_training`).
    """
    _refuse_baseline(model)
    kept = storage.load(_kept(model, goal, rules, by, count, branch, home=home), smiles)
    kept = kept or storage.load(_shipped(model, goal, rules, by, count, branch), smiles)
    if kept is None:
        asked = (smiles, asdict(goal), asdict(rules), by, count, branch)
        told: dict[str, Any] = hurried.within(model, explained_values, *asked)
        kept = storage.of_values(told)
    return beside_training(kept, model, trained_on, home=home)


def ship(model: Model, found: Explained, count: int, branch: str = "") -> None:
    """Keep an explanation by RULES and fragments beside its model: a first visit waits for none."""
    storage.keep(_shipped(model, found.target, RULES, "fragment", count, branch), found, sealed=False)


def _shipped(model: Model, goal: Target, rules: Rules, by: By, count: int, branch: str) -> Path:
    """Folder of such explanations, by what decides the answer: no last digit of a deviation does."""
    what = goal.task if branch else (goal.task, goal.direction, f"{goal.threshold:.5g}")
    return model.folder / SHIPPED / storage.digest(storage.VERSION, what, asdict(rules), by, count, branch)


def beside_training(found: Explained, model: Model, trained_on: Dataset | None, *, home: Home) -> Explained:
    """Explanation with the nearest training molecule of each fragment, as far as it is known what trained the model."""
    texts = [part.smiles for part in found.subgraphs if part.smiles and np.isnan(part.nearest)]
    known = domain(model, trained_on, home=home) if texts and trained_on is not None else None
    if known is None:
        return found
    rows, similarity = known.nearest(features("fingerprint", texts, home=home, typed=True))
    near: dict[str, dict[str, Any]] = {
        text: {"nearest": float(value), "nearest_smiles": str(known.smiles[row]) if row >= 0 else ""}
        for text, row, value in zip(texts, rows.tolist(), similarity.tolist(), strict=True)
    }
    return replace(found, subgraphs=tuple(replace(part, **near.get(part.smiles, {})) for part in found.subgraphs))


def explained_values(
    folder: str, name: str, smiles: str, goal: dict[str, Any], rules: dict[str, Any], by: By, count: int, branch: str
) -> dict[str, Any]:
    """The share of a process with a deadline: plain values of an explanation."""
    asked = hurried.model_at(folder, name), smiles, Target(**goal), Rules(**rules), by, count, branch
    values: dict[str, Any] = as_json(asdict(_made(*asked)))
    return values


def explain_and_keep(
    model: Model,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    branch: str = "",
    progress: Progress = silent,
    *,
    home: Home,
) -> Explained:
    """The same without a deadline, kept for :func:`explain_in_time`; for jobs."""
    found = _made(model, smiles, goal, rules, by, count, branch, progress)
    storage.keep(_kept(model, goal, rules, by, count, branch, home=home), found, smiles)
    return found


def _made(
    model: Model,
    smiles: str,
    goal: Target,
    rules: Rules,
    by: By,
    count: int,
    branch: str,
    progress: Progress = silent,
) -> Explained:
    if branch:
        return explain_summand(model, branch, smiles, goal.task, rules, by, count, progress)
    return explain(model, smiles, goal, rules, by, count, progress)


def _kept(model: Model, goal: Target, rules: Rules, by: By, count: int, branch: str, *, home: Home) -> Path:
    """Folder of what jobs have kept of such questions."""
    goal = Target(goal.task) if branch else goal
    return storage.folder(model.digest, goal, rules, by, count, branch, home=home)


def _skeleton(smiles: str) -> Skeleton:
    molecule = skeleton(smiles)
    if molecule.n_atoms > MOST_ATOMS:
        words = (
            f"this molecule has {molecule.n_atoms:,} atoms; the parts that decide are sought in {MOST_ATOMS} or fewer"
        )
        raise BadMolecule(words)
    return molecule


def summands(model: Model) -> tuple[str, ...]:
    """Additive branches: their predictions, each times its coefficient, add up to the model's.

    None unless it fuses late.
    """
    return model.recipe.summands if model.recipe else ()


def explain_summand(
    model: Model,
    branch: str,
    smiles: str,
    task: str,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 1,
    progress: Progress = silent,
) -> Explained:
    """Minimum subgraphs of one branch of a late fusion.

    The smallest subgraphs that make a branch of a late fusion add at least half of what the whole makes it add.

    A branch alone predicts nothing that a threshold could be set on; what it adds, w p, is on the scale of the sum.
    Raises BadMolecule, UnknownName.
    """
    molecule = _skeleton(smiles)
    scorer = fragment_model(model).scorer(task, branch)
    started = time.perf_counter()
    whole = float(scorer.fragments([molecule.smiles])[0])
    goal = Target(task, "above" if whole >= 0 else "below", whole / 2)
    search = _search(model, molecule, goal, branch, progress=progress)
    return _explained(search, molecule, goal, rules, by, count, started, progress)


def _explained(
    search: Search,
    molecule: Skeleton,
    goal: Target,
    rules: Rules,
    by: By,
    count: int,
    started: float,
    progress: Progress,
) -> Explained:
    score = float(goal.score(np.array(search.whole)))
    parts = search.best(goal, rules, by, count, progress) if goal.reached(np.array(score)) else ()
    masks = search.scorer.masks is not None
    how = by if masks else "fragment"
    note = "" if parts else _why_none(molecule, search, goal, rules, score)
    search.seconds = search.seconds or round(time.perf_counter() - started, 4)
    return Explained(
        molecule.smiles,
        molecule.order,
        goal,
        score,
        how,
        parts,
        search.exact,
        len(search.masks),
        masks,
        search.seconds,
        note,
    )


def fragment_model(model: Model) -> "FragmentModel":
    """Cached fragment scorer of a model; imports torch. Raises BadRecipe for one that predicts nothing."""
    _refuse_baseline(model)
    return _loaded(single(model, "a subgraph explains"))


def _refuse_baseline(model: Model) -> None:
    if isinstance(model, Imported):
        raise BadRecipe(no_encoder(model))
    if model.card is None:
        raise BadRecipe("ECFP fingerprints predict nothing that could be explained; choose a model with labels")


def explained_task(model: Model, name: str = "") -> Task:
    """Explainable task of that name, or the first. Raises UnknownName, and BadRecipe where there is none."""
    model = single(model, "a subgraph explains")
    tasks = {task.name: task for task in explained_tasks(model)}
    if not tasks:
        raise BadRecipe(f"{model.name!r} predicts nothing that could be explained; choose a model trained with labels")
    if name and name not in tasks:
        raise UnknownName("task of this model", name, tasks)
    return tasks[name] if name else next(iter(tasks.values()))


def _quartiles(model: Model, task: str, trained_on: Dataset | None, *, home: Home) -> tuple[float, float, float, str]:
    """Quartiles and standard deviation of the labels that were trained on, and whose they are in words."""
    if trained_on is None or task not in [known.name for known in trained_on.tasks]:
        return _of_moments(model, task)
    known = predictions(model, trained_on, home=home)
    labels = trained_on.labels[:, [t.name for t in trained_on.tasks].index(task)]
    train = (known["split"] == "train").to_numpy() if known is not None and "split" in known else np.isfinite(labels)
    trained = labels[train & np.isfinite(labels)]
    low, high = np.quantile(trained, (0.25, 0.75))
    return float(low), float(high), float(trained.std()), f"the {len(trained):,} training labels"


def _of_moments(model: Model, task: str) -> tuple[float, float, float, str]:
    """Where the data set is not here, the mean and deviation that the model keeps, as if labels were normal."""
    loaded = fragment_model(model)
    column = [t.name for t in loaded.tasks].index(task)
    mean, spread = (float(x[column]) for x in (loaded.predictor.label_mean, loaded.predictor.label_std))
    return mean - 0.674 * spread, mean + 0.674 * spread, spread, "the training labels (by mean and deviation)"


@cached(4)
def _loaded(model: Model) -> "FragmentModel":
    from mmexplore.explore.explain.scorer import FragmentModel

    return FragmentModel(model.folder)


def _of_search(value: Any) -> Hashable:
    """A search is the same for every threshold, and for every spelling of its molecule."""
    if isinstance(value, Target):
        return value.task, value.direction
    return value.smiles if isinstance(value, Skeleton) else digest(value)


@cached(64, by=_of_search)
def _search(model: Model, molecule: Skeleton, goal: Target, branch: str = "", *, progress: Progress = silent) -> Search:
    loaded = fragment_model(model)
    rules = RULES if loaded.reads_masks else replace(RULES, most=MOST_BY_SMILES)
    made = Search(molecule, loaded.scorer(goal.task, branch), goal, rules, progress)
    if np.isnan(made.whole):
        raise BadMolecule(
            f"{model.name!r} cannot read {molecule.smiles}: a modality of it cannot describe the molecule"
        )
    return made


def _why_none(molecule: Skeleton, search: Search, goal: Target, rules: Rules, score: float) -> str:
    if not goal.reached(np.array(score)):
        return f"the model gives this molecule {score:.3g}, which is not {goal_in_words(goal)}: nothing of it is sought"
    low, high = rules.sizes(molecule.n_atoms)
    span = f"{low} to {high}" if low < high else f"{low}"
    told = rules.min_atoms is not None or rules.max_atoms is not None
    if low > high:
        return f"nothing smaller decides: a molecule of {molecule.n_atoms} has no part of two atoms or more"
    if molecule.n_atoms < low:
        return f"the molecule has {molecule.n_atoms} atoms, and subgraphs of {low} or more are sought"
    start = "" if told else "nothing smaller decides: "
    if not ((search.sizes >= low) & (search.sizes <= high)).any():
        return f"{start}no part has {span} atoms of its {molecule.n_atoms}: whole rings and bonds are peeled off"
    return f"{start}no part of {span} of its {molecule.n_atoms} atoms is {goal_in_words(goal)} by itself"


def part_sizes(smiles: str) -> tuple[int, int]:
    """Least and most atoms of a part of a molecule unless told otherwise. Raises BadMolecule."""
    return RULES.sizes(parse(smiles).GetNumAtoms())


def goal_in_words(goal: Target) -> str:
    """Explanation target in words.

    >>> goal_in_words(Target("logS", "below", -3.5))
    'logS of at most -3.5'
    """
    if goal.direction in ("class 0", "class 1"):
        return f"{goal.task}, {goal.direction}, with a probability of at least {goal.threshold:g}"
    return f"{goal.task} of at {'least' if goal.direction == 'above' else 'most'} {goal.threshold:g}"
