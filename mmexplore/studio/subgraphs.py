"""Subgraphs: what counts as positive, the smallest part of a molecule that does, motifs of groups, and the exam."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmexplore.datasets import Dataset, Task
from mmexplore.explore.explain import exam as exams
from mmexplore.explore.explain import group_motifs as motifs
from mmexplore.explore.explain import groups, storage, subgraphs
from mmexplore.explore.explain.exam import KINDS, Exam, Kind
from mmexplore.explore.explain.group_motifs import MOST_SEARCHED, Motifs
from mmexplore.explore.explain.groups import Group
from mmexplore.explore.explain.motifs import SHARE, Common, Support
from mmexplore.explore.explain.search import RULES, By, Direction, Rules, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.models import registry
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Data, Recipe, Training
from mmexplore.runtime.deadline import within
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import read_json, write_json
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, training_data


def explained_tasks(model_name: str) -> tuple[Task, ...]:
    """Explainable tasks of a model, none for the baseline and for models without labels."""
    return subgraphs.explained_tasks(model(model_name))


def target(model_name: str, task: str = "", direction: str = "", threshold: float | None = None) -> tuple[Target, str]:
    """Explanation target: what counts as positive, and in words where the threshold comes from.

    Defaults: the model's first task; class 1 at 0.5, as chemprop's; above the upper quartile of the training labels
    (below: the lower one). Raises UnknownName, and BadRecipe for a model without predictions.
    """
    chosen = model(model_name)
    return subgraphs.target(chosen, task, direction, threshold, training_data(chosen), home=home())


def explain(
    model_name: str,
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
    return subgraphs.explain(model(model_name), smiles, goal, rules, by, count, progress)


def explain_in_time(
    model_name: str,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    branch: str = "",
) -> Explained:
    """The same of what a visitor asks for, or of one branch (:func:`explain_summand`): in a process of its own, which
    is ended at the deadline, or as a job (:func:`start_explaining`) has kept it.

    Raises BadMolecule, and TooLong at the deadline.
    """
    chosen = model(model_name)
    asked = chosen, smiles, goal, rules, by, count, branch, training_data(chosen)
    return subgraphs.explain_in_time(*asked, home=home())


def beside_training(model_name: str, found: Explained) -> Explained:
    """Explanation with the nearest training molecule of each fragment, as far as that is known."""
    chosen = model(model_name)
    return subgraphs.beside_training(found, chosen, training_data(chosen), home=home())


def part_sizes(smiles: str) -> tuple[int, int]:
    """Least and most atoms of a part of a molecule unless told otherwise. Raises BadMolecule, TooLong."""
    low, high = within(subgraphs.part_sizes, smiles)
    return low, high


def explain_and_keep(
    model_name: str,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    branch: str = "",
    progress: Progress = silent,
) -> Explained:
    """The same without a deadline, kept for :func:`explain_in_time`; for jobs. Imports torch."""
    asked = model(model_name), smiles, goal, rules, by, count, branch
    return subgraphs.explain_and_keep(*asked, progress, home=home())


def start_explaining(
    model_name: str,
    smiles: str,
    goal: Target,
    rules: Rules = RULES,
    by: By = "fragment",
    count: int = 5,
    branch: str = "",
) -> Job:
    """Explanation job: have it made by a job, or the job that is at it already, in the lane of the explanations."""
    check_names(model_name=model_name)
    arguments = ["--model", model_name, f"--smiles={smiles}", "--task", goal.task, "--direction", goal.direction]
    arguments += [f"--threshold={goal.threshold!r}", "--count", str(count)]
    for flag, value in (("--min-atoms", rules.min_atoms), ("--max-atoms", rules.max_atoms)):
        arguments += [flag, str(value)] if value is not None else []
    arguments += ["--in-molecule"] if by == "in molecule" else []
    arguments += [f"--branch={branch}"] if branch else []
    title = f"subgraphs of {smiles[:40]} under {model_name}" + (f", {branch}" if branch else "")
    return client.start_once("subgraph", arguments, device="subgraphs", title=title, home=home())


def summands(model_name: str) -> tuple[str, ...]:
    """Additive branches: their predictions, each times its coefficient, add up to the model's.

    None unless it fuses late.
    """
    return subgraphs.summands(model(model_name))


def explain_summand(
    model_name: str, branch: str, smiles: str, task: str, rules: Rules = RULES, by: By = "fragment", count: int = 1
) -> Explained:
    """Minimum subgraphs of one branch of a late fusion.

    The smallest subgraphs that make a branch of a late fusion add at least half of what the whole makes it add.

    A branch alone predicts nothing that a threshold could be set on; what it adds, w p, is on the scale of the sum.
    Raises BadMolecule, UnknownName.
    """
    return subgraphs.explain_summand(model(model_name), branch, smiles, task, rules, by, count)


def group_classes(data: str, label: str = "") -> tuple[str, ...]:
    """The classes of a label (default: the first): 0 and 1, or low, middle and high thirds of a number, or texts."""
    return groups.group_classes(dataset(data), label)


def group_of_rows(data: str, rows: np.ndarray) -> Group:
    """Group of selected rows: their SMILES, kept in a file under the home that is named by its content."""
    return groups.group_of_rows(dataset(data), rows, home=home())


def common(
    model_name: str, data: str, group: Group, share: float = SHARE, progress: Progress = silent
) -> tuple[Common, Support | None, int]:
    """Maximum common subgraph of a group, its support (None without a data set), and the size of the group."""
    table = dataset(data, progress) if data else None
    chosen = model(model_name) if model_name else None
    return motifs.common(chosen, table, group, share, progress, home=home())


def group_motifs(
    model_name: str,
    data: str,
    group: Group,
    goal: Target,
    most: int = MOST_SEARCHED,
    share: float = SHARE,
    progress: Progress = silent,
) -> Motifs:
    """The maximum common subgraph of a group, and the minimum positive subgraphs that tell it from the rest.

    For jobs and the CLI.

    What was found for each molecule is kept, so that a second call goes on where the first one was stopped.
    """
    table = dataset(data, progress)
    return motifs.group_motifs(model(model_name), table, group, goal, most, share, progress, home=home())


def side(model_name: str, data: str, group: Group, task: str = "") -> Direction:
    """Side of a label on which a group lies beside the rest of its data set: what explains it is sought there."""
    return motifs.side(model(model_name), dataset(data), group, task, home=home())


def stored_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Motifs | None:
    """Stored result of :func:`group_motifs`; None before."""
    return motifs.stored_motifs(model(model_name), dataset(data), group, goal, most, share, home=home())


def start_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Job:
    """Motif job: have them found by a job, or the job that is at it already; explanations have a lane of their own."""
    check_names(data, model_name)
    arguments = ["--model", model_name, "--data", data, "--task", goal.task, "--direction", goal.direction]
    arguments += [f"--threshold={goal.threshold!r}", "--most", str(most), "--share", str(share)]
    arguments += ["--view", group.view] if group.view else []
    arguments += ["--cluster", str(group.cluster)] if group.cluster else []
    arguments += ["--label", group.label] if group.label else []
    arguments += ["--class", group.value] if group.value else []
    arguments += ["--smiles-file", group.smiles_file] if group.smiles_file else []
    return client.start_once(
        "motifs", arguments, device="subgraphs", title=f"subgraphs of {group.title} of {data}", home=home()
    )


EXAM_MOLECULES = 20
EXAM_EPOCHS = 30
_EXAM_VERSION = 1


def exam(
    model_name: str = "",
    data: str = "",
    recipe: str = "",
    kinds: Iterable[Kind] = KINDS,
    molecules: int = EXAM_MOLECULES,
    epochs: int = EXAM_EPOCHS,
    seed: int = 0,
    progress: Progress = silent,
) -> Exam:
    """Exam of explanations: a model's recipe learns planted rules, and each explanation is asked for their atoms.

    ``recipe``: the name of a ready one instead of a model's. Rules are planted in molecules of ``data``, by default the
    model's own; ``molecules`` of each rule are asked about. Kept, so that a second call reads it, and goes on where one
    was stopped. Imports torch. Raises BadRecipe where nothing can be explained, or no rule can be planted.
    """
    started, kinds = time.perf_counter(), tuple(kinds)
    chosen, who, table, place = _examined(model_name, data, recipe, kinds, molecules, epochs, seed, progress)
    if known := _kept_exam(place):
        return known
    rules, missing = exams.rules_of(table, kinds, seed)
    if not rules:
        raise BadRecipe(f"no rule can be planted in {table.name!r}: {'; '.join(missing)}")
    found = []
    for number, rule in enumerate(rules):
        told = _within(progress, f"rule {number + 1} of {len(rules)}: ")
        given = exams.paper(table, rule, molecules, seed)
        learned = _learned(chosen, given, place / f"rule-{number}", epochs, seed, told)
        scores = learned.card.metrics.get("test", {}) if learned.card else {}
        found.append(exams.graded(learned, given, seed, float(scores.get("roc_auc", np.nan)), told))
    seconds = round(time.perf_counter() - started, 1)
    made = Exam(who, table.name, tuple(found), seconds, tuple(missing))
    write_json(place.with_suffix(".json"), asdict(made))
    shutil.rmtree(place, ignore_errors=True)
    return made


def stored_exam(
    model_name: str,
    data: str = "",
    molecules: int = EXAM_MOLECULES,
    epochs: int = EXAM_EPOCHS,
    kinds: Iterable[Kind] = KINDS,
) -> Exam | None:
    """Stored result of :func:`exam` of a model; None before."""
    return _kept_exam(_examined(model_name, data, "", kinds, molecules, epochs, 0)[-1])


def start_exam(model_name: str, data: str = "", molecules: int = EXAM_MOLECULES, epochs: int = EXAM_EPOCHS) -> Job:
    """Exam job: have a model's recipe examined by a job, or the job that is at it already."""
    check_names(data, model_name)
    arguments = ["--model", model_name, *(["--data", data] if data else [])]
    arguments += ["--molecules", str(molecules), "--epochs", str(epochs)]
    title = f"exam of {model_name}'s subgraphs"
    return client.start_once("exam", arguments, device="subgraphs", title=title, home=home())


