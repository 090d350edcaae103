"""Tiles of a library's map: a quadtree of at most 65,536 points a tile, and rasters of how many lie where, made once.

Each placed molecule of the shards becomes a point: its place, its row, and a byte a color. Level of detail 0 holds all
points; level k those whose number, hashed, ends in k zeros, so that each level is an even half of the one before, and
what is drawn of a crowded map is as dense here as there. Points lie in Morton order, and a node of the quadtree is a
stretch of them. Lassos are counted by the same places that a browser draws.

Made out of core: every shard becomes a sorted run of its own, and the runs are merged a stretch at a time, so that
memory holds a shard or a million points (or those of one of 2^20 cells, if they are more) and a raster. The folder is
named by the digest of the shards' footers; in it the index, written last, says which folder's files count, as readers
map these. Runs that a kill left are used again.
"""

import hashlib
import io
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.explore.library import build
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.shard import PROPERTIES, folder_of, made_of
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.lasso import inside
from mmexplore.explore.maps.painting import MISSING, Painting, limits, paint
from mmexplore.runtime import files, seals
from mmexplore.runtime.errors import BadRecipe, Damaged, NotAvailable, UnknownName
from mmexplore.runtime.home import as_json, json_text, read_json, write_atomically, write_json
from mmexplore.runtime.progress import Progress, silent

TILE = 65_536
"""So many points has a tile at most."""
DENSITY = "density"
"""What points are colored by where no number is chosen."""
MOST_OUTLINES, MOST_CORNERS = 50, 2_000
_FOLDER, _INDEX, _RUNS, _PLAN = "tiles", "tiles.json", "runs", "plan.json"
_FORMAT = 2
_DEPTH = 16  # a Morton code has 16 bits an axis
_STRETCH = 1_000_000
_CELLS = 20  # bits of the cells that stretches end with
_SAMPLED = 1_000_000
_COARSEST, _FINEST = 8, 11  # bits of the cells a side of rasters: the finer, the more points
_KEY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Tile:
    """Tile: its node of the quadtree, its stretch of points, and the smallest box round these."""

    depth: int
    x: int
    y: int
    start: int
    count: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Inside:
    """Molecules inside outlines: how many, the first of their rows, and in how many tiles points were looked at."""

    count: int
    rows: np.ndarray
    looked: int
    tiles: int


