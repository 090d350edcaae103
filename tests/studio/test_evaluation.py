"""Evaluation of trained models: scores with intervals, the baseline on the same split, paired tests."""

import json
from pathlib import Path
from typing import Any

import pytest
from scored_models import a_run, a_table
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets import Dataset
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.errors import BadRecipe, MmexploreError, UnknownName

pytest_plugins = ("screens",)


@pytest.fixture
def numbers(empty_home: Path) -> Dataset:
    return a_table(empty_home, "numbers")


def told(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["evaluate", *words, "--json"])
    assert done.exit_code == 0, done.output + str(done.exception)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_shell_answers_by_the_contract(empty_home: Path, numbers: Dataset) -> None:
    a_run(empty_home, "good", numbers, 0.1)
    a_run(empty_home, "simple", numbers, 0.9, preset="boosting")
    found = told("--model", "good", "--data", numbers.name, "--split", "test")
    assert {"metrics", "per_task", "baseline", "paired"} <= found.keys()
    card = studio.model("good").card
    assert card is not None
    assert {name: found["metrics"][name] for name in card.metrics["test"]} == pytest.approx(card.metrics["test"])
    assert {"spearman", "kendall"} <= found["metrics"].keys()
    assert found["per_task"]["logP"]["rmse"] == pytest.approx(found["metrics"]["rmse"])
    assert found["n"] == card.split.sizes[2]
    assert found["baseline"]["model"] == "simple"
    paired = found["paired"]
    assert {"p", "wins", "n"} <= paired.keys()
    assert paired["n"] == found["n"]
    assert paired["difference"] == pytest.approx(found["metrics"]["rmse"] - found["baseline"]["metrics"]["rmse"])
    assert paired["p"] < 0.05
    assert paired["wins"] > paired["n"] / 2
    for name, (low, high) in found["intervals"].items():
        assert low <= found["metrics"][name] <= high


def test_people_read_a_table(empty_home: Path, numbers: Dataset) -> None:
    a_run(empty_home, "good", numbers, 0.1)
    done = CliRunner().invoke(app, ["evaluate", "--model", "good"])
    assert done.exit_code == 0, done.exception
    assert max(map(len, done.stdout.splitlines())) <= 100 or "mmexplore train boosting" in done.stdout
    assert "no boosting was trained on this split" in " ".join(done.stdout.split())


def test_a_missing_baseline_is_said_with_the_line_that_trains_it(empty_home: Path, numbers: Dataset) -> None:
    settings = ["data.split=kfold", "data.folds=4", "data.fold=2", "data.split_seed=7", 'data.targets=["logP"]']
    a_run(empty_home, "folded", numbers, 0.1, *settings)
    a_run(empty_home, "elsewhere", numbers, 0.1, "data.split_seed=9", preset="boosting")
    beside = studio.evaluate("folded").baseline
    assert beside.model == ""
    assert beside.command.startswith(f"mmexplore train boosting --data {numbers.name} --split kfold --fold 2 ")
    chosen = beside.command.split(" --set ")[1:]
    values = parse({"data": {"dataset": numbers.name, "split": "kfold", "fold": 2}}).with_settings(
        [word.strip().strip("'") for word in chosen]
    )
    recipe = studio.model("folded").recipe
    assert recipe is not None
    assert values.data == recipe.data


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ([], True),
        (["training.seed=5"], True),
        (["data.calibration=0.2"], True),
        (["data.folds=9"], True),
        (["data.split_seed=1"], False),
        (["data.fractions=[0.6,0.2,0.2]"], False),
        (["data.split=scaffold"], False),
    ],
)
def test_a_baseline_is_of_the_same_molecules(
    empty_home: Path, numbers: Dataset, settings: list[str], same: bool
) -> None:
    a_run(empty_home, "good", numbers, 0.1)
    a_run(empty_home, "simple", numbers, 0.5, *settings, preset="boosting")
    assert (studio.baseline_of("good") is not None) is same
    assert (studio.baseline_test("good") is not None) is same


def test_seeds_of_one_recipe_are_paired_over_the_seeds(empty_home: Path, numbers: Dataset) -> None:
    for seed in range(4):
        own = f"data.split_seed={seed}"
        a_run(empty_home, f"good{seed}", numbers, 0.2, own, seed=seed)
        a_run(empty_home, f"simple{seed}", numbers, 0.6, own, preset="boosting", seed=seed)
    found = told("--model", "good0,good1,good2,good3", "--data", numbers.name)
    each = [one["metrics"]["rmse"] for one in found["models"]]
    assert found["metrics"]["rmse"] == pytest.approx(sum(each) / 4)
    assert (found["paired"]["over"], found["paired"]["n"], found["paired"]["wins"]) == ("seeds", 4, 4)
    assert found["paired"]["p"] < 0.05
    low, high = found["intervals"]["rmse"]
    assert low < found["metrics"]["rmse"] < high


