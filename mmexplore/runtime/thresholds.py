"""Thresholds: a number that a person typed against numbers that are stored as float32.

-1.24 typed is a float64, -1.24 stored is the float32 beside it, which is -1.2400000095: compared as they are, the value
does not reach itself. Both are compared as float32.
"""

import numpy as np


def at_least(values: np.ndarray | float, threshold: float) -> np.ndarray:
    """Which values reach a threshold from above, bool of their shape; NaN does not.

    >>> at_least(np.array([-1.24], np.float32).astype(float), -1.24).tolist()
    [True]
    """
    with np.errstate(over="ignore"):
        found: np.ndarray = np.asarray(values, np.float32) >= np.float32(threshold)
    return found


def at_most(values: np.ndarray | float, threshold: float) -> np.ndarray:
    """Which values reach a threshold from below, bool of their shape; NaN does not."""
    return at_least(-np.asarray(values, np.float64), -threshold)
