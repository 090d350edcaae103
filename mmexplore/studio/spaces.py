"""The front desk's drawer for spaces: what a query is, and the data sets as a view of a model or ECFP sees them.

A space is there once its model has embedded the data set, which a job does (:func:`start_embedding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mmexplore.datasets import Dataset, search
from mmexplore.explore.maps import project
from mmexplore.explore.maps.panels import Panel
from mmexplore.explore.neighbors.knn import Neighbours, interpolate
from mmexplore.explore.neighbors.search import Cosine, Space, Tanimoto, top
from mmexplore.features.pool import Pool, content_keys
from mmexplore.features.store import features
from mmexplore.models import embeddings
from mmexplore.models.embeddings import Embedded, model_digest
from mmexplore.models.registry import BASELINE, UNTRAINED, Model, model
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.client import Job
from mmexplore.studio.data import dataset

ECFP = Panel(BASELINE, BASELINE)
INLINE_ROWS = 20_000
"""Fingerprints of so many molecules are made while a page waits."""
_fingerprinted: set[str] = set()


@dataclass(frozen=True)
class Query:
    """A molecule to ask about: canonical ``smiles``, its name, and its ``row`` in ``data``, -1 where it is in none."""

    smiles: str
    name: str = ""
    data: str = ""
    row: int = -1


def query_of(data: str, text: str) -> Query:
    """The one molecule that a typed text means (:func:`mmexplore.datasets.search.read`). Raises BadMolecule."""
    table = dataset(data)
    row, smiles = search.one_of(table, search.read(table, text))
    return query_of_row(data, row) if row >= 0 else Query(smiles)


def query_of_row(data: str, row: int) -> Query:
    """A molecule of a data set by its row."""
    table = dataset(data)
    return Query(str(table.smiles[row]), str(table.names[row]), data, row)


def row_of(table: Dataset, smiles: str) -> int:
    """The first row of a canonical SMILES, -1 where there is none."""
    rows = np.flatnonzero(table.smiles == smiles)
    return int(rows[0]) if len(rows) else -1


def standard_panels(model_name: str, view: str) -> tuple[Panel, ...]:
    """What is shown first: ECFP, the untrained twin, the chosen view, and the fused one where that is another."""
    chosen = model(model_name)
    if chosen.card is None:
        return (ECFP,)
    twin, last = UNTRAINED + model_name.removeprefix(UNTRAINED), chosen.views[-1]
    return tuple(dict.fromkeys((ECFP, Panel(twin, last), Panel(model_name, view), Panel(model_name, last))))


def lacking(panels: Sequence[Panel], data: str) -> list[str]:
    """Models of these panels that still have to embed the data set."""
    names = dict.fromkeys(panel.model for panel in panels)
    return [name for name in names if not _is_ready(model(name), dataset(data))]


def _is_ready(chosen: Model, table: Dataset) -> bool:
    if chosen.card:
        return embeddings.read(embeddings.place(chosen.folder, table)) is not None
    return len(table) <= INLINE_ROWS or table.digest in _fingerprinted or _has_fingerprints(table)


def _has_fingerprints(table: Dataset) -> bool:
    """Whether the feature store has them all; once it has, it is not asked again."""
    pool = Pool("fingerprint", {})
    if there := bool((pool.find(pool.head(), content_keys(table.smiles.tolist())) >= 0).all()):
        _fingerprinted.add(table.digest)
    return there


def start_embedding(model_name: str, data: str) -> Job:
    """Have a model embed a data set by a job, or the job that is at it already; in the lane of the maps."""
    title = f"embedding of {data} by {model_name.removeprefix(UNTRAINED)}"
    title += ", untrained" if model_name.startswith(UNTRAINED) else ""
    return client.start_once("embed", ["--model", model_name, "--data", data], device="maps", title=title)


def space(panel: Panel, data: str) -> Space:
    """The molecules of a data set as a view sees them. Raises NotAvailable before the model has embedded them."""
    table, chosen = dataset(data), model(panel.model)
    if chosen.card is None:
        return _fingerprints(data, table.digest)
    _embedded(chosen, table)
    place = embeddings.place(chosen.folder, table)
    return _cosine(place, panel.view, (place / "head.json").stat().st_mtime_ns)


def space_stamp(panel: Panel, data: str) -> str:
    """Changes with the model's weights and the data set; what was made of a space is kept under it."""
    chosen = model(panel.model)
    return f"{model_digest(chosen.folder) if chosen.card else chosen.name} {dataset(data).digest}"


def _embedded(chosen: Model, table: Dataset) -> Embedded:
    found = embeddings.read(embeddings.place(chosen.folder, table))
    if found is None:
        raise NotAvailable(f"{chosen.name} has not embedded {table.name} yet")
    return found


@lru_cache(maxsize=12)
def _cosine(folder: Path, view: str, stamp: int) -> Cosine:  # noqa: ARG001
    found = embeddings.read(folder)
    assert found is not None
    return Cosine(np.asarray(found.view(view)))


@lru_cache(maxsize=3)
def _fingerprints(data: str, digest: str) -> Tanimoto:  # noqa: ARG001
    made = features("fingerprint", dataset(data).smiles)
    good = np.flatnonzero(made.ok)
    bits = np.zeros((len(made), 256), np.uint8)
    bits[good] = made.take(good).columns["bits"]
    return Tanimoto(bits, made.ok)


def record_of(query: Query, panel: Panel, data: str) -> np.ndarray:
    """The query as a view sees it, ready to be compared with the molecules of ``data``, (1, width).

    A molecule of the data set has its record there; any other is featurised and run through the model now.
    Raises NotAvailable like :func:`space`, BadMolecule.
    """
    there = space(panel, data)
    row = query.row if query.data == data else row_of(dataset(data), query.smiles)
    if row >= 0:
        return there.take(np.array([row]))
    chosen = model(panel.model)
    if chosen.card is None:
        return Tanimoto(features("fingerprint", [query.smiles]).take(np.array([0])).columns["bits"]).words.T
    return _through_model(query, chosen, panel.view, data)


def place_on(query: Query, panel: Panel, data: str, xy: np.ndarray, k: int = 5) -> tuple[float, float] | None:
    """Where a molecule lies on a map ``xy`` (n, 2) of a data set: among its ``k`` nearest ones, None for nowhere.

    For a view as :func:`embedding_map.place` does it; for fingerprints the neighbours and distances are Tanimoto's.
    Raises NotAvailable like :func:`space`, BadMolecule.
    """
    there, record = space(panel, data), record_of(query, panel, data)
    if isinstance(there, Cosine):
        placed = project.place(record, there.x, xy, k)[0]
    else:
        near = top(there, record, k, np.isfinite(xy).all(1))
        distances = (1 - near.similarity).astype(np.float32)
        placed = interpolate(Neighbours(near.rows.astype(np.int32), distances), xy)[0]
    return (float(placed[0]), float(placed[1])) if np.isfinite(placed).all() else None


def _through_model(query: Query, chosen: Model, view: str, data: str) -> np.ndarray:
    assert chosen.recipe is not None
    joined = view in chosen.recipe.set_views
    known = embeddings.read(embeddings.place(chosen.folder, dataset(query.data))) if query.row >= 0 else None
    if known is not None and not joined:
        return np.asarray(known.view(view)[query.row : query.row + 1])
    from mmexplore.explore.neighbors import query as embedding_query

    few = embedding_query.embed_few(chosen.folder, [query.smiles])
    if not joined:
        return few.views[view]
    return embedding_query.among(chosen.folder, few, _embedded(chosen, dataset(data)), view)