@dataclass(frozen=True)
class TileSet:
    """Tile set of one map of a library, as it lies on disk."""

    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """What was written with the tiles. Raises Damaged, OSError."""
        told: dict[str, Any] = read_json(self.folder / _INDEX)
        return told

    @property
    def key(self) -> str:
        """Digest of what they are made of."""
        return self.folder.name

    @property
    def n(self) -> int:
        """Molecules that have a place."""
        return int(self.about["n"])

    @property
    def levels(self) -> int:
        """Levels of detail."""
        return len(self.about["levels"])

    @property
    def colors(self) -> list[str]:
        """Names of the numbers that points can be colored by."""
        return [one["name"] for one in self.about["colors"]]

    @cached_property
    def shards(self) -> tuple[list[str], list[int]]:
        """Names of the shards, and the row that each begins with; the last number is that of all rows."""
        return self.about["shards"], self.about["starts"]

    def tiles(self, level: int) -> list[Tile]:
        """Tiles of a level of detail, in Morton order. Raises NotAvailable."""
        if not 0 <= level < self.levels:
            raise NotAvailable(f"this map has levels of detail 0 to {self.levels - 1}, and {level} came")
        found, start = [], 0
        for depth, x, y, count, *box in self.about["levels"][level]:
            found.append(Tile(depth, x, y, start, count, tuple(box)))
            start += count
        return found

    def points(self, level: int, number: int) -> np.ndarray:
        """Points of a tile: x, y (float32) and row (uint32). Raises NotAvailable, Damaged."""
        return self._stretch(level, number, f"points-{level}.npy")

    def codes(self, level: int, number: int, color: str) -> np.ndarray:
        """Color codes (uint8) of a tile's points, 255 where nothing is known. Raises UnknownName and as above."""
        return self._stretch(level, number, f"codes-{level}-{self._color(color)}.npy")

    def density(self, level: int) -> np.ndarray:
        """Molecules in each cell (s, s) uint32, the lowest row first. Raises NotAvailable, Damaged."""
        return self._raster(level, f"counts-{level}.npy")

    def shade(self, level: int) -> np.ndarray:
        """Density (s, s) uint8 on a logarithmic scale, 0 where nothing lies and 255 where most does."""
        counts = self.density(level)
        share = np.log1p(counts) / max(np.log1p(counts.max()), 1e-9)
        return np.where(counts > 0, np.maximum(np.round(255 * share), 1), 0).astype(np.uint8)

    def mean(self, level: int, color: str) -> np.ndarray:
        """Mean color code of each cell (s, s) uint8, 255 for none. Raises NotAvailable, UnknownName, Damaged."""
        return self._raster(level, f"means-{level}-{self._color(color)}.npy")

    def painting(self, color: str) -> Painting:
        """Palette and ticks of a color's scale. Raises UnknownName."""
        if color == DENSITY:
            scale = paint(Color("", np.array([0.0, 1.0])))
            return Painting("density, on a logarithmic scale", scale.codes, scale.palette, (), ("few", "many"))
        ticks = self.about["colors"][self._color(color)]["ticks"]
        scale = paint(Color("", np.array([0.0, 1.0])))
        return Painting(color, scale.codes, scale.palette, (), tuple(ticks))

    def inside(self, outlines: Sequence[Sequence[Sequence[float]]], most: int = 0) -> Inside:
        """Molecules inside any of these outlines, by the even-odd rule of each; the first ``most`` rows, ascending.

        Only tiles that an outline crosses have their points looked at. Raises BadRecipe, MmexploreError.
        """
        shapes = [_corners(outline) for outline in outlines]
        if not 0 < len(shapes) <= MOST_OUTLINES:
            raise BadRecipe(f"1 to {MOST_OUTLINES} outlines are counted at once, and {len(shapes)} came")
        count = looked = 0
        rows = np.empty(0, np.uint32)
        every = self.tiles(0)
        for number, tile in enumerate(every):
            held = [_held(shape, tile.box) for shape in shapes]
            if True in held:
                count += tile.count
                here = self.points(0, number)["row"] if most else rows[:0]
            elif None in held:
                looked += 1
                points = self.points(0, number)
                xy = np.stack([points["x"], points["y"]], 1)
                crossing = [shape for shape, whole in zip(shapes, held, strict=True) if whole is None]
                within = np.logical_or.reduce([inside(shape, xy) for shape in crossing])
                count += int(within.sum())
                here = points["row"][within]
            else:
                continue
            if most:
                rows = np.sort(np.concatenate([rows, here]))[:most]
        return Inside(count, rows.astype(np.int64), looked, len(every))

    def is_sound(self) -> bool:
        """Whether every file is there and is what was written."""
        try:
            return all(map(seals.is_sound, self.paths()))
        except (Damaged, OSError, ValueError):
            return False

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.paths())

    def paths(self) -> list[Path]:
        """The index, and the files that it names."""
        return [self.folder / _INDEX, *(self._place / name for name in self.about["files"])]

    def sweep(self) -> None:
        """Delete what was made on the way or counted before; whoever calls has claimed the library."""
        present = {self._place, self.folder / _INDEX}
        files.sweep(one for one in self.folder.iterdir() if one not in present and not seals.is_seal(one))

    @property
    def _place(self) -> Path:
        return self.folder / str(self.about["folder"])

    def _color(self, color: str) -> int:
        if color not in self.colors:
            raise UnknownName("color of this map", color, [DENSITY, *self.colors])
        return self.colors.index(color)

    def _stretch(self, level: int, number: int, name: str) -> np.ndarray:
        tiles = self.tiles(level)
        if not 0 <= number < len(tiles):
            raise NotAvailable(f"level {level} of this map has tiles 0 to {len(tiles) - 1}, and {number} came")
        tile = tiles[number]
        return self._mapped(name)[tile.start : tile.start + tile.count]

    def _raster(self, level: int, name: str) -> np.ndarray:
        if not 0 <= level < (held := self.about["rasters"]):
            raise NotAvailable(f"this map has rasters 0 to {held - 1}, and {level} came")
        return self._mapped(name)

    def _mapped(self, name: str) -> np.ndarray:
        """An array on disk, verified; where it is damaged the tiles count as not made from now on."""
        try:
            found: np.ndarray = np.load(seals.verify(self._place / name), mmap_mode="r", allow_pickle=False)
        except Damaged:
            seals.remove(self.folder / _INDEX)
            raise
        return found


