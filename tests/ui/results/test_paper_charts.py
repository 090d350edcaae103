"""Figures of a paper beside ours: the legend tells them apart, and what has no spread has no bar."""

import numpy as np
import pandas as pd
import pytest

from mmexplore.ui.results.charts import beside


def test_the_legend_is_within_the_picture_and_no_spread_is_no_bar() -> None:
    rows = [("gin", 70.0, np.nan, 72.0, 1.5, (71.0, 73.0), 75.0), ("gat", 71.0, 0.5, 73.0, np.nan, (73.0,), np.nan)]
    columns = ["variant", "paper", "paper spread", "ours", "spread", "each", "marked"]
    figures = pd.DataFrame(rows, columns=columns).assign(baseline=78.0)
    made = beside(figures.assign(data="bbbp", metric="ROC-AUC %"), "Table")
    legend = made.layout.legend
    assert made.layout.showlegend
    assert (legend.yref, legend.yanchor, legend.xref, legend.x) == ("container", "top", "container", 0)
    assert (1 - legend.y) * made.layout.height == pytest.approx(36)
    assert made.layout.margin.t > 36
    legends = ["paper", "measured here", "each seed", "seed 19", "boosting"]
    assert [trace.name for trace in made.data if trace.showlegend] == legends
    assert [shape.x0 for shape in made.layout.shapes] == [78.0]
    (each,) = [trace for trace in made.data if trace.name == "each seed"]
    assert list(zip(each.y, each.x, strict=True)) == [("gin", 71.0), ("gin", 73.0)]
    barred = [trace for trace in made.data if trace.error_x.array is not None]
    drawn = {trace.name: dict(zip(trace.y, trace.error_x.array, strict=True)) for trace in barred}
    assert {name: sorted(v for v, bar in bars.items() if bar > 0) for name, bars in drawn.items()} == {
        "paper": ["gat"],
        "measured here": ["gin"],
    }
    assert all(np.isnan(bar) or bar > 0 for bars in drawn.values() for bar in bars.values())
