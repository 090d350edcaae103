"""Routes of a library's map: bytes of tiles and rasters as they lie, rows from their shards, and nothing by a path."""

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from placed_library import PREDICTED, SMILES, crowded, placed
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mmexplore.explore.library import tiles
from mmexplore.explore.library.build import FOLDER
from mmexplore.explore.library.tiles import TileSet
from mmexplore.runtime.home import default_home
from mmexplore.ui.server.routes import routes

NAME = "of tiles"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


@pytest.fixture(scope="module")
def whole() -> Iterator[TileSet]:
    place = default_home().folder(FOLDER) / NAME
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE", 1_000)
        made = tiles.make(placed(place, crowded(5_000, 3)))
    yield made
    shutil.rmtree(place)  # other files count the libraries of this home


def test_tiles_and_rasters_come_as_they_lie(client: TestClient, whole: TileSet) -> None:
    asked = {"library": NAME, "key": whole.key}
    index = client.get("/tiles.json", params=asked)
    assert index.json()["n"] == whole.n
    assert [len(level) for level in index.json()["levels"]] == [len(whole.tiles(k)) for k in range(whole.levels)]
    seen = 0
    for level in range(whole.levels):
        for number in range(len(whole.tiles(level))):
            at = asked | {"level": level, "tile": number}
            answer = client.get("/tile.bin", params=at)
            assert answer.content == whole.points(level, number).tobytes()
            assert "immutable" in answer.headers["cache-control"]
            codes = client.get("/tile.bin", params=at | {"colour": PREDICTED}).content
            assert codes == whole.codes(level, number, PREDICTED).tobytes()
            seen += len(codes) if level == 0 else 0
    assert seen == whole.n
    shade = np.frombuffer(client.get("/raster.bin", params=asked).content, np.uint8).reshape(256, 256)
    counts = whole.density(0)
    assert np.array_equal(shade > 0, counts > 0)
    order = np.argsort(counts.ravel(), kind="stable")
    assert (np.diff(shade.ravel()[order].astype(int)) >= 0).all()
    mean = client.get("/raster.bin", params=asked | {"colour": PREDICTED}).content
    assert mean == whole.mean(0, PREDICTED).tobytes()


def test_a_row_has_its_card_and_its_drawing(client: TestClient, whole: TileSet) -> None:
    asked = {"library": NAME, "key": whole.key, "row": 4_001}
    card = client.get("/card.json", params=asked).json()
    inner = 4_001 - max(start for start in whole.shards[1] if start <= 4_001)
    assert (card["row"], card["name"], card["smiles"]) == (4_001, f"number {inner}", SMILES[inner % len(SMILES)])
    drawn = client.get("/depict.svg", params=asked).text
    assert drawn == client.get("/depict.svg", params={"smiles": SMILES[inner % len(SMILES)]}).text


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("tiles.json", {"library": "nobody"}, 404, "nobody"),
        ("tiles.json", {"library": "../libraries/of tiles"}, 404, "library"),
        ("tiles.json", {"library": "/etc"}, 404, "/etc"),
        ("tiles.json", {"library": ""}, 400, "no tiles were named"),
        ("tiles.json", {"key": ""}, 400, "no tiles were named"),
        ("tiles.json", {"key": "0" * 32}, 404, "not here any more"),
        ("tiles.json", {"key": "../" * 10 + "xy"}, 400, "32 digits"),
        ("tile.bin", {"level": "9"}, 404, "levels of detail 0 to"),
        ("tile.bin", {"level": "-1"}, 400, "level is a whole number"),
        ("tile.bin", {"tile": "1000000"}, 404, "tiles 0 to"),
        ("tile.bin", {"tile": "0x1"}, 400, "tile is a whole number"),
        ("tile.bin", {"colour": "nothing"}, 404, "nothing"),
        ("raster.bin", {"level": "7"}, 404, "rasters 0 to"),
        ("raster.bin", {"level": "1.5"}, 400, "level is a whole number"),
        ("card.json", {"row": "5000"}, 404, "rows 0 to 4999"),
        ("card.json", {"row": "no"}, 400, "row is a whole number"),
        ("depict.svg", {"row": "5000"}, 404, "rows 0 to 4999"),
    ],
)
def test_what_is_not_there_is_said(
    client: TestClient, whole: TileSet, path: str, query: dict[str, str], status: int, words: str
) -> None:
    answer = client.get(f"/{path}", params={"library": NAME, "key": whole.key} | query)
    assert answer.status_code == status
    assert words in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_damaged_tile_is_said(client: TestClient) -> None:
    target = placed(default_home().folder(FOLDER) / "damaged", crowded(500, 1))
    try:
        found = tiles.make(target)
        path = next(path for path in found.paths() if path.name == "points-0.npy")
        path.write_bytes(path.read_bytes()[:-4] + b"????")
        answer = client.get("/tile.bin", params={"library": "damaged", "key": found.key})
        assert answer.status_code == 400
        assert "is not what was written there" in answer.text
        again = client.get("/tile.bin", params={"library": "damaged", "key": found.key})
        assert (again.status_code, "reload the page" in again.text) == (404, True)
    finally:
        shutil.rmtree(target.folder)
