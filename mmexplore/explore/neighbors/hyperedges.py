"""Hyperedge neighbors in MMSA: a molecule's hyperedge (equation 9) and its memory anchors (10, 11).

Computed from an embedding that is on disk and the anchors in the model's weights, by numpy alone.
"""

from dataclasses import dataclass

import numpy as np
from safetensors import safe_open

from mmexplore.datasets import Dataset
from mmexplore.explore.neighbors.knn import nearest, unit_rows
from mmexplore.models import checkpoints
from mmexplore.models.embeddings import Embedded
from mmexplore.models.ensembles import stored
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.home import Home

_ANCHORS = "pretraining.memory.anchors"
NEAR = 9
"""So many near molecules are told, or as many as a hyperedge has."""
_ALL_HYPEREDGES = 10_000  # molecules whose hyperedges are found while a page waits, about a second, once


@dataclass(frozen=True)
class Anchor:
    """A memory anchor: its number, the molecule's share of it, and the rows that have most of it, most first."""

    number: int
    share: float
    typical: tuple[int, ...]


@dataclass(frozen=True)
class HyperedgeNeighbors:
    """Hyperedge neighbors and memory anchors of a molecule (equations 9 to 11).

    Those ``near`` it, of which the first ``members`` are in its hyperedge, and ``hosts``, molecules in whose hyperedge
    it is: rows with their Euclidean distances in the unified embedding, itself left out. Its strongest ``anchors`` of
    the ``anchors_in_all``.
    """

    near: dict[int, float]
    members: int
    hosts: dict[int, float]
    anchors: tuple[Anchor, ...]
    anchors_in_all: int


def hyperedge_neighbors(
    model: Model, dataset: Dataset, row: int, anchors: int = 3, typical: int = 3, *, home: Home
) -> HyperedgeNeighbors | None:
    """Hyperedge neighbors of a molecule; None where the model has no memory, or has not embedded the data set yet.

    A molecule that could not be embedded has no neighbors, and none of the others has it as one.
    """
    if not has_hyperedges(model):
        return None
    found = stored(model, dataset, home=home)
    if found is None:
        return None
    assert model.recipe is not None
    cosine = model.recipe.pretraining.options["similarity"] == "cosine"
    shares = _shares(model, found, cosine)
    if np.isnan(shares[row]).any():
        return HyperedgeNeighbors({}, 0, {}, (), shares.shape[1])
    strongest = np.argsort(-shares[row], kind="stable")[:anchors]
    chosen = tuple(Anchor(int(a), float(shares[row, a]), _typical(shares[:, a], typical)) for a in strongest)
    return HyperedgeNeighbors(*_near_members_and_hosts(model, found, row), chosen, shares.shape[1])


def has_hyperedges(model: Model) -> bool:
    """Whether the model has hyperedges and a memory."""
    return model.recipe is not None and "memory-aligned" in model.recipe.set_views


def _near_members_and_hosts(model: Model, found: Embedded, row: int) -> tuple[dict[int, float], int, dict[int, float]]:
    """Hosts are sought among not too many molecules alone."""
    assert model.recipe is not None
    c, options = np.asarray(found.view("unified")), model.recipe.pretraining.options
    good, metric = np.flatnonzero(~np.isnan(c[:, 0])), options["metric"]
    members = min(options["neighbours"], len(good)) - 1
    own = np.searchsorted(good, [row])
    near = good[_others(c[good], own, min(max(members, NEAR), len(good) - 1), metric)[0]]
    hosts = good[:0]
    if len(good) <= _ALL_HYPEREDGES:
        hosts = good[(_all_members(found, members, metric) == own).any(1)]
    apart = _distances(c, row, hosts)
    return _distances(c, row, near), members, dict(sorted(apart.items(), key=lambda host: host[1]))


def _others(c: np.ndarray, rows: np.ndarray, count: int, metric: str) -> np.ndarray:
    """The ``count`` nearest other molecules of each of these rows, indices (m, count) into ``c``, nearest first.

    The largest inner product is the least distance once one more dimension brings all of ``c`` to one length.
    """
    x, queries = c, c[rows]
    if metric == "inner":
        squares = np.einsum("ij,ij->i", c, c)
        x = np.column_stack([c, np.sqrt(squares.max() - squares)])
        queries = np.column_stack([queries, np.zeros(len(rows), np.float32)])
    found = nearest(queries, x, count + 1).indices
    itself_last = np.argsort(found == rows[:, None], axis=1, kind="stable")
    return np.take_along_axis(found, itself_last, 1)[:, :count]


@cached(4)
def _all_members(found: Embedded, members: int, metric: str) -> np.ndarray:
    c = np.asarray(found.view("unified"))
    good = c[~np.isnan(c[:, 0])]
    return _others(good, np.arange(len(good)), members, metric)


def _distances(c: np.ndarray, row: int, others: np.ndarray) -> dict[int, float]:
    return dict(zip(others.tolist(), np.linalg.norm(c[others] - c[row], axis=1).tolist(), strict=True))


def _typical(shares: np.ndarray, count: int) -> tuple[int, ...]:
    return tuple(np.argsort(-np.nan_to_num(shares, nan=-1.0), kind="stable")[:count].tolist())


@cached(4)
def _shares(model: Model, found: Embedded, cosine: bool) -> np.ndarray:
    """``s'`` (n, L) of equation 11 for every molecule, float32."""
    z = np.asarray(found.view("structure-aware"))
    with safe_open(model.folder / checkpoints.WEIGHTS, framework="np") as file:
        anchors = file.get_tensor(_ANCHORS).astype(np.float32)
    scores = unit_rows(z) @ unit_rows(anchors).T if cosine else z @ anchors.T
    scores = np.exp(scores - scores.max(1, keepdims=True))
    shares: np.ndarray = scores / scores.sum(1, keepdims=True)
    return shares
