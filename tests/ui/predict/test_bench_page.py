"""The bench without a browser: predictions follow edits, a pinned molecule, history, and what cannot be read."""

from pathlib import Path

import pytest
from fused_models import DATA, NAMES, saved
from hypothesis import given
from hypothesis import strategies as st
from predicted_models import TASK, trained
from screens import NASTY, page, shown
from streamlit.testing.v1 import AppTest
from working_jobs import until

from mmexplore import studio
from mmexplore.ui.predict.bench import difference, with_unit
from mmexplore.ui.predict.steps import Steps

pytest_plugins = ("screens",)
FIRST, THEN = "CC(=O)Nc1ccc(O)cc1", "CC(=O)Nc1ccc(F)cc1"


def bench(**query: str) -> AppTest:
    """The tab after its first run."""
    return page("5_Predict.py", predict="Bench", **query)


def words(app: AppTest) -> str:
    """All text as it is read."""
    return shown(app).replace("\\", "").replace("\u2060", "")


def typed(app: AppTest, text: str) -> AppTest:
    """The same with another text in the box."""
    return app.text_input(key="bench").set_value(text).run()


def clicked(app: AppTest, what: str) -> AppTest:
    """The same after a button."""
    return app.button(key=f"predict/bench/{what}").click().run()


@pytest.fixture
def late(empty_home: Path) -> str:
    """A late fusion with drawn weights and a map of its training data set."""
    saved(empty_home, "toy-late", "late", NAMES)
    studio.compute_map("toy-late", DATA, studio.view_of("toy-late"), "pca")
    return "toy-late"


def test_an_edit_has_prediction_contributions_and_a_star_and_is_held_against_the_pinned_molecule(late: str) -> None:
    app = typed(clicked(bench(bench=FIRST), "keep"), THEN)
    assert not app.exception
    said = words(app)
    added = [studio.contributions_of(late, smiles) for smiles in (THEN, FIRST)]
    one, other = (studio.predict_molecule([late], smiles)[0].estimates[0] for smiles in (THEN, FIRST))
    assert added[0].start + added[0].values.sum() == pytest.approx(one.value, abs=1e-4)
    assert difference(one.value, other.value, one.unit) in said
    for number, name in enumerate(NAMES):
        mine, theirs = (each.values[0, number] for each in added)
        assert f"adds {name} | {with_unit(mine, one.unit)} | {with_unit(theirs, one.unit)}" in said
        assert difference(mine, theirs, one.unit) in said
    assert len(app.get("plotly_chart")) == 2
    assert "Lit: the atoms that differ." in said
    assert app.query_params["pinned"] == FIRST
    again = bench(bench=THEN, pinned=FIRST)
    assert difference(one.value, other.value, one.unit) in words(again)
    assert "Pinned" not in words(clicked(app, "keep_off"))


def test_the_smallest_deciding_part_comes_by_itself(empty_home: Path) -> None:
    trained(empty_home)
    app = bench(bench=FIRST)
    assert not app.exception
    assert "No contributions of modalities: 'toy' fuses nothing" in words(app)
    until(lambda: "Looking for it" not in words(app.run()))
    assert not app.exception
    assert any(sign in words(app) for sign in ("alone it still makes", "between the quartiles", "ubgraph", "fragment"))


def test_undo_and_redo_lead_along_the_history(empty_home: Path) -> None:
    trained(empty_home)
    app = typed(typed(bench(bench="CCO"), "CCN"), "CCF")
    assert app.button(key="predict/bench/redo").disabled
    app = clicked(clicked(app, "undo"), "undo")
    assert app.text_input(key="bench").value == "CCO"
    assert app.button(key="predict/bench/undo").disabled
    assert clicked(app, "redo").text_input(key="bench").value == "CCN"
    app = typed(app, "CCCl")
    assert app.button(key="predict/bench/redo").disabled
    assert "3 steps" in words(app)


@pytest.mark.parametrize("text", ["C1CC", "junk!", NASTY, "CCO>>CC=O", "C" * 2_500, "[#6]~[#7]"])
def test_what_is_no_molecule_is_a_sentence_and_loses_no_history(empty_home: Path, text: str) -> None:
    trained(empty_home)
    app = typed(typed(bench(bench="CCO"), "CCN"), text)
    assert not app.exception
    assert len(app.warning) == 1
    assert "The last molecule that could be read stays below." in app.warning[0].value
    assert "2 steps" in words(app)
    assert f"{TASK}, predicted" in words(app)
    assert clicked(app, "undo").text_input(key="bench").value == "CCO"


def test_a_salt_is_told_and_a_link_to_junk_too(empty_home: Path) -> None:
    trained(empty_home)
    app = bench(bench="CCN(CC)CC.Cl", pinned="C1CC")
    assert not app.exception
    assert "salt stripped: removed Cl" in words(app)
    assert "which cannot be read or predicted" in words(app)
    assert "pinned" not in app.query_params


@given(st.lists(st.one_of(st.sampled_from("ABCD"), st.integers(-2, 5)), max_size=30))
def test_a_step_is_one_that_was_made_and_undo_leads_back(moves: list[str | int]) -> None:
    some = Steps()
    for move in moves:
        before = some
        some = some.then(move) if isinstance(move, str) else some.to(move)
        if isinstance(move, str):
            assert some.now == move
            assert some.smiles[: before.at + 1] == before.smiles[: before.at + 1]
            assert before.now in ("", move) or some.to(some.at - 1).now == before.now
    assert (some.at == -1) == (not some.smiles)
    assert some.at < len(some.smiles)
