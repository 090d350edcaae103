"""Modality contributions of a fusion: coefficients, predictions, products; similarity of its embeddings. No torch.

MMFRL's figure 4 shows the parts of a late fusion, its figure 3 how like each modality's embedding is to the fused one.
Replicas of an encoder have axes of their own, which a cosine between two of them takes at their word; so beside it
stand two measures that do not know axes: linear CKA (Kornblith et al. 2019, arXiv:1905.00414) and the disagreement on
the neighbours of a molecule, as :func:`mmexplore.explore.neighbors.agreement.disagreement` has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from mmexplore.explore.neighbors.agreement import mean_disagreement, nearest_others, parted
from mmexplore.explore.neighbors.search import Cosine
from mmexplore.runtime.errors import UnknownName

Absent = Literal["mean", "zero"]
ABSENT: tuple[Absent, ...] = get_args(Absent)
"""What stands in for a modality that is absent: its mean over the training molecules, the default, or nothing."""
NEIGHBORS = 10
MOST_COMPARED = 20_000
"""So many molecules at most have their neighbours compared while a page waits."""


@dataclass(frozen=True)
class Similarities:
    """Similarity matrices of views, each matrix ``(views, views)``.

    ``cosine``: mean over molecules of the cosine of its two vectors, NaN where widths differ. ``cka``: 0 to 1.
    ``disagreement``: 1 - Jaccard index of its ``k`` nearest others by cosine, mean over molecules; 0: the same ones.
    """

    names: tuple[str, ...]
    cosine: np.ndarray
    cka: np.ndarray
    disagreement: np.ndarray
    k: int


def predictions(w: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Fused predictions of late fusion.

    ``sum_i w_i p_i`` (11), float64 (n,) or (n, tasks), of ``w`` (n, M) and ``p`` (n, M) or (n, M, tasks).
    """
    found: np.ndarray = products(w, p).sum(axis=1)
    return found


def products(w: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Contributions of the modalities: ``w_i p_i``, float64, shape of ``p``."""
    found: np.ndarray = np.asarray(w, np.float64).reshape(*w.shape, *[1] * (p.ndim - w.ndim)) * p
    return found


def what_if(
    w: np.ndarray, p: np.ndarray, factors: Sequence[float] | np.ndarray, absent: np.ndarray | float = 0.0
) -> np.ndarray:
    """Counterfactual predictions: each modality's coefficient times its factor ``(M,)``; 0 switches it off.

    ``absent`` (M,) takes the place of the products that are switched off, and its part in between.

    >>> what_if(np.array([[0.5, 2.0]]), np.array([[4.0, 1.0]]), [1, 0])
    array([2.])
    >>> what_if(np.array([[0.5, 2.0]]), np.array([[4.0, 1.0]]), [1, 0], np.array([9.0, 0.25]))
    array([2.25])
    """
    factors = np.asarray(factors, np.float64)
    found: np.ndarray = predictions(np.asarray(w, np.float64) * factors, p) + ((1 - factors) * absent).sum()
    return found


def check_absent(absent: str) -> None:
    """Raises UnknownName for a stand-in that there is not."""
    if absent not in ABSENT:
        raise UnknownName("stand-in of an absent modality", absent, ABSENT)


def similarities(
    views: dict[str, np.ndarray], k: int = NEIGHBORS, most: int = MOST_COMPARED, seed: int = 0
) -> Similarities:
    """Similarity matrices of several views.

    Of views ``(n, width)`` of the same molecules, finite rows all; of more than ``most``, of a seeded sample.
    """
    names, count = tuple(views), len(next(iter(views.values())))
    rows = np.arange(count)
    if count > most:
        rows = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    x = {name: np.asarray(values[rows], np.float32) for name, values in views.items()}
    k = min(k, len(rows) - 1)
    near = {name: nearest_others(Cosine(values), np.ones(len(rows), bool), k) for name, values in x.items()}
    cosine, alike, apart = (np.ones((len(names), len(names))) for _ in range(3))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            cosine[i, j] = mean_cosine(x[one], x[other])
            alike[i, j] = cka(x[one], x[other])
            apart[i, j] = mean_disagreement(parted(near[one], near[other]))
    return Similarities(names, cosine, alike, apart, k)


def mean_cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Mean cosine of rows; a row of zeros counts as 0, different widths as NaN."""
    if x.shape[1] != y.shape[1]:
        return float("nan")
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return float(np.mean(np.einsum("ij,ij->i", x, y) / np.where(lengths > 0, lengths, 1)))


def cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear CKA ``|X'Y|^2 / (|X'X| |Y'Y|)`` of centred columns, 0 to 1; it does not change when a view is turned."""
    x, y = (np.asarray(v, np.float64) - v.mean(axis=0, dtype=np.float64) for v in (x, y))
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(x.T @ y) ** 2 / scale) if scale > 0 else 0.0
