"""Map projection.

Two coordinates for each molecule, how they were made, and how much of the classes they show. No torch.

Learned embeddings are laid out by Euclidean distance, as the figures of the papers are; fingerprints (uint8 bits)
by cosine, that is Euclidean distance of rows scaled to length 1. Above 50,000 molecules UMAP and t-SNE lay out a seeded
sample and the others are placed among their neighbours.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.explore.maps import layouts
from mmexplore.explore.maps.quality import Classes, RecordedSplit, quality
from mmexplore.explore.maps.storage import UNSCORED, MapFile, place_of, save, stored
from mmexplore.explore.neighbors.knn import interpolate, nearest, unit_rows
from mmexplore.runtime.errors import MmexploreError, UnknownName
from mmexplore.runtime.progress import Progress, silent

METHODS = ("umap", "tsne", "pca")
LANDMARKS = 50_000
_PLACED_AT_ONCE = 16_384
Layout = Callable[[np.ndarray], np.ndarray]


def project(
    x: np.ndarray,
    method: str = "umap",
    seed: int = 0,
    *,
    n_neighbors: int = 15,
    perplexity: float = 30.0,
    landmarks: int = LANDMARKS,
    progress: Progress = silent,
) -> np.ndarray:
    """Map projection (n, 2) float32 of ``x`` (n, d); the same seed gives the same ones.

    Rows with NaN or infinity, and fingerprints without any bit, get NaN: no molecule is behind them. With fewer than
    five finite rows every method is PCA; where all rows are equal all points lie at the origin. Raises UnknownName for
    a method, MmexploreError where no row is finite or ``x`` is no matrix of numbers.
    """
    if method not in METHODS:
        raise UnknownName("map method", method, METHODS)
    x = matrix(x)
    rows = np.flatnonzero(_finite(x))
    if not len(rows):
        raise MmexploreError(f"no molecule has finite numbers in this view, so there is no map of its {len(x)} rows")
    xy = np.full((len(x), 2), np.nan, np.float32)
    usable = x if len(rows) == len(x) else x[rows]
    if method == "pca" or len(rows) < layouts.FEWEST or not (usable != usable[0]).any():
        progress("pca", 0, 1)
        xy[rows] = layouts.pca(usable)
        return xy
    layout = partial(layouts.umap, seed=seed, k=n_neighbors, progress=progress)
    if method == "tsne":
        layout = partial(layouts.tsne, seed=seed, perplexity=perplexity, progress=progress)
    xy[rows] = _by_landmarks(usable, landmarks, seed, layout, progress)
    return xy


def _by_landmarks(x: np.ndarray, landmarks: int, seed: int, layout: Layout, progress: Progress) -> np.ndarray:
    if len(x) <= landmarks:
        return layout(x)
    chosen = np.sort(np.random.default_rng(seed).choice(len(x), landmarks, replace=False))
    others = np.setdiff1d(np.arange(len(x)), chosen, assume_unique=True)
    xy = np.empty((len(x), 2), np.float32)
    xy[chosen] = layout(x[chosen])
    for start in range(0, len(others), _PLACED_AT_ONCE):
        progress("place", start, len(others))
        part = others[start : start + _PLACED_AT_ONCE]
        xy[part] = interpolate(nearest(x[part], x[chosen], min(5, landmarks)), xy[chosen])
    return xy


def place(x_new: np.ndarray, x: np.ndarray, xy: np.ndarray, k: int = 5, progress: Progress = silent) -> np.ndarray:
    """Out-of-sample placement on a map.

    Coordinates (m, 2) float32 of new rows on an existing map: the mean of their ``k`` neighbours', by 1/distance^2.

    A row that is on the map lands on itself. A new row with NaN gets NaN. Raises MmexploreError where the map is empty.
    """
    x, x_new = matrix(x), matrix(x_new)
    known = np.flatnonzero(_finite(x) & np.isfinite(xy).all(1))
    if not len(known) or x.shape[1] != x_new.shape[1]:
        raise MmexploreError(f"nothing of width {x_new.shape[1]} can be placed on a map of {len(known)} x {x.shape[1]}")
    x, xy = (x, xy) if len(known) == len(x) else (x[known], xy[known])
    new = np.flatnonzero(_finite(x_new))
    placed = np.full((len(x_new), 2), np.nan, np.float32)
    if len(new):
        placed[new] = interpolate(nearest(x_new[new], x, min(k, len(x)), progress), xy)
    return placed


def matrix(x: np.ndarray) -> np.ndarray:
    """Fingerprint bits as unit rows, NaN where none is set, anything else as float32."""
    if x.ndim != 2 or x.shape[1] == 0 or x.dtype.kind not in "fiub":
        raise MmexploreError(f"a map is made of a matrix of numbers, and {x.dtype} of shape {x.shape} came")
    if x.dtype not in (np.uint8, np.bool_):
        return np.asarray(x, np.float32)
    rows = unit_rows(x)
    rows[~x.any(axis=1)] = np.nan
    return rows


def _finite(x: np.ndarray) -> np.ndarray:
    finite: np.ndarray = np.isfinite(x).all(axis=1)
    return finite


def make(
    x: np.ndarray,
    classes: Classes,
    where: Path,
    *,
    view: str,
    method: str,
    seed: int = 0,
    split: RecordedSplit | None = None,
    progress: Progress = silent,
    **parameters: Any,
) -> MapFile:
    """Lay out ``x`` (n, d), keep it in the folder ``where``, score it, keep that too; more options are ``project``'s.

    What is there already is not done again. Already before it is scored the map can be had by :func:`stored` with
    ``unscored=True``. Scores in the full space are computed once for all maps of a view.
    """
    full = _defaults(method, len(x)) | parameters | {"metric": "cosine" if x.dtype == np.uint8 else "euclidean"}
    made = stored([where], view, method, seed, unscored=True)
    if made is None or made.parameters != full or len(made.xy) != len(x):
        started = time.monotonic()
        xy = project(x, method, seed, progress=progress, **parameters)
        seconds, now = round(time.monotonic() - started, 3), datetime.now(UTC).isoformat(timespec="seconds")
        made = MapFile(place_of(where, view, method, seed), xy, view, method, seed, full, UNSCORED, now, seconds)
        save(made)
    if made.quality.is_of(classes):
        return made
    progress("quality", 0, 1)
    others = (stored([where], view, other, seed) for other in METHODS if other != method)
    scored = next((other.quality for other in others if other), None)
    made = replace(made, quality=quality(matrix(x), made.xy, classes, seed, other=scored, split=split))
    save(made)
    progress("quality", 1, 1)
    return made


def _defaults(method: str, n: int) -> dict[str, Any]:
    chosen = {"umap": {"n_neighbors": 15, "min_distance": 0.1}, "tsne": {"perplexity": 30.0}}.get(method, {})
    return chosen | ({"landmarks": LANDMARKS} if chosen and n > LANDMARKS else {})
