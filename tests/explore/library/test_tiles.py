"""Tiles of a library's map: each point in one leaf, rasters that count the same, lassos as counted by hand, kills."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placed_library import PREDICTED, SMILES, crowded, placed

from mmexplore.explore.library import search, tiles
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.tiles import TileSet
from mmexplore.runtime.errors import BadRecipe, Damaged, NotAvailable, UnknownName

ROOT = Path(__file__).parents[3]
N, SHARDS, TILE = 30_000, 7, 1_000
KILLED = """
import os, signal, sys
from pathlib import Path
from mmexplore.explore.library import tiles
from mmexplore.explore.library.build import Library

def heard(stage, done, total, /, **values):
    if stage == sys.argv[2] and done:
        os.kill(os.getpid(), signal.SIGKILL)

tiles.TILE = 1_000
tiles.make(Library("here", Path(sys.argv[1])), progress=heard)
"""


@pytest.fixture(scope="module", autouse=True)
def small() -> object:
    """Tiles of a thousand points, so that few molecules make a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE", TILE)
        patch.setattr(tiles, "_STRETCH", 4_000)
        yield


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return placed(tmp_path_factory.mktemp("libraries") / "here", crowded(N, SHARDS))


@pytest.fixture(scope="module")
def whole(target: Library) -> TileSet:
    return tiles.make(target)


@pytest.fixture(scope="module")
def xy() -> np.ndarray:
    return np.concatenate([np.stack([part["x"], part["y"]], 1) for part in crowded(N, SHARDS)])


def points(whole: TileSet, level: int = 0) -> np.ndarray:
    return np.concatenate([whole.points(level, number) for number in range(len(whole.tiles(level)))])


def content(whole: TileSet) -> dict[str, object]:
    """What was written, but for the name of the files' folder."""
    about = {name: value for name, value in whole.about.items() if name != "folder"}
    return about | {path.name: path.read_bytes() for path in whole.paths()[1:]}


def test_each_placed_molecule_is_in_one_leaf_and_where_it_was_placed(whole: TileSet, xy: np.ndarray) -> None:
    found = points(whole)
    there = np.flatnonzero(np.isfinite(xy).all(1))
    assert whole.n == len(there) < N
    assert np.array_equal(np.sort(found["row"]), there)
    assert np.array_equal(np.stack([found["x"], found["y"]], 1), xy[found["row"]])
    left, bottom, side = whole.about["box"]
    for number, tile in enumerate(whole.tiles(0)):
        held = whole.points(0, number)
        assert 0 < len(held) == tile.count <= TILE
        width = side / 2**tile.depth
        slack = 1e-6 * side
        assert ((held["x"] >= left + tile.x * width - slack) & (held["x"] <= left + (tile.x + 1) * width + slack)).all()
        assert (
            (held["y"] >= bottom + tile.y * width - slack) & (held["y"] <= bottom + (tile.y + 1) * width + slack)
        ).all()
        assert tile.box == (held["x"].min(), held["y"].min(), held["x"].max(), held["y"].max())
    nodes = {(tile.depth, tile.x, tile.y) for tile in whole.tiles(0)}
    assert len(nodes) == len(whole.tiles(0))
    for depth, x, y in nodes:  # a leaf lies in no other leaf
        assert not any((depth - up, x >> up, y >> up) in nodes for up in range(1, depth + 1))


def test_levels_of_detail_are_even_halves_of_each_other(whole: TileSet) -> None:
    before, total = points(whole), whole.n
    assert whole.levels > 3
    for level in range(1, whole.levels):
        found = points(whole, level)
        assert np.isin(found["row"], before["row"]).all()
        total = len(before)
        assert abs(len(found) - total / 2) < 4 * np.sqrt(total / 4)
        assert all(0 < tile.count <= TILE for tile in whole.tiles(level))
        before = found
    assert len(before) <= 2 * TILE
    dense = np.sort(whole.density(0).ravel())[::-1]
    many = whole.density(0) >= dense[20]  # where many lie, level 2 has about a quarter of them
    left, bottom, side = whole.about["box"]
    found = points(whole, 2)
    cells = [
        np.minimum((found[a] - low) / side * len(many), len(many) - 1).astype(int)
        for a, low in (("x", left), ("y", bottom))
    ]
    expected = whole.density(0)[many].sum() / 4
    assert abs(many[cells[1], cells[0]].sum() - expected) < 4 * np.sqrt(expected)


