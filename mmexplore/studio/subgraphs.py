"""The front desk's drawer for explanations: what counts as positive, and the smallest part of a molecule that does."""

import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem.peeling import Skeleton, skeleton
from mmexplore.datasets import Task, catalog
from mmexplore.explore.explain.search import RULES, By, Direction, Rules, Search, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.models.embeddings import model_digest
from mmexplore.models.registry import Model, model
from mmexplore.runtime.errors import BadMolecule, BadRecipe, MmexploreError, UnknownName
from mmexplore.studio.data import dataset
from mmexplore.studio.maps import predictions

if TYPE_CHECKING:
    from mmexplore.explore.explain.scorer import FragmentModel

MOST_BY_SMILES = 300
"""So many fragments are all scored where each has to be read from its SMILES."""
DIRECTIONS: dict[str, tuple[Direction, ...]] = {
    "classification": ("class 1", "class 0"),
    "regression": ("above", "below"),
}
_KEPT = 64


def explained_tasks(model_name: str) -> tuple[Task, ...]:
    """What of a model can be explained: its tasks, none for the baseline and for models without labels."""
    card = model(model_name).card
    return card.data.tasks if card else ()


def target(model_name: str, task: str = "", direction: str = "", threshold: float | None = None) -> tuple[Target, str]:
    """What counts as positive, and in words where the threshold comes from.

    Defaults: the model's first task; class 1 at 0.5, as chemprop's; above the upper quartile of the training labels
    (below: the lower one). Raises UnknownName, and BadRecipe for a model without predictions.
    """
    chosen = _task(model(model_name), task)
    known = DIRECTIONS[chosen.kind]
    if direction and direction not in known:
        raise UnknownName(f"direction of a {chosen.kind}", direction, known)
    way: Direction = next((d for d in known if d == direction), known[0])
    if chosen.kind == "classification":
        return Target(chosen.name, way, 0.5 if threshold is None else threshold), "one half" * (threshold is None)
    low, high, spread, whose = _quartiles(model_name, chosen.name)
    if threshold is not None:
        return Target(chosen.name, way, threshold, spread), ""
    value, which = (low, "lower") if way == "below" else (high, "upper")
    return Target(chosen.name, way, round(value, 4), spread), f"the {which} quartile of {whose}"


def explain(
    model_name: str, smiles: str, goal: Target, rules: Rules = RULES, by: By = "fragment", count: int = 5
) -> Explained:
    """The smallest positive subgraphs of a molecule in any spelling; imports torch.

    Fragments are sought once and kept for a while, so that other sizes and thresholds need no new search. Raises
    BadMolecule for what the model cannot read.
    """
    molecule, chosen = skeleton(smiles), model(model_name)
    fragment_model(chosen)
    started = time.perf_counter()  # a model is loaded once
    return _explained(_search(chosen, molecule, goal), molecule, goal, rules, by, count, started)


def summands(model_name: str) -> tuple[str, ...]:
    """Branches whose predictions, each times its coefficient, add up to the model's; none unless it fuses late."""
    recipe = model(model_name).recipe
    return recipe.summands if recipe else ()


def explain_summand(
    model_name: str, branch: str, smiles: str, task: str, rules: Rules = RULES, by: By = "fragment", count: int = 1
) -> Explained:
    """The smallest subgraphs that make a branch of a late fusion add at least half of what the whole makes it add.

    A branch alone predicts nothing that a threshold could be set on; what it adds, w p, is on the scale of the sum.
    Raises BadMolecule, UnknownName.
    """
    molecule, chosen = skeleton(smiles), model(model_name)
    scorer = fragment_model(chosen).scorer(task, branch)
    started = time.perf_counter()
    whole = float(scorer.fragments([molecule.smiles])[0])
    goal = Target(task, "above" if whole >= 0 else "below", whole / 2)
    return _explained(_search(chosen, molecule, goal, branch), molecule, goal, rules, by, count, started)


def _explained(
    search: Search, molecule: Skeleton, goal: Target, rules: Rules, by: By, count: int, started: float
) -> Explained:
    score = float(goal.score(np.array(search.whole)))
    parts = search.best(goal, rules, by, count) if goal.reached(np.array(score)) else ()
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


def fragment_model(chosen: Model) -> "FragmentModel":
    """The loaded model, kept between calls; imports torch. Raises BadRecipe for one that predicts nothing."""
    if chosen.card is None:
        raise BadRecipe("ECFP fingerprints predict nothing that could be explained; choose a model with labels")
    return _loaded(chosen.folder, model_digest(chosen.folder))


