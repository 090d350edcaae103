"""The front desk: the one door for pages, the CLI and notebooks.

Plain values in, frozen dataclasses of numpy, pandas and str out. Importing this costs no torch; functions that compute
import it when they are called, and pages start them as jobs instead (``start_*``).
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from mmexplore import catalogue, colouring, embedding_map, home, jobs, molecules, search, selection, summary
from mmexplore import models as model_shelf
from mmexplore.colouring import Colour
from mmexplore.datasets import Dataset, Entry
from mmexplore.embedding_map import MapFile
from mmexplore.errors import BadRecipe, MmexploreError, UnknownName
from mmexplore.jobs import Job
from mmexplore.models import BASELINE, Model
from mmexplore.progress import Progress, silent
from mmexplore.recipe import Recipe
from mmexplore.search import Found

FIRST_DATA, FIRST_MODEL = "solubility", "solubility-dmpnn"
METHODS = ("umap", "tsne", "pca")


# ---- data sets ---------------------------------------------------------------------------------------------------


def datasets() -> list[Entry]:
    """The catalogue and the user's own sets."""
    return catalogue.entries()


@lru_cache(maxsize=4)
def _loaded(name: str, stamp: str) -> Dataset:  # noqa: ARG001
    return catalogue.load(name)


def dataset(name: str, progress: Progress = silent) -> Dataset:
    """A data set by name or path, kept in memory between calls. Raises UnknownName, NotAvailable or BadTable."""
    if progress is not silent:
        return catalogue.load(name, progress=progress)
    return _loaded(name, catalogue.stamp(name))


fetch = catalogue.fetch
preview = catalogue.preview
add_dataset = catalogue.add
remove_dataset = catalogue.remove
summarise = summary.summarise
label_table = summary.label_table
split_table = summary.split_table


def start_import(path: Path, title: str, options: dict[str, object]) -> Job:
    """Have a user's file standardised and kept by a job; options are those of :data:`add_dataset`."""
    arguments = [str(path), "--name", title, "--options", json.dumps(options)]
    return jobs.start("import", arguments, device="imports", title=f"import of {title}")


def find(data: str, text: str) -> Found:
    """Rows whose name holds the text, or whose structure matches it as SMILES or SMARTS. Raises BadMolecule."""
    return search.search(dataset(data), text)


# ---- models ------------------------------------------------------------------------------------------------------

models = model_shelf.models
model = model_shelf.model
rename_model = model_shelf.rename
delete_model = model_shelf.delete
export_model = model_shelf.export
history = model_shelf.history
new_run = model_shelf.new_run


def view_of(model_name: str, view: str = "") -> str:
    """The view by its name, or the model's first one. Raises UnknownName."""
    views = model(model_name).views
    if view and view not in views:
        raise UnknownName("view of this model", view, views)
    return view or views[0]


def first_choice() -> tuple[str, str, str, str]:
    """What the app opens on: data set, model, view, method; the baseline where no model is shipped."""
    names = [m.name for m in models()]
    chosen = FIRST_MODEL if FIRST_MODEL in names else names[0]
    return FIRST_DATA, chosen, model(chosen).views[0], "umap"


# ---- embeddings and maps -----------------------------------------------------------------------------------------


def embed(model_name: str, data: str, progress: Progress = silent) -> "embedding_map.Embedded":
    """Every view and the predictions of a model on a data set, from disk where they are there; imports torch."""
    from mmexplore import embedding

    chosen = model(model_name)
    if chosen.name == BASELINE:
        return embedding.baseline(dataset(data), progress)
    return embedding.embed(chosen.folder, dataset(data), progress)


def write_embedding(
    model_name: str, data: str, view: str, out: Path, progress: Progress = silent
) -> dict[str, int | str | float]:
    """Write one view as parquet: ``smiles``, ``name``, ``e0`` ... ; returns n, dim, file and molecules_per_second."""
    started = time.monotonic()
    table, chosen = dataset(data, progress), view_of(model_name, view)
    x = np.asarray(embed(model_name, data, progress).view(chosen))
    seconds = time.monotonic() - started
    columns = {f"e{i}": x[:, i] for i in range(x.shape[1])}
    out.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"smiles": table.smiles, "name": table.names} | columns).to_parquet(out)
    return {"n": len(x), "dim": x.shape[1], "file": str(out), "molecules_per_second": round(len(x) / seconds, 1)}