def test_rasters_count_the_points_at_every_size(whole: TileSet, xy: np.ndarray) -> None:
    left, bottom, side = whole.about["box"]
    found = points(whole)
    for level in range(whole.about["rasters"]):
        counts = whole.density(level)
        size = len(counts)
        assert size == 256 * 2**level
        cells = [
            np.minimum((found[axis].astype(float) - low) / side * size, size - 1).astype(int)
            for axis, low in (("x", left), ("y", bottom))
        ]
        expected = np.zeros((size, size), int)
        np.add.at(expected, (cells[1], cells[0]), 1)
        assert np.array_equal(counts, expected)
        mean = whole.mean(level, PREDICTED)
        codes = np.concatenate([whole.codes(0, number, PREDICTED) for number in range(len(whole.tiles(0)))])
        total, known = np.zeros((2, size, size))
        np.add.at(total, (cells[1], cells[0]), np.where(codes == 255, 0, codes))
        np.add.at(known, (cells[1], cells[0]), codes != 255)
        assert np.array_equal(mean == 255, known == 0)
        np.testing.assert_allclose(mean[known > 0], (total / np.maximum(known, 1))[known > 0], atol=0.5 + 1e-9)


def test_codes_are_the_numbers_on_their_scale(whole: TileSet) -> None:
    values = np.concatenate([part["value"] for part in crowded(N, SHARDS)])
    (about,) = [one for one in whole.about["colors"] if one["name"] == PREDICTED]
    for level in (0, whole.levels - 1):
        for number in range(len(whole.tiles(level))):
            codes, here = whole.codes(level, number, PREDICTED), values[whole.points(level, number)["row"]]
            assert np.array_equal(codes == 255, np.isnan(here))
            share = np.clip((here - about["low"]) / (about["high"] - about["low"]), 0, 1)
            assert (np.abs(codes / 254 - share)[codes < 255] <= 0.5 / 254 + 1e-6).all()
    assert whole.painting(PREDICTED).ticks
    with pytest.raises(UnknownName):
        whole.codes(0, 0, "nothing")


