"""Models on what a visitor typed: the same answers as here, ended at the deadline, and what a job has kept is taken."""

import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from toy_models import save_model

from mmexplore import studio
from mmexplore.explore import hurried
from mmexplore.explore.neighbors import query
from mmexplore.runtime import deadline
from mmexplore.runtime.deadline import Hurried, WorkerTask
from mmexplore.runtime.errors import BadMolecule, BadRecipe, TooLong
from mmexplore.runtime.home import default_home

DRUG = "CC(=O)Nc1ccc(OCCN(C)C)cc1"
ENDLESS = "B" * 1_990


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    save_model(tmp_path / "runs" / "toy" / "model")
    return "toy"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process may be asked."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a process was asked")

    monkeypatch.setattr(hurried, "within", refuse)


@pytest.mark.parametrize("way", ["class 1", "class 0"])
def test_an_explanation_in_time_is_the_one_that_is_made_here(toy: str, way: str) -> None:
    goal, _ = studio.target(toy, "active", way, 0.01)
    here, there = studio.explain(toy, DRUG, goal), studio.explain_in_time(toy, DRUG, goal)
    assert [(one.smiles, one.atoms, one.places) for one in there.subgraphs] == [
        (one.smiles, one.atoms, one.places) for one in here.subgraphs
    ]
    assert there.subgraphs
    assert (there.smiles, there.order, there.target, there.exact, there.fragments, there.note) == (
        here.smiles, here.order, here.target, here.exact, here.fragments, here.note,
    )  # fmt: skip
    assert there.score == pytest.approx(here.score, abs=1e-5)
    for one, other in zip(here.subgraphs, there.subgraphs, strict=True):
        assert [other.score, other.score_in_molecule] == pytest.approx([one.score, one.score_in_molecule], abs=1e-5)


def test_views_and_predictions_in_time_are_those_that_are_made_here(toy: str) -> None:
    model = studio.model(toy)
    here = query.embed_few(model.folder, [DRUG, "CCO"], home=default_home())
    there = query.embed_in_time(model, [DRUG, "CCO"], home=default_home())
    assert here.views.keys() == there.views.keys()
    np.testing.assert_allclose(there.predictions, here.predictions, atol=1e-5)
    for name, values in here.views.items():
        assert there.views[name].dtype == values.dtype
        np.testing.assert_allclose(there.views[name], values, atol=1e-5)


def test_mistakes_come_back_as_they_are(toy: str) -> None:
    goal, _ = studio.target(toy)
    with pytest.raises(BadMolecule, match="has 251 atoms"):
        studio.explain_in_time(toy, "C" * 251, goal)
    with pytest.raises(BadMolecule, match="unclosed ring"):
        studio.explain_in_time(toy, "C1CC", goal)
    with pytest.raises(BadRecipe, match="predict nothing"):
        studio.explain_in_time("ecfp", "CCO", goal)


def test_what_a_job_has_kept_is_taken_for_this_question_alone(toy: str, alone: None) -> None:
    goal, _ = studio.target(toy, "active", "class 1", 0.01)
    kept = studio.explain_and_keep(toy, DRUG, goal, count=8)
    assert studio.explain_in_time(toy, DRUG, goal, count=8) == kept
    for other in ({"count": 5}, {"count": 8, "by": "in molecule"}, {"count": 8, "branch": "dmpnn"}):
        with pytest.raises(AssertionError, match="was asked"):
            studio.explain_in_time(toy, DRUG, goal, **other)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="was asked"):
        studio.explain_in_time(toy, "CCO", goal, count=8)


def test_getting_ready_takes_none_of_the_time_and_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    own, drawn = Hurried(1, eager=False), "mmexplore.chem.molecules:depict"
    try:
        own.ask(drawn, ["CCO"], {})
        monkeypatch.setenv(deadline.SETTING, "0.3")
        before = WorkerTask(drawn, ["C1CC"], {})  # what fails there is not told
        assert "<svg" in own.ask(drawn, ["CCO"], {}, before)
        with pytest.raises(TooLong, match=r"longer than 0\.3 seconds"):
            own.ask(drawn, [ENDLESS], {}, before)
        monkeypatch.setenv(deadline.SETTING, "60")
        assert "<svg" in own.ask(drawn, ["CCO"], {})
    finally:
        own.close()


@pytest.mark.release
def test_a_server_imports_no_torch_for_what_a_visitor_typed() -> None:
    code = f"""
import sys
from mmexplore import studio
model = "solubility-dmpnn"
found = studio.detail(studio.query_of("freesolv", {DRUG!r}), model, "dmpnn")
assert any(one.prediction == one.prediction for one in found.standings)
studio.explain_in_time(model, {DRUG!r}, studio.target(model)[0])
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.release
def test_a_job_explains_and_keeps(toy: str, alone: None) -> None:
    goal, _ = studio.target(toy, "active", "class 1", 0.01)
    job = studio.start_explaining(toy, DRUG, goal, count=8)
    list(studio.follow_job(job.id))
    assert studio.job(job.id).state == "done", studio.job(job.id).log_tail()
    assert studio.explain_in_time(toy, DRUG, goal, count=8).subgraphs