def maps_of(target: Library) -> list[str]:
    """Names of the maps that a library's molecules are placed on: that of its build, and its own."""
    return [work.map.name for work in (target.work, *target.layers.values()) if work.map]


def named(target: Library, name: str) -> str:
    """A map's name, by default the last one made. Raises NotAvailable where there is none, UnknownName."""
    if not (known := maps_of(target)):
        raise NotAvailable(f"library {target.name!r} has no map yet: mmexplore library map {target.name}")
    if name and name not in known:
        raise UnknownName(f"map of library {target.name!r}", name, known)
    return name or known[-1]


def stored(target: Library, name: str) -> TileSet | None:
    """Tiles of a map as the shards are now, None where they are not made. Raises UnknownName, NotAvailable."""
    return by_key(target, _key(target, named(target, name)))


def by_key(target: Library, key: str) -> TileSet | None:
    """Tiles by their digest, None where there are none."""
    if not _KEY.fullmatch(key):
        return None
    path = target.folder / _FOLDER / key / _INDEX
    return _opened(path, path.stat().st_mtime_ns) if path.is_file() else None


_open: dict[Path, tuple[int, TileSet]] = {}


def _opened(path: Path, changed: int) -> TileSet | None:
    """The same tile set for as long as its index is the same."""
    if path not in _open or _open[path][0] != changed:
        found = TileSet(path.parent)
        try:
            _ = found.about
        except (Damaged, ValueError, OSError):  # which is made anew
            return None
        if len(_open) > 16:
            _open.clear()
        _open[path] = (changed, found)
    return _open[path][1]


def make(target: Library, name: str = "", progress: Progress = silent) -> TileSet:
    """Make the tiles of a map, or give those that are there and sound. Progress ``tiles`` by rows.

    Raises NotAvailable where shards are lacking or nothing is placed, UnknownName, Taken, Cancelled.
    """
    name = named(target, name)
    with build.claim(target):
        if len(target.done()) < len(target.parts) or not (key := _key(target, name)):
            raise NotAvailable(f"not every shard of {target.name!r} has its place on {name!r}; finish that first")
        place = target.folder / _FOLDER
        made = by_key(target, key)
        if not made or not made.is_sound():
            made = _Cutting(target, name, place / key, progress).whole()
        made.sweep()
        files.sweep(one for one in place.iterdir() if one.name != key and _is_of(one, name))
    return made


def _is_of(folder: Path, name: str) -> bool:
    """Whether a folder holds former tiles of a map, finished or not."""
    for told in (folder / _INDEX, folder / _RUNS / _PLAN):
        with suppress(OSError, ValueError):
            return bool(read_json(told)["map"] == name)
    return True


def _colors_of(target: Library) -> list[str]:
    """Predictions of models, and properties."""
    works = (target.work, *target.layers.values())
    predicted = [f"{model.name}: {task}" for work in works for model in work.models for task in model.tasks]
    held = target.schema()
    return [one for one in dict.fromkeys([*predicted, *PROPERTIES]) if one in held]


_keys: dict[str, str] = {}


