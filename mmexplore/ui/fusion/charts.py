"""Fusion charts: distributions, one molecule's sum, similarity, models compared.

Numbers in, figure out, nothing of streamlit.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmexplore.studio import Addition
from mmexplore.ui.components.charts import GRAY, PALETTE, blank, plain

MOST_DRAWN = 5_000
_PANEL = {"size": 13}  # of a panel's title, so that neighbours do not meet
_LONGEST = 36  # signs of a title beside a narrow figure


def distributions(parts: Mapping[str, np.ndarray], modalities: Sequence[str], current: int, title: str) -> go.Figure:
    """A panel for each of ``parts`` ``{title: (n, M)}``, a violin a modality; ``current`` (-1: none) is marked in each.

    MMFRL's figure 4. Of more than MOST_DRAWN molecules every so many is drawn.
    """
    drawn = make_subplots(1, len(parts), subplot_titles=[plain(name) for name in parts], horizontal_spacing=0.06)
    for column, values in enumerate(parts.values(), 1):
        step = -(-len(values) // MOST_DRAWN)
        for number, name in enumerate(modalities):
            own = {"scalegroup": f"{column}-{number}"}  # by name it would be as wide as its densest namesake allows
            drawn.add_trace(_violin(values[::step, number], name, number).update(own), 1, column)
        if current >= 0:
            drawn.add_trace(_marked(values[current], modalities), 1, column)
    drawn.update_layout(title={"text": plain(title)}, height=380, showlegend=False)
    drawn.update_layout(margin={"l": 10, "r": 10, "t": 84, "b": 10}, violingap=0.1).update_annotations(font=_PANEL)
    return drawn.update_xaxes(tickangle=-40, automargin=True)


def _violin(values: np.ndarray, name: str, number: int) -> go.Violin:
    color = PALETTE[number % len(PALETTE)]
    about = {"spanmode": "hard", "points": False, "meanline": {"visible": True}, "scalemode": "width"}
    return go.Violin(y=values, x=[plain(name)] * len(values), name=plain(name), line={"color": color}, **about)


def _marked(values: np.ndarray, modalities: Sequence[str]) -> go.Scatter:
    dots = {"size": 9, "symbol": "diamond", "color": GRAY, "line": {"color": "white", "width": 1}}
    names = [plain(name) for name in modalities]
    return go.Scatter(x=names, y=values, mode="markers", marker=dots, name="current molecule")


def waterfall(
    contributions: Mapping[str, float], molecule: str, told: str, scale: str, start: float = 0.0
) -> go.Figure:
    """From ``start`` through what each modality adds to the prediction, which is their sum and ``told`` in words."""
    names, values = [plain(name) for name in contributions], list(contributions.values())
    title = molecule if len(molecule) <= _LONGEST else f"{molecule[: _LONGEST - 3]}..."
    drawn = blank(title, "", scale, f"{told}; the line is the start, {start:z.2f}")
    drawn.add_waterfall(
        x=[*names, "prediction"],
        y=[*values, 0.0],
        base=start,
        measure=["relative"] * len(values) + ["total"],
        text=[f"{value:+z.2f}" for value in values] + [f"{start + sum(values):z.2f}"],
        textposition="outside",
        cliponaxis=False,
        increasing={"marker": {"color": PALETTE[1]}},
        decreasing={"marker": {"color": PALETTE[0]}},
        totals={"marker": {"color": GRAY}},
        connector={"line": {"color": GRAY, "width": 1, "dash": "dot"}},
        name="contribution",
    )
    drawn.add_hline(start, line={"color": GRAY, "width": 1})
    return drawn.update_layout(showlegend=False, height=330).update_xaxes(tickangle=-40, nticks=0, automargin=True)


def alike(matrix: np.ndarray, names: Sequence[str], title: str, told: str, low: float, high: float) -> go.Figure:
    """A symmetric matrix (views, views) as a heat map with its numbers; ``told`` is small print. NaN stays empty."""
    shown = [plain(name) for name in names]
    drawn = blank(title, "", "", told)
    text = np.where(np.isfinite(matrix), np.char.mod("%.2f", np.nan_to_num(matrix)), "")
    colours = ("#FFFFFF", PALETTE[5]) if low >= 0 else (PALETTE[4], "#FFFFFF", PALETTE[5])
    scale = {"colorscale": colours, "zmin": low, "zmax": high, "colorbar": {"thickness": 12}}
    numbers = {"text": text, "texttemplate": "%{text}", "textfont": {"color": "#000000"}}  # on any cell, in any theme
    drawn.add_heatmap(z=matrix, x=shown, y=shown, name=plain(title), **numbers, **scale)
    drawn.update_yaxes(autorange="reversed", automargin=True).update_xaxes(tickangle=-40, nticks=0, automargin=True)
    return drawn.update_layout(height=194 + 36 * len(names))


def missing(curve: pd.DataFrame, subsets: pd.DataFrame, title: str, told: str, y: str) -> go.Figure:
    """Score against the share of modalities that are missing: a dot a subset, their mean, and its deviation.

    ``curve`` and ``subsets`` as :class:`mmexplore.studio.MissingModalities` has them.
    """
    drawn = blank(title, "modalities missing, %", y, told)
    faint = {"color": GRAY, "size": 6, "opacity": 0.7}
    with_ = [f"with {name or 'none'}" for name in subsets["present"].map(plain)]
    drawn.add_scatter(
        x=100 * subsets["share"], y=subsets["score"], mode="markers", marker=faint, text=with_, name="one subset"
    )
    spread = {"type": "data", "array": curve["deviation"], "thickness": 1.5}
    line = {"color": PALETTE[0], "width": 2}
    drawn.add_scatter(
        x=100 * curve["share"],
        y=curve["score"],
        error_y=spread,
        mode="lines+markers",
        line=line,
        name="mean, deviation",
    )
    return drawn.update_layout(height=360)


def added(found: Sequence[Addition], title: str, told: str, axes: tuple[str, str]) -> go.Figure:
    """What each modality adds, with its 95 % interval: the score that is lost without it, and how it follows the label.

    ``axes`` name the two; an interval that holds 0 is gray.
    """
    drawn = make_subplots(1, 2, shared_yaxes=True, subplot_titles=[plain(name) for name in axes])
    names = [plain(one.modality) for one in found]
    for column, values in enumerate(([one.gain for one in found], [one.toward for one in found]), 1):
        middle, low, high = (np.array(side) for side in zip(*values, strict=True))
        colors = [GRAY if a <= 0 <= b else PALETTE[0] for a, b in zip(low, high, strict=True)]
        bars = {"type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low, "color": GRAY}
        dots = {"size": 11, "color": colors}
        drawn.add_scatter(
            x=middle,
            y=names,
            mode="markers",
            marker=dots,
            error_x=bars,
            name=plain(axes[column - 1]),
            row=1,
            col=column,
        )
        drawn.add_vline(0, line={"color": GRAY, "width": 1, "dash": "dot"}, row=1, col=column)
    drawn.update_layout(title={"text": plain(title), "subtitle": {"text": plain(told)}}, showlegend=False)
    drawn.update_layout(height=170 + 30 * len(names), margin={"l": 10, "r": 10, "t": 110, "b": 10})
    drawn.update_annotations(font=_PANEL)
    return drawn.update_yaxes(type="category", autorange="reversed", automargin=True)


def compared(table: pd.DataFrame, title: str) -> go.Figure:
    """Test scores of models (columns ``what``, ``test``, ``± test``), a dot each with its spread over seeds."""
    shown = table.iloc[::-1]
    drawn = blank(title, title.partition(" (")[0], "")
    bars = {"type": "data", "array": shown["± test"].fillna(0)}
    dots = {"size": 11, "color": PALETTE[0]}
    names = shown["what"].map(plain)
    drawn.add_scatter(x=shown["test"], y=names, mode="markers", marker=dots, error_x=bars, name="mean over seeds")
    return drawn.update_yaxes(type="category", automargin=True).update_layout(
        showlegend=False, height=120 + 30 * len(shown)
    )