def stored_map(model_name: str, data: str, view: str, method: str, seed: int = 0) -> MapFile | None:
    """A finished map if there is one: shipped with the model, or computed here before."""
    return embedding_map.stored(map_folders(model(model_name), dataset(data)), view, method, seed)


def compute_map(
    model_name: str, data: str, view: str, method: str, seed: int = 0, progress: Progress = silent
) -> MapFile:
    """A map with its quality, computed and kept unless it is there; the slow way in, for jobs and the CLI."""
    done = stored_map(model_name, data, view, method, seed)
    if done is not None:
        return done
    chosen, table = model(model_name), dataset(data)
    x = embed(model_name, data, progress).view(view)
    where = map_folders(chosen, table)[-1]
    classes = quality_classes(table)
    made = None
    for each in dict.fromkeys(("pca", method)):
        made = embedding_map.make(x, classes, where, view=view, method=each, seed=seed, progress=progress)
    assert made is not None
    return made


def start_map(model_name: str, data: str, view: str, method: str, seed: int = 0) -> Job:
    """Have a map computed by a job, or the job that is at it already."""
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    for job in jobs.jobs():
        if job.verb == "map" and list(job.arguments) == arguments and job.active:
            return job
    title = f"{method.upper()} map of {data}, {view}"
    return jobs.start("map", arguments, device="maps", title=title)  # a lane of its own: maps do not wait for trainings


def map_folders(chosen: Model, table: Dataset) -> list[Path]:
    """Where maps of a model on a data set may lie: beside the shipped model, and under the home (the last)."""
    own = home.home() / "maps" / f"{chosen.name}-{_digest(chosen)}-{table.digest[:16]}"
    return [chosen.folder / "maps" / table.digest[:16], own]


def _digest(chosen: Model) -> str:
    weights = chosen.folder / "weights.safetensors"
    if not weights.is_file():
        return "0"
    stat = weights.stat()
    return f"{stat.st_size:x}{int(stat.st_mtime):x}" if not chosen.shipped else f"{stat.st_size:x}"


def quality_classes(table: Dataset) -> "embedding_map.Classes":
    """The classes that Davies-Bouldin and NMI are computed on: the first task, else the first telling column."""
    if table.tasks:
        return embedding_map.classes_of(table.labels[:, 0], table.tasks[0].name, table.tasks[0].kind)
    for name in table.extra:
        colour = colouring.of_column(str(name), table.extra[name])
        if colour:
            texts = np.array([*colour.categories, None], dtype=object) if colour.categories else None
            values = texts[np.nan_to_num(colour.values, nan=-1).astype(int)] if texts is not None else colour.values
            return embedding_map.classes_of(values, str(name), "category" if texts is not None else "regression")
    return embedding_map.classes_of(np.full(len(table), np.nan, np.float32), "", "regression")


def predictions(model_name: str, data: str) -> pd.DataFrame | None:
    """What is known of a model's predictions on a data set: columns ``split`` and one a task; None if nothing yet.

    Rows are in the data set's order. Classification: probabilities; regression: the label's unit.
    """
    chosen, table = model(model_name), dataset(data)
    if chosen.card is None:
        return None
    trained_on = chosen.card.data.digest == table.digest
    for path in (chosen.folder / "predictions.parquet", chosen.folder.parent / "predictions.parquet"):
        if trained_on and path.is_file():
            return pd.read_parquet(path)
    return embedding_map.stored_predictions(chosen.folder, table)


# ---- colours, molecules, selections ------------------------------------------------------------------------------


