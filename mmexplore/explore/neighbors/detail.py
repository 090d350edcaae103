"""Molecule detail: labels, predictions, and how near the training set is."""

from dataclasses import dataclass

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.explore.maps.panels import ViewRef, ref
from mmexplore.explore.neighbors.applicability import Reach, nearest_others, reach
from mmexplore.explore.neighbors.spaces import (
    MoleculeRef,
    is_ready,
    query_of_row,
    record_of,
    row_of,
    space,
    through_model,
)
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model, View, ecfp_view
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home


@dataclass(frozen=True)
class Standing:
    """Task values: ``label`` and ``prediction`` in its unit, NaN where unknown.

    ``percentile``, 0 to 100: where the prediction stands among the model's predictions for its training molecules.
    """

    task: str
    unit: str
    label: float = float("nan")
    prediction: float = float("nan")
    percentile: float = float("nan")


@dataclass(frozen=True)
class Nearest:
    """Nearest training molecule in one space: how near, and which."""

    panel: ViewRef
    reach: Reach
    neighbor: MoleculeRef


@dataclass(frozen=True)
class Detail:
    """Molecule detail; ``trained_on`` names the training data, "" where nothing is known of it.

    ``lacking``: models that have to embed the training data before more can be said. ``notes`` are sentences.
    """

    query: MoleculeRef
    standings: tuple[Standing, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    trained_on: str = ""
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def detail(
    asked: MoleculeRef, view: View, dataset: Dataset | None, trained_on: Dataset | None, *, home: Home
) -> Detail:
    """Molecule detail under a model. One that is in no data set is run through it now, before the deadline.

    ``dataset``: where the molecule is from, None where it is in none; ``trained_on``: the model's data set, None where
    it is not here.
    """
    model, notes = view.model, list[str]()
    predicted = _predicted(asked, model, dataset, notes, home=home)
    training = _training(model, trained_on, home=home) if trained_on is not None else None
    standings = _standings(asked, model, dataset, predicted, training)
    if training is None or trained_on is None:
        return Detail(asked, standings, notes=tuple(notes))
    views = [ecfp_view()] if view.model.card is None else [ecfp_view(), view]
    ready = [each for each in views if is_ready(each.model, trained_on, home=home)]
    absent = tuple(each.model.name for each in views if each not in ready)
    found = [_nearest(asked, each, training, trained_on, dataset, notes, home=home) for each in ready]
    near = tuple(one for one in found if one)
    return Detail(asked, standings, near, trained_on.name, absent, tuple(dict.fromkeys(notes)))


def _predicted(
    asked: MoleculeRef, model: Model, dataset: Dataset | None, notes: list[str], *, home: Home
) -> dict[str, float]:
    """Predictions by task, empty where the model makes none."""
    if model.card is None or model.card.untrained or not model.card.data.tasks:
        return {}
    if dataset is not None and asked.row >= 0:
        known = predictions(model, dataset, home=home)
        if known is not None:
            return {str(c): float(known[c].iloc[asked.row]) for c in known.columns if c != "split"}
    try:
        made = through_model(model, asked.smiles, home=home).predictions[0]
    except MmexploreError as mistake:
        notes.append(str(mistake))
        return {}
    return {task.name: float(value) for task, value in zip(model.card.data.tasks, made, strict=True)}


@dataclass(frozen=True)
class _Training:
    """The rows that trained a model, and its predictions for these by task, ascending."""

    rows: np.ndarray
    predictions: dict[str, np.ndarray]


@cached(8)
def _training(model: Model, trained_on: Dataset, *, home: Home) -> _Training | None:
    if model.card is None or model.card.untrained:
        return None
    known = predictions(model, trained_on, home=home)
    if known is None or "split" not in known:
        return None
    rows = np.flatnonzero((known["split"] == "train").to_numpy())
    values = {str(c): known[c].to_numpy(float)[rows] for c in known.columns if c != "split"}
    return _Training(rows, {task: np.sort(v[np.isfinite(v)]) for task, v in values.items()})


def _standings(
    asked: MoleculeRef, model: Model, dataset: Dataset | None, predicted: dict[str, float], training: _Training | None
) -> tuple[Standing, ...]:
    tasks = {task.name: task for task in model.card.data.tasks} if model.card else {}
    labels: dict[str, float] = {}
    if dataset is not None and asked.row >= 0:
        for number, task in enumerate(dataset.tasks):
            tasks.setdefault(task.name, task)
            labels[task.name] = float(dataset.labels[asked.row, number])
    made = []
    for name, task in tasks.items():
        value, among = predicted.get(name, np.nan), training.predictions.get(name) if training else None
        place = np.nan if among is None or not len(among) or np.isnan(value) else _percentile(value, among)
        made.append(Standing(name, task.unit, labels.get(name, np.nan), value, place))
    return tuple(made)


def _percentile(value: float, among: np.ndarray) -> float:
    """Mid-rank percentile among ascending values, 0 to 100."""
    below, upto = np.searchsorted(among, value, "left"), np.searchsorted(among, value, "right")
    return float(50 * (below + upto) / len(among))


def _nearest(
    asked: MoleculeRef,
    view: View,
    training: _Training,
    trained_on: Dataset,
    dataset: Dataset | None,
    notes: list[str],
    *,
    home: Home,
) -> Nearest | None:
    try:
        there = space(view, trained_on, home=home)
        record = record_of(asked, view, trained_on, dataset, home=home)
        yardstick = _yardstick(view, trained_on, training.rows.tobytes(), home=home)
        found = reach(there, record, training.rows, yardstick, row_of(trained_on, asked))
    except MmexploreError as mistake:
        notes.append(str(mistake))
        return None
    return Nearest(ref(view), found, query_of_row(trained_on, found.row)) if found else None


@cached(16)
def _yardstick(view: View, trained_on: Dataset, rows: bytes, *, home: Home) -> np.ndarray:
    """How near training molecules are to each other; takes a second or two for a large training set."""
    return nearest_others(space(view, trained_on, home=home), np.frombuffer(rows, np.int64))
