"""Models as a table: scores with their split, seeds as mean and spread, names as text."""

import json
from pathlib import Path

import pandas as pd
import pytest
from screens import NASTY, page

from mmexplore import studio
from mmexplore.datasets import Task
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.recipes import presets
from mmexplore.ui.components import score_words
from mmexplore.ui.train import runs_table

pytest_plugins = ("screens",)


def card(home: Path, name: str, *, seed: int = 0, split_seed: int = 0, rmse: float = 1.0, depth: int = 3) -> None:
    folder = home / "runs" / name / "model"
    folder.mkdir(parents=True)
    chosen = presets.preset("dmpnn").with_settings(
        [f"training.seed={seed}", f"data.split_seed={split_seed}", f"branches.0.options.depth={depth}"]
    )
    made = Card(
        name=f"{name} {NASTY}", seed=seed, epochs_run=2, best_epoch=1,
        data=DataUsed(name="solubility", digest="d", rows=9, tasks=(Task("SOL", "regression", "M"),)),
        split=SplitUsed(rule="scaffold_balanced", seed=split_seed, sizes=(7, 1, 1)),
        metrics={"validation": {"rmse": rmse}, "test": {"rmse": 2 * rmse, "tasks": 1.0}}, seconds=3.0,
        created="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    (folder / "card.json").write_text(made.model_dump_json())
    (folder / "recipe.json").write_text(chosen.model_dump_json())
    (folder / "weights.safetensors").write_bytes(b"")
    history = [{"epoch": epoch, "train_loss": 0.6 - epoch / 10, "validation_rmse": 3 - epoch} for epoch in (1.0, 2.0)]
    (folder.parent / "history.json").write_text(json.dumps(history))


class TestModels:
    def test_the_table_says_split_and_metric_of_each_score(self, empty_home: Path) -> None:
        card(empty_home, "a", split_seed=3)
        line = runs_table.table(studio.models()).loc["a"]
        assert (line["split"], line["score"]) == ("scaffold_balanced seed 3", "RMSE (lower is better)")
        assert (line["test"], line["validation"], line["unit"]) == (2.0, 1.0, "M")

    def test_seeds_of_one_recipe_are_one_line_with_mean_and_spread(self, empty_home: Path) -> None:
        for seed, rmse in enumerate((1.0, 2.0, 4.0)):
            card(empty_home, f"s{seed}", seed=seed, split_seed=seed, rmse=rmse)
        card(empty_home, "other", seed=9, depth=4)
        (line,) = runs_table.over_seeds(studio.models()).to_dict("records")
        values = pd.Series([2.0, 4.0, 8.0])
        assert (line["seeds"], line["runs"], line["split"]) == ("0, 1, 2", 3, "scaffold_balanced")
        assert line["test"] == pytest.approx(values.mean())
        assert line["± test"] == pytest.approx(values.std(ddof=1))

    def test_curves_come_back(self, empty_home: Path) -> None:
        card(empty_home, "a")
        assert studio.history("a")["train_loss"].to_dict() == pytest.approx({1.0: 0.5, 2.0: 0.4})

    def test_the_page_lists_them_and_shows_names_as_text(self, empty_home: Path) -> None:
        card(empty_home, "a")
        card(empty_home, "b", seed=1)
        app = page("5_Train.py")
        assert not app.exception
        assert sorted(app.dataframe[1].value["name"]) == ["a", "b"]

    def test_words_of_a_score(self, empty_home: Path) -> None:
        card(empty_home, "a")
        made = studio.model("a").card
        assert made
        assert score_words.score(made, "test") == ("test RMSE, scaffold_balanced seed 0", 2.0, "M")