def colour_names(model_name: str, data: str) -> list[str]:
    """What :func:`colour` can show for this model on this data set, labels first."""
    table, known = dataset(data), predictions(model_name, data)
    names = [task.name for task in table.tasks]
    for task in table.tasks if known is not None else ():
        if task.name in known:
            names += [f"prediction: {task.name}", f"error: {task.name}"]
    names += ["split"] if known is not None and "split" in known else []
    names += [str(c) for c in table.extra if colouring.of_column(str(c), table.extra[c])]
    return [*names, *(f"descriptor: {d}" for d in molecules.DESCRIPTORS), "cluster"]


def colour(model_name: str, data: str, view: str, name: str) -> Colour:
    """A colour by one of :func:`colour_names`. Raises BadRecipe for anything else."""
    table = dataset(data)
    kind, _, rest = name.partition(": ")
    tasks = {task.name: number for number, task in enumerate(table.tasks)}
    if name in tasks:
        return colouring.of_label(table, tasks[name])
    if name == "cluster":
        return colouring.of_clusters(embed(model_name, data).view(view))
    if kind == "descriptor":
        return Colour(rest, colouring.descriptors(table)[rest].to_numpy(np.float32))
    known = predictions(model_name, data)
    if known is not None and name == "split":
        found = colouring.of_column("split", known["split"])
        return found or Colour("split", np.zeros(len(table), np.float32), ("all",))
    if known is not None and rest in tasks and kind in ("prediction", "error"):
        values = known[rest].to_numpy(np.float32)
        shown = values if kind == "prediction" else np.abs(values - table.labels[:, tasks[rest]])
        return colouring.of_label(table, tasks[rest], shown, f"{kind} of ")
    found = colouring.of_column(name, table.extra[name]) if name in table.extra else None
    if found is None:
        raise BadRecipe(f"nothing to colour by is called {name!r}; there are: {', '.join(colour_names(model_name, data))}")
    return found


@dataclass(frozen=True)
class MoleculeCard:
    """What is shown of one molecule: ``facts`` are (label, text) pairs, labels and predictions with their units."""

    row: int
    name: str
    smiles: str
    line: int
    facts: tuple[tuple[str, str], ...]


def molecule_card(data: str, row: int, model_name: str = "") -> MoleculeCard:
    """One molecule by its row, with labels and, where known, predictions. Raises BadRecipe beyond the last row."""
    table = dataset(data)
    if not 0 <= row < len(table):
        raise BadRecipe(f"{data} has rows 0 to {len(table) - 1}, and {row} came")
    facts = []
    known = predictions(model_name, data) if model_name else None
    for number, task in enumerate(table.tasks):
        value = table.labels[row, number]
        unit = f" {task.unit}" if task.unit else ""
        if not np.isnan(value):
            facts.append((task.name, f"{value:.3g}{unit}"))
        if known is not None and task.name in known:
            facts.append((f"{task.name}, predicted", f"{known[task.name].iloc[row]:.3g}{unit}"))
    return MoleculeCard(row, str(table.names[row]), str(table.smiles[row]), int(table.lines[row]), tuple(facts))


depict = molecules.depict
inside = selection.inside


def table_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> pd.DataFrame:
    """Rows of a data set as a table: name, SMILES, labels, predictions, other columns."""
    table = dataset(data)
    rows = np.asarray(rows, np.int64)
    frame = pd.DataFrame({"name": table.names[rows], "smiles": table.smiles[rows]}, index=rows)
    for number, task in enumerate(table.tasks):
        frame[task.name] = table.labels[rows, number]
    known = predictions(model_name, data) if model_name else None
    for name in known.columns if known is not None else ():
        frame["split" if name == "split" else f"{name}, predicted"] = known[name].to_numpy()[rows]
    for name in table.extra:
        frame[str(name) if name not in frame else f"{name} (source)"] = table.extra[name].to_numpy()[rows]
    return frame


def sdf_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> str:
    """The same rows as SDF text with the table's columns as properties."""
    return molecules.to_sdf(table_of(data, rows, model_name))


def common_scaffold(data: str, rows: Sequence[int] | np.ndarray, most: int = 500) -> tuple[str, int]:
    """The most frequent scaffold among (at most ``most`` of) the rows, and how many share it; ("", 0) if acyclic."""
    names = pd.Series([molecules.scaffold(s) for s in dataset(data).smiles[np.asarray(rows, np.int64)[:most]]], dtype=str)
    counts = names[names != ""].value_counts()
    return (str(counts.index[0]), int(counts.iloc[0])) if len(counts) else ("", 0)


