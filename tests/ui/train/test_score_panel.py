"""The score panel: intervals, the baseline's column, the test against it, a threshold, the nearest molecules."""

from pathlib import Path

import numpy as np
import pytest
from scored_models import a_run, a_table
from screens import PATIENCE, page, shown
from streamlit.testing.v1 import AppTest
from toy_models import card

from mmexplore import studio
from mmexplore.datasets.splits.nearest import nearest_training
from mmexplore.ui.train import score_panel

pytest_plugins = ("screens",)


def _panel() -> None:
    from mmexplore import studio
    from mmexplore.ui.train import score_panel

    score_panel.show(studio.model("good"))


def panel() -> AppTest:
    app = AppTest.from_function(_panel, default_timeout=PATIENCE).run()
    assert not app.exception
    return app


def test_scores_stand_beside_the_baselines(empty_home: Path) -> None:
    data = a_table(empty_home, "numbers")
    a_run(empty_home, "good", data, 0.1)
    a_run(empty_home, "simple", data, 0.9, preset="boosting")
    app = panel()
    table = app.dataframe[0].value.set_index("score")
    found = studio.evaluate("good")
    assert table.loc["RMSE", "test baseline"] == pytest.approx(found.baseline.metrics["rmse"])
    assert table.loc["RMSE", "test 95 %"] == "{:.3g} to {:.3g}".format(*found.intervals["rmse"])
    assert "better on" in shown(app)
    assert "compared to simple" in shown(app).replace("\\", "")


def test_a_missing_baseline_comes_with_its_line(empty_home: Path) -> None:
    a_run(empty_home, "good", a_table(empty_home, "numbers"), 0.1)
    app = panel()
    assert "no boosting was trained on this split" in shown(app).replace("\\", "").lower()
    assert any(code.value.startswith("mmexplore train boosting") for code in app.code)


def test_the_threshold_moves_the_confusion_matrix(empty_home: Path) -> None:
    a_run(empty_home, "good", a_table(empty_home, "classes"), 0.8)
    app = panel()
    matrix = next(d.value for d in app.dataframe if list(d.value.columns) == ["called 0", "called 1"])
    assert matrix.to_numpy().tolist() == studio.confusion("good", "active", 0.5).tolist()
    app.slider[0].set_value(0.7).run()
    matrix = next(d.value for d in app.dataframe if list(d.value.columns) == ["called 0", "called 1"])
    assert matrix.to_numpy().tolist() == studio.confusion("good", "active", 0.7).tolist()
    assert "threshold 0.70" in shown(app).replace("\\", "")


def test_a_card_alone_is_shown_as_it_is(empty_home: Path) -> None:
    card(empty_home, "good")
    table = panel().dataframe[0].value
    assert table["score"].tolist() == ["RMSE"]


def test_the_histogram_is_that_of_the_card() -> None:
    texts = [f"{'C' * n}O" for n in range(1, 13)]
    found = nearest_training(texts, np.arange(6), np.arange(6, 12))
    assert found is not None
    told = studio.ModelEvaluation("m", "d", "test", 6, "rmse", {}, {}, {}, {}, None, None, found)  # type: ignore[arg-type]
    bars = score_panel.nearest(told).data[0]
    assert sum(bars.y) == 6
    assert bars.width * len(bars.x) == pytest.approx(1)


def test_the_table_of_models_has_the_baselines_scores(empty_home: Path) -> None:
    data = a_table(empty_home, "numbers")
    a_run(empty_home, "good", data, 0.1)
    a_run(empty_home, "simple", data, 0.9, preset="boosting")
    app = page("6_Train.py", data=data.name)
    assert not app.exception
    table = next(d.value for d in app.dataframe if "to the baseline" in d.value and "name" in d.value).set_index("name")
    assert table.loc["good", "to the baseline"].startswith("-")
    assert table.loc["simple", "to the baseline"] == "is the baseline"
