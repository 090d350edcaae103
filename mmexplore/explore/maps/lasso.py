"""Lasso selection: which points of a map lie inside a lasso or a box."""

from collections.abc import Sequence

import numpy as np

from mmexplore.runtime.errors import MmexploreError


def inside(polygon: np.ndarray | Sequence[Sequence[float]], xy: np.ndarray) -> np.ndarray:
    """Lasso selection.

    Which of ``xy`` (n, 2) lie inside ``polygon`` (m, 2), closed by itself, by the even-odd rule; bool (n,).

    A point on a lower or left edge is inside, on an upper or right edge outside; NaN is outside. Points are sorted by y
    once, so that each edge looks only at the points beside it. Raises MmexploreError unless m >= 3 finite corners came.

    >>> inside([(0, 0), (2, 0), (0, 2)], np.array([[0.5, 0.5], [1.5, 1.5]])).tolist()
    [True, False]
    """
    corners = np.asarray(polygon, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise MmexploreError(f"a lasso is three or more finite (x, y) corners, and an array of {corners.shape} came")
    within = np.zeros(len(xy), bool)
    rows = np.flatnonzero(in_box(xy, *corners.min(0), *corners.max(0)))
    rows = rows[np.argsort(xy[rows, 1])]
    x, y = np.asarray(xy, np.float64)[rows].T
    parity = np.zeros(len(rows), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0  # noqa: PLW2901
        first, last = np.searchsorted(y, (y0, y1))
        if first < last:
            part = slice(first, last)
            parity[part] ^= x[part] < x0 + (x1 - x0) * ((y[part] - y0) / (y1 - y0))
    within[rows] = parity
    return within


def in_box(xy: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Box selection: which of ``xy`` (n, 2) lie in the box between two opposite corners, edges included; bool (n,)."""
    low, high = np.minimum((x0, y0), (x1, y1)), np.maximum((x0, y0), (x1, y1))
    x, y = xy[:, 0], xy[:, 1]
    inner: np.ndarray = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
    return inner
