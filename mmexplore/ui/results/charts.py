"""Dot plot of a paper's table.

A panel a data set: the paper's figure hollow, ours filled with its single scores behind it, each with its own spread,
and the baseline as a line. No streamlit.
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmexplore.studio.scores.results import BASELINE, MARKED_SEED
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
        if (simple := shown["baseline"].mean()) == simple:  # not NaN
            figure.add_vline(simple, line={"color": PALETTE[1], "width": 1.5, "dash": "dash"}, **place)
    figure.update_layout(title={"text": plain(title)}, height=120 + rows * (84 + 22 * len(variants)))
    figure.update_xaxes(tickangle=0, nticks=4).update_annotations(font_size=12)
    figure.update_layout(margin={"l": 10, "r": 10, "t": 90, "b": 10})
    above = {"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 1, "xanchor": "right"}
    figure.update_layout(legend=above, showlegend=True)
    return figure.update_yaxes(automargin=True, type="category")


def _dots(shown: pd.DataFrame, variants: list[str], *, legend: bool) -> list[go.Scatter]:
    digits = ".1f" if shown["metric"].dropna().str.endswith("%").any() else ".3f"
    names = [plain(variant) for variant in variants]
    about = {"mode": "markers", "showlegend": legend, "xhoverformat": digits}
    hollow = {"symbol": "circle-open", "size": 10, "color": GRAY, "line": {"width": 2}}
    bars = {"type": "data", "array": shown["spread"], "thickness": 1.5}
    theirs = {"type": "data", "array": shown["paper spread"], "thickness": 1.5, "color": GRAY}
    filled, small = {"size": 10, "color": PALETTE[0]}, {"size": 5, "color": PALETTE[0], "opacity": 0.45}
    star = {"symbol": "star", "size": 9, "color": PALETTE[2]}
    each = [(name, score) for name, scores in zip(names, shown["each"], strict=True) for score in _several(scores)]
    dots = [
        go.Scatter(
            x=shown["paper"], y=names, name="paper", legendgroup="paper", marker=hollow, error_x=theirs, **about
        ),
        go.Scatter(
            x=shown["ours"], y=names, name="measured here", legendgroup="ours", marker=filled, error_x=bars, **about
        ),
        go.Scatter(
            x=[score for _, score in each],
            y=[name for name, _ in each],
            name="each seed",
            legendgroup="each",
            marker=small,
            **about,
        ),
    ]
    if shown["marked"].notna().any():
        dots.append(
            go.Scatter(x=shown["marked"], y=names, name=f"seed {MARKED_SEED}", legendgroup="19", marker=star, **about)
        )
    line = {"color": PALETTE[1], "width": 1.5, "dash": "dash"}
    if shown["baseline"].notna().any():
        key = {"mode": "lines", "line": line, "showlegend": legend, "hoverinfo": "skip"}
        dots.append(go.Scatter(x=[None], y=[None], name=BASELINE, legendgroup="baseline", **key))
    return dots


def _several(scores: object) -> tuple[float, ...]:
    """Single scores where there are more than one."""
    return scores if isinstance(scores, tuple) and len(scores) > 1 else ()
