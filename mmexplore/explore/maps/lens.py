"""Modality lens: maps of the same molecules by several views as stops of one way, on which they move least. No torch.

How far two maps are apart is the full Procrustes distance, sqrt(1 - (sum S)^2 / (|X|^2 |Y|^2)) of centered maps with S
the singular values of X'Y (Dryden and Mardia 1998): 0 for maps that differ by a turn, a mirror, a scale and a shift. Of
all orders of the stops the one with the least sum of distances between neighbors is taken; six stops have 360. Each
map is then turned onto the one before (:mod:`mmexplore.explore.maps.procrustes`), and all have a root mean square
radius of 1: scales of layouts mean nothing, and Procrustes' own would shrink a map the less it agrees.
"""

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise, permutations
from pathlib import Path
from urllib.parse import quote

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.explore.maps.compute import map_folders
from mmexplore.explore.maps.panels import FEWEST_PANELS, MOST_PANELS, ViewRef
from mmexplore.explore.maps.procrustes import align
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.neighbors import agreement
from mmexplore.explore.neighbors.spaces import space
from mmexplore.models.embed import embedding
from mmexplore.models.registry import View
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

NEIGHBORS = 10
NEIGHBOR_FOLDER = "lens"
MOST_MOVERS = 12


@dataclass(frozen=True)
class Way:
    """Way through maps: ``order`` numbers the maps as they came, ``xy`` are their aligned places, float32 (n, 2) each.

    ``distances`` are the Procrustes distances between neighboring stops, ``as_came`` their sum in the order that came.
    """

    order: tuple[int, ...]
    xy: tuple[np.ndarray, ...]
    distances: tuple[float, ...]
    as_came: float


@dataclass(frozen=True)
class Lens:
    """Modality lens: ``stops`` in the order in which they move least, each with its map on the ``way`` through them."""

    stops: tuple[ViewRef, ...]
    way: Way
    method: str
    seed: int
    digest: str


@dataclass(frozen=True)
class Movers:
    """Molecules whose neighbors change most between two views.

    ``rows`` int64 (m,), the most changed first; ``change`` (m,), the Jaccard distance of their ten nearest in the full
    spaces, 1 where none is shared; ``near_from`` and ``near_to``, int64 (m, k), the nearest in each view.
    """

    rows: np.ndarray
    change: np.ndarray
    near_from: np.ndarray
    near_to: np.ndarray


def check_stops(count: int) -> None:
    """Raises MmexploreError for a number of stops that a lens cannot have."""
    if not FEWEST_PANELS <= count <= MOST_PANELS:
        raise MmexploreError(f"a lens goes through {FEWEST_PANELS} to {MOST_PANELS} maps, and {count} came")


def way(maps: Sequence[np.ndarray]) -> Way:
    """Way through two to six ``maps`` (n, 2) of the same molecules. Raises MmexploreError for another number."""
    check_stops(len(maps))
    apart = distances(maps)
    order = shortest(apart)
    placed = [_sized(maps[order[0]])]
    for number in order[1:]:
        placed.append(_sized(align(maps[number], placed[-1]).xy))
    steps = tuple(float(apart[one, other]) for one, other in pairwise(order))
    return Way(order, tuple(placed), steps, float(sum(apart[one, one + 1] for one in range(len(maps) - 1))))


def of_maps(files: tuple[MapFile, ...], panels: Sequence[ViewRef]) -> Lens:
    """Modality lens of stored maps of these panels. Raises MmexploreError unless there are two to six."""
    found = _way_of(files)
    stops = tuple(panels[number] for number in found.order)
    digest = " ".join(files[number].digest for number in found.order)
    return Lens(stops, found, files[0].method, max(file.seed for file in files), digest)


@cached(8)
def _way_of(files: tuple[MapFile, ...]) -> Way:
    return way([file.xy for file in files])


