"""Models as a table: scores with their split, seeds as mean and spread, names as text."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from screens import page, shown
from toy_models import card

from mmexplore import studio
from mmexplore.ui.components import score_words
from mmexplore.ui.train import runs_table

pytest_plugins = ("screens",)


class TestModels:
    def test_the_table_says_split_and_metric_of_each_score(self, empty_home: Path) -> None:
        card(empty_home, "a", split_seed=3)
        line = runs_table.table(studio.models()).loc["a"]
        assert (line["split"], line["score"]) == ("scaffold_balanced seed 3", "RMSE \u2193")
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

    def test_an_ensemble_says_how_many_members_it_has(self, empty_home: Path) -> None:
        card(empty_home, "a")
        (one,) = [model for model in studio.models() if model.name == "a"]
        both = studio.Ensemble(**{field.name: getattr(one, field.name) for field in fields(one)}, members=(one, one))
        assert runs_table.table([one, both])["model"].tolist() == [one.title, f"{one.title}, 2 members"]

    def test_curves_come_back(self, empty_home: Path) -> None:
        card(empty_home, "a")
        assert studio.history("a")["train_loss"].to_dict() == pytest.approx({1.0: 0.5, 2.0: 0.4})

    def test_the_page_lists_them_and_shows_names_as_text(self, empty_home: Path) -> None:
        card(empty_home, "a")
        card(empty_home, "b", seed=1)
        app = page("6_Train.py")
        assert not app.exception
        assert [sorted(one.value["name"]) for one in app.dataframe if "name" in one.value] == [["a", "b"]]

    def test_a_link_opens_models_and_the_choice_stands_in_the_address(self, empty_home: Path) -> None:
        card(empty_home, "a")
        card(empty_home, "b", seed=1)
        app = page("6_Train.py", models="b")
        assert not app.exception
        assert [text.value for text in app.text if "b.zip" in text.value] == []
        assert app.query_params["models"] == "b"
        assert any(one.key == "back-up/b" for one in app.get("download_button"))
        assert "'c'" in shown(page("6_Train.py", models="a,c")).replace("\\", "")

    def test_words_of_a_score(self, empty_home: Path) -> None:
        card(empty_home, "a")
        made = studio.model("a").card
        assert made
        assert score_words.score(made, "test") == ("test RMSE, scaffold_balanced seed 0", 2.0, "M")
