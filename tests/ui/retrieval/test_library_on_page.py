"""A library on the Retrieval page, without a browser: it is offered, and searched in its own spaces."""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_data import VIEW, built, sources
from screens import PAGES, PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore.explore.library import build
from mmexplore.runtime.home import default_home
from mmexplore.ui.components.hit_lists import HitColumn
from mmexplore.ui.retrieval import in_library
from mmexplore.ui.shell.session import Choice

pytest_plugins = ("screens",)


@pytest.fixture(scope="module", autouse=True)
def library(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    here, place = tmp_path_factory.mktemp("library"), default_home().folder(build.FOLDER) / "toy"
    built(here, place, sources(here / "source"), mapped=False)
    yield
    shutil.rmtree(place)  # other files count the libraries of this home


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[HitColumn]:
    """The columns that the page drew last."""
    found: list[HitColumn] = []
    monkeypatch.setattr(in_library, "hit_lists", lambda _key, columns, _pick: found.__setitem__(slice(None), columns))
    return found


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "3_Retrieval.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = Choice("freesolv", "solubility-dmpnn", "dmpnn")
    for key, value in {"among": f"{in_library.PREFIX}toy", **query}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def test_a_typed_molecule_is_sought_in_each_space_of_a_library(drawn: list[HitColumn]) -> None:
    app = page(query="OCCCC", hits="4")
    assert [column.title for column in drawn] == ["ECFP", VIEW.partition("@")[2]]
    assert all(len(column.hits) == 4 and column.text.endswith("exact") for column in drawn)
    assert all(hit.query != "smiles=CCCCO" for column in drawn for hit in column.hits)
    assert "molecules of the library toy" in shown(app)


def test_filters_hold_in_a_library(drawn: list[HitColumn]) -> None:
    page(query="OCCCC", hits="50", smarts="c1ccccc1")
    assert all(0 < len(column.hits) < 50 and all("c1ccccc1" in hit.query for hit in column.hits) for column in drawn)
    page(query="OCCCC", smarts="[Pt]")
    assert all(column.message == "No molecule passes the filters." for column in drawn)


def test_what_makes_an_index_can_be_pasted_into_a_shell(
    drawn: list[HitColumn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmexplore.studio.library_is_ready", lambda *_: False)
    page(query="CC(=O)Nc1ccccc1")
    for column in drawn:
        words = shlex.split(column.message.partition("makes it: ")[2])
        assert words[:4] == ["mmexplore", "library", "search", "toy"]
        assert words[words.index("--query") + 1] == "CC(=O)Nc1ccccc1"
        assert "'CC(=O)Nc1ccccc1'" in column.message


def test_a_library_s_table_fits_its_page(drawn: list[HitColumn]) -> None:
    app = page(query="OCCCC", hits="4")
    assert drawn
    assert "All columns" in [one.label for one in app.toggle]
