"""Shift-by-shift matching: how well a list of peaks fits the spectra predicted for many molecules.

Peaks and predicted lines are paired, each with one at most. A pair costs its distance in ppm, what stays alone costs
half the ``tolerance``, so that nothing further apart than that is a pair. A wide one finds more: what decides is that
no peak is too many. Of all pairings the cheapest counts: with
distances on a line none is cheaper than one that keeps both orders (crossing pairs can be uncrossed), and of those
dynamic programming finds the cheapest, for all molecules at once.
"""

import numpy as np

from mmexplore.explore.spectra.shift_table import ANY, Shifts

TOLERANCE_PPM = 80.0
OTHER_HYDROGENS = 0.1
"""A pair whose hydrogens are told, and differ, costs this share of the tolerance more."""


def similarity(
    ppm: np.ndarray, shifts: Shifts, hydrogens: np.ndarray | None = None, tolerance: float = TOLERANCE_PPM
) -> np.ndarray:
    """Similarity of one list of peaks to each predicted spectrum, float64 (n,).

    One less the cost of the cheapest pairing, as a share of what it costs to leave all alone: 1 where every peak falls
    on a line of its own, 0 where none is near one. ``hydrogens`` (peaks,) on the carbon of each peak, -1 where unknown.
    Peaks of the same shift are one line. NaN for a molecule without lines. The order of peaks does not matter.
    """
    ppm, told = merged(ppm, hydrogens)
    order = np.argsort(-shifts.counts, kind="stable")
    counts = shifts.counts[order]
    lines, carried = _columns(shifts, order)
    alone = tolerance / 2
    best = [np.full(len(there), j * alone) for j, there in enumerate((order, *lines))]
    for peak, own in zip(ppm.tolist(), told.tolist(), strict=True):
        diagonal, left = best[0], best[0] + alone
        best[0] = left
        for j, (there, having) in enumerate(zip(lines, carried, strict=True), 1):
            reaching = len(there)  # molecules with so many lines stand first
            cost = np.abs(there - peak)
            if own != ANY:
                cost = cost + OTHER_HYDROGENS * tolerance * ((having != own) & (having != ANY))
            above = best[j]
            now = np.minimum(np.minimum(above, left[:reaching]) + alone, diagonal[:reaching] + cost)
            best[j], diagonal, left = now, above, now
        # a molecule's cost stands in the column of its last line
    found = np.full(len(order), np.nan)
    for many in np.unique(counts[counts > 0]).tolist():
        own_rows = slice(int((counts > many).sum()), int((counts >= many).sum()))
        found[order[own_rows]] = 1 - best[many][own_rows] / (alone * (len(ppm) + many))
    return found


def merged(ppm: np.ndarray, hydrogens: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Peaks in ascending order, float64, those of one shift once; their hydrogens, int64, ANY where these differ."""
    told = np.full(len(ppm), ANY) if hydrogens is None else np.asarray(hydrogens, np.int64)
    hundredths = np.rint(np.asarray(ppm, np.float64) * 100).astype(np.int64)
    unique, places, which = np.unique(hundredths, return_index=True, return_inverse=True)
    first = told[places]
    first[np.unique(which[told != first[which]])] = ANY
    return unique / 100, first


def _columns(shifts: Shifts, order: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The first line of all molecules that have one, the second, and so on, in this order; and their hydrogens."""
    counts = shifts.counts[order]
    first = (np.cumsum(shifts.counts) - shifts.counts)[order]
    lines, carried = [], []
    for j in range(int(counts.max(initial=0))):
        places = first[: int((counts > j).sum())] + j
        lines.append(shifts.ppm[places].astype(np.float64))
        carried.append(shifts.hydrogens[places])
    return lines, carried
