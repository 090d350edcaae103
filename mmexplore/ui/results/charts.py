"""Dot plot of a paper's table.

A panel a data set, the paper's figure hollow, ours filled, each with its own spread. No streamlit.
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmexplore.ui.components.charts import GRAY, PALETTE, plain

_COLUMNS = 3


def beside(figures: pd.DataFrame, title: str) -> go.Figure:
    """Figures of a :class:`~mmexplore.studio.PaperTable` (COLUMNS), a row a variant, a panel a data set."""
    data = list(dict.fromkeys(figures["data"]))
    metric = figures.drop_duplicates("data").set_index("data")["metric"]
    variants = list(dict.fromkeys(figures["variant"]))[::-1]
    columns = max(1, min(_COLUMNS, len(data)))
    rows = max(1, -(-len(data) // columns))
    titles = [f"{plain(name)}<br>{plain(metric[name])}" for name in data]
    about = {"shared_yaxes": True, "horizontal_spacing": 0.03, "vertical_spacing": min(0.4, 0.4 / rows)}
    figure = make_subplots(rows, columns, subplot_titles=titles, **about)
    for number, name in enumerate(data):
        shown = figures[figures["data"] == name].set_index("variant").reindex(variants)
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for trace in _dots(shown, variants, legend=number == 0):
            figure.add_trace(trace, **place)
    figure.update_layout(title={"text": plain(title)}, height=120 + rows * (84 + 22 * len(variants)))
    figure.update_xaxes(tickangle=0, nticks=4).update_annotations(font_size=12)
    figure.update_layout(margin={"l": 10, "r": 10, "t": 90, "b": 10})
    above = {"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 1, "xanchor": "right"}
    figure.update_layout(legend=above, showlegend=True)
    return figure.update_yaxes(automargin=True, type="category")


def _dots(shown: pd.DataFrame, variants: list[str], *, legend: bool) -> list[go.Scatter]:
    digits = ".1f" if shown["metric"].dropna().str.endswith("%").any() else ".3f"
    about = {"y": [plain(v) for v in variants], "mode": "markers", "showlegend": legend, "xhoverformat": digits}
    hollow = {"symbol": "circle-open", "size": 10, "color": GRAY, "line": {"width": 2}}
    bars = {"type": "data", "array": shown["spread"], "thickness": 1.5}
    theirs = {"type": "data", "array": shown["paper spread"], "thickness": 1.5, "color": GRAY}
    filled = {"size": 10, "color": PALETTE[0]}
    return [
        go.Scatter(x=shown["paper"], name="paper", legendgroup="paper", marker=hollow, error_x=theirs, **about),
        go.Scatter(x=shown["ours"], name="measured here", legendgroup="ours", marker=filled, error_x=bars, **about),
    ]
