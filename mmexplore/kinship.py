"""Whom MMSA's structure-awareness takes a molecule to be like: its hyperedge (equation 9) and its memory (10, 11).

Computed from an embedding that is on disk and the anchors in the model's weights, by numpy alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import safe_open

from mmexplore import embedding_set
from mmexplore.datasets import Dataset
from mmexplore.embedding_set import Embedded
from mmexplore.models import Model
from mmexplore.neighbours import nearest, unit_rows

_ANCHORS = "pretraining.memory.anchors"


@dataclass(frozen=True)
class Anchor:
    """A memory anchor: its number, the molecule's share of it, and the rows that have most of it, most first."""

    number: int
    share: float
    typical: tuple[int, ...]


@dataclass(frozen=True)
class Kinship:
    """A molecule's hyperedge, ``members`` (rows, nearest first, itself left out) with their Euclidean ``distances`` in
    the unified embedding, and its strongest ``anchors`` of the ``anchors_in_all``."""

    members: tuple[int, ...]
    distances: tuple[float, ...]
    anchors: tuple[Anchor, ...]
    anchors_in_all: int


def kinship(model: Model, dataset: Dataset, row: int, anchors: int = 3, typical: int = 3) -> Kinship | None:
    """A molecule's kin among a data set; None where the model has no memory, or has not embedded the data set yet.

    A molecule that could not be embedded has no kin, and none of the others has it.
    """
    if not has_kinship(model):
        return None
    found = embedding_set.read(embedding_set.place(model.folder, dataset))
    if found is None:
        return None
    assert model.recipe is not None
    cosine = model.recipe.pretraining.options["similarity"] == "cosine"
    shares = _shares(model.folder, found.folder, found.view("structure-aware").shape, cosine)
    if np.isnan(shares[row]).any():
        return Kinship((), (), (), shares.shape[1])
    strongest = np.argsort(-shares[row], kind="stable")[:anchors]
    chosen = tuple(Anchor(int(a), float(shares[row, a]), _typical(shares[:, a], typical)) for a in strongest)
    members, distances = _members(model, found, row)
    return Kinship(members, distances, chosen, shares.shape[1])


def has_kinship(model: Model) -> bool:
    """Whether the model has hyperedges and a memory."""
    return model.recipe is not None and "memory-aligned" in model.recipe.set_views


def _members(model: Model, found: Embedded, row: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    assert model.recipe is not None
    options = model.recipe.pretraining.options
    c = np.asarray(found.view("unified"))
    good = np.flatnonzero(~np.isnan(c[:, 0]))
    if options["metric"] == "inner":
        order = np.argsort(-(c[good] @ c[row]), kind="stable")[: options["neighbours"]]
        rows, distances = good[order], np.linalg.norm(c[good[order]] - c[row], axis=1)
    else:
        near = nearest(c[row : row + 1], c[good], min(options["neighbours"], len(good)))
        rows, distances = good[near.indices[0]], near.distances[0]
    kin = rows != row
    return tuple(rows[kin].tolist()), tuple(distances[kin].tolist())


def _typical(shares: np.ndarray, count: int) -> tuple[int, ...]:
    return tuple(np.argsort(-np.nan_to_num(shares, nan=-1.0), kind="stable")[:count].tolist())


@lru_cache(maxsize=4)
def _shares(model: Path, embedded: Path, shape: tuple[int, int], cosine: bool) -> np.ndarray:
    """``s'`` (n, L) of equation 11 for every molecule, float32."""
    z = np.memmap(embedded / embedding_set.view_file("structure-aware"), np.float32, "r", shape=shape)
    with safe_open(model / "weights.safetensors", framework="np") as file:
        anchors = file.get_tensor(_ANCHORS).astype(np.float32)
    scores = unit_rows(z) @ unit_rows(anchors).T if cosine else z @ anchors.T
    scores = np.exp(scores - scores.max(1, keepdims=True))
    shares: np.ndarray = scores / scores.sum(1, keepdims=True)
    return shares
