"""Density of a map: peaks, the molecules at each, and contours.

A Gaussian kernel density on a grid, whose width is a fixed share of the map's; each molecule climbs to the peak of its
slope, as in mean shift (Comaniciu and Meer 2002, doi:10.1109/34.1000236). At a peak are those of its molecules where
the density is at least half of the peak's.
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.explore.maps.storage import MapFile
from mmexplore.runtime.cache import cached

GRID = 512
WIDTHS = (0.05, 0.025, 0.0125, 0.00625)
"""Width of the kernel at each level, in parts of the map's larger side; a level is for twice the zoom of the last."""
SHARES = (0.9, 0.7, 0.5, 0.3, 0.1)
"""What contours enclose of the molecules, in the least room."""
_MARGIN = 0.1
_STRIDE = 2  # contours are smooth: every second cell of the grid says as much
_AT_PEAK = 0.5


@dataclass(frozen=True)
class Peak:
    """Density peak: its place in data units, the ``level`` that it was found at, and the rows there, ascending."""

    x: float
    y: float
    level: int
    rows: np.ndarray


@dataclass(frozen=True)
class _Frame:
    left: float
    bottom: float
    cell: float

    def cells(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the grid of each place."""
        column = np.clip(((xy[:, 0] - self.left) / self.cell).astype(int), 0, GRID - 1)
        row = np.clip(((xy[:, 1] - self.bottom) / self.cell).astype(int), 0, GRID - 1)
        return row, column


def peaks(xy: np.ndarray, level: int, fewest: int) -> list[Peak]:
    """Density peaks of a map ``xy`` (n, 2) at a level with at least so many molecules, those with most first."""
    placed = np.flatnonzero(np.isfinite(xy).all(1))
    if len(placed) < max(fewest, 2):
        return []
    places = xy[placed].astype(np.float64)
    frame, height = _density(places, WIDTHS[level])
    row, column = frame.cells(places)
    top = _tops(height)[row, column]
    own = height[row, column]
    found = []
    for peak in np.unique(top).tolist():
        here = placed[(top == peak) & (own >= _AT_PEAK * height.flat[peak])]
        if len(here) >= fewest:
            at = xy[here].astype(np.float64).mean(0)
            found.append(Peak(float(at[0]), float(at[1]), level, here))
    return sorted(found, key=lambda one: (-len(one.rows), one.x, one.y))


def contours(xy: np.ndarray, shares: tuple[float, ...] = SHARES) -> list[list[np.ndarray]]:
    """Contour lines of the density for each share of the molecules that they enclose, (m, 2) in data units."""
    import contourpy

    placed = xy[np.isfinite(xy).all(1)].astype(np.float64)
    if len(placed) < 2:
        return [[] for _ in shares]
    frame, height = _density(placed, WIDTHS[1])
    own = np.sort(height[frame.cells(placed)])[::-1]
    middles = (np.arange(0, GRID, _STRIDE) + 0.5) * frame.cell
    coarse = height[::_STRIDE, ::_STRIDE]
    made = contourpy.contour_generator(frame.left + middles, frame.bottom + middles, coarse)
    levels = [own[min(int(share * len(own)), len(own) - 1)] for share in shares]
    return [[np.asarray(line) for line in made.lines(float(level))] for level in levels]


@cached(16)
def lines(shown: MapFile) -> np.ndarray:
    """Contour lines of a map, one after the other, float32 (m, 2); a row of NaN ends each."""
    end = np.full((1, 2), np.nan)
    found = [part for some in contours(shown.xy) for line in some for part in (line, end)]
    made = np.concatenate(found).astype(np.float32) if found else np.empty((0, 2), np.float32)
    made.setflags(write=False)
    return made


def _density(places: np.ndarray, width: float) -> tuple[_Frame, np.ndarray]:
    """Smoothed counts (GRID, GRID) and where they lie; rows go up, columns to the right."""
    from scipy import ndimage

    low, high = places.min(0), places.max(0)
    side = float((high - low).max()) or 1.0
    whole = side * (1 + 2 * _MARGIN)
    left, bottom = (low + high) / 2 - whole / 2
    frame = _Frame(float(left), float(bottom), whole / GRID)
    counts = np.zeros((GRID, GRID))
    np.add.at(counts, frame.cells(places), 1.0)
    smooth: np.ndarray = ndimage.gaussian_filter(counts, width * side / frame.cell, mode="constant", truncate=4)
    return frame, smooth


def _tops(height: np.ndarray) -> np.ndarray:
    """Cell that each cell climbs to, always to the highest of its neighbors, as a flat number."""
    n = height.size
    padded = np.pad(height, 1, constant_values=-np.inf)
    steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    steps.sort(key=lambda step: step != (0, 0))  # a flat top stays where it is
    around = np.stack([padded[1 + dy : 1 + dy + GRID, 1 + dx : 1 + dx + GRID] for dy, dx in steps])
    moves = np.array([dy * GRID + dx for dy, dx in steps])[around.argmax(0)]
    goes = np.arange(n) + moves.ravel()
    while not np.array_equal(further := goes[goes], goes):
        goes = further
    found: np.ndarray = goes.reshape(height.shape)
    return found
