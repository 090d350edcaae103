"""Similarity search: exact cosine of embeddings, exact Tanimoto of fingerprints. No index, no torch.

Scores are found in float32; what may be among the best is scored again in float64, so that ids are those of an exact
search, ties by row. Fingerprints are compared by :class:`mmexplore.chem.fingerprints.Tanimoto`.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmexplore.explore.neighbors.knn import unit_rows
from mmexplore.runtime.errors import MmexploreError

_BLOCK_ELEMENTS = 16_000_000
_AT_ONCE = 16_384  # molecules whose words of one number stay in the processor's cache
_SLACK = np.float32(1e-5)  # above the error of a float32 score


@dataclass(frozen=True)
class Hits:
    """Search hits.

    ``rows`` int64 (m, k) and ``similarity`` float64 (m, k) of m queries, most similar first, ties by row.
    """

    rows: np.ndarray
    similarity: np.ndarray


class Space(Protocol):
    """Search space: molecules that can be compared with queries.

    ``usable`` bool (n,) says which have a record at all.
    """

    usable: np.ndarray

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Records of these molecules, as queries."""

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Similarities (m, n) float32, ``-inf`` where a molecule is not usable."""

    def exact(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Similarities of one query to some rows, float64."""


class Cosine:
    """Cosine similarity of embeddings ``x`` (n, d); rows with NaN are not usable, a row of zeros has similarity 0."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = np.asarray(x, np.float32)
        length = np.sqrt(np.einsum("ij,ij->i", self.x, self.x, dtype=np.float64))
        self.usable: np.ndarray = np.isfinite(length)
        self._whole = bool(self.usable.all())
        with np.errstate(divide="ignore", invalid="ignore"):
            self._inverse = np.where(length > 0, 1 / length, 0).astype(np.float32)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Embeddings (m, d)."""
        found: np.ndarray = self.x[rows]
        return found

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Cosines (m, n) float32 of queries (m, d)."""
        q = unit_rows(queries)
        found: np.ndarray = (self.x @ q[0])[None] if len(q) == 1 else q @ self.x.T
        with np.errstate(invalid="ignore"):  # infinity times 0, of rows that are left out below
            found *= self._inverse
        if not self._whole:
            found[:, ~self.usable] = -np.inf
        return found

    def exact(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Cosines in float64, each row summed alike, so that equal rows are equally similar."""
        q = np.asarray(query, np.float64)
        parts = [self._exactly(q, rows[i : i + _AT_ONCE]) for i in range(0, len(rows), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _exactly(self, q: np.ndarray, rows: np.ndarray) -> np.ndarray:
        x = self.x[rows].astype(np.float64)
        length = np.sqrt(np.einsum("ij,ij->i", x, x) * np.einsum("j,j->", q, q))
        found: np.ndarray = np.einsum("ij,j->i", x, q) / np.where(length > 0, length, 1)
        clipped: np.ndarray = np.clip(found, -1, 1)
        return clipped


def top(space: Space, queries: np.ndarray, k: int, keep: np.ndarray | None = None) -> Hits:
    """Top-k search.

    The ``k`` molecules most similar to each query, of those that are usable and (bool (n,)) to ``keep``.

    Fewer where there are fewer. Raises MmexploreError for k < 1.

    >>> top(Cosine(np.eye(3)), np.array([[2.0, 1.0, 0.0]]), 2).rows.tolist()
    [[0, 1]]
    """
    if k < 1:
        raise MmexploreError(f"a search has at least 1 hit, and {k} were asked for")
    allowed = space.usable if keep is None else space.usable & keep
    k = min(k, int(allowed.sum()))
    hits = Hits(np.empty((len(queries), k), np.int64), np.empty((len(queries), k)))
    size = max(1, _BLOCK_ELEMENTS // max(1, len(allowed)))
    for start in range(0, len(queries) if k else 0, size):
        scores = space.scores(queries[start : start + size])
        if keep is not None:
            scores[:, ~allowed] = -np.inf
        for number, row in enumerate(scores, start):
            hits.rows[number], hits.similarity[number] = _best(space, queries[number], row, k)
    return hits


def with_ties(space: Space, query: np.ndarray, k: int, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Top-k search of one query (1, width), and all molecules that tie with the k-th: rows and similarities.

    Of several looks at one query (m, width) the likest counts. Raises MmexploreError for k < 1.
    """
    if k < 1:
        raise MmexploreError(f"a search has at least 1 hit, and {k} were asked for")
    allowed = space.usable & keep
    k = min(k, int(allowed.sum()))
    if not k:
        return np.empty(0, np.int64), np.empty(0)
    size = max(1, _BLOCK_ELEMENTS // len(allowed))
    scores = np.max([space.scores(query[i : i + size]).max(0) for i in range(0, len(query), size)], 0)
    scores[~allowed] = -np.inf
    rows, similarity = _ranked(space, query, scores, k)
    last = int(np.searchsorted(-similarity, -similarity[k - 1], "right"))
    return rows[:last], similarity[:last]


def _best(space: Space, query: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    rows, similarity = _ranked(space, query[None], scores, k)
    return rows[:k], similarity[:k]


def _ranked(space: Space, looks: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """All that may be among the best k, which holds all that tie with the k-th."""
    rows = np.flatnonzero((scores >= _floor(scores, k) - _SLACK) & (scores > -np.inf))
    similarity: np.ndarray = np.max([space.exact(look, rows) for look in looks], 0)
    order = np.lexsort((rows, -similarity))
    return rows[order], similarity[order]


def _floor(scores: np.ndarray, k: int) -> np.float32:
    """A bound that at least ``k`` scores reach and few exceed: the k-th best of the maxima of groups, which are far
    cheaper to find than the k-th best score itself."""
    groups = max(8 * k, int(np.sqrt(len(scores))))
    size = len(scores) // groups
    best = scores if size < 4 else scores[: size * groups].reshape(size, groups).max(0)
    place = len(best) - k
    return np.float32(np.partition(best, place)[place])