def distances(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Procrustes distances of maps, float64 (m, m), symmetric, 1 for maps that cannot be aligned."""
    found = np.zeros((len(maps), len(maps)))
    for one in range(len(maps)):
        for other in range(one):
            disparity = align(maps[one], maps[other]).disparity
            found[one, other] = found[other, one] = 1.0 if disparity is None else np.sqrt(disparity)
    return found


def shortest(apart: np.ndarray) -> tuple[int, ...]:
    """Order of m things with the least sum of distances between neighbors, from the end that comes first.

    >>> shortest(np.array([[0.0, 5.0, 1.0], [5.0, 0.0, 1.0], [1.0, 1.0, 0.0]]))
    (0, 2, 1)
    """
    orders = (order for order in permutations(range(len(apart))) if order[0] <= order[-1])
    return min(orders, key=lambda order: (round(sum(apart[one, other] for one, other in pairwise(order)), 12), order))


def _sized(xy: np.ndarray) -> np.ndarray:
    """The map about its center, with a root mean square radius of 1."""
    placed = np.isfinite(xy).all(1)
    if not placed.any():
        return np.asarray(xy, np.float32)
    centered = xy - xy[placed].mean(0, dtype=np.float64)
    radius = np.sqrt(np.square(centered[placed], dtype=np.float64).sum(1).mean())
    sized: np.ndarray = (centered / (radius or 1.0)).astype(np.float32)
    sized.setflags(write=False)
    return sized


def between(xy: Sequence[np.ndarray], at: float) -> np.ndarray:
    """Places (n, 2) float32 at a place of the slider: ``at`` 1.25 is a quarter of the way from the second map on."""
    first = int(np.clip(np.floor(at), 0, len(xy) - 2))
    share = np.float32(np.clip(at - first, 0, 1))
    if share in (0, 1):
        return xy[first + int(share)]
    moved: np.ndarray = xy[first] + share * (xy[first + 1] - xy[first])
    return moved


def most_changed(change: np.ndarray, from_xy: np.ndarray, to_xy: np.ndarray, most: int = MOST_MOVERS) -> np.ndarray:
    """Rows (int64) with the largest ``change`` (n,); among equal ones those that move farthest on the maps come first.

    Rows without a change or a place are left out.
    """
    moved = np.linalg.norm(np.asarray(to_xy, np.float64) - from_xy, axis=1)
    rows = np.flatnonzero(np.isfinite(change) & np.isfinite(moved) & (change > 0))
    order = np.lexsort((rows, -moved[rows], -change[rows]))
    found: np.ndarray = rows[order][:most]
    return found


def compute_neighbors(one: View, other: View, dataset: Dataset, progress: Progress = silent, *, home: Home) -> None:
    """Find each molecule's ten nearest in two views, unless they are kept already, and keep them.

    Only molecules in both are anybody's neighbor. May import torch. Raises MmexploreError below twelve molecules.
    """
    if _kept(one, other, dataset, home=home):
        return
    views = _in_order(one, other)
    for view in views:
        embedding(view.model, dataset, progress, home=home)
    first, second = (space(view, dataset, home=home) for view in views)
    content = io.BytesIO()
    found = agreement.neighbors_in_both(first, second, NEIGHBORS, progress)
    np.save(content, np.stack(found).astype(np.int32), allow_pickle=False)
    write_atomically(neighbor_files(one, other, dataset, home=home)[-1], content.getvalue())


def _kept(one: View, other: View, dataset: Dataset, *, home: Home) -> bool:
    for file in neighbor_files(one, other, dataset, home=home):
        with suppress(OSError, ValueError):
            seals.read(file)
            return True
    return False


def neighbor_files(one: View, other: View, dataset: Dataset, *, home: Home) -> list[Path]:
    """Where the neighbors in two views may be kept: beside a shipped model, and under the home (the last)."""
    first, second = _in_order(one, other)
    name = f"{quote(first.name, safe='')}-{second.model.digest}-{quote(second.name, safe='')}-nearest-{NEIGHBORS}.npy"
    return [folder / NEIGHBOR_FOLDER / name for folder in map_folders(first.model, dataset, home=home)]


def _in_order(one: View, other: View) -> list[View]:
    return sorted((one, other), key=lambda view: (view.model.digest, view.name))


def movers(
    found: Lens, number: int, one: View, other: View, dataset: Dataset, most: int, k: int, *, home: Home
) -> Movers | None:
    """Molecules that change their neighbors most on a way of a lens, that between the views ``one`` and ``other``.

    Each with the ``k`` nearest of its ten in either view. None before :func:`compute_neighbors`.
    """
    turned = _in_order(one, other)[0] != one
    for file in neighbor_files(one, other, dataset, home=home):
        with suppress(OSError, ValueError, EOFError):
            return _movers(found, number, version(file), turned, most, k)
    return None


@cached(24)
def _movers(found: Lens, number: int, kept: FileVersion, turned: bool, most: int, k: int) -> Movers:
    near = np.load(io.BytesIO(seals.read(kept.path)), allow_pickle=False)
    if near.shape != (2, len(found.way.xy[0]), NEIGHBORS):
        raise ValueError(f"these are no lists of neighbours of {len(found.way.xy[0])} molecules: {near.shape}")
    near = near[::-1] if turned else near
    change = agreement.parted(*near)
    rows = most_changed(change, found.way.xy[number], found.way.xy[number + 1], most)
    return Movers(rows, change[rows], *near[:, rows, :k].astype(np.int64))
