"""Applicability domain: distance of a molecule to the training set, in a space of similarities.

The yardstick is the training set itself: each of its molecules (of a sample) and the nearest other one. A query that
lies farther from the training set than nearly all of its own molecules lie from each other is outside of it (the
distance-to-model of Sheridan et al. 2004, doi:10.1021/ci049782w, read as a percentile).
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import Dataset
from mmexplore.explore.neighbors.search import Space, top
from mmexplore.features.store import Features, features
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.home import Home

MOST_MEASURED = 1_000
MOST_EXACT = 5_000
"""Of so many training molecules each one's nearest other is found; of more, those of a sample."""
INSIDE = 0.95
"""A molecule is outside where more than this share of the training molecules lie nearer to another one."""


@dataclass(frozen=True)
class Reach:
    """Applicability of a model to a query.

    ``similarity`` to the nearest training molecule, whose ``row`` is given, and ``farther_than``: the share of
    training molecules that are nearer to their own nearest other one. ``own``: the query is a training molecule, and
    its nearest other one is meant.
    """

    similarity: float
    row: int
    farther_than: float
    own: bool

    @property
    def words(self) -> str:
        """Verdict in words."""
        if self.farther_than <= 0.5:
            return "well inside the training set"
        return "at the edge of the training set" if self.farther_than <= INSIDE else "outside the training set"


def nearest_others(space: Space, training: np.ndarray, seed: int = 0, most: int = MOST_MEASURED) -> np.ndarray:
    """Nearest-neighbor similarity among training molecules (a sample of the ``most``, if there are more), ascending."""
    keep = np.zeros(len(space.usable), bool)
    keep[training] = True
    rows = np.flatnonzero(keep & space.usable)
    if len(rows) < 2:
        return np.empty(0)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_MEASURED, replace=False))
    found = top(space, space.take(rows), 2, keep)
    second = np.where(found.rows[:, 0] == rows, found.similarity[:, 1], found.similarity[:, 0])
    return np.sort(second)


def reach(space: Space, query: np.ndarray, training: np.ndarray, yardstick: np.ndarray, own: int = -1) -> Reach | None:
    """Applicability of a model to a query (1, width) beside the training rows.

    ``own`` is its row among them, -1 where it has none.

    ``yardstick`` is :func:`nearest_others`. None where there is nothing to compare with.
    """
    keep = np.zeros(len(space.usable), bool)
    keep[training] = True
    is_own = own >= 0 and bool(keep[own])
    if is_own:
        keep[own] = False
    found = top(space, query, 1, keep)
    if not found.rows.size or not len(yardstick):
        return None
    similarity = float(found.similarity[0, 0])
    farther = 1 - np.searchsorted(yardstick, similarity, "right") / len(yardstick)
    return Reach(similarity, int(found.rows[0, 0]), max(float(farther), 0.0), is_own)


@dataclass(frozen=True)
class Domain:
    """Applicability domain of a model in fingerprints: ECFP4 of its training molecules, 2,048 bits, by Tanimoto.

    ``smiles`` of the training molecules; ``yardstick`` is :func:`nearest_others` of them.
    """

    smiles: np.ndarray
    space: Tanimoto
    yardstick: np.ndarray

    @property
    def edge(self) -> float:
        """Tanimoto similarity to the nearest training molecule at which the domain ends: the yardstick's 5 %."""
        return float(np.quantile(self.yardstick, 1 - INSIDE, method="inverted_cdf")) if len(self.yardstick) else np.nan

    def nearest(self, made: Features) -> tuple[np.ndarray, np.ndarray]:
        """Nearest training molecule of each, and its similarity: int64 (n,), -1, and float64 (n,), NaN without a
        fingerprint."""
        rows, similarity = np.full(len(made), -1), np.full(len(made), np.nan)
        good = np.flatnonzero(made.ok)
        if len(good) and self.space.usable.any():
            found = top(self.space, Tanimoto(made.take(good).columns["bits"]).words.T, 1)
            rows[good], similarity[good] = found.rows[:, 0], found.similarity[:, 0]
        return rows, similarity

    def inside(self, similarity: np.ndarray) -> np.ndarray:
        """Whether a molecule so near to the training molecules is in the domain, bool (n,); see :class:`Reach`."""
        found: np.ndarray = similarity >= self.edge
        return found


@cached(4)
def domain(model: Model, trained_on: Dataset, *, home: Home) -> Domain | None:
    """Applicability domain of a model; None where nothing says which molecules of its data set trained it."""
    known = predictions(model, trained_on, home=home)
    if known is None or "split" not in known:
        return None
    smiles = trained_on.smiles[(known["split"] == "train").to_numpy()]
    made = features("fingerprint", smiles, home=home)
    smiles, good = smiles[made.ok], np.flatnonzero(made.ok)
    if len(good) < 2:
        return None
    space = Tanimoto(made.take(good).columns["bits"])
    return Domain(smiles, space, nearest_others(space, np.arange(len(good)), most=MOST_EXACT))
