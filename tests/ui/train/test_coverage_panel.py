"""A model's card says what its intervals or sets covered, with a picture, and what they cover of other molecules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import PATIENCE, shown
from small_ensembles import CLASSES, three_seeds
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.runtime.home import Home

CARD = "from mmexplore import studio\nfrom mmexplore.ui.train import models\nmodels.show_one(studio.model({!r}))"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with three_seeds(tmp_path_factory.mktemp("panel")) as place:
        studio.train(CLASSES, studio.new_run("long ones"), "long ones")
        yield place


def card(name: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("mmexplore.ui.shell.navigation.link", lambda *_, **__: None)
    app = AppTest.from_string(CARD.format(name), default_timeout=PATIENCE).run()
    assert not app.exception
    return app


def plain(text: str) -> str:
    return text.replace("\\", "")


@pytest.mark.release
def test_an_ensemble_has_its_coverage_and_its_members(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    text = plain(shown(card("tiny-three", monkeypatch)))
    (found,) = studio.coverage("tiny-three")
    assert found.words() in text
    assert "Ensemble of tiny three, seed 0" in text
    assert "chose no epoch" in text
    assert "like those of the data set" in text


def test_classes_have_theirs_by_class(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    app = card("long-ones", monkeypatch)
    (found,) = studio.coverage("long-ones")
    assert found.classes
    assert found.words() in plain(shown(app))
    table = next(one.value for one in app.dataframe if "class 1" in one.value)
    hits, of = found.classes["1"]
    assert table["class 1"].tolist() == [pytest.approx(100 * hits / of)]


def test_a_model_without_rows_says_so(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = studio.new_run("no rows").name
    studio.train(CLASSES, studio.home() / "runs" / name, "no rows")
    folder = studio.model(name).folder
    for path in (folder / "calibration.json", folder.parent / "predictions.parquet"):
        path.unlink()
    assert studio.calibration(name) is None
    assert "No intervals" in shown(card(name, monkeypatch))
