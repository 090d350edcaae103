"""Charts: the numbers that go in are the numbers in the figure, whatever they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy
from sklearn.metrics import roc_curve

from mmexplore.ui.components import charts

ANY_NUMBERS = some_numpy.arrays(
    np.float64, some.integers(0, 40), elements=some.floats(-1e6, 1e6) | some.sampled_from([np.nan, np.inf])
)


def test_a_line_a_column_with_its_numbers() -> None:
    table = pd.DataFrame({"train": [3.0, 2.0, 1.0], "validation": [np.nan, 2.5, 2.0]}, index=[1, 2, 3])
    first, second = charts.lines(table, "loss", "epoch", "loss").data
    assert list(first.x) == [1, 2, 3]
    assert list(first.y) == [3, 2, 1]
    assert (list(second.x), list(second.y)) == ([2, 3], [2.5, 2.0])


def test_runs_are_told_apart_by_colour_and_then_by_dash() -> None:
    table = pd.DataFrame(np.eye(12), columns=list("abcdefghijkl"))
    strokes = {(trace.line.color, trace.line.dash) for trace in charts.lines(table, "t", "x", "y").data}
    assert len(strokes) == 12


def test_compare_takes_the_runs_that_have_the_column() -> None:
    histories = {"a": pd.DataFrame({"loss": [1.0]}, index=[1]), "b": pd.DataFrame({"other": [2.0]}, index=[1])}
    assert [trace.name for trace in charts.compare(histories, "loss").data] == ["a"]


@settings(max_examples=25, deadline=None)
@given(ANY_NUMBERS)
def test_a_histogram_counts_each_known_value_once(values: np.ndarray) -> None:
    (bars,) = charts.histogram(values, "t", "x").data
    assert sum(bars.y) == np.isfinite(values).sum()


def test_counts_have_a_bar_each() -> None:
    (bars,) = charts.histogram(np.array([0.0, 1, 1, 3]), "rings", "rings").data
    assert (list(bars.x), list(bars.y)) == ([0, 1, 2, 3], [1, 2, 0, 1])


def test_properties_have_a_panel_each() -> None:
    table = pd.DataFrame({name: np.arange(5.0) for name in "abcd"})
    figure = charts.properties(table)
    assert [sum(trace.y) for trace in figure.data] == [5, 5, 5, 5]
    assert len({trace.xaxis for trace in figure.data}) == 4


def test_label_balance_adds_up_to_the_rows() -> None:
    labels = pd.DataFrame(
        {"task": ["a", "b", "logS"], "kind": ["classification", "classification", "regression"], "known": [8, 5, 10],
         "missing": [2, 5, 0], "positive": [3, 5, np.nan]}
    )  # fmt: skip
    figure = charts.label_balance(labels)
    assert list(figure.data[0].y) == ["b", "a"]
    assert np.sum([trace.x for trace in figure.data], axis=0).tolist() == [10, 10]
    assert list(figure.data[1].x) == [0, 5]


def test_of_many_tasks_some_are_shown_and_it_is_said() -> None:
    labels = pd.DataFrame({"task": [f"t{i}" for i in range(617)], "kind": "classification", "known": 1, "missing": 0})
    assert "first 40 of 617" in charts.label_balance(labels).layout.title.text


def test_split_balance_has_a_point_a_part_and_task() -> None:
    parts = ["train", "validation", "test"]
    table = pd.DataFrame({"part": parts, "molecules": [8, 1, 1], "logS: mean": [1.0, 2.0, 3.0]})
    (points,) = charts.split_balance(table).data
    assert (list(points.x), list(points.y)) == (["train", "validation", "test"], [1, 2, 3])


def test_means_of_different_units_share_no_axis_and_shares_do() -> None:
    names = ["toxic: share positive", "logS: mean", "odor: share positive", "mass: mean"]
    table = pd.DataFrame(
        {"part": ["train", "validation", "test"], "molecules": 5} | {name: [0.0, 1, 2] for name in names}
    )
    drawn = charts.split_balance(table).data
    assert [trace.yaxis or "y" for trace in drawn] == ["y", "y2", "y", "y3"]


def test_parity_leaves_out_what_is_missing() -> None:
    figure = charts.parity(np.array([1, np.nan, 3.0]), np.array([1.5, 2, np.nan]), "logS", "t")
    assert (list(figure.data[0].x), list(figure.data[0].y)) == ([1.0], [1.5])


@settings(max_examples=25, deadline=None)
@given(some.lists(some.tuples(some.booleans(), some.integers(0, 6)), min_size=2, max_size=60))
def test_roc_is_scikit_learns(pairs: list[tuple[bool, int]]) -> None:
    truth, probability = np.array(pairs, float).T
    if not 0 < truth.sum() < len(truth):
        assert [trace.name for trace in charts.roc(truth, probability, "t").data] == ["chance"]
        return
    x, y, _ = roc_curve(truth, probability, drop_intermediate=False)
    curve = charts.roc(truth, probability, "t").data[0]
    np.testing.assert_allclose(curve.x, x)
    np.testing.assert_allclose(curve.y, y)


def test_names_are_shown_as_text() -> None:
    name = "<img src=x onerror=alert(1)>"
    table = pd.DataFrame({name: [1.0, 2.0]})
    drawn = charts.lines(table, name, name, name), charts.properties(table), charts.histogram(np.ones(2), name, name)
    for figure in drawn:
        assert "<img" not in figure.to_json().encode().decode("unicode_escape")


@pytest.mark.parametrize("figure", [charts.lines(pd.DataFrame({"a<b": [1.0, 2.0]}, index=[5, 6]), "t", "x", "y")])
def test_numbers_of_a_figure_come_back_as_a_table(figure: object) -> None:
    table = charts.table_of(figure)
    assert table.to_dict("list") == {"trace": ["a<b", "a<b"], "x": [5, 6], "y": [1.0, 2.0]}


def test_parity_with_intervals_tells_those_that_are_missed_and_its_numbers_have_the_ends() -> None:
    truth, guess = np.array([1.0, 2.0, np.nan, 9.0]), np.array([1.5, 2.0, 3.0, 4.0])
    interval = guess - np.array([1.0, 0.5, 1.0, 2.0]), guess + np.array([1.0, 0.5, 1.0, 2.0])
    figure = charts.parity(truth, guess, "logS", "t", interval)
    held, missed, _ = figure.data
    assert (list(held.x), list(missed.x)) == ([1, 2], [9])
    table = charts.table_of(figure)
    assert table.loc[table["trace"] == "beyond it", ["low", "high"]].to_numpy().tolist() == [[2.0, 6.0]]


@settings(max_examples=25, deadline=None)
@given(some.integers(1, 300), some.integers(0, 5))
def test_reliability_counts_each_molecule_once_and_its_bars_hold_the_share(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random(n).round(2)
    truth = (rng.random(n) < p).astype(float)
    drawn, diagonal = charts.reliability(truth, {"model": p}, "t").data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert list(drawn.x) == sorted(drawn.x)
    size = [len(part) for part in np.array_split(np.arange(n), len(drawn.x))]
    assert np.dot(drawn.y, size) == pytest.approx(truth.sum())
    assert np.dot(drawn.x, size) == pytest.approx(p.sum())
    low, high = np.subtract(drawn.y, drawn.error_y.arrayminus), np.add(drawn.y, drawn.error_y.array)
    assert ((low >= -1e-9) & (high <= 1 + 1e-9) & (low <= drawn.y) & (high >= drawn.y)).all()


def test_reliability_of_nothing_is_the_diagonal_alone() -> None:
    nothing = np.full(4, np.nan)
    assert not len(charts.reliability(nothing, {"model": nothing}, "t").data[0].x)