def _key(target: Library, name: str) -> str:
    """Digest of the footers of shards and layers that a map is made of; "" where one is not there."""
    works = {"": target.work, **target.layers}
    layers = [layer for layer, one in works.items() if not layer or one.models or (one.map and one.map.name == name)]
    paths = [folder_of(target.folder, layer) / f"{done}.parquet" for layer in layers for done in target.done()]
    if not paths or not all(path.is_file() for path in paths):
        return ""
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    known = json.dumps([_FORMAT, name, states], allow_nan=False)
    if known not in _keys:
        if len(_keys) > 16:
            _keys.clear()
        told = [_FORMAT, name, TILE, [[path.stem, made_of(path)] for path in paths]]
        _keys[known] = hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()[:32]
    return _keys[known]


class _Cutting:
    """Tiles in the making: runs, and a fresh folder of files that no index names yet."""

    def __init__(self, target: Library, name: str, place: Path, progress: Progress) -> None:
        self._target, self._name, self._place, self._progress = target, name, place, progress
        self._fresh = place / uuid.uuid4().hex[:8]
        self._shards = target.done()
        self._colors = _colors_of(target)
        self._where = target.places([f"{name} x", f"{name} y", *self._colors])
        self._files: list[str] = []
        fields = [("code", "<u4"), ("x", "<f4"), ("y", "<f4"), ("row", "<u4")]
        self._run = np.dtype([*fields, ("colors", "u1", (len(self._colors),))])

    def whole(self) -> TileSet:
        """Every file, then the index."""
        starts, box, scales = self._scales()
        if box is None:
            raise NotAvailable(f"no molecule of {self._target.name!r} has a place on {self._name!r}")
        seals.remove(self._place / _INDEX)
        files.sweep(one for one in self._place.glob("*") if one.name != _RUNS)
        runs = self._runs(starts, box, scales)
        self._fresh.mkdir()
        sizes = self._merge(runs, starts[-1])
        n, levels = sizes[0], range(len(sizes))
        trees = [self._tree(level) for level in levels]
        top = min(_FINEST, max(_COARSEST, (n.bit_length() + 1) // 2))
        self._rasters(n, top)
        files.sweep(self._fresh / f"order-{level}.npy" for level in levels)
        for name in self._files:
            seals.seal(self._fresh / name)
        colors = [
            {"name": c, "low": s[0], "high": s[1], "ticks": s[2]} for c, s in zip(self._colors, scales, strict=True)
        ]
        told = {"map": self._name, "n": n, "box": box, "shards": self._shards, "starts": starts, "levels": trees}
        told |= {"rasters": top - _COARSEST + 1, "colors": colors, "folder": self._fresh.name, "files": self._files}
        write_atomically(self._place / _INDEX, json_text(told))
        return TileSet(self._place)

    def _tables(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Places (m, 2) and numbers (m, c) of each shard, NaN where there is none."""
        for name in self._shards:
            table = self._target.shard(name, self._where)
            columns = [np.asarray(table[column].to_numpy(), np.float32) for column in self._where]
            yield np.stack(columns[:2], 1), np.stack(columns[2:], 1) if columns[2:] else np.empty((len(table), 0))

    def _scales(self) -> tuple[list[int], list[float] | None, list[tuple[float, float, tuple[str, ...]]]]:
        """First row of each shard, the square that holds all places, and the ends and ticks of each color."""
        starts, corners, sampled = [0], [], []
        every = max(1, sum(part.rows for part in self._target.parts) // _SAMPLED)
        for number, (xy, values) in enumerate(self._tables()):
            self._progress("scales", number, len(self._shards))
            starts.append(starts[-1] + len(xy))
            good = np.isfinite(xy).all(1)
            if good.any():
                corners += [xy[good].min(0), xy[good].max(0)]
            sampled.append(values[good][::every])
        if not corners:
            return starts, None, []
        low, high = np.min(corners, 0).astype(float), np.max(corners, 0).astype(float)
        side = float((high - low).max()) or 1.0
        left, bottom = ((low + high) / 2 - side / 2).tolist()
        scales = []
        for values in np.concatenate(sampled).T:
            known = values[np.isfinite(values)]
            ends = limits(known) if len(known) else (0.0, 1.0)
            scales.append((*ends, paint(Color("", values.astype(float))).ticks))
        return starts, [left, bottom, side], scales

    def _runs(
        self, starts: list[int], box: list[float], scales: Sequence[tuple[float, float, tuple[str, ...]]]
    ) -> list[Path]:
        """A sorted run of each shard; those that are there and sound stay."""
        plan = self._place / _RUNS / _PLAN
        told = as_json({"map": self._name, "starts": starts, "box": box, "scales": scales})
        if not (plan.is_file() and seals.is_sound(plan) and read_json(plan) == told):
            files.sweep([plan.parent])
            write_json(plan, told)
        paths = [self._place / _RUNS / f"{number}.npy" for number in range(len(self._shards))]
        for number, path in enumerate(paths):
            self._progress("tiles", starts[number], starts[-1])
            if path.is_file() and seals.is_sound(path):
                continue
            content = io.BytesIO()
            np.save(content, self._run_of(number, starts[number], box, scales), allow_pickle=False)
            write_atomically(path, content.getvalue())
        return paths

    def _run_of(
        self, number: int, start: int, box: list[float], scales: Sequence[tuple[float, float, tuple[str, ...]]]
    ) -> np.ndarray:
        table = self._target.shard(self._shards[number], self._where)
        x, y, *values = (np.asarray(table[column].to_numpy(), np.float32) for column in self._where)
        good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        run = np.empty(len(good), self._run)
        run["x"], run["y"], run["row"] = x[good], y[good], good + start
        run["code"] = morton(run["x"], run["y"], box)
        for color, (column, (low, high, _)) in enumerate(zip(values, scales, strict=True)):
            run["colors"][:, color] = _codes(column[good], low, high)
        return run[np.argsort(run["code"], kind="stable")]

    def _merge(self, paths: Sequence[Path], rows: int) -> list[int]:
        """Points of all levels in Morton order, ties by row, a stretch of codes at a time; how many each level has."""
        runs = [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
        levels = max(0, int(np.ceil(np.log2(sum(map(len, runs)) / TILE)))) + 1
        counts = np.zeros(levels, np.int64)
        for run in runs:
            counts += np.bincount(_level(run["row"], levels), minlength=levels)
        sizes: list[int] = counts[::-1].cumsum()[::-1].tolist()
        point = np.dtype([("x", "<f4"), ("y", "<f4"), ("row", "<u4")])
        out = [self._new(f"points-{level}.npy", point, size) for level, size in enumerate(sizes)]
        order = [self._new(f"order-{level}.npy", "<u4", size, kept=False) for level, size in enumerate(sizes)]
        shades = [
            [self._new(f"codes-{level}-{color}.npy", "u1", size) for color in range(len(self._colors))]
            for level, size in enumerate(sizes)
        ]
        at, done = [0] * len(sizes), 0
        before = [0] * len(runs)
        for last in _stretches(runs):
            ends = [int(np.searchsorted(run["code"], np.uint32(last), "right")) for run in runs]
            part = np.concatenate([run[b:e] for run, b, e in zip(runs, before, ends, strict=True)])
            before = ends
            part = part[np.argsort(part["code"], kind="stable")]
            level_of = _level(part["row"], len(sizes))
            for level in range(len(sizes)):
                kept = part[level_of >= level]
                here = slice(at[level], at[level] + len(kept))
                for field in ("x", "y", "row"):
                    out[level][field][here] = kept[field]
                order[level][here] = kept["code"]
                for color, shade in enumerate(shades[level]):
                    shade[here] = kept["colors"][:, color]
                at[level] += len(kept)
            done += len(part)
            self._progress("merge", min(done, rows), rows)
        for one in (*out, *order, *(shade for each in shades for shade in each)):
            one.flush()
        return sizes

    def _new(self, name: str, kind: Any, size: int | tuple[int, ...], *, kept: bool = True) -> np.memmap:
        if kept:
            self._files.append(name)
        shape = size if isinstance(size, tuple) else (size,)
        return np.lib.format.open_memmap(self._fresh / name, "w+", np.dtype(kind), shape)

    def _tree(self, level: int) -> list[list[float]]:
        """Leaves of the quadtree of a level, in Morton order: depth, x, y, count, and the box round their points."""
        codes = np.load(self._fresh / f"order-{level}.npy", mmap_mode="r")
        points = np.load(self._fresh / f"points-{level}.npy", mmap_mode="r")
        found: list[list[float]] = []
        for depth, prefix, start, stop in leaves(codes):
            x, y = points["x"][start:stop], points["y"][start:stop]
            ends = (x.min(), y.min(), x.max(), y.max())
            found.append([depth, *_unwoven(prefix), stop - start, *map(float, ends)])
        return found

    def _rasters(self, n: int, top: int) -> None:
        """Counts of molecules, and means of each color, at each size of cells: four cells make one of the next."""
        codes = np.load(self._fresh / "order-0.npy", mmap_mode="r")
        shift = 2 * (_DEPTH - top)

        def summed(shade: np.ndarray | None) -> np.ndarray:
            total = np.zeros(4**top, np.uint64)
            for start in range(0, n, _STRETCH):
                cells = (codes[start : start + _STRETCH] >> shift).astype(np.int64)
                weights = np.ones(len(cells), np.uint64)
                if shade is not None:
                    values = shade[start : start + _STRETCH]
                    known = values != MISSING
                    cells, weights = cells[known], values[known].astype(np.uint64)
                if not len(cells):
                    continue
                first = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]])  # they are sorted
                total[cells[first]] += np.add.reduceat(weights, first)
            return total

        for color in (None, *range(len(self._colors))):
            shade = None if color is None else np.load(self._fresh / f"codes-0-{color}.npy", mmap_mode="r")
            total = summed(shade)
            known = total if shade is None else summed(np.where(np.asarray(shade) == MISSING, MISSING, 1).astype("u1"))
            for size in range(top, _COARSEST - 1, -1):
                level, kind = size - _COARSEST, "u1" if color is not None else "<u4"
                name = f"counts-{level}.npy" if color is None else f"means-{level}-{color}.npy"
                image = self._new(name, kind, (2**size, 2**size))
                if color is None:
                    image[:] = total[_grid(size)]
                else:
                    mean = np.round(total / np.maximum(known, 1))
                    image[:] = np.where(known > 0, mean, MISSING)[_grid(size)]
                image.flush()
                total, known = total.reshape(-1, 4).sum(1), known.reshape(-1, 4).sum(1)


def morton(x: np.ndarray, y: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """Morton codes (uint32) of places in a square (left, bottom, side): the bits of 2^16 columns and rows, woven."""
    left, bottom, side = box

    def cell(values: np.ndarray, low: float) -> np.ndarray:
        share = (values.astype(np.float64) - low) / side * 2**_DEPTH
        return _woven(np.clip(share, 0, 2**_DEPTH - 1).astype(np.uint32))

    codes: np.ndarray = cell(x, left) | (cell(y, bottom) << np.uint32(1))
    return codes


def leaves(codes: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """Leaves of a quadtree over sorted Morton codes: depth, Morton code of the node, its stretch.

    Points of one smallest cell that are too many for a tile are cut as they come.
    """
    stack = [(0, 0, 0, len(codes))]
    while stack:
        depth, prefix, start, stop = stack.pop()
        if stop - start <= TILE:
            if stop > start:
                yield depth, prefix, start, stop
        elif depth == _DEPTH:
            for first in range(start, stop, TILE):
                yield depth, prefix, first, min(first + TILE, stop)
        else:
            shift = 2 * (_DEPTH - depth - 1)
            keys = np.array([(4 * prefix + child) << shift for child in (1, 2, 3)], np.uint32)
            ends = [start, *(start + np.searchsorted(codes[start:stop], keys)).tolist(), stop]
            stack += [(depth + 1, 4 * prefix + child, ends[child], ends[child + 1]) for child in (3, 2, 1, 0)]


def _stretches(runs: Sequence[np.ndarray]) -> Iterator[int]:
    """Last codes of stretches of some million points, each at the end of one of 2^20 cells."""
    shift = 2 * _DEPTH - _CELLS
    counts = np.zeros(2**_CELLS, np.int64)
    for run in runs:
        counts += np.bincount(run["code"] >> np.uint32(shift), minlength=2**_CELLS)
    ends = counts.cumsum()
    before = 0
    while before < ends[-1]:
        cell = max(
            int(np.searchsorted(ends, before + _STRETCH, "right")) - 1, int(np.searchsorted(ends, before, "right"))
        )
        before = int(ends[cell])
        yield ((cell + 1) << shift) - 1


def _level(rows: np.ndarray, levels: int) -> np.ndarray:
    """The highest level of detail that each row stands in."""
    hashed = rows.astype(np.uint32) * np.uint32(2654435761)  # Knuth's; its high bits are well mixed
    hashed ^= hashed >> np.uint32(15)
    hashed *= np.uint32(0x2C1B3C6D)
    hashed ^= hashed >> np.uint32(12)
    lowest = hashed & (~hashed + np.uint32(1))
    zeros = np.bitwise_count(lowest - np.uint32(1))
    return np.minimum(zeros, levels - 1).astype(np.int64)


def _codes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((values.astype(np.float64) - low) / (high - low or 1.0), 0, 1)
    return np.where(np.isfinite(values), np.round(np.nan_to_num(share) * (MISSING - 1)), MISSING).astype(np.uint8)


def _woven(cells: np.ndarray) -> np.ndarray:
    """16 bits spread over the even ones of 32."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        cells = (cells | (cells << np.uint32(shift))) & np.uint32(mask)
    return cells


def _unwoven(code: int) -> tuple[int, int]:
    x = sum(((code >> 2 * bit) & 1) << bit for bit in range(_DEPTH))
    return x, sum(((code >> (2 * bit + 1)) & 1) << bit for bit in range(_DEPTH))


def _grid(size: int) -> np.ndarray:
    """Morton code of each cell of a raster (2^size, 2^size)."""
    along = _woven(np.arange(2**size, dtype=np.uint32))
    found: np.ndarray = along[None, :] | (along[:, None] << np.uint32(1))
    return found


def _corners(outline: Sequence[Sequence[float]]) -> np.ndarray:
    """Corners (m, 2) of an outline. Raises BadRecipe."""
    if not 3 <= len(outline) <= MOST_CORNERS:
        raise BadRecipe(f"an outline has 3 to {MOST_CORNERS:,} corners, and {len(outline):,} came")
    found = np.array(outline, np.float64)
    if found.ndim != 2 or found.shape[1] != 2 or not np.isfinite(found).all():
        raise BadRecipe(f"an outline is a list of finite (x, y) corners, and an array of {found.shape} came")
    return found


def _held(corners: np.ndarray, box: tuple[float, float, float, float]) -> bool | None:
    """Whether a box lies within an outline (True), without (False), or an edge may cross it (None)."""
    left, bottom, right, top = box
    following = np.roll(corners, -1, axis=0)
    low, high = np.minimum(corners, following), np.maximum(corners, following)
    near = (high >= (left, bottom)).all(1) & (low <= (right, top)).all(1)
    if near.any():
        start, way = corners[near], (following - corners)[near]
        ends = np.array([(left, bottom), (right, bottom), (right, top), (left, top)])
        side = way[:, :1] * (ends[:, 1] - start[:, 1:]) - way[:, 1:] * (ends[:, 0] - start[:, :1])
        slack = 1e-9 * (np.abs(way).sum(1) * (np.abs(ends).max() + np.abs(start).max(1)))[:, None]
        if not ((side > slack).all(1) | (side < -slack).all(1)).all():
            return None
    return bool(inside(corners, np.array([[left, bottom]]))[0])