def _examined(
    model_name: str,
    data: str,
    recipe: str,
    kinds: Iterable[Kind],
    molecules: int,
    epochs: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[Recipe, str, Dataset, Path]:
    """The recipe with its name, the data set, and the folder of the trainings, beside which the result is kept."""
    if recipe:
        chosen, who, own = presets.preset(recipe), recipe, ""
    else:
        known = model(model_name)
        if not subgraphs.explained_tasks(known) or known.recipe is None:
            raise BadRecipe(f"{model_name!r} predicts nothing that could be explained; choose a model with labels")
        chosen, who, own = known.recipe, known.name, known.data
    if chosen.stacks or chosen.pretrains:
        raise BadRecipe(f"{who!r} is no recipe of one model that learns labels; its members' would do")
    table = dataset(data or own, progress)
    asked = chosen.model_dump(mode="json", exclude={"data", "name"}), table.digest, list(kinds), molecules, epochs, seed
    key = storage.digest(_EXAM_VERSION, *asked)
    return chosen, who, table, home() / "subgraphs" / "exams" / key


def _within(progress: Progress, stage: str) -> Progress:
    def told(what: str, done: int, total: int, /, **values: float) -> None:
        progress(stage + what, done, total, **values)

    return told


def _kept_exam(place: Path) -> Exam | None:
    try:
        return exams.of_values(read_json(place.with_suffix(".json")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _learned(
    recipe: Recipe, given: exams.Paper, folder: Path, epochs: int, seed: int, progress: Progress
) -> registry.Model:
    """The model that a recipe makes of an exam paper's molecules."""
    from mmexplore.training import train as training

    if not (folder / "model" / "card.json").is_file() or (folder / "resume").is_dir():
        rest = recipe.training
        settings = Training(
            epochs=epochs,
            batch_size=32,
            learning_rate=rest.learning_rate,
            schedule=rest.schedule,
            warmup_epochs=rest.warmup_epochs,
            weight_decay=rest.weight_decay,
            seed=seed,
        )
        about = Data(dataset=given.dataset.name, split="random", split_seed=seed)
        planned = recipe.model_copy(update={"data": about, "training": settings})
        training.train(planned, given.dataset, folder, name=given.rule.words, progress=progress, home=home())
    return registry.in_folder(folder / "model")