def by_hand(outline: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Rows inside by winding angles' parity: how often a ray to the right meets an edge, edge by edge, all points."""
    odd = np.zeros(len(xy), bool)
    x, y = xy.astype(float).T
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, 0), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return np.flatnonzero(odd)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_lasso_counts_what_is_counted_by_hand(whole: TileSet, xy: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    outlines = [
        rng.normal(size=2) * 5 + rng.normal(size=(rng.integers(3, 40), 2)) * rng.uniform(0.1, 9)
        for _ in range(rng.integers(1, 3))
    ]
    expected = np.unique(np.concatenate([by_hand(outline, xy) for outline in outlines]))
    found = whole.inside([outline.tolist() for outline in outlines], 50)
    assert found.count == len(expected)
    assert found.rows.tolist() == expected[:50].tolist()


def test_a_lasso_round_everything_looks_at_no_point(whole: TileSet) -> None:
    left, bottom, side = whole.about["box"]
    corners = [
        (left - 1, bottom - 1),
        (left + side + 1, bottom - 1),
        (left + side + 1, bottom + side + 1),
        (left - 1, bottom + side + 1),
    ]
    found = whole.inside([corners], 3)
    assert (found.count, found.looked) == (whole.n, 0)
    half = whole.inside([[(x if x < left else left + 0.3 * side, y) for x, y in corners]])
    assert 0 < half.looked < half.tiles / 2
    for wrong in ([], [[(0, 0), (1, 1)]], [[(0, 0), (1, 1), (float("nan"), 0)]], [[(0, 0)] * 3_000]):
        with pytest.raises(BadRecipe):
            whole.inside(wrong)


def test_points_of_one_place_are_cut_into_tiles(tmp_path: Path) -> None:
    one = {"x": np.full(4_500, 3, "f4"), "y": np.full(4_500, -2, "f4"), "value": np.full(4_500, np.nan, "f4")}
    found = tiles.make(placed(tmp_path / "same", [one]))
    assert [tile.count for tile in found.tiles(0)] == [1_000] * 4 + [500]
    assert np.array_equal(np.sort(points(found)["row"]), np.arange(4_500))
    assert found.inside([[(2, -3), (4, -3), (3, 5)]]).count == 4_500


def test_rows_are_read_from_their_shards(whole: TileSet, target: Library) -> None:
    rows = np.array([29_999, 3, 4_286, 3])
    table = search.take(target, rows, whole.shards)
    starts = whole.shards[1]
    inner = [int(row) - max(start for start in starts if start <= row) for row in rows]
    assert table["row"].tolist() == rows.tolist()
    assert table["name"].tolist() == [f"number {number}" for number in inner]
    assert table["smiles"].tolist() == [SMILES[number % len(SMILES)] for number in inner]
    assert table.equals(search.take(target, rows))


def test_what_is_there_stays_and_what_was_damaged_is_made_anew_beside_its_readers(tmp_path: Path) -> None:
    target = placed(tmp_path / "here", crowded(3_000, 2))
    whole = tiles.make(target)
    before = {path: path.stat().st_ino for path in whole.paths()}
    assert {path: path.stat().st_ino for path in tiles.make(target).paths()} == before
    written, read = content(whole), whole.points(0, 1)
    path = next(path for path in whole.paths() if path.name == "points-0.npy")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(Damaged):
        whole.points(0, 0)
    assert tiles.stored(target, "") is None
    again = tiles.make(target)
    assert content(again) == written
    assert not set(again.paths()[1:]) & set(before), "a file that is mapped is never replaced"
    del read
    assert tiles.make(target).paths() == again.paths()
    assert set(again.folder.rglob("*.npy")) == set(again.paths()[1:]), "what nobody maps any more is gone"


def test_other_shards_are_other_tiles(tmp_path: Path) -> None:
    target = placed(tmp_path / "two", crowded(3_000, 2))
    first = tiles.make(target)
    placed(target.folder, crowded(4_000, 3, seed=1))
    target = Library("two", target.folder)
    assert tiles.stored(target, "") is None
    second = tiles.make(target)
    assert second.key != first.key
    assert not first.folder.exists()
    with pytest.raises(UnknownName):
        tiles.stored(target, "another")
    with pytest.raises(NotAvailable, match="library map"):
        tiles.make(placed(tmp_path / "unmapped", crowded(100, 1), mapped=False))


@pytest.mark.parametrize("stage", ["tiles", "merge"])
def test_what_a_kill_left_is_gone_on_with(stage: str, whole: TileSet, tmp_path: Path) -> None:
    target = placed(tmp_path / "here", crowded(N, SHARDS))
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    command = [sys.executable, "-c", KILLED, str(target.folder), stage]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert tiles.stored(target, "") is None
    runs = {path: path.stat().st_ino for path in target.folder.glob("tiles/*/runs/*.npy")}
    assert runs
    seen: dict[Path, int] = {}

    def heard(stage: str, done: int, total: int, /, **_: float) -> None:
        if stage == "merge" and not seen:
            seen.update({path: path.stat().st_ino for path in runs})

    made = tiles.make(target, progress=heard)
    assert seen == runs, "runs that were whole are used again"
    assert made.key == whole.key
    assert content(made) == content(whole)
    assert set(target.folder.glob("tiles/**/*.npy")) == set(made.paths()[1:])
