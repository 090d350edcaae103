"""Color choices of a map: labels, predictions, errors, the split, other columns, disagreement of views, descriptors."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset, Task
from mmexplore.explore.explain.contributions import MOST_COMPARED
from mmexplore.explore.maps import colors
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.compute import (
    compute_map,
    compute_trust,
    map_folders,
    stored_clusters,
    stored_map,
    stored_trust,
)
from mmexplore.explore.maps.project import METHODS
from mmexplore.explore.neighbors.retrieval import disagreement
from mmexplore.explore.neighbors.spaces import is_ready
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.imported import Imported
from mmexplore.models.predictions import predictions, spreads
from mmexplore.models.registry import Model, View, ecfp_view
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd


_SPLIT = "split of the model"


@dataclass(frozen=True)
class _Choice:
    """How a color is made, and whether that is done while a page waits."""

    make: Callable[[Progress], Color]
    is_quick: Callable[[], bool] = lambda: True


def color_names(view: View, dataset: Dataset, *, home: Home) -> list[str]:
    """Color names that :func:`color` can show for this view of a data set, labels first."""
    return list(_choices(view, dataset, home=home))


def color(view: View, dataset: Dataset, name: str, progress: Progress = silent, *, home: Home) -> Color:
    """A color by one of :func:`color_names`, kept where it took long. Raises UnknownName for anything else."""
    return _choice(view, dataset, name, home=home).make(progress)


def is_quick(view: View, dataset: Dataset, name: str, *, home: Home) -> bool:
    """Whether a color is there or made while a page waits; else a job makes it. Raises UnknownName."""
    return _choice(view, dataset, name, home=home).is_quick()


def _choice(view: View, dataset: Dataset, name: str, *, home: Home) -> _Choice:
    choices = _choices(view, dataset, home=home)
    if name not in choices:
        raise UnknownName("colour", name, choices)
    return choices[name]


def _choices(view: View, dataset: Dataset, *, home: Home) -> dict[str, _Choice]:
    """Each color by its name, made when it is asked for."""
    known, clusters = predictions(view.model, dataset, home=home), stored_clusters(view, dataset, home=home)
    quick: dict[str, Callable[[], Color]] = {}
    for number, task in enumerate(dataset.tasks):
        quick[task.name] = partial(colors.of_label, dataset, number)
    for number, task in enumerate(dataset.tasks):
        if known is not None and task.name in known:
            quick[f"prediction: {task.name}"] = partial(_prediction, dataset, number, known)
            quick[f"error: {task.name}"] = partial(_error, dataset, number, known)
            if isinstance(view.model, Ensemble):
                quick[f"spread: {task.name}"] = partial(_spread, view.model, dataset, task.name, home=home)
    own = {task.name for task in dataset.tasks}
    for task in view.model.card.data.tasks if view.model.card else ():
        if known is not None and task.name in known and task.name not in own:
            quick[f"prediction: {task.name}"] = partial(_of_other_task, task, known)
            if isinstance(view.model, Ensemble):
                quick[f"spread: {task.name}"] = partial(_spread, view.model, dataset, task.name, home=home)
    found = {_SPLIT: _split(view.model, dataset, home=home)} if known is not None and "split" in known else {}
    found |= _columns(dataset)
    quick |= {name: partial(_same, made) for name, made in found.items() if made and name not in quick}
    choices = {name: _Choice(partial(_without_progress, make)) for name, make in quick.items()}
    for other in _others(view, dataset, home=home):
        choices[f"disagreement with {other.name}"] = _Choice(
            partial(_disagreement, view, other, dataset, home=home),
            partial(_has_disagreement, view, other, dataset, home=home),
        )
    quick_enough = partial(colors.has_descriptors, dataset, home=home)
    for name in molecules.DESCRIPTORS:
        choices[f"descriptor: {name}"] = _Choice(partial(_descriptor, dataset, name, home=home), quick_enough)
    if clusters is not None:
        choices["cluster"] = _Choice(lambda _: colors.of_clusters(clusters))
    for method in METHODS:
        choices[f"trust: {method}"] = _Choice(
            partial(_trust, view, dataset, method, home=home), partial(_has_trust, view, dataset, method, home=home)
        )
    return choices


@cached(8)
def _split(model: Model, dataset: Dataset, *, home: Home) -> Color | None:
    known = predictions(model, dataset, home=home)
    return None if known is None else colors.of_column(_SPLIT, known["split"])


def _without_progress(make: Callable[[], Color], _: Progress) -> Color:
    return make()


def _prediction(dataset: Dataset, number: int, known: "pd.DataFrame") -> Color:
    values = known[dataset.tasks[number].name].to_numpy(np.float32)
    return colors.of_label(dataset, number, values, "prediction of ")


def _of_other_task(task: Task, known: "pd.DataFrame") -> Color:
    """Prediction of a task that the data set has no label of."""
    unit = f" ({task.unit})" if task.unit else ""
    return Color(f"prediction of {task.name}{unit}", known[task.name].to_numpy(np.float32))


def _error(dataset: Dataset, number: int, known: "pd.DataFrame") -> Color:
    values = known[dataset.tasks[number].name].to_numpy(np.float32)
    return colors.of_label(dataset, number, np.abs(values - dataset.truth(number)), "error of ")


def _spread(model: Ensemble, dataset: Dataset, task: str, *, home: Home) -> Color:
    """How far an ensemble's members are apart."""
    found = spreads(model, dataset, home=home)
    assert found is not None
    assert model.card is not None
    names = [one.name for one in model.card.data.tasks]
    return Color(f"spread of {task}", found[:, names.index(task)].astype(np.float32))


