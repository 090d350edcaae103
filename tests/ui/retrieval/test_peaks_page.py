"""Peaks as a query on the Retrieval page, without a browser: what it shows, what it refuses, what its link holds."""

from dataclasses import replace

import numpy as np
import pytest
from screens import PAGES, PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.datasets import Spectra
from mmexplore.explore.spectra import peaks as by_peaks
from mmexplore.ui.components import structures
from mmexplore.ui.components.hit_lists import HitColumn
from mmexplore.ui.retrieval import page as retrieval_page

pytest_plugins = ("screens",)
DATA = "freesolv"
TOLUENE = "137.8, 129.1, 128.3, 125.4, 21.4"


@pytest.fixture(scope="module", autouse=True)
def embedded(home: object) -> None:
    studio.embed(by_peaks.JOINT, DATA)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[HitColumn]:
    """The columns that the page drew last."""
    found: list[HitColumn] = []
    monkeypatch.setattr(
        retrieval_page, "hit_lists", lambda _key, columns, _pick: found.__setitem__(slice(None), columns)
    )
    return found


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "3_Retrieval.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = retrieval_page.Choice(DATA, "solubility-dmpnn", "dmpnn")
    for key, value in {"query-by": "Peaks", **query}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def test_without_peaks_it_says_what_to_do(drawn: list[HitColumn]) -> None:
    assert "Type or paste the 13C shifts" in shown(page())
    assert drawn == []


def test_a_link_with_peaks_shows_each_way_s_hits(drawn: list[HitColumn]) -> None:
    app = page(peaks=TOLUENE, hits="4")
    assert [column.title for column in drawn] == ["Joint model", "Both", "Predicted shifts"]
    assert all(len(column.hits) == 4 for column in drawn)
    assert "5 peaks, the query" in shown(app)
    assert "the best hit" in shown(app)
    assert any("toluene" in hit.name for column in drawn for hit in column.hits)


def test_a_clicked_hit_stands_in_the_link(drawn: list[HitColumn]) -> None:
    app = page(peaks=TOLUENE, hit="268")
    assert "cyclohexane" in shown(app)
    assert "the hit that was clicked" in shown(app)


def test_junk_is_a_sentence_and_another_list_goes_on(drawn: list[HitColumn]) -> None:
    app = page(peaks="banana")
    assert "is no peak" in app.warning[0].value
    app.text_input(key="peaks").set_value("128.5 d").run()
    assert not app.exception
    assert len(drawn[0].hits) == 6
    app.query_params["query-by"] = "Structure"
    app.run()
    assert not app.exception


def test_doubted_spectra_are_drawn_beside_what_fits_better(
    drawn: list[HitColumn], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = studio.Doubts(
        np.array([1, 0]), np.array([0.4, 1.0]), np.array([50, 50]), np.array([3, 0]), np.array([2, -1]), "both"
    )
    table = studio.dataset(DATA)
    measured = Spectra(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(len(table), np.int32))
    monkeypatch.setattr(studio, "dataset", lambda *_: replace(table, spectra=measured))
    monkeypatch.setattr(studio, "stored_doubts", lambda _: found)
    listed = page(**{"below-peaks": "Doubt my molecule"}).dataframe[0].value
    assert listed["structure"].tolist() == structures.addresses(table.smiles[[1, 0]])
    assert listed["fits better"].tolist() == [structures.address(str(table.smiles[2])), ""]
