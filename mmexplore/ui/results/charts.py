"""Dot plot of a paper's table.

A panel a data set: the paper's figure hollow, ours filled with its single scores behind it, each with its own spread,
and the baseline as a line. No streamlit.
"""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmexplore.studio.scores.results import BASELINE, MARKED_SEED
from mmexplore.ui.components.charts import GRAY, PALETTE, plain

_COLUMNS = 3
_TITLE = 36  # pixels
_LINE = {"color": PALETTE[1], "width": 1.5, "dash": "dash"}


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
    told: set[str] = set()
    for number, name in enumerate(data):
        shown = figures[figures["data"] == name].set_index("variant").reindex(variants)
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for trace in _dots(shown, variants):
            figure.add_trace(trace.update(showlegend=trace.name not in told), **place)
            told.add(trace.name)
        for simple in shown["baseline"].dropna().unique():
            figure.add_vline(simple, line=_LINE, **place)
    height = 150 + rows * (84 + 22 * len(variants))
    at_the_top = {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 8}}
    figure.update_layout(title={"text": plain(title)} | at_the_top, height=height)
    figure.update_xaxes(tickangle=0, nticks=4).update_annotations(font_size=12)
    figure.update_layout(margin={"l": 10, "r": 10, "t": 120, "b": 10})
    above = {"orientation": "h", "y": 1 - _TITLE / height, "yref": "container", "yanchor": "top", "x": 0}
    above |= {"xref": "container", "xanchor": "left"}  # the tools of the figure are at the right
    figure.update_layout(legend=above, showlegend=True)
    return figure.update_yaxes(automargin=True, type="category")


def _dots(shown: pd.DataFrame, variants: list[str]) -> list[go.Scatter]:
    digits = ".1f" if shown["metric"].dropna().str.endswith("%").any() else ".3f"
    names = [plain(variant) for variant in variants]
    each = [(name, score) for name, scores in zip(names, shown["each"], strict=True) for score in _several(scores)]
    small = {"size": 6, "color": PALETTE[5], "opacity": 0.7}  # seen on either ground

    def dots(name: str, column: str, spread: str, **marker: Any) -> go.Scatter:
        bars = {"type": "data", "array": shown[spread], "thickness": 1.5, "color": marker["color"]} if spread else None
        return go.Scatter(x=shown[column], y=names, name=name, marker=marker, error_x=bars)

    traces = {
        "paper": dots("paper", "paper", "paper spread", symbol="circle-open", size=10, color=GRAY, line={"width": 2}),
        "ours": dots("measured here", "ours", "spread", size=10, color=PALETTE[0]),
        "each": go.Scatter(x=[x for _, x in each], y=[y for y, _ in each], name="each seed", marker=small),
        "marked": dots(f"seed {MARKED_SEED}", "marked", "", symbol="star", size=9, color=PALETTE[2]),
        "baseline": go.Scatter(x=[None], y=[None], name=BASELINE, line=_LINE, hoverinfo="skip"),
    }
    known = {"paper", "ours", *(column for column in ("marked", "baseline") if shown[column].notna().any())}
    known |= {"each"} if each else set()
    return [
        one.update(legendgroup=what, mode="lines" if what == "baseline" else "markers", xhoverformat=digits)
        for what, one in traces.items()
        if what in known
    ]


def _several(scores: object) -> tuple[float, ...]:
    """Single scores where there are more than one."""
    return scores if isinstance(scores, tuple) and len(scores) > 1 else ()
