"""The front desk's drawer for one molecule in detail: what is measured, predicted, and near in the training set."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.explore.maps.panels import Panel
from mmexplore.explore.neighbors.applicability import Reach, nearest_others, reach
from mmexplore.models.embeddings import model_digest
from mmexplore.models.registry import Model, model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio.data import dataset
from mmexplore.studio.maps import predictions
from mmexplore.studio.spaces import ECFP, Query, lacking, query_of_row, record_of, row_of, space, space_stamp

if TYPE_CHECKING:
    from mmexplore.explore.explain.shape3d import Shape


@dataclass(frozen=True)
class Standing:
    """What is known of one task: ``label`` and ``prediction`` in its unit, NaN where unknown.

    ``percentile``, 0 to 100: where the prediction stands among the model's predictions for its training molecules.
    """

    task: str
    unit: str
    label: float = float("nan")
    prediction: float = float("nan")
    percentile: float = float("nan")


@dataclass(frozen=True)
class Nearest:
    """How near a molecule is to the training molecules in one space, and which of them is nearest."""

    panel: Panel
    reach: Reach
    neighbour: Query


@dataclass(frozen=True)
class Detail:
    """A molecule in detail; ``trained_on`` names the training data, "" where nothing is known of it.

    ``lacking``: models that have to embed the training data before more can be said. ``notes`` are sentences.
    """

    query: Query
    standings: tuple[Standing, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    trained_on: str = ""
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def shape(smiles: str) -> "Shape":
    """One conformer, kept between calls. Raises BadMolecule."""
    from mmexplore.explore.explain import shape3d

    return shape3d.shape(smiles)


def fetch_viewer() -> Path:
    """3Dmol.js on this machine, fetched if it is not here. Raises NotAvailable."""
    from mmexplore.explore.explain import viewer_script

    return viewer_script.fetch()


def detail(query: Query, model_name: str, view: str) -> Detail:
    """What a model knows of a molecule. One that is in no data set is run through it now, which imports torch."""
    chosen = model(model_name)
    notes: list[str] = []
    predicted = _predicted(query, chosen, notes)
    training = _training(chosen)
    standings = _standings(query, chosen, predicted, training)
    if not training:
        return Detail(query, standings, notes=tuple(notes))
    name = training[0]
    panels = tuple(dict.fromkeys((ECFP, Panel(model_name, view))))
    absent = lacking(panels, name)
    found = [_nearest(query, panel, chosen, name, notes) for panel in panels if panel.model not in absent]
    return Detail(query, standings, tuple(n for n in found if n), name, tuple(absent), tuple(dict.fromkeys(notes)))


def _predicted(query: Query, chosen: Model, notes: list[str]) -> dict[str, float]:
    """Predictions by task, empty where the model makes none."""
    if chosen.card is None or chosen.card.untrained or not chosen.card.data.tasks:
        return {}
    if query.row >= 0:
        known = predictions(chosen.name, query.data)
        if known is not None:
            return {str(c): float(known[c].iloc[query.row]) for c in known.columns if c != "split"}
    from mmexplore.explore.neighbors import query as embedding_query

    try:
        made = embedding_query.embed_few(chosen.folder, [query.smiles]).predictions[0]
    except MmexploreError as mistake:
        notes.append(str(mistake))
        return {}
    return {task.name: float(value) for task, value in zip(chosen.card.data.tasks, made, strict=True)}


def _training(chosen: Model) -> tuple[str, np.ndarray, dict[str, np.ndarray]] | None:
    """The training data's name, the rows that trained, and the predictions for these, ascending; None if not known."""
    if chosen.card is None or chosen.card.untrained:
        return None
    return _training_of(chosen.name, chosen.card.data.name, model_digest(chosen.folder))


@lru_cache(maxsize=8)
def _training_of(name: str, data: str, digest: str) -> tuple[str, np.ndarray, dict[str, np.ndarray]] | None:  # noqa: ARG001
    try:
        known = predictions(name, data)
    except MmexploreError:  # the data set is not here
        return None
    if known is None or "split" not in known:
        return None
    rows = np.flatnonzero((known["split"] == "train").to_numpy())
    values = {str(c): known[c].to_numpy(float)[rows] for c in known.columns if c != "split"}
    return data, rows, {task: np.sort(v[np.isfinite(v)]) for task, v in values.items()}


def _standings(
    query: Query,
    chosen: Model,
    predicted: dict[str, float],
    training: tuple[str, np.ndarray, dict[str, np.ndarray]] | None,
) -> tuple[Standing, ...]:
    table = dataset(query.data) if query.row >= 0 else None
    tasks = {task.name: task for task in chosen.card.data.tasks} if chosen.card else {}
    labels: dict[str, float] = {}
    for number, task in enumerate(table.tasks if table else ()):
        assert table is not None
        tasks.setdefault(task.name, task)
        labels[task.name] = float(table.labels[query.row, number])
    made = []
    for name, task in tasks.items():
        value, among = predicted.get(name, np.nan), training[2].get(name) if training else None
        place = np.nan if among is None or not len(among) or np.isnan(value) else _percentile(value, among)
        made.append(Standing(name, task.unit, labels.get(name, np.nan), value, place))
    return tuple(made)


def _percentile(value: float, among: np.ndarray) -> float:
    """Mid-rank percentile among ascending values, 0 to 100."""
    below, upto = np.searchsorted(among, value, "left"), np.searchsorted(among, value, "right")
    return float(50 * (below + upto) / len(among))


def _nearest(query: Query, panel: Panel, trained: Model, data: str, notes: list[str]) -> Nearest | None:
    known = _training(trained)
    assert known is not None
    try:
        there, record = space(panel, data), record_of(query, panel, data)
        own = query.row if query.data == data else row_of(dataset(data), query.smiles)
        found = reach(there, record, known[1], _yardstick(panel, trained.name, _stamp(panel, trained)), own)
    except MmexploreError as mistake:
        notes.append(str(mistake))
        return None
    return Nearest(panel, found, query_of_row(data, found.row)) if found else None


@lru_cache(maxsize=16)
def _yardstick(panel: Panel, trained: str, stamp: str) -> np.ndarray:  # noqa: ARG001
    """How near training molecules are to each other; takes a second or two for a large training set."""
    known = _training(model(trained))
    assert known is not None
    return nearest_others(space(panel, known[0]), known[1])


def _stamp(panel: Panel, trained: Model) -> str:
    """Changes with the weights and the training data."""
    assert trained.card is not None
    return f"{space_stamp(panel, trained.card.data.name)} {model_digest(trained.folder)}"
