"""Matched transformations: what a label does, on average, where one part of a molecule becomes another.

Pairs that share a molecule are not independent, so those are averaged first, and intervals and tests are over such
groups: Student's t of numbers, Agresti and Min (2005, doi:10.1002/sim.1781) and the exact sign test of classes. Tests
of many transformations are corrected together (Benjamini and Hochberg 1995).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmexplore.chem.matched_pairs import MatchedPair, heavy_atoms
from mmexplore.runtime.home import with_nan

FEWEST = 3
"""A transformation of fewer groups of pairs is not listed."""
MOST = 2_000
CONFIDENCE = 0.95
Move = tuple[str, str]


@dataclass(frozen=True)
class Transformation:
    """Matched transformation: ``part_a`` becomes ``part_b``, in ``count`` pairs of ``groups`` that share no molecule.

    ``mean`` change of the label over the groups, of classes the share that becomes 1 less the share that becomes 0,
    with its interval ``low`` to ``high``; ``up`` and ``down`` pairs; ``p`` of a change of 0, and ``q`` corrected for
    all transformations, NaN where the changes do not vary. ``pairs`` are rows (with part_a, with part_b).
    """

    part_a: str
    part_b: str
    count: int
    groups: int
    mean: float
    low: float
    high: float
    up: int
    down: int
    p: float
    q: float
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Transformation":
        """Transformation from its plain values, where NaN was written as null."""
        known = with_nan(told, "low", "high", "p", "q")
        return cls(**known | {"pairs": tuple((a, b) for a, b in told["pairs"])})


def oriented(pair: MatchedPair) -> tuple[Move, int, int]:
    """A pair's transformation from the smaller part to the larger one, and the rows that hold them."""
    parts = ((heavy_atoms(pair.part_a), pair.part_a, pair.a), (heavy_atoms(pair.part_b), pair.part_b, pair.b))
    (_, one, a), (_, other, b) = sorted(parts)
    return (one, other), a, b


def changes(pairs: Iterable[tuple[Move, int, int]], values: np.ndarray) -> dict[Move, list[tuple[int, int]]]:
    """Pairs of each transformation whose labels are both known."""
    found: dict[Move, list[tuple[int, int]]] = defaultdict(list)
    known = np.isfinite(values)
    for move, a, b in pairs:
        if known[a] and known[b]:
            found[move].append((a, b))
    return found


def transformations(
    found: Mapping[Move, list[tuple[int, int]]], values: np.ndarray, classes: bool, fewest: int = FEWEST
) -> tuple[Transformation, ...]:
    """Transformations of at least so many groups of pairs, those that are surest of a change first."""
    made = [
        one for move, pairs in found.items() if len(pairs) >= fewest and (one := _one(move, pairs, values, classes))
    ]
    made = sorted((one for one in made if one.groups >= fewest), key=lambda one: (-one.groups, one.part_a, one.part_b))
    return _corrected(made)[:MOST]


def _one(move: Move, pairs: list[tuple[int, int]], values: np.ndarray, classes: bool) -> Transformation:
    pairs = sorted(pairs)
    steps = np.array([values[b] - values[a] for a, b in pairs])
    groups = group_means(pairs, steps)
    mean, low, high, p = _of_classes(groups) if classes else _of_numbers(groups)
    up, down = int((steps > 0).sum()), int((steps < 0).sum())
    return Transformation(*move, len(pairs), len(groups), mean, low, high, up, down, p, np.nan, tuple(pairs))


def group_means(pairs: list[tuple[int, int]], steps: np.ndarray) -> np.ndarray:
    """Mean step of each group of pairs that hang together by shared molecules.

    >>> group_means([(0, 1), (0, 2), (3, 4)], np.array([1.0, 3.0, 5.0])).tolist()
    [2.0, 5.0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, places = np.unique(pairs, return_inverse=True)
    a, b = places.reshape(-1, 2).T
    together = coo_array((np.ones(len(a)), (a, b)), shape=(len(rows), len(rows)))
    group = connected_components(together, directed=False)[1][a]
    found: np.ndarray = np.bincount(group, steps) / np.bincount(group)
    return found


def _of_numbers(groups: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, Student's interval and p of a change of 0."""
    from scipy import stats

    mean = float(groups.mean())
    spread = float(groups.std(ddof=1)) if len(groups) > 1 else 0.0
    if spread <= 1e-9 * max(1.0, abs(mean)):
        return mean, np.nan, np.nan, np.nan
    error = spread / len(groups) ** 0.5
    wide = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(groups) - 1)) * error
    return mean, mean - wide, mean + wide, float(2 * stats.t.sf(abs(mean) / error, len(groups) - 1))


def _of_classes(groups: np.ndarray) -> tuple[float, float, float, float]:
    """Difference of paired shares, Agresti and Min's interval, and p of the exact sign test."""
    from scipy import stats

    up, down, n = int((groups > 0).sum()), int((groups < 0).sum()), len(groups)
    more, less, all_ = up + 0.5, down + 0.5, n + 2
    shift = (more - less) / all_
    error = ((more + less) - (more - less) ** 2 / all_) ** 0.5 / all_
    wide = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * error
    p = float(stats.binomtest(up, up + down).pvalue) if up + down else 1.0
    return (up - down) / n, max(shift - wide, -1.0), min(shift + wide, 1.0), p


def _corrected(made: list[Transformation]) -> tuple[Transformation, ...]:
    from scipy import stats

    tested = [number for number, one in enumerate(made) if np.isfinite(one.p)]
    if tested:
        corrected = stats.false_discovery_control([made[number].p for number in tested])
        for number, q in zip(tested, corrected.tolist(), strict=True):
            made[number] = replace(made[number], q=float(q))
    surest = [(one.q if np.isfinite(one.q) else 2.0, one.p if np.isfinite(one.p) else 2.0) for one in made]
    order = sorted(range(len(made)), key=lambda number: (*surest[number], number))
    return tuple(made[number] for number in order)
