"""The guided walk: what it says is what the model predicted, and its molecule is one that the model has not seen."""

from dataclasses import replace
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
from mmexplore.explore import hurried
from mmexplore.explore.explain import fusion
from mmexplore.models import registry
from mmexplore.runtime.home import write_json
from mmexplore.ui.shell import tour
from mmexplore.ui.subgraphs import result

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
    row = int(np.flatnonzero((split == "test") & (table.labels[:, 0] >= LEAST))[0])
    told = {"smiles": table.smiles[row], "direction": "above", "threshold": LEAST, "part": 3, "atoms": 9}
    write_json(empty_home / "shipped" / "toy-late" / fusion.WALK, told)
    monkeypatch.setattr(tour, "_prepare", lambda subject: None)
    monkeypatch.setattr(tour, "_A_WHILE_SECONDS", 0)
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
        assert f"{number} of 6" in shown(app)
        if number == 3:
            found = studio.shown_molecule(shipped, DATA)
            assert found is not None
            row = found.row
            facts = dict(studio.molecule_card(DATA, row, shipped).facts)
            for value in facts.values():
                assert value.split()[0].replace("-", "") in shown(app).replace("\\", "").replace("-", "")
    tour._beforehand.submit(lambda: None).result()
    assert set(started) == {(shipped, DATA)}
    app.button(key="demo/end").click().run()
    assert "of 6" not in shown(app)


def test_without_a_shipped_late_fusion_there_is_no_way_in(empty_home: Path) -> None:
    saved(empty_home, "toy-late", "late", NAMES)
    assert tour._model() is None
    assert "of 6" not in shown(walk("1"))


@pytest.mark.parametrize("step", ["0", "99", "x", "-1", "²"])
def test_a_step_that_is_none_is_left(shipped: str, step: str) -> None:
    assert "of 6" not in shown(walk(step))


@pytest.mark.slow
@pytest.mark.parametrize("data", ["solubility", "freesolv"])
def test_the_part_that_decides_is_visibly_a_part_of_the_molecule(home: Path, data: str) -> None:
    model = f"{data}-all-late"
    found, known = studio.shown_molecule(model, data), studio.predictions(model, data)
    assert found is not None
    assert known is not None
    assert known["split"][found.row] == "test"
    goal, _ = studio.target(model, direction=found.direction, threshold=found.threshold)
    told = studio.explain(model, str(studio.dataset(data).smiles[found.row]), goal, count=1)
    assert told.positive
    assert told.subgraphs[0].n_atoms == found.part <= 0.75 * found.atoms


def test_the_step_of_the_part_seeks_what_the_walk_tells(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    st.cache_data.clear()
    app = walk("5")
    assert "at most" in shown(app)
    found = studio.shown_molecule("solubility-all-late", "solubility")
    assert found is not None
    assert f"{found.part} of the {found.atoms} atoms" in shown(app)
    assert app.session_state["sought-regression"] == "below"


def test_the_step_of_the_lens_alone_has_it_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    assert [walk(number).session_state["lens"] for number in "123"] == [False, True, False]


def test_what_the_lens_shows_first_came_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    data, name, _, method = studio.first_choice()
    stops = studio.panels_of(name)
    lens = studio.lens(stops, data, method)
    assert lens is not None
    moved = [studio.movers(lens, way, data) for way in range(len(stops) - 1)]
    assert all(each is not None and len(each.rows) for each in moved)


def test_the_step_of_a_prediction_opens_the_molecules_tab(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    assert walk("3").session_state["beside"] == "Molecule"


def test_the_walk_ends_on_the_bench_with_its_molecule(shipped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "start_embedding", lambda model, data: None)
    app, found = walk(str(len(tour.STEPS))), studio.shown_molecule(shipped, DATA)
    assert found is not None
    assert app.session_state["predict"] == "Bench"
    assert app.session_state["bench"] == studio.dataset(DATA).smiles[found.row]


@pytest.mark.release
def test_without_a_part_that_is_known_the_walk_has_no_step_of_it(shipped: str, empty_home: Path) -> None:
    (empty_home / "shipped" / "toy-late" / fusion.WALK).unlink()
    st.cache_data.clear()
    subject = tour._subject()
    assert subject is not None
    assert [step.page for step in subject.steps] == ["Map", "Map", "Map", "Fusion", "Predict"]


@pytest.mark.parametrize("data", ["solubility", "freesolv"])
def test_what_the_walk_shows_of_its_molecule_came_with_the_model(
    home: Path, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No model is asked: not for its part, not for each branch's, not for its prediction, nor what each adds."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a model was asked")

    name = f"{data}-all-late"
    found = studio.shown_molecule(name, data)
    assert found is not None
    monkeypatch.setattr(hurried, "within", asked)
    smiles = str(studio.dataset(data).smiles[found.row])
    usual, _ = studio.target(name, direction=found.direction)
    goal = replace(usual, threshold=found.threshold)
    told = studio.explain_in_time(name, smiles, goal, count=result.MOST)
    assert told.subgraphs[0].n_atoms == found.part
    assert told.subgraphs[0].nearest > 0
    assert studio.explain_in_time(name, smiles, usual, count=1).subgraphs
    for branch in studio.summands(name):
        assert studio.explain_in_time(name, smiles, goal, count=1, branch=branch).smiles == smiles
    (made,) = studio.predict_molecule([name], smiles)
    known = studio.predictions(name, data)
    assert known is not None
    assert made.estimates[0].value == pytest.approx(known[made.estimates[0].name].iloc[found.row], abs=0.02)
    if studio.calibration(name) is None:
        assert np.isnan([made.estimates[0].low, made.estimates[0].high]).all()
    else:
        assert made.estimates[0].low < made.estimates[0].value < made.estimates[0].high
