"""Models and trainings: which there are, start one, see how it goes, and say beforehand what it will take."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mmexplore.datasets import Dataset, Skipped
from mmexplore.models import registry
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import processes
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, MmexploreError
from mmexplore.runtime.home import read_json, write_json
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_recipe, dataset, home, model, renamed

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.training.checks import TrainingCheck

TRAINING_VERBS = ("train", "pretrain")
MOST_CHECKED = 20_000
"""Of so many molecules a page says before a training what forbids it; of more the job does."""


def models() -> list[Model]:
    """Shipped models, then trained ones, newest first, then the baseline; :func:`damaged_models` are left out."""
    return [renamed(model) for model in registry.models(home=home())]


def damaged_models() -> dict[str, str]:
    """What lies among the trained models and is none, by its name: why not."""
    return registry.damaged(home=home())


def new_run(title: str) -> Path:
    """A fresh run folder whose name is made from a title."""
    return registry.new_run(title, home=home())


def rename_model(name: str, title: str) -> None:
    """Give a trained model another title, by which it can be asked for, too; its name stays, and all that refers to it.

    Raises BadRecipe for a shipped one, or a title that is taken.
    """
    registry.rename(name, title, home=home())


def delete_model(name: str) -> None:
    """Delete a trained model with its run. Raises BadRecipe for a shipped one."""
    registry.delete(name, home=home())


def export_model(name: str, where: Path) -> Path:
    """A zip of the model's folder (weights.safetensors, recipe.json, card.json)."""
    return registry.export(name, where, home=home())


def check_training(recipe: Recipe) -> "TrainingCheck":
    """Training check, before any work: what forbids a recipe on its data set, and what its scores will lack."""
    from mmexplore.training import checks

    try:
        table = dataset(recipe.data.dataset)
    except MmexploreError as mistake:
        return checks.TrainingCheck((str(mistake),))
    return _checked(recipe, table)


@cached(32)
def _checked(recipe: Recipe, table: Dataset) -> "TrainingCheck":
    from mmexplore.training import checks

    return checks.check(recipe, table)


def trained_without(name: str) -> tuple[Skipped, ...]:
    """Rows of its data set that a model was trained without, and why."""
    try:
        told = read_json(model(name).folder.parent / "skipped.json")
        return tuple(Skipped(**one) for one in told)
    except (OSError, ValueError, TypeError):
        return ()


def history(name: str) -> "pd.DataFrame":
    """Training history, one row an epoch (index ``epoch``, from 1); empty where it was not kept."""
    return registry.history(name, home=home())


def start_training(recipe: Recipe, title: str) -> Job:
    """Have a recipe trained, or pre-trained, by a job, or the job that is at it already under that title.

    The run folder appears at once, and a killed job started again goes on there. Raises UnknownName where the recipe
    begins with a model that is not here, BadRecipe where nothing can come of it (:func:`check_training`; of many
    molecules the job itself says that).
    """
    check_recipe(recipe)
    registry.check_starts(recipe, home=home())
    if len(dataset(recipe.data.dataset)) <= MOST_CHECKED:
        _require(recipe)
    with client.starting(home=home()):  # two clicks, or two tabs, are one training
        for job in client.jobs(home=home()):
            if job.verb in TRAINING_VERBS and job.active and job.title == title and recipe_of(job) == recipe:
                return job
        folder = registry.new_run(title, home=home())
        write_json(folder / "recipe.json", recipe.model_dump(mode="json"))
        arguments = [str(folder / "recipe.json"), "--out", str(folder), "--name", title]
        verb = "pretrain" if recipe.pretrains else "train"
        return client.start(verb, arguments, device=_device(recipe), title=title, home=home())


def recipe_of(job: Job) -> Recipe | None:
    """The recipe that a training job was given; None for other jobs, and where its run was deleted."""
    path = Path(job.arguments[0]) if job.verb in TRAINING_VERBS and job.arguments else Path()
    try:
        return Recipe.model_validate(read_json(path)) if path.suffix == ".json" else None
    except (OSError, ValueError, MmexploreError):
        return None