def _task(chosen: Model, name: str) -> Task:
    tasks = {task.name: task for task in explained_tasks(chosen.name)}
    if not tasks:
        raise BadRecipe(f"{chosen.name!r} predicts nothing that could be explained; choose a model trained with labels")
    if name and name not in tasks:
        raise UnknownName("task of this model", name, tasks)
    return tasks[name] if name else next(iter(tasks.values()))


def _quartiles(model_name: str, task: str) -> tuple[float, float, float, str]:
    """Quartiles and standard deviation of the labels that were trained on, and whose they are in words."""
    card = model(model_name).card
    assert card is not None
    data = card.data.name
    with suppress(MmexploreError):
        if any(entry.name == data and entry.available for entry in catalog.entries()):
            return _of_labels(model_name, data, task)
    return _of_moments(model_name, task)


def _of_labels(model_name: str, data: str, task: str) -> tuple[float, float, float, str]:
    table, known = dataset(data), predictions(model_name, data)
    labels = table.labels[:, [t.name for t in table.tasks].index(task)]
    train = (known["split"] == "train").to_numpy() if known is not None and "split" in known else np.isfinite(labels)
    trained = labels[train & np.isfinite(labels)]
    low, high = np.quantile(trained, (0.25, 0.75))
    return float(low), float(high), float(trained.std()), f"the {len(trained):,} training labels"


def _of_moments(model_name: str, task: str) -> tuple[float, float, float, str]:
    """Where the data set is not here, the mean and deviation that the model keeps, as if labels were normal."""
    loaded = fragment_model(model(model_name))
    column = [t.name for t in loaded.tasks].index(task)
    mean, spread = (float(x[column]) for x in (loaded.predictor.label_mean, loaded.predictor.label_std))
    return mean - 0.674 * spread, mean + 0.674 * spread, spread, "the training labels (by mean and deviation)"


@lru_cache(maxsize=4)
def _loaded(folder: Path, digest: str) -> "FragmentModel":  # noqa: ARG001
    from mmexplore.explore.explain.scorer import FragmentModel

    return FragmentModel(folder)


_searches: OrderedDict[tuple[str, ...], Search] = OrderedDict()
_lock = Lock()


def _search(chosen: Model, molecule: Skeleton, goal: Target, branch: str = "") -> Search:
    """The search of a molecule, kept; a threshold that moved does not start it again."""
    key = (model_digest(chosen.folder) if chosen.card else "", molecule.smiles, goal.task, goal.direction, branch)
    with _lock:
        if key in _searches:
            _searches.move_to_end(key)
            return _searches[key]
    loaded = fragment_model(chosen)
    rules = RULES if loaded.reads_masks else replace(RULES, most=MOST_BY_SMILES)
    made = Search(molecule, loaded.scorer(goal.task, branch), goal, rules)
    if np.isnan(made.whole):
        raise BadMolecule(
            f"{chosen.name!r} cannot read {molecule.smiles}: a modality of it cannot describe the molecule"
        )
    with _lock:
        _searches[key] = made
        while len(_searches) > _KEPT:
            _searches.popitem(last=False)
    return made


def _why_none(molecule: Skeleton, search: Search, goal: Target, rules: Rules, score: float) -> str:
    if not goal.reached(np.array(score)):
        return f"the model gives this molecule {score:.3g}, which is not {goal_in_words(goal)}: nothing of it is sought"
    if molecule.n_atoms < rules.min_atoms:
        return f"the molecule has {molecule.n_atoms} atoms, and subgraphs of {rules.min_atoms} or more are sought"
    if not ((search.sizes >= rules.min_atoms) & (search.sizes <= rules.max_atoms)).any():
        return f"no fragment has {rules.min_atoms} to {rules.max_atoms} atoms: whole rings and bonds are peeled off"
    return f"no fragment of {rules.min_atoms} to {rules.max_atoms} atoms is {goal_in_words(goal)} by itself"


def goal_in_words(goal: Target) -> str:
    """What is sought.

    >>> goal_in_words(Target("logS", "below", -3.5))
    'logS of at most -3.5'
    """
    if goal.direction in ("class 0", "class 1"):
        return f"{goal.task}, {goal.direction}, with a probability of at least {goal.threshold:g}"
    return f"{goal.task} of at {'least' if goal.direction == 'above' else 'most'} {goal.threshold:g}"
