"""k-nearest-neighbor search, exact, by blocks of matrix products; one serves UMAP, t-SNE and new points on a map.

Squared distances of a block come from ``|q|^2 + |x|^2 - 2 q.x`` in float32, which cancels for near ones; so a few more
candidates than asked for are taken, and those nearer than a seventh of their length are computed again as differences.
No index: exact search is linear in memory and fast enough up to the sizes that are laid out
(``embedding_map.LANDMARKS``).
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.progress import Progress, silent

_BLOCK_ELEMENTS = 16_000_000
_SPARE = 8
_NEAR = 0.02  # of |x|^2: beyond, the relative error of a float32 difference stays below some 1e-5


@dataclass(frozen=True)
class Neighbors:
    """Neighbors.

    ``indices`` int32 (n, k) into the searched rows, ``distances`` float32 (n, k), nearest first, ties by index.
    """

    indices: np.ndarray
    distances: np.ndarray


def neighbours(x: np.ndarray, k: int, progress: Progress = silent) -> Neighbors:
    """k-nearest-neighbor search within a matrix.

    The ``k`` nearest other rows of each row of ``x`` (n, d), Euclidean; a row is never its own neighbour.

    >>> neighbours(np.array([[0.0], [1.0], [3.0]]), 1).indices.ravel().tolist()
    [1, 0, 1]
    """
    return _search(x, x, k, True, progress)


def nearest(queries: np.ndarray, x: np.ndarray, k: int, progress: Progress = silent) -> Neighbors:
    """k-nearest-neighbor search: the ``k`` nearest rows of ``x`` (n, d) to each query (m, d), Euclidean."""
    return _search(queries, x, k, False, progress)


def _search(queries: np.ndarray, x: np.ndarray, k: int, same: bool, progress: Progress) -> Neighbors:
    if not 1 <= k <= len(x) - same:
        raise MmexploreError(f"{len(x)} molecules have 1 to {len(x) - same} neighbours each, and {k} were asked for")
    queries, x = np.asarray(queries, np.float32), np.ascontiguousarray(x, np.float32)
    norms = np.einsum("ij,ij->i", x, x)
    taken = min(k + _SPARE, len(x) - same)
    block = max(1, _BLOCK_ELEMENTS // len(x))
    indices = np.empty((len(queries), k), np.int32)
    distances = np.empty((len(queries), k), np.float32)
    for start in range(0, len(queries), block):
        progress("neighbours", start, len(queries))
        part = slice(start, start + block)
        candidates, squared = _candidates(queries[part], x, norms, taken, start if same else None)
        _mend(squared, candidates, queries[part], x, norms)
        order = np.lexsort((candidates, squared))[:, :k]
        indices[part] = np.take_along_axis(candidates, order, 1)
        distances[part] = np.sqrt(np.take_along_axis(squared, order, 1))
    progress("neighbours", len(queries), len(queries))
    return Neighbors(indices, distances)


def _candidates(
    queries: np.ndarray, x: np.ndarray, norms: np.ndarray, taken: int, own: int | None
) -> tuple[np.ndarray, np.ndarray]:
    scores = (queries * np.float32(-2)) @ x.T
    scores += norms
    if own is not None:
        here = np.arange(len(queries))
        scores[here, own + here] = np.inf
    candidates = _smallest(scores, taken)
    squared = np.take_along_axis(scores, candidates, 1)
    squared += np.einsum("ij,ij->i", queries, queries)[:, None]
    return candidates, squared


def _smallest(scores: np.ndarray, taken: int) -> np.ndarray:
    """Columns of the ``taken`` smallest of each row, unsorted.

    They lie in the ``taken`` groups of columns with the smallest minima, and minima are far cheaper than a partition.
    """
    rows, width = scores.shape
    size = int(np.sqrt(width / taken))
    if size < 4:
        return np.argpartition(scores, taken - 1, axis=1)[:, :taken]
    groups = width // size
    minima = scores[:, : groups * size].reshape(rows, size, groups).min(axis=1)
    best = np.argpartition(minima, taken - 1, axis=1)[:, :taken]
    columns = (best[:, None, :] + groups * np.arange(size)[:, None]).reshape(rows, -1)
    rest = np.broadcast_to(np.arange(groups * size, width), (rows, width - groups * size))
    columns = np.hstack([columns, rest])
    chosen = np.argpartition(np.take_along_axis(scores, columns, 1), taken - 1, axis=1)[:, :taken]
    return np.take_along_axis(columns, chosen, 1)


def _mend(squared: np.ndarray, candidates: np.ndarray, queries: np.ndarray, x: np.ndarray, norms: np.ndarray) -> None:
    near, columns = np.nonzero(squared <= _NEAR * norms[candidates])
    step = max(1, _BLOCK_ELEMENTS // max(1, x.shape[1]))
    for start in range(0, len(near), step):
        rows, places = near[start : start + step], columns[start : start + step]
        difference = x[candidates[rows, places]] - queries[rows]
        squared[rows, places] = np.einsum("ij,ij->i", difference, difference)


def unit_rows(x: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (rows of zeros stay), float32: Euclidean neighbours of these are cosine neighbours."""
    x = np.asarray(x, np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", x, x))
    return x / np.where(length > 0, length, 1)[:, None]


def interpolate(found: Neighbors, xy: np.ndarray) -> np.ndarray:
    """Inverse-distance interpolation.

    Means of neighbours' coordinates weighted by 1/distance^2, (m, 2) float32; at distance 0 the neighbour's own.
    """
    squared = np.square(found.distances, dtype=np.float64)
    exact = squared == 0
    with np.errstate(divide="ignore"):
        weights = np.where(exact.any(1, keepdims=True), exact, 1 / squared)
    weights /= weights.sum(1, keepdims=True)
    placed: np.ndarray = np.einsum("ij,ijk->ik", weights, xy[found.indices]).astype(np.float32)
    return placed
