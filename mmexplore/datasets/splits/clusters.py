"""Clusters of alike molecules: Butina's on ECFP4 (Butina 1999, doi:10.1021/ci9803381).

The molecule with most neighbors, those that are at least so similar, is a centroid and takes them with it; then the
next one that is not taken. Neighbors are counted, not kept, so that memory grows with the molecules and not with their
pairs; a centroid's are found again when its turn comes. Ties go by SMILES, the last in order first, so that the
clusters are those of RDKit's Butina over molecules sorted by SMILES, whatever order the rows have.
"""

from collections.abc import Sequence

import numpy as np

from mmexplore.chem.fingerprints import Tanimoto, tanimoto_of
from mmexplore.runtime.cache import cached
from mmexplore.runtime.progress import Progress, silent

SIMILARITY = 0.35
"""Tanimoto from which two molecules are neighbors: what practitioners split by (a distance of 0.65)."""
_REPORT = 256


def butina(smiles: Sequence[str], similarity: float = SIMILARITY, progress: Progress = silent) -> np.ndarray:
    """Cluster of each molecule, int64 (n,), the first centroid's is 0; -1 where the SMILES cannot be read.

    >>> butina(["CCCCCO", "CCCCCCO", "c1ccncc1"]).tolist()
    [0, 0, 1]
    """
    return _clusters(tuple(map(str, smiles)), similarity, progress=progress)


@cached(4)
def _clusters(smiles: tuple[str, ...], similarity: float, *, progress: Progress = silent) -> np.ndarray:
    texts, place = np.unique(np.array(smiles, dtype=object), return_inverse=True)
    space = tanimoto_of(texts.tolist())
    found = _of_unique(space, similarity, progress)
    return found[place] if len(texts) else np.empty(0, np.int64)


def _of_unique(space: Tanimoto, similarity: float, progress: Progress) -> np.ndarray:
    counts = _neighbor_counts(space, similarity, progress)
    clusters = np.full(len(counts), -1, np.int64)
    free = space.usable.copy()
    number = 0
    for row in np.lexsort((np.arange(len(counts)), counts))[::-1].tolist():
        if not free[row]:
            continue
        alone = counts[row] == 1  # itself
        taken = np.array([row]) if alone else np.flatnonzero(space.near(row, 0, similarity) & free)
        clusters[taken], free[taken] = number, False
        number += 1
    return clusters


def _neighbor_counts(space: Tanimoto, similarity: float, progress: Progress) -> np.ndarray:
    """How many molecules each has for neighbors, itself counted, int64 (n,)."""
    n = len(space.usable)
    counts = np.zeros(n, np.int64)
    for row in np.flatnonzero(space.usable).tolist():
        if row % _REPORT == 0:
            progress("cluster", row, n)
        near = space.near(row, row, similarity)
        counts[row:] += near
        counts[row] += int(near.sum()) - 1
    progress("cluster", n, n)
    return counts
