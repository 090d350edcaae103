"""Applicability domain: distance of a molecule to the training set, in a space of similarities.

The yardstick is the training set itself: each of its molecules (of a sample) and the nearest other one. A query that
lies farther from the training set than nearly all of its own molecules lie from each other is outside of it (the
distance-to-model of Sheridan et al. 2004, doi:10.1021/ci049782w, read as a percentile).
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.explore.neighbors.search import Space, top

MOST_MEASURED = 1_000


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
        return "at the edge of the training set" if self.farther_than <= 0.95 else "outside the training set"


def nearest_others(space: Space, training: np.ndarray, seed: int = 0) -> np.ndarray:
    """Nearest-neighbor similarity among training molecules (a sample, where there are many), ascending."""
    keep = np.zeros(len(space.usable), bool)
    keep[training] = True
    rows = np.flatnonzero(keep & space.usable)
    if len(rows) < 2:
        return np.empty(0)
    if len(rows) > MOST_MEASURED:
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