def _others(view: View, dataset: Dataset, *, home: Home) -> list[View]:
    """Views to compare the neighbors of this one with, once the model has embedded the data set."""
    imported = isinstance(view.model, Imported)
    if len(dataset) > MOST_COMPARED or (view.model.card is None and not imported):
        return []
    if not is_ready(view.model, dataset, home=home):
        return []
    return [ecfp_view(), *(view.model.view(other) for other in view.model.views if other != view.name)]


def _disagreement(here: View, other: View, dataset: Dataset, progress: Progress, *, home: Home) -> Color:
    label = f"disagreement of {here.name} with {other.name}, 10 neighbours"
    file = _disagreement_file(here, other, dataset, home=home)
    values = _kept(file, len(dataset))
    if values is None:
        values = disagreement(here, other, dataset, 10, home=home, progress=progress)
        content = io.BytesIO()
        np.save(content, values, allow_pickle=False)
        write_atomically(file, content.getvalue())
    return Color(label, values)


def _has_disagreement(here: View, other: View, dataset: Dataset, *, home: Home) -> bool:
    return len(dataset) <= colors.INLINE_ROWS or seals.is_sound(_disagreement_file(here, other, dataset, home=home))


def _disagreement_file(here: View, other: View, dataset: Dataset, *, home: Home) -> Path:
    folder = map_folders(here.model, dataset, home=home)[-1]
    return folder / "colors" / f"disagreement-{quote(here.name, safe='')}-{quote(other.name, safe='')}-10.npy"


def _trust(view: View, dataset: Dataset, method: str, progress: Progress, *, home: Home) -> Color:
    """Which molecules lie among their own on the map by a method, and which are doubtful."""
    shown = compute_map(view, dataset, method, 0, progress, home=home)
    found = compute_trust(shown, view, dataset, progress, home=home)
    values = np.where(np.isfinite(found.q), found.doubtful, np.nan).astype(np.float32)
    return Color("trust in this map", values, ("trusted", "doubtful"))


def _has_trust(view: View, dataset: Dataset, method: str, *, home: Home) -> bool:
    shown = stored_map(view, dataset, method, home=home)
    return shown is not None and stored_trust(shown, view, dataset, home=home) is not None


def _kept(file: Path, n: int) -> np.ndarray | None:
    """Kept values of a color, None where the file is not there, is damaged or holds something else."""
    try:
        values: np.ndarray = np.load(io.BytesIO(seals.read(file)), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return values if values.shape == (n,) else None


@cached(2)
def _columns(dataset: Dataset) -> dict[str, Color | None]:
    """The source's other columns as colors; reading texts of a million rows takes seconds."""
    return {str(name): colors.of_column(str(name), dataset.extra[name]) for name in dataset.extra}


def _same(made: Color) -> Color:
    return made


def _descriptor(dataset: Dataset, name: str, progress: Progress, *, home: Home) -> Color:
    return Color(name, colors.descriptors(dataset, progress, home=home)[name].to_numpy(np.float32))
