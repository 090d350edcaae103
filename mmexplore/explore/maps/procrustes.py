"""Procrustes alignment of one map with another (Gower 1975), so that eyes can compare them. Only for drawing.

For maps X and Y, centred, with the same molecules in their rows, it finds the rotation or reflection Q, the scale s and
the shift that make ||s X Q - Y||^2 least: with U S V' the singular value decomposition of X'Y, Q = U V' and
s = sum(S) / ||X||^2 (Schoenemann 1966 for Q).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Aligned:
    """Aligned map: ``xy`` (n, 2) float32.

    ``disparity`` is the share of the other map that is not met, 0 (the same) to 1.
    """

    xy: np.ndarray
    disparity: float | None


def align(xy: np.ndarray, onto: np.ndarray) -> Aligned:
    """Procrustes alignment of one map with another.

    ``xy`` (n, 2) turned, mirrored, scaled alike in both directions and shifted onto the map ``onto`` (n, 2).

    Molecules that lack a place on either map do not count, and keep NaN where ``xy`` has it. Where fewer than two
    count, or all of a map lie at one point, ``xy`` comes back as it was, with None.

    >>> turned = align(np.array([[0, 0], [0, 2], [1, 0]]), np.array([[1, 1], [5, 1], [1, 3]]))
    >>> turned.xy.round(3).tolist(), round(turned.disparity, 6)
    ([[1.0, 1.0], [5.0, 1.0], [1.0, 3.0]], 0.0)
    """
    from scipy.linalg import orthogonal_procrustes

    both = np.isfinite(xy).all(axis=1) & np.isfinite(onto).all(axis=1)
    x, y = xy[both].astype(np.float64), onto[both].astype(np.float64)
    if len(x) < 2:
        return Aligned(np.asarray(xy, np.float32), None)
    x_center, y_center = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_center, y - y_center
    x_size, y_size = float((x * x).sum()), float((y * y).sum())
    if not x_size * y_size > 0:
        return Aligned(np.asarray(xy, np.float32), None)
    turn, total = orthogonal_procrustes(x, y)  # ``total`` is sum(S)
    placed = (xy - x_center) @ turn * (total / x_size) + y_center
    return Aligned(placed.astype(np.float32), float(np.clip(1 - total * total / (x_size * y_size), 0, 1)))
