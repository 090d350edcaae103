"""``mmexplore tune``: its JSON, the recipe that it leaves for ``train``, refusals in words; and the same as a job."""

import json
from pathlib import Path

import pytest
from scored_models import a_table
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.recipes.presets import preset
from mmexplore.runtime.errors import BadRecipe, MmexploreError, Taken
from mmexplore.runtime.jobs import client

pytest_plugins = ("screens",)
CPU = ("training.device=cpu", "training.precision=float32")
QUICK = ("--split", "random", "--set", "baseline.options.rounds=5", "--set", CPU[0], "--set", CPU[1])
OVER = ("--over", "baseline.options.rounds=4:8", "--over", "baseline.options.leaves")


def told(*words: object) -> dict:
    done = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


@pytest.mark.slow
def test_it_answers_with_trials_and_leaves_a_recipe(empty_home: Path, tmp_path: Path) -> None:
    data, out = a_table(empty_home, "numbers").name, tmp_path / "search"
    words = ("tune", "boosting", "--data", data, *QUICK, *OVER, "--out", out)
    values = told(*words, "--trials", 3)
    assert list(values)[:4] == ["study", "score", "lower_is_better", "validation_molecules"]
    assert (values["study"], values["score"], values["lower_is_better"]) == (str(out), "rmse", True)
    assert values["ranges"] == {"baseline.options.rounds": "4:8", "baseline.options.leaves": "7:63:log"}
    assert [trial["trial"] for trial in values["trials"]] == [1, 2, 3]
    assert values["trials"][0]["settings"] == {"baseline.options.rounds": 5, "baseline.options.leaves": 15}
    best = min(values["trials"], key=lambda trial: trial["score"])
    assert values["best"] == {key: best[key] for key in ("trial", "score", "settings")}
    assert told(*words, "--trials", 4)["trials"][:3] == values["trials"]
    people = CliRunner().invoke(app, [*map(str, words), "--trials", "4"], catch_exceptions=False).stdout
    assert max(map(len, people.splitlines())) <= 100
    with pytest.raises(Taken, match="ranges"):
        told("tune", "boosting", "--data", data, *QUICK, "--out", out)
    made = told("train", values["recipe"], "--out", tmp_path / "run")
    assert set(made["metrics"]) == {"validation", "test"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--sampler", "grid"), "--sampler is tpe or random"),
        (("--over", "data.split=random"), "how a model learns"),
        (("--over", "baseline.options.rounds=9:3"), "LOW below HIGH"),
        (("--set", "baseline.options.nothing=1"), "nothing is called"),
    ],
)
def test_mistakes_are_sentences(empty_home: Path, words: tuple[str, ...], sentence: str) -> None:
    data = a_table(empty_home, "numbers").name
    with pytest.raises(BadRecipe, match=sentence):
        told("tune", "boosting", "--data", data, *words)


@pytest.mark.release
def test_a_job_searches_and_its_study_is_found(empty_home: Path) -> None:
    data = a_table(empty_home, "numbers").name
    recipe = preset("boosting").with_settings([f'data.dataset="{data}"', "data.split=random", *CPU])
    search = studio.SearchPlan(trials=2, ranges={"baseline.options.rounds": "4:8"})
    job = studio.start_tuning(recipe, search, "a search")
    assert studio.start_tuning(recipe, search, "a search").id == job.id
    assert [event.stage for event in studio.follow_job(job.id)][-1] == "tune"
    job = studio.job(job.id)
    assert job.state == "done", job.message + job.log_tail()
    found = studio.study_of(job)
    assert found is not None
    assert (found.name, len(found.trials), found.study.search) == ("a-search", 2, search)
    assert [one.name for one in studio.studies()] == ["a-search"]
    again = client.again(job.id, home=studio.home())  # there is nothing left to do
    assert [event.done for event in studio.follow_job(again.id)][-1] == 2
    studio.delete_study("a-search")
    with pytest.raises(MmexploreError, match="a-search"):
        studio.study("a-search")
