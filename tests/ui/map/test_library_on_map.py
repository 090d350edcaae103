"""A library on the Map page, without a browser: it is offered, counted, listed, and what it lacks is said."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from placed_library import PREDICTED, crowded, placed
from screens import page, shown
from streamlit.testing.v1 import AppTest

from mmexplore.explore.library import tiles
from mmexplore.explore.library.build import FOLDER
from mmexplore.explore.library.tiles import TileSet
from mmexplore.runtime.home import default_home
from mmexplore.ui.components.molecule_map import ShownLibrary
from mmexplore.ui.map import in_library

pytest_plugins = ("screens",)
N = 3_000


@pytest.fixture(scope="module", autouse=True)
def made(home: Path) -> Iterator[TileSet]:
    place = default_home().folder(FOLDER)
    placed(place / "no map", crowded(50, 1), mapped=False)
    placed(place / "no tiles", crowded(50, 1))
    yield tiles.make(placed(place / "whole", crowded(N, 2)))
    for name in ("no map", "no tiles", "whole"):  # other files count the libraries of this home
        shutil.rmtree(place / name)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[ShownLibrary]:
    """What the page had the browser draw."""
    found: list[ShownLibrary] = []
    monkeypatch.setattr(in_library, "library_map", lambda _key, what, _on_event: found.append(what))
    return found


def opened(name: str, **query: str) -> AppTest:
    app = page("1_Map.py", **{"map-of": f"library: {name}"} | query)
    assert not app.exception
    return app


def did(app: AppTest, monkeypatch: pytest.MonkeyPatch, key: str, **action: Any) -> None:
    """What the page does when the map tells of something, and the run that follows."""
    before = app.session_state
    with monkeypatch.context() as patch:
        patch.setattr(in_library, "event", lambda _: action)
        patch.setattr(in_library.st, "session_state", before)
        patch.setattr(in_library.address, "keep", lambda *_: None)
        in_library._happened(key)
    app.run()
    assert not app.exception


def test_a_library_is_drawn_in_the_color_that_the_link_names(drawn: list[ShownLibrary], made: TileSet) -> None:
    app = opened("whole", **{"library-colour": PREDICTED, "place": "1,2,8"})
    assert f"{made.n:,} molecules of library whole" in shown(app)
    assert f"{N - made.n:,} have no place" in shown(app)
    assert (drawn[-1].library, drawn[-1].key, drawn[-1].by) == ("whole", made.key, PREDICTED)
    assert drawn[-1].place == (1, 2, 8)
    assert drawn[-1].painting.ticks
    assert opened("whole") is not None
    assert drawn[-1].by == ""


def test_a_lasso_is_counted_listed_and_cleared(
    drawn: list[ShownLibrary], made: TileSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    xy = np.concatenate([np.stack([part["x"], part["y"]], 1) for part in crowded(N, 2)])
    middle = np.nanmedian(xy, axis=0)
    x, y = (float(v) for v in middle)
    box = [[x - 2, y - 2], [x + 2, y - 2], [x + 2, y + 2], [x - 2, y + 2]]
    inside = np.flatnonzero((np.abs(xy - middle) < 2).all(1))
    app = opened("whole")
    did(app, monkeypatch, made.key, kind="lasso", mode="replace", outline=box)
    assert f"{len(inside):,} molecules inside" in shown(app)
    assert app.dataframe[0].value["row"].tolist() == inside[:100].tolist()
    assert drawn[-1].outlines == (box,)
    did(
        app, monkeypatch, made.key, kind="lasso", mode="add", outline=[[x + 2, y - 2], [x + 40, y - 2], [x + 40, y + 2]]
    )
    assert len(drawn[-1].outlines) == 2
    did(app, monkeypatch, made.key, kind="click", row=int(inside[0]))
    assert drawn[-1].current == (inside[0], tuple(map(float, xy[inside[0]])))
    did(app, monkeypatch, made.key, kind="clear")
    assert drawn[-1].outlines == ()
    assert "molecules inside" not in shown(app)


def test_what_is_lacking_is_said_with_the_way_to_it() -> None:
    app = opened("no tiles")
    assert "tiles of this map are not made yet" in shown(app)
    assert [code.value for code in app.code] == ["mmexplore library tiles 'no tiles' --map map"]
    assert [button.label for button in app.button] == ["Make the tiles"]
    assert "no view of a model" in shown(opened("no map"))


def test_a_link_that_asks_for_what_there_is_not_is_answered(drawn: list[ShownLibrary]) -> None:
    app = opened("whole", **{"library-row": "3001", "place": "here", "library-colour": "taste"})
    for words in ("'3001'", "'here'", "'taste'"):
        assert words in shown(app)
    assert (drawn[-1].current, drawn[-1].place, drawn[-1].by) == (None, None, "")
    opened("whole", **{"library-row": "7"})
    assert drawn[-1].current is not None
    assert drawn[-1].current[0] == 7