def job_history(job: Job) -> "pd.DataFrame":
    """Training history of a job, one row an epoch; earlier attempts at the same run come before."""
    import pandas as pd

    attempts = [j for j in client.jobs(home=home()) if j.arguments == job.arguments and j.created <= job.created]
    told = [
        event
        for attempt in reversed(attempts)
        for event in client.events(attempt, home=home())
        if "train_loss" in event.values
    ]
    table = pd.DataFrame.from_dict({event.done: event.values for event in told}, orient="index")
    return table.rename_axis("epoch").sort_index()


def train(
    recipe: Recipe, folder: Path, name: str = "", progress: Progress = silent, *, overwrite: bool = False
) -> Model:
    """Train a recipe into a folder, or go on with what lies there; imports torch.

    Raises Taken where another process trains there, or a finished model lies there and ``overwrite`` is False, and
    BadRecipe before any work where nothing can come of it (:func:`check_training`).
    """
    _require(recipe)
    from mmexplore.training import train as training

    table, name = dataset(recipe.data.dataset), name or recipe.name
    training.train(recipe, table, folder, name=name, overwrite=overwrite, progress=progress, home=home())
    return model(str(folder))


def _require(recipe: Recipe) -> None:
    if refusals := check_training(recipe).refusals:
        raise BadRecipe("; ".join(refusals))


def write_chemprop(model_name: str, out: Path, branch: str = "") -> str:
    """Write a D-MPNN branch ("": the first) as a checkpoint of chemprop 2; says what it holds. Imports torch.

    Raises BadRecipe for a branch that is no D-MPNN and NotAvailable without chemprop.
    """
    from mmexplore.models import checkpoints
    from mmexplore.training import chemprop_io

    chosen = model(model_name)
    if chosen.recipe is None or chosen.recipe.stacks:
        raise BadRecipe(f"{model_name!r} has no weights of a D-MPNN to write")
    out.parent.mkdir(parents=True, exist_ok=True)
    return chemprop_io.save(checkpoints.load(chosen.folder), branch or chosen.recipe.branches[0].name, out)


def _device(recipe: Recipe) -> str:
    return "cpu" if recipe.training.device == "auto" else recipe.training.device


@dataclass(frozen=True)
class Estimate:
    """Training estimate: what one will take, and where the figures come from."""

    seconds: float | None
    megabytes: float | None
    how: str


def estimate(recipe: Recipe) -> Estimate:
    """Training estimate: time and memory, from what models with the same encoders took on this machine or elsewhere."""
    rows = len(dataset(recipe.data.dataset)) * recipe.data.fractions[0]
    if not (recipe.predicts_by_fusion or recipe.pretrains):
        return _estimate_of_baseline(recipe)
    encoders = sorted(b.encoder for b in recipe.branches)
    for known in models():
        if known.recipe and known.card and sorted(b.encoder for b in known.recipe.branches) == encoders:
            speed = known.card.molecules_per_second
            if speed:
                where = "the shipped model's machine" if known.shipped else "an earlier run here"
                seconds = rows * recipe.training.epochs / speed + 8
                return Estimate(seconds, known.card.peak_megabytes, f"from {speed:,.0f} molecules/s on {where}")
    return Estimate(None, None, "no model with these encoders was trained yet")


def _estimate_of_baseline(recipe: Recipe) -> Estimate:
    """From a run here of the same recipe: it says little of a set of another size."""
    for known in models():
        if known.recipe and known.card and known.recipe.in_words == recipe.in_words:
            return Estimate(known.card.seconds, known.card.peak_megabytes, f"what {known.data} took")
    return Estimate(None, None, "nothing like it was fitted yet; boosting of a thousand molecules takes seconds")


@dataclass(frozen=True)
class Device:
    """Compute device: something a training can run on."""

    name: str
    title: str
    memory_gigabytes: float


def devices() -> list[Device]:
    """The CPU and any GPU that nvidia-smi names, or Apple's own; imports no torch."""
    memory = psutil.virtual_memory().total / 2**30
    cpu = Device("cpu", f"CPU, {psutil.cpu_count(logical=True)} cores", memory)
    if processes.apple_gpu():  # which shares the memory
        return [Device("mps", f"GPU of {processes.processor()}", memory), cpu]
    if not shutil.which("nvidia-smi"):
        return [cpu]
    query = ["nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=False)
    lines = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 2]
    return [*(Device("cuda", f"GPU {i}: {name}", float(mb) / 1024) for i, name, mb in lines), cpu]