# ---- training ----------------------------------------------------------------------------------------------------


def start_training(recipe: Recipe, title: str) -> Job:
    """Have a recipe trained by a job, or the job that is at it already under that title.

    The run folder appears at once, and a killed job started again goes on there.
    """
    with FileLock(model_shelf.runs_folder() / ".start.lock"):  # two clicks, or two tabs, are one training
        for job in jobs.jobs():
            if job.verb == "train" and job.active and job.title == title and recipe_of(job) == recipe:
                return job
        folder = model_shelf.new_run(title)
        home.write_atomically(folder / "recipe.json", recipe.model_dump_json(indent=1) + "\n")
        arguments = [str(folder / "recipe.json"), "--out", str(folder), "--name", title]
        return jobs.start("train", arguments, device=_device(recipe), title=title)


def recipe_of(job: Job) -> Recipe | None:
    """The recipe that a training job was given; None for other jobs, and where its run was deleted."""
    path = Path(job.arguments[0]) if job.verb == "train" and job.arguments else Path()
    try:
        return Recipe.model_validate(home.read_json(path)) if path.suffix == ".json" else None
    except (OSError, ValueError, MmexploreError):
        return None


def job_history(job: Job) -> pd.DataFrame:
    """What a training job has reported, one row an epoch; earlier attempts at the same run come before."""
    attempts = [j for j in jobs.jobs() if j.arguments == job.arguments and j.created <= job.created]
    told = [event for attempt in reversed(attempts) for event in jobs.events(attempt) if "train_loss" in event.values]
    table = pd.DataFrame.from_dict({event.done: event.values for event in told}, orient="index")
    return table.rename_axis("epoch").sort_index()


def train(recipe: Recipe, folder: Path, name: str = "", progress: Progress = silent) -> Model:
    """Train a recipe into a folder, or go on with what lies there; imports torch."""
    from mmexplore import training

    training.train(recipe, dataset(recipe.data.dataset), folder, name=name or recipe.name, progress=progress)
    return model(str(folder))


def _device(recipe: Recipe) -> str:
    return "cpu" if recipe.training.device == "auto" else recipe.training.device


@dataclass(frozen=True)
class Estimate:
    """What a training will take, and where the figures come from."""

    seconds: float | None
    megabytes: float | None
    how: str


def estimate(recipe: Recipe) -> Estimate:
    """Time and memory of a training, from what models with the same encoders took on this machine or elsewhere."""
    rows = len(dataset(recipe.data.dataset)) * recipe.data.fractions[0]
    encoders = sorted(b.encoder for b in recipe.branches)
    for known in models():
        if known.recipe and known.card and sorted(b.encoder for b in known.recipe.branches) == encoders:
            speed = known.card.molecules_per_second
            if speed:
                where = "the shipped model's machine" if known.shipped else "an earlier run here"
                seconds = rows * recipe.training.epochs / speed + 8
                return Estimate(seconds, known.card.peak_megabytes, f"from {speed:,.0f} molecules/s on {where}")
    return Estimate(None, None, "no model with these encoders was trained yet")


@dataclass(frozen=True)
class Device:
    """Something a training can run on."""

    name: str
    title: str
    memory_gigabytes: float


def devices() -> list[Device]:
    """The CPU and any GPU that nvidia-smi names; imports no torch."""
    import shutil
    import subprocess

    import psutil

    cpu = Device("cpu", f"CPU, {psutil.cpu_count(logical=True)} cores", psutil.virtual_memory().total / 2**30)
    if not shutil.which("nvidia-smi"):
        return [cpu]
    query = ["nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=5, check=False)
    lines = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 2]
    return [*(Device("cuda", f"GPU {i}: {name}", float(mb) / 1024) for i, name, mb in lines), cpu]


job = jobs.job
list_jobs = jobs.jobs
cancel_job = jobs.cancel
restart_job = jobs.again
forget_job = jobs.remove
