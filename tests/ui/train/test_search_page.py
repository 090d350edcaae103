"""A search of settings on the Train page: what it starts, how its study is shown, and settings that fill the form."""

import json
import time
from pathlib import Path

import pandas as pd
import pytest
from scored_models import a_table
from screens import NASTY, page, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.recipes.presets import preset
from mmexplore.recipes.ranges import ranges_of
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.home import write_json
from mmexplore.runtime.jobs.folder import Job
from mmexplore.training.tuning.study import FILE, SearchPlan, Study, Trial, write_trial
from mmexplore.ui.train.study_view import history, parallel, table

pytest_plugins = ("screens",)
ID = "20260101-000000-tune-ab12"
RANGES = {"training.learning_rate": "0.0001:0.01:log", "fusion.options.hidden_size": "64,128"}
SCORES = ((0.9, "complete"), (0.7, "complete"), (1.5, "pruned"), (None, "failed"), (0.8, "complete"))


def a_study(home: Path, data: str) -> Path:
    """A study as a search leaves it, and its job."""
    folder, job = home / "studies" / "a-study", home / "jobs" / ID
    job.mkdir(parents=True)
    recipe = preset("dmpnn", quick=True).with_settings([
        f"data.dataset={json.dumps(data)}", "data.split=random", "data.split_seed=5", "fusion.options.hidden_size=64",
    ])  # fmt: skip
    search = SearchPlan(trials=8, ranges=RANGES)
    about = {"metric": "rmse", "lower_is_better": True, "rows": 12, "data": data, "digest": "d", "made_by": "optuna 5"}
    study = Study(title=NASTY, recipe=recipe, search=search, ranges=RANGES, **about)
    write_json(folder / FILE, study.model_dump(mode="json"))
    write_json(folder / "recipe.json", recipe.model_dump(mode="json"))
    for number, (score, state) in enumerate(SCORES):
        settings = {"training.learning_rate": 0.001 * (number + 1), "fusion.options.hidden_size": (64, 128)[number % 2]}
        scores = {1: score + 0.1, 2: score} if score else {}
        write_trial(folder, Trial(number=number, state=state, settings=settings, score=score, scores=scores))
    arguments = [str(folder / "recipe.json"), "--out", str(folder), "--name", NASTY]
    asked = {"id": ID, "verb": "tune", "arguments": arguments, "title": NASTY, "device": "cpu", "created": time.time()}
    (job / "job.json").write_text(json.dumps(asked))
    (job / "status.json").write_text(json.dumps({"state": "done", "stage": "tune", "done": 8, "total": 8}))
    return folder


@pytest.fixture
def data(empty_home: Path) -> str:
    return a_table(empty_home, "numbers").name


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception


def test_a_search_begins_with_the_recipes_own_ranges(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Recipe, SearchPlan, str]] = []

    def start(recipe: Recipe, search: SearchPlan, title: str) -> Job:
        started.append((recipe, search, title))
        words = ("tune", (), title, "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
        return Job(ID, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_tuning", start)
    app = page("6_Train.py", data=data)
    next(box for box in app.selectbox if box.label == "Dataset").select(data).run()
    next(number for number in app.number_input if number.label == "Trials").set_value(7).run()
    press(app, "Start 7 trials")
    recipe, search, _ = started[0]
    assert recipe.data.dataset == data
    assert (search.trials, search.sampler, search.pruning) == (7, "tpe", True)
    assert set(search.ranges) == set(ranges_of(recipe, {"regression"}))


def test_a_study_is_shown_and_its_best_settings_fill_the_form(empty_home: Path, data: str) -> None:
    folder = a_study(empty_home, data)
    app = page("6_Train.py", job=ID)
    assert not app.exception
    found = {metric.label: metric.value for metric in app.metric}
    assert (found["Trials"], found["Ended early"], found["Best validation RMSE"]) == ("5 of 8", "1", "0.7")
    assert NASTY in shown(app).replace("\\", "")
    study = studio.study(folder.name)
    press(app, "Take the settings of trial 2, the best")
    assert "Settings of" in shown(app)
    chosen = json.loads(next(code.value for code in app.code if code.value.startswith("{")))
    best = study.best
    assert best is not None
    taken = study.settled(best)
    assert Recipe.model_validate(chosen) == taken
    assert (taken.data.split_seed, taken.data.tuned) == (5, True)
    line = next(code.value for code in app.code if "mmexplore train" in code.value)
    assert "training.learning_rate=0.002" in line
    press(app, "Back to the presets")
    assert "Settings of" not in shown(app)


def test_the_figures_and_the_table_have_the_trials_numbers(empty_home: Path, data: str) -> None:
    study = studio.study(a_study(empty_home, data).name)
    done, pruned, best = history(study).data
    assert (list(done.x), list(done.y)) == ([1, 2, 5], [0.9, 0.7, 0.8])
    assert (list(pruned.x), list(pruned.y)) == ([3], [1.5])
    assert list(best.y) == [0.9, 0.7, 0.7]
    early, others, best, low, high = parallel(study).data
    assert [list(one.text) for one in (low, high)] == [["0.0001", "64", "0.7"], ["0.01", "128", "1.5"]]
    assert list(best.x)[:3] == [0, 1, 2]
    assert list(best.y)[:3] == pytest.approx([0.650515, 1, 0], abs=1e-5)  # log10(0.002 / 0.0001) / 2
    assert list(early.y)[:3] == pytest.approx([0.738561, 0, 1], abs=1e-5)
    assert list(others.y).count(None) == 2
    frame = table(study, study.trials)
    assert list(frame["state"]) == [state for _, state in SCORES]
    assert list(frame["training.learning_rate"]) == pytest.approx([0.001, 0.002, 0.003, 0.004, 0.005])
    assert pd.isna(frame["score"][3])


@pytest.mark.release
def test_a_study_is_kept_until_it_is_deleted(empty_home: Path, data: str) -> None:
    folder = a_study(empty_home, data)
    app = page("6_Train.py", job="none")
    next(box for box in app.selectbox if box.label == "Search").select("a-study").run()
    assert not app.exception
    assert "Best validation RMSE" in {metric.label for metric in app.metric}
    press(app, "Delete this search")
    assert not folder.exists()
    assert studio.studies() == []