def test_several_recipes_stand_beside_each_other(empty_home: Path, numbers: Dataset) -> None:
    a_run(empty_home, "good", numbers, 0.1)
    a_run(empty_home, "worse", numbers, 0.9, "training.epochs=3")
    found = told("--model", "good,worse", "--data", numbers.name)
    assert [one["model"] for one in found["models"]] == ["good", "worse"]
    against = found["models"][1]["against_first"]
    assert against["difference"] > 0
    assert against["p"] < 0.05


def test_the_baseline_is_not_tested_against_itself(empty_home: Path, numbers: Dataset) -> None:
    a_run(empty_home, "simple", numbers, 0.5, preset="boosting")
    found = studio.evaluate("simple")
    assert found.baseline.model == "simple"
    assert found.paired is None
    assert studio.baseline_test("simple") is None


def test_tasks_of_both_kinds_have_their_own_scores_and_one_in_common(empty_home: Path) -> None:
    data = a_table(empty_home)
    a_run(empty_home, "mixed", data, 0.3)
    a_run(empty_home, "simple", data, 2.0, preset="boosting")
    found = studio.evaluate("mixed")
    assert found.main == "loss"
    assert next(iter(found.metrics)) == "loss"
    assert "roc_auc" in found.per_task["active"]
    assert "rmse" in found.per_task["logP"]
    assert found.paired is not None
    assert (found.paired.metric, found.paired.difference < 0) == ("loss", True)


def test_other_parts_and_what_cannot_be_judged(empty_home: Path, numbers: Dataset) -> None:
    a_run(empty_home, "good", numbers, 0.1)
    card = studio.model("good").card
    assert card is not None
    assert studio.evaluate("good", part="validation").n == card.split.sizes[1]
    with pytest.raises(UnknownName, match="part of a split"):
        studio.evaluate("good", part="exam")
    with pytest.raises(BadRecipe, match="predicts nothing that could be scored"):
        studio.evaluate("ecfp", numbers.name)
    with pytest.raises(BadRecipe, match="needs a model"):
        studio.evaluate([])
    with pytest.raises(MmexploreError, match="predicts logP, and 'table_of_classes' has: active"):
        studio.evaluate("good", a_table(empty_home, "classes").name)


def test_another_threshold_calls_other_classes(empty_home: Path) -> None:
    data = a_table(empty_home, "classes")
    a_run(empty_home, "m", data, 0.8)
    matrix = {at: studio.confusion("m", "active", at) for at in (0.0, 0.5, 1.0)}
    n = studio.evaluate("m").n
    assert all(one.sum() == n for one in matrix.values())
    assert matrix[0.0][:, 0].sum() == matrix[1.0][:, 1].sum() == 0
    found = studio.scores_at("m", 0.5).metrics
    tn, fp, fn, tp = matrix[0.5].ravel()
    assert found["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert found["balanced_accuracy"] == pytest.approx((tp / (tp + fn) + tn / (tn + fp)) / 2)


def test_folds_are_one_line_of_the_table(empty_home: Path, numbers: Dataset) -> None:
    from mmexplore.ui.train import runs_table

    for fold in range(3):
        own = ["data.split=kfold", "data.folds=3", f"data.fold={fold}"]
        a_run(empty_home, f"good{fold}", numbers, 0.2, *own)
        a_run(empty_home, f"simple{fold}", numbers, 0.6, *own, preset="boosting")
    lines = runs_table.over_seeds(studio.models()).set_index("recipe")
    assert lines["runs"].to_dict() == {"dmpnn": 3, "boosting": 3}
    assert lines.loc["dmpnn", "baseline"] == pytest.approx(lines.loc["boosting", "test"])
    assert "p 0.0" in lines.loc["dmpnn", "to the baseline"]
    table = runs_table.table(studio.models())
    assert table.loc["good1", "split"] == "kfold fold 2 of 3 seed 0"
    assert table.loc["good1", "baseline"] == pytest.approx(table.loc["simple1", "test"])
    assert table.loc["simple1", "to the baseline"] == "is the baseline"


def test_the_shell_trains_each_fold_and_goes_on(empty_home: Path, numbers: Dataset) -> None:
    words = ["train", "ecfp_forest", "--data", numbers.name, "--split", "kfold", "--folds", "3", "--json"]
    words += ["--set", "baseline.options.trees=3", "--out", str(empty_home / "cv")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    each = [run["metrics"]["test"]["rmse"] for run in found["runs"]]
    assert [run["fold"] for run in found["runs"]] == [0, 1, 2]
    assert found["metrics"]["test"]["rmse"] == pytest.approx(sum(each) / 3)
    assert found["spread"]["test"]["rmse"] > 0
    cards = [studio.model(run["model"]).card for run in found["runs"]]
    assert sum(card.split.sizes[2] for card in cards if card) == len(numbers)
    assert all(
        card and card.split.options == f"fold {n + 1} of 3" and card.split.digest for n, card in enumerate(cards)
    )
    again = json.loads(CliRunner().invoke(app, words).stdout)
    assert [studio.model(run["model"]).card for run in again["runs"]] == cards
    refused = CliRunner().invoke(app, [*words[:5], "kfold", "--folds", "999", "--json"])
    assert "999" in str(refused.exception)
