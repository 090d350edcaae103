"""Agreement of two spaces: shared neighbours and rank correlation, each beside chance; no torch.

Overlap@k: the share of a molecule's k nearest others in one space that are among its k nearest in the other. Spearman:
the correlation of the ranks of all others (Spearman 1904). Chance is told twice: what overlap@k of a random ranking is
expected to be, k over the number of others, and what is measured when the rows of one space are dealt anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mmexplore.explore.neighbors.search import Space, top
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.thresholds import at_least

_BLOCK_ELEMENTS = 8_000_000
MOST_RANKED = 2_000
"""Rank correlations are taken over at most so many others, drawn once."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of two spaces.

    Of each query (``rows``, int64): ``overlap`` at ``k`` and ``spearman``, as measured and with permuted rows.

    ``expected`` is the overlap of a random ranking, ``others`` how many molecules a query is compared with, ``ranked``
    those of them that the rank correlation is taken over.
    """

    rows: np.ndarray
    k: int
    others: int
    ranked: int
    overlap: np.ndarray
    overlap_permuted: np.ndarray
    expected: float
    spearman: np.ndarray
    spearman_permuted: np.ndarray


@dataclass(frozen=True)
class Pair:
    """Discordant pair: two rows that one space calls ``near`` (its similarity) and the other ``far`` (its similarity).

    ``nearer`` is the share of other molecules that the second space puts nearer to ``a`` than ``b``: 0 nearest.
    """

    a: int
    b: int
    near: float
    far: float
    nearer: float


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Neighbor overlap: share of the hits in a row of ``a`` (m, k) that stand in the same row of ``b``, float64 (m,).

    >>> overlap(np.array([[1, 2]]), np.array([[2, 3]])).tolist()
    [0.5]
    """
    found: np.ndarray = (a[:, :, None] == b[:, None, :]).any(2).mean(1)
    return found


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rank correlation of each row of ``a`` (m, n) with that of ``b``, ties at their mean rank; NaN where one is flat.

    >>> spearman(np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 20.0, 15.0]])).tolist()
    [0.5]
    """
    from scipy.stats import rankdata  # it takes longer to import than a page has

    ranks = [rankdata(x, axis=1) for x in (a, b)]
    x, y = (r - r.mean(1, keepdims=True) for r in ranks)
    length = np.sqrt((x * x).sum(1) * (y * y).sum(1))
    found: np.ndarray = np.divide((x * y).sum(1), length, out=np.full(len(x), np.nan), where=length > 0)
    return found


def agreement(
    a: Space, b: Space, k: int = 10, queries: int = 200, seed: int = 0, progress: Progress = silent
) -> Agreement:
    """Agreement of two spaces over ``queries`` molecules drawn by ``seed``.

    No molecule is its own hit.
    Raises MmexploreError for k < 1, and where fewer than k + 2 molecules have a record in both.
    """
    both = np.flatnonzero(a.usable & b.usable)
    if k < 1 or len(both) < k + 2:
        raise MmexploreError(f"overlap@{k} needs {max(k, 1) + 2} molecules in both spaces, and {len(both)} are there")
    chance = np.random.default_rng(seed)
    rows = np.sort(chance.choice(both, min(queries, len(both)), replace=False))
    ranked = np.sort(chance.choice(both, min(MOST_RANKED + 1, len(both)), replace=False))
    dealt = np.arange(len(a.usable))
    dealt[both] = chance.permutation(both)
    found: list[tuple[np.ndarray, ...]] = []
    done = 0
    for part in _parts(rows, len(a.usable)):
        progress("agreement", done, len(rows))
        found.append(_measured(a, b, part, both, ranked, dealt, k))
        done += len(part)
    progress("agreement", len(rows), len(rows))
    columns = (np.concatenate(column) for column in zip(*found, strict=True))
    shared, shared_dealt, rank, rank_dealt = columns
    others = len(both) - 1
    return Agreement(rows, k, others, len(ranked) - 1, shared, shared_dealt, k / others, rank, rank_dealt)


def _measured(
    a: Space, b: Space, rows: np.ndarray, both: np.ndarray, ranked: np.ndarray, dealt: np.ndarray, k: int
) -> tuple[np.ndarray, ...]:
    keep = np.zeros(len(dealt), bool)
    keep[both] = True
    home = np.empty_like(dealt)
    home[dealt] = np.arange(len(dealt))
    hits_a, hits_b = _others(a, rows, k, keep), _others(b, rows, k, keep)
    hits_dealt = home[_others(b, dealt[rows], k, keep)]
    scores_a, scores_b = (space.scores(space.take(rows)) for space in (a, b))
    scores_dealt = b.scores(b.take(dealt[rows]))[:, dealt[ranked]]
    others = np.array([ranked[ranked != row][: len(ranked) - 1] for row in rows])
    at = np.searchsorted(ranked, others)
    of_a, of_b = np.take_along_axis(scores_a, others, 1), np.take_along_axis(scores_b, others, 1)
    of_dealt = np.take_along_axis(scores_dealt, at, 1)
    return overlap(hits_a, hits_b), overlap(hits_a, hits_dealt), spearman(of_a, of_b), spearman(of_a, of_dealt)


def _others(space: Space, rows: np.ndarray, k: int, keep: np.ndarray) -> np.ndarray:
    """The k nearest of each row, itself left out wherever ties put it."""
    found = top(space, space.take(rows), k + 1, keep).rows
    own = found == rows[:, None]
    own[~own.any(1), -1] = True  # more than k equals before it: the last one goes in its place
    others: np.ndarray = found[~own].reshape(len(rows), k)
    return others


def disagreement(a: Space, b: Space, k: int = 10, progress: Progress = silent) -> np.ndarray:
    """Jaccard distance of the ``k`` nearest neighbors of each molecule in the two spaces, float32 (n,).

    0: the same ones.

    NaN where a molecule has no record in both. Raises MmexploreError as :func:`agreement` does.
    """
    return parted(*neighbors_in_both(a, b, k, progress))


def neighbors_in_both(a: Space, b: Space, k: int = 10, progress: Progress = silent) -> tuple[np.ndarray, np.ndarray]:
    """``k`` nearest neighbors of each molecule in either space, int64 (n, k) each, among those that are in both.

    -1 in rows of molecules that are not. Raises MmexploreError as :func:`agreement` does.
    """
    keep = a.usable & b.usable
    n = int(keep.sum())
    if k < 1 or n < k + 2:
        raise MmexploreError(f"{k} neighbours need {max(k, 1) + 2} molecules in both spaces, and {n} are there")
    return nearest_others(a, keep, k, progress), nearest_others(b, keep, k, progress)


def nearest_others(space: Space, keep: np.ndarray, k: int, progress: Progress = silent) -> np.ndarray:
    """k-nearest neighbors of each molecule that is kept, among those; int64 (n, k), -1 for the others."""
    rows = np.flatnonzero(keep)
    found = np.full((len(keep), k), -1)
    for part in _parts(rows, len(keep)) if k else []:
        progress("neighbours", int(np.searchsorted(rows, part[0])), len(rows))
        found[part] = _others(space, part, k, keep)
    progress("neighbours", len(rows), len(rows))
    return found


def parted(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jaccard distance of two sets of neighbours (n, k), float32 (n,); NaN in rows of -1, 0 where k is 0.

    >>> parted(np.array([[1, 2], [-1, -1]]), np.array([[2, 3], [-1, -1]])).tolist()
    [0.6666666865348816, nan]
    """
    if not one.shape[1]:
        return np.zeros(len(one), np.float32)
    shared = overlap(one, other)
    found: np.ndarray = np.where(one[:, 0] < 0, np.nan, 1 - shared / (2 - shared)).astype(np.float32)
    return found


