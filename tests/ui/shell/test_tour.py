"""The guided walk: what it says is what the model predicted, and its molecule is one that the model has not seen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from fused_models import DATA, NAMES, saved
from rdkit import Chem
from screens import PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.models import registry
from mmexplore.ui.shell import tour

pytest_plugins = ("screens",)
LEAST = -3.0


@pytest.fixture
def shipped(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A late fusion of three branches that ships, with predictions a little off the labels."""
    saved(empty_home, "toy-late", "late", NAMES)
    monkeypatch.setattr(registry, "SHIPPED", empty_home / "shipped")
    (empty_home / "shipped").mkdir()
    (empty_home / "runs" / "toy-late" / "model").rename(empty_home / "shipped" / "toy-late")
    table = studio.dataset(DATA)
    split = np.where(np.arange(len(table)) % 5 == 0, "test", "train")
    guess = table.labels[:, 0] + np.random.default_rng(0).normal(size=len(table)) * 0.3
    known = pd.DataFrame({"row": np.arange(len(table)), "split": split, table.tasks[0].name: guess})
    known.to_parquet(empty_home / "shipped" / "toy-late" / "predictions.parquet")
    st.cache_data.clear()
    return "toy-late"


def _page() -> None:
    from mmexplore.ui.shell import deep_links, tour

    deep_links.arrive()
    tour.bar()
    tour.button()


def walk(step: str = "") -> AppTest:
    """A page with nothing but the walk, as a link leads to it."""
    app = AppTest.from_function(_page, default_timeout=PATIENCE)
    if step:
        app.query_params[tour.STEP] = step
    app.run()
    assert not app.exception
    return app


def test_its_molecule_is_of_the_test_part_and_positive_and_told_well(shipped: str) -> None:
    row, table = studio.example(shipped, DATA, LEAST), studio.dataset(DATA)
    known = studio.predictions(shipped, DATA)
    assert known is not None
    label, guess = table.labels[:, 0], known[table.tasks[0].name].to_numpy()
    assert known["split"][row] == "test"
    assert min(label[row], guess[row]) >= LEAST
    near = np.abs(label - guess) <= label.std() / 2
    able = (known["split"] == "test").to_numpy() & (label >= LEAST) & (guess >= LEAST) & near
    sizes = [Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() for smiles in table.smiles[able]]
    assert able[row]
    assert Chem.MolFromSmiles(table.smiles[row]).GetNumHeavyAtoms() == max(sizes)


def test_without_a_positive_there_is_none(shipped: str) -> None:
    assert studio.example(shipped, DATA, 1e6) == -1


def test_a_walk_says_what_was_predicted_and_measured(shipped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.ui.shell.navigation.page", lambda name: None)  # a page that stays where it is
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: started.append((model, data)))
    started: list[tuple[str, str]] = []
    for number in range(1, len(tour.STEPS) + 1):
        app = walk(str(number))
        assert f"{number} of 5" in shown(app)
        if number == 2:
            row = studio.example(shipped, DATA, studio.target(shipped)[0].threshold)
            facts = dict(studio.molecule_card(DATA, row, shipped).facts)
            for value in facts.values():
                assert value.split()[0].replace("-", "") in shown(app).replace("\\", "").replace("-", "")
    assert set(started) == {(shipped, DATA)}
    app.button(key="demo/end").click().run()
    assert "of 5" not in shown(app)


def test_without_a_shipped_late_fusion_there_is_no_way_in(empty_home: Path) -> None:
    saved(empty_home, "toy-late", "late", NAMES)
    assert tour._model() is None
    assert "of 5" not in shown(walk("1"))


@pytest.mark.parametrize("step", ["0", "99", "x", "-1", "²"])
def test_a_step_that_is_none_is_left(shipped: str, step: str) -> None:
    assert "of 5" not in shown(walk(step))


@pytest.mark.slow
@pytest.mark.parametrize("data", ["solubility", "freesolv"])
def test_the_part_that_decides_is_visibly_a_part_of_the_molecule(home: Path, data: str) -> None:
    model = f"{data}-mmfrl-late"
    found, known = studio.shown_molecule(model, data), studio.predictions(model, data)
    assert found is not None
    assert known is not None
    assert known["split"][found.row] == "test"
    goal, _ = studio.target(model, direction=found.direction, threshold=found.threshold)
    told = studio.explain(model, str(studio.dataset(data).smiles[found.row]), goal, count=1)
    assert told.positive
    assert 8 <= told.subgraphs[0].n_atoms <= 0.75 * len(told.order)


def test_the_step_of_the_part_seeks_what_the_walk_tells(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    st.cache_data.clear()
    app = walk("5")
    assert "at most" in shown(app)
    assert app.session_state["sought-regression"] == "below"


def test_the_step_of_a_prediction_opens_the_molecules_tab(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    assert walk("2").session_state["beside"] == "Molecule"
