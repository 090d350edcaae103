"""Color choices of a map: labels, predictions, errors, the split, other columns, disagreement of views, descriptors."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset
from mmexplore.explore.explain.contributions import MOST_COMPARED
from mmexplore.explore.maps import colors
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.compute import stored_clusters
from mmexplore.explore.neighbors.retrieval import disagreement
from mmexplore.explore.neighbors.spaces import is_ready
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import View, ecfp_view
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home


def color_names(view: View, dataset: Dataset, *, home: Home) -> list[str]:
    """Color names that :func:`color` can show for this view of a data set, labels first."""
    return list(_choices(view, dataset, home=home))


def color(view: View, dataset: Dataset, name: str, *, home: Home) -> Color:
    """A color by one of :func:`color_names`. Raises UnknownName for anything else."""
    choices = _choices(view, dataset, home=home)
    if name not in choices:
        raise UnknownName("colour", name, choices)
    return choices[name]()


def _choices(view: View, dataset: Dataset, *, home: Home) -> dict[str, Callable[[], Color]]:
    """Each color by its name, made when it is asked for."""
    known, clusters = predictions(view.model, dataset, home=home), stored_clusters(view, dataset, home=home)
    choices: dict[str, Callable[[], Color]] = {}
    for number, task in enumerate(dataset.tasks):
        choices[task.name] = partial(colors.of_label, dataset, number)
    for number, task in enumerate(dataset.tasks):
        if known is not None and task.name in known:
            values = known[task.name].to_numpy(np.float32)
            error = np.abs(values - dataset.labels[:, number])
            choices[f"prediction: {task.name}"] = partial(colors.of_label, dataset, number, values, "prediction of ")
            choices[f"error: {task.name}"] = partial(colors.of_label, dataset, number, error, "error of ")
    split = "split of the model"
    found = {split: colors.of_column(split, known["split"])} if known is not None and "split" in known else {}
    found |= _columns(dataset)
    choices |= {name: partial(_same, made) for name, made in found.items() if made and name not in choices}
    for other in _others(view, dataset, home=home):
        choices[f"disagreement with {other.name}"] = partial(_disagreement, view, other, dataset, home=home)
    choices |= {f"descriptor: {name}": partial(_descriptor, dataset, name, home=home) for name in molecules.DESCRIPTORS}
    return choices | ({"cluster": partial(colors.of_clusters, clusters)} if clusters is not None else {})


def _others(view: View, dataset: Dataset, *, home: Home) -> list[View]:
    """Views to compare the neighbors of this one with, once the model has embedded the data set."""
    if len(dataset) > MOST_COMPARED or view.model.card is None or not is_ready(view.model, dataset, home=home):
        return []
    return [ecfp_view(), *(view.model.view(other) for other in view.model.views if other != view.name)]


def _disagreement(here: View, other: View, dataset: Dataset, *, home: Home) -> Color:
    label = f"disagreement of {here.name} with {other.name}, 10 neighbours"
    return Color(label, disagreement(here, other, dataset, 10, home=home))


@cached(2)
def _columns(dataset: Dataset) -> dict[str, Color | None]:
    """The source's other columns as colors; reading texts of a million rows takes seconds."""
    return {str(name): colors.of_column(str(name), dataset.extra[name]) for name in dataset.extra}


def _same(made: Color) -> Color:
    return made


def _descriptor(dataset: Dataset, name: str, *, home: Home) -> Color:
    return Color(name, colors.descriptors(dataset, home=home)[name].to_numpy(np.float32))