def mean_disagreement(values: np.ndarray) -> float:
    """Mean disagreement of two views: the mean of :func:`disagreement` over the molecules that have one."""
    return float(values[np.isfinite(values)].mean(dtype=np.float64))


def far_pairs(
    near: Space,
    far: Space,
    queries: int = 500,
    k: int = 5,
    least: float = -1.0,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Pair, ...]:
    """Discordant pairs.

    ``near`` puts them close (among ``k`` nearest, similarity at least ``least``), farthest in ``far`` first.

    Looked for round ``queries`` molecules drawn by ``seed``; each pair once. Molecules that are equal in ``near``
    (similarity 1: a duplicate, or what a fingerprint cannot tell apart) count, for these are the most telling.
    """
    keep = near.usable & far.usable
    both = np.flatnonzero(keep)
    k = min(k, len(both) - 1)
    if k < 1:
        return ()
    rows = np.sort(np.random.default_rng(seed).choice(both, min(queries, len(both)), replace=False))
    found: dict[tuple[int, int], Pair] = {}
    for done, part in enumerate(_parts(rows, len(keep))):
        progress("pairs", done, 1 + done)
        for pair in _pairs(near, far, part, keep, k, least):
            key = (min(pair.a, pair.b), max(pair.a, pair.b))
            if key not in found or found[key].nearer < pair.nearer:
                found[key] = pair
    return tuple(sorted(found.values(), key=lambda pair: (-pair.nearer, -pair.near, pair.a, pair.b)))


def _pairs(near: Space, far: Space, rows: np.ndarray, keep: np.ndarray, k: int, least: float) -> Iterator[Pair]:
    hits, scores, n = _others(near, rows, k, keep), far.scores(far.take(rows)), int(keep.sum())
    for row, others, score in zip(rows.tolist(), hits, scores, strict=True):
        query = np.array([row])
        similarity = near.exact(near.take(query)[0], others)
        away = far.exact(far.take(query)[0], others)
        for other, s, d in zip(others.tolist(), similarity.tolist(), away.tolist(), strict=True):
            if at_least(s, least):
                nearer = int((score[keep] > score[other]).sum()) - 1
                yield Pair(row, other, s, d, max(nearer, 0) / max(n - 2, 1))


def _parts(rows: np.ndarray, n: int) -> list[np.ndarray]:
    return np.array_split(rows, -(-len(rows) * n // _BLOCK_ELEMENTS) or 1)
