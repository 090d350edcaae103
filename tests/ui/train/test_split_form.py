"""Splits in the Train page's form: what each rule asks for, a run a fold, and sentences for what cannot be divided."""

from pathlib import Path

import pytest
from scored_models import a_table
from screens import page, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.jobs.folder import Job

pytest_plugins = ("screens",)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Recipe, str]]:
    """What the page would start, instead of processes."""
    found: list[tuple[Recipe, str]] = []

    def start(chosen: Recipe, title: str) -> Job:
        found.append((chosen, title))
        words = ("train", (), title, "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
        return Job("20260101-000000-train-ab12", *words)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_training", start)
    return found


def form(home: Path, rule: str) -> AppTest:
    data = a_table(home, "numbers")
    app = page("6_Train.py", data=data.name)
    box(app, "Dataset").select(data.name).run()
    box(app, "Split").select(rule).run()
    assert not app.exception
    return app


def box(app: AppTest, label: str) -> object:
    return next(b for b in app.selectbox if b.label == label)


def labels(app: AppTest) -> set[str]:
    return {w.label for kind in (app.selectbox, app.text_input, app.number_input) for w in kind}


def press(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label == label).click().run()


def test_each_rule_asks_for_what_it_reads(empty_home: Path) -> None:
    asked = {"Split column", "Cluster similarity", "Folds", "Test fold", "Fractions", "Split seed"}
    expected = {
        "cluster": {"Cluster similarity", "Fractions", "Split seed"},
        "kfold": {"Folds", "Test fold", "Fractions", "Split seed"},
        "column": {"Split column"},
        "time": {"Split column", "Fractions"},
        "file": set(),
    }
    app = form(empty_home, "cluster")
    for rule, those in expected.items():
        box(app, "Split").select(rule).run()
        assert not app.exception
        assert labels(app) & asked == those, rule


@pytest.mark.release
def test_a_fold_is_a_run_each(empty_home: Path, started: list[tuple[Recipe, str]]) -> None:
    app = form(empty_home, "kfold")
    press(app, "Start 5 trainings")
    assert [recipe.data.fold for recipe, _ in started] == [0, 1, 2, 3, 4]
    assert started[1][1].endswith(", fold 2 of 5")
    started.clear()
    next(t for t in app.text_input if t.label == "Seeds").set_value("3 4").run()
    next(n for n in app.number_input if n.label == "Folds").set_value(3).run()
    press(app, "Start 6 trainings")
    assert [(recipe.data.split_seed, recipe.data.fold) for recipe, _ in started] == [
        (seed, fold) for seed in (3, 4) for fold in range(3)
    ]
    started.clear()
    next(t for t in app.text_input if t.label == "Seeds").set_value("0").run()
    box(app, "Test fold").select(1).run()
    press(app, "Start training")
    assert [recipe.data.fold for recipe, _ in started] == [1]


def test_a_column_is_chosen_and_its_parts_are_shown(empty_home: Path, started: list[tuple[Recipe, str]]) -> None:
    app = form(empty_home, "column")
    assert box(app, "Split column").value == "part"
    table = next(text.value for text in app.markdown if text.value.startswith("| part | molecules |"))
    assert [line.split(" | ")[1] for line in table.splitlines()[2:]] == ["72", "24", "24"]
    press(app, "Start training")
    assert (started[0][0].data.split, started[0][0].data.split_column) == ("column", "part")
    box(app, "Split column").select("year").run()
    assert "no part's name" in shown(app).replace("\\", "")
    assert next(b for b in app.button if b.label == "Start training").disabled


def test_time_is_told_apart_from_parts(empty_home: Path, started: list[tuple[Recipe, str]]) -> None:
    app = form(empty_home, "time")
    assert box(app, "Split column").value == "year"
    assert "logP" in box(app, "Split column").options
    press(app, "Start training")
    assert started[0][0].data.split_column == "year"


def test_a_file_is_asked_for_and_kept(empty_home: Path) -> None:
    app = form(empty_home, "file")
    assert "needs a file with names or SMILES and parts" in shown(app).replace("\\", "")
    kept = studio.keep_split_file("my parts.csv", b"name,part\na,train\n")
    assert kept == studio.keep_split_file("my parts.csv", b"name,part\na,train\n")
    assert kept.is_relative_to(empty_home)
    assert kept.read_bytes() == b"name,part\na,train\n"


def test_a_baseline_that_reads_the_numbers_themselves_asks_for_no_layers(empty_home: Path) -> None:
    app = form(empty_home, "random")
    of_layers = {"Layers", "Dimension", "Dropout", "Start"}
    box(app, "Preset").select("boosting").run()
    assert {"Encoder", "Name"} <= labels(app)
    assert not of_layers & labels(app)
    box(app, "Encoder").select("dmpnn").run()
    assert not app.exception
    assert "Start" in labels(app)
