"""Charts: results as plotly figures, and a figure on a page with its downloads (SVG, PNG, HTML, CSV).

Colours are Okabe and Ito's (Color Universal Design, 2008) without yellow and black, which vanish on a light or a dark
page; lines differ by dash too. Backgrounds and fonts are left to the page's theme. The browser draws and saves the
picture itself, so that neither a network nor a second browser on the server is needed.
"""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from mmexplore import studio

if TYPE_CHECKING:
    from mmexplore.studio import Agreement

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GRAY = "#8C8C8C"
_DASHES = ("solid", "dash", "dot", "dashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
_MOST_BARS = 40
_MOST_BINS, _IN_A_BIN = 10, 15
_TICKS = 6  # numbers that lie side by side in the narrowest figure


def lines(table: pd.DataFrame, title: str, x: str, y: str) -> go.Figure:
    """One line a column over the table's index; NaN leaves a gap in no line, it is passed over.

    Epochs are whole: their axis has no ticks between them.
    """
    figure = blank(title, x, y)
    if x == "epoch" and len(table):
        figure.update_xaxes(dtick=max(1, -(-int(table.index.max()) // 10)), tick0=0)
    for number, name in enumerate(table.columns):
        known = table[name].dropna()
        figure.add_scatter(x=known.index, y=known, name=plain(name), **_stroke(number, len(known)))
    return figure


def compare(histories: Mapping[str, pd.DataFrame], column: str, y: str = "") -> go.Figure:
    """The same column of several runs' histories (index: epoch), one line a run."""
    found = {name: table[column] for name, table in histories.items() if column in table}
    return lines(pd.DataFrame(found), f"{y or column} of {len(found)} runs", "epoch", y or column)


def histogram(values: np.ndarray, title: str, x: str, bins: int = 40) -> go.Figure:
    """Counts of the known values in equal bins; missing and infinite values are left out."""
    figure = blank(title, x, "molecules")
    figure.add_trace(_bars(values, x, bins))
    return figure.update_layout(bargap=0.02, showlegend=False)


def properties(table: pd.DataFrame, columns: int = 3, bins: int = 30) -> go.Figure:
    """A small histogram for each column of numbers."""
    names = list(table.columns)
    rows = max(1, -(-len(names) // columns))
    titles = [plain(name) for name in names]
    figure = make_subplots(rows, columns, subplot_titles=titles, vertical_spacing=0.35 / rows, horizontal_spacing=0.06)
    for number, name in enumerate(names):
        figure.add_trace(_bars(table[name].to_numpy(float), name, bins), number // columns + 1, number % columns + 1)
    figure.update_yaxes(title_text="molecules", col=1).update_xaxes(tickangle=0, nticks=_TICKS - 2)
    figure.update_layout(height=60 + 190 * rows, margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return figure.update_layout(bargap=0.02, showlegend=False)


def label_balance(labels: pd.DataFrame) -> go.Figure:
    """Positive, negative and missing labels of each task of two classes (a table as ``studio.label_table`` makes)."""
    two = labels[has_two_classes(labels)]
    shown, total = two.head(_MOST_BARS).iloc[::-1], len(two)
    title = "Label balance" if total <= _MOST_BARS else f"Label balance, first {_MOST_BARS} of {total} tasks"
    figure = blank(title, "molecules", "")
    positive = shown.get("positive", pd.Series(0.0, shown.index)).fillna(0)
    parts = {"positive": positive, "negative": shown["known"] - positive, "missing": shown["missing"]}
    for (name, values), color in zip(parts.items(), (PALETTE[1], PALETTE[0], GRAY), strict=True):
        figure.add_bar(x=values, y=shown["task"].map(plain), orientation="h", name=name, marker={"color": color})
    figure.update_yaxes(type="category", automargin=True)
    return figure.update_layout(barmode="stack", height=140 + 24 * len(shown), legend={"traceorder": "normal"})


def has_two_classes(labels: pd.DataFrame) -> pd.Series:
    """Which tasks of a table as ``studio.label_table`` makes are classifications into two classes."""
    many = labels["classes"].notna() if "classes" in labels else pd.Series(False, labels.index)
    return (labels["kind"] == "classification") & ~many


def class_counts(values: np.ndarray, title: str, x: str) -> go.Figure:
    """Molecules in each class of one label (n,), NaN where missing."""
    known, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    figure = blank(title, x, "molecules")
    colors = [PALETTE[number % len(PALETTE)] for number in range(len(known))]
    figure.add_bar(x=[f"{value:g}" for value in known], y=counts, marker={"color": colors})
    return figure.update_xaxes(type="category").update_layout(showlegend=False)


def split_balance(table: pd.DataFrame) -> go.Figure:
    """Share of positives or mean label in train, validation and test (as ``studio.split_table``), a line a task.

    Shares have one axis; each mean has one of its own, as units differ.
    """
    tasks = [name for name in table.columns if name not in ("part", "molecules")]
    means = [name for name in tasks if name.endswith(": mean")]
    shares = [name for name in tasks if name not in means]
    panels = [*([shares] if shares else []), *([name] for name in means)]
    rows = {name: row for row, panel in enumerate(panels, 1) for name in panel}
    figure = make_subplots(len(panels), 1, shared_xaxes=True, vertical_spacing=0.2 / len(panels))
    for number, name in enumerate(tasks):
        stroke = {"color": PALETTE[number % len(PALETTE)], "dash": "dot", "width": 1}
        dots = {"size": 12, "symbol": _SYMBOLS[number % len(_SYMBOLS)]}
        about: dict[str, Any] = {"name": plain(name), "mode": "lines+markers", "line": stroke, "marker": dots}
        figure.add_scatter(x=table["part"], y=table[name], row=rows[name], col=1, **about)
    for row, panel in enumerate(panels, 1):
        kinds = {name.rpartition(": ")[2] for name in panel}
        figure.update_yaxes(title_text=plain(" / ".join(sorted(kinds))), nticks=_TICKS, row=row, col=1)
    height = 300 + 130 * (len(panels) - 1)
    return _dressed(figure, "Labels by part").update_layout(showlegend=len(tasks) > 1, height=height)


Interval = tuple[np.ndarray, np.ndarray]


def parity(
    truth: np.ndarray, prediction: np.ndarray, label: str, title: str, interval: Interval | None = None, told: str = ""
) -> go.Figure:
    """Predicted against measured values with the diagonal; pairs with a missing value are left out.

    With an ``interval``, low and high ends, each molecule has its own as a bar; those that it misses are marked.
    """
    known = np.isfinite(truth) & np.isfinite(prediction)
    truth, prediction = truth[known], prediction[known]
    figure = blank(title, f"measured {label}", f"predicted {label}", told)
    low, high = (end[known] for end in interval) if interval is not None else (prediction, prediction)
    missed = (truth < low) | (truth > high) if interval is not None else np.zeros(len(truth), bool)
    names = ("within their interval", "beyond it") if interval is not None else ("molecules", "")
    for name, rows, color, symbol in zip(names, (~missed, missed), PALETTE, _SYMBOLS, strict=False):
        if not name:
            continue
        bars = {"type": "data", "symmetric": False, "array": (high - prediction)[rows], "thickness": 1, "width": 0}
        bars |= {"arrayminus": (prediction - low)[rows], "visible": interval is not None}
        dots = {"color": color, "opacity": 0.6, "symbol": symbol}
        figure.add_scatter(x=truth[rows], y=prediction[rows], mode="markers", name=name, marker=dots, error_y=bars)
    if len(truth):
        ends = [float(min(truth.min(), prediction.min())), float(max(truth.max(), prediction.max()))]
        figure.add_scatter(x=ends, y=ends, mode="lines", name="equal", line={"color": GRAY, "dash": "dash"})
    return figure.update_layout(showlegend=False)


def reliability(truth: np.ndarray, probabilities: Mapping[str, np.ndarray], title: str, told: str = "") -> go.Figure:
    """Reliability diagram: the share of class 1 against the predicted probability, over bins of as many molecules each.

    Bars are Wilson's 95 % interval of the share; on the diagonal a probability means what it says.
    """
    figure = blank(title, "predicted probability of class 1", "share of class 1", told)
    for number, (name, p) in enumerate(probabilities.items()):
        known = np.isfinite(truth) & np.isfinite(p)
        x, y, low, high = _bins(truth[known], p[known])
        ends = {"array": np.maximum(high - y, 0), "arrayminus": np.maximum(y - low, 0)}
        bars = {"type": "data", "symmetric": False, "thickness": 1, **ends}
        about = {"mode": "lines+markers", "marker": {"symbol": _SYMBOLS[number], "size": 8}, "error_y": bars}
        stroke = {"color": PALETTE[number], "dash": _DASHES[number]}
        figure.add_scatter(x=x, y=y, name=plain(name), line=stroke, **about)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="as predicted", line={"color": GRAY, "dash": "dash"})
    return figure.update_xaxes(range=[-0.02, 1.02]).update_yaxes(range=[-0.02, 1.02])


def _bins(truth: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean probability, share of class 1, and the ends of its interval, in bins of as many molecules each."""
    parts = np.array_split(np.argsort(p, kind="stable"), min(_MOST_BINS, max(1, len(p) // _IN_A_BIN)))
    parts = [part for part in parts if len(part)]
    n, z = np.array([len(part) for part in parts]), 1.96
    x, y = (np.array([values[part].mean() for part in parts]) for values in (p, truth))
    middle, half = y + z * z / (2 * n), z * np.sqrt(y * (1 - y) / n + z * z / (4 * n * n))
    return x, y, np.maximum((middle - half) / (1 + z * z / n), 0), np.minimum((middle + half) / (1 + z * z / n), 1)


def roc(truth: np.ndarray, probability: np.ndarray, title: str) -> go.Figure:
    """Receiver operating characteristic: true over false positive rate as the threshold falls; ties move together."""
    known = np.isfinite(truth) & np.isfinite(probability)
    truth, probability = truth[known], probability[known]
    figure = blank(title, "false positive rate", "true positive rate")
    order = np.argsort(-probability, kind="stable")
    last = np.flatnonzero(np.append(np.diff(probability[order]) != 0, True)) if len(order) else np.zeros(0, np.int64)
    hits, misses = np.cumsum(truth[order])[last], np.cumsum(1 - truth[order])[last]
    if len(last) and hits[-1] and misses[-1]:
        x, y = np.append(0, misses / misses[-1]), np.append(0, hits / hits[-1])
        figure.add_scatter(x=x, y=y, mode="lines", name="model", line={"color": PALETTE[0], "width": 2})
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="chance", line={"color": GRAY, "dash": "dash"})
    return figure.update_layout(showlegend=False)


def agreement(found: "Mapping[str, Agreement]", k: int) -> go.Figure:
    """Overlap@k of each view with ECFP as bars with the standard deviation over queries, beside permuted rows."""
    figure = blank(f"Overlap@{k} with ECFP", "", "mean and SD over queries")
    measured = [one.overlap for one in found.values()]
    dealt = [one.overlap_permuted for one in found.values()]
    for name, values, color in (("measured", measured, PALETTE[0]), ("permuted rows", dealt, GRAY)):
        error = {"type": "data", "array": [float(v.std()) for v in values], "thickness": 1}
        height = [float(v.mean()) for v in values]
        figure.add_bar(x=list(map(plain, found)), y=height, name=name, marker={"color": color}, error_y=error)
    return figure.update_yaxes(rangemode="nonnegative").update_xaxes(nticks=0)


def table_of(figure: go.Figure) -> pd.DataFrame:
    """The numbers of a figure as a long table: trace, x, y, and z where a trace is a matrix."""
    frames = [_numbers(trace) for trace in figure.data]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["trace", "x", "y"])


def _numbers(trace: Any) -> pd.DataFrame:
    found: dict[str, Any] = {"trace": html.unescape(trace.name or ""), "x": list(trace.x), "y": list(trace.y)}
    if getattr(trace, "z", None) is None:
        bars = getattr(trace, "error_y", None)
        if bars is not None and bars.arrayminus is not None and bars.visible is not False:
            found |= {"low": np.subtract(trace.y, bars.arrayminus), "high": np.add(trace.y, bars.array)}
        return pd.DataFrame(found)
    found |= {"x": np.tile(trace.x, len(trace.y)), "y": np.repeat(trace.y, len(trace.x)), "z": np.ravel(trace.z)}
    return pd.DataFrame(found)


def in_words(figure: go.Figure) -> str:
    """Text alternative of a figure: its title, axes and the names of its traces."""
    layout = figure.layout
    axes = " over ".join(filter(None, (layout.yaxis.title.text, layout.xaxis.title.text)))
    names = ", ".join(dict.fromkeys(filter(None, (trace.name for trace in figure.data))))
    said = (layout.title.text, layout.title.subtitle.text, axes, names)
    return html.unescape(". ".join(filter(None, said)))


def mirrored(above: np.ndarray, below: np.ndarray, title: str, upper: str, lower: str) -> go.Figure:
    """Two spectra, sticks of one length at their shifts: one upward, the other downward, ppm falling to the right."""
    figure = blank(title, "ppm", "")
    for name, ppm, height, color in ((upper, above, 1, PALETTE[0]), (lower, below, -1, PALETTE[1])):
        x = np.repeat(np.asarray(ppm, float), 3)
        y = np.tile([0.0, float(height), np.nan], len(ppm))
        hover = "%{x:.1f} ppm<extra></extra>"
        figure.add_scatter(
            x=x, y=y, name=plain(name), mode="lines", line={"color": color, "width": 2}, hovertemplate=hover
        )
    every = np.concatenate([above, below, [] if len(above) + len(below) else [0.0, 220.0]])
    figure.update_xaxes(range=[float(every.max()) + 8, float(every.min()) - 8], zeroline=False).update_yaxes(
        visible=False, range=[-1.15, 1.15]
    )
    return figure.add_hline(0, line={"color": GRAY, "width": 1}).update_layout(height=240)


def blank(title: str, x: str, y: str, told: str = "") -> go.Figure:
    """A figure with a title, ``told`` in small print below it, and named axes, and nothing in it."""
    figure = _dressed(go.Figure(), title, told)
    figure.update_xaxes(title_text=plain(x), tickangle=0, nticks=_TICKS)
    figure.update_yaxes(title_text=plain(y))
    return figure


def _dressed(figure: go.Figure, title: str, told: str = "") -> go.Figure:
    figure.update_layout(title={"text": plain(title)}, margin={"l": 10, "r": 10, "t": 48, "b": 10}, height=300)
    if told:
        figure.update_layout(title_subtitle_text=plain(told), margin_t=72)
    figure.update_layout(uirevision="kept")  # a live figure keeps the reader's zoom
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"})
    return figure


def plain(text: object) -> str:
    """Text that plotly shows as it is: it reads a little HTML in titles and names.

    >>> plain("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return html.escape(str(text), quote=False)


def _stroke(number: int, points: int) -> dict[str, object]:
    color = PALETTE[number % len(PALETTE)]
    dash = _DASHES[number // len(PALETTE) % len(_DASHES)]
    return {"mode": "lines+markers" if points < 30 else "lines", "line": {"color": color, "dash": dash, "width": 2}}


def _bars(values: np.ndarray | Sequence[float], name: str, bins: int) -> go.Bar:
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    counts, edges = np.histogram(known, _edges(known, bins)) if len(known) else (np.zeros(0), np.zeros(1))
    middles = (edges[:-1] + edges[1:]) / 2
    return go.Bar(x=middles, y=counts, width=np.diff(edges), name=plain(name), marker={"color": PALETTE[0]})


def _edges(known: np.ndarray, bins: int) -> int | np.ndarray:
    """Whole numbers over a short span get a bar each; anything else equal bins."""
    low, high = known.min(), known.max()
    if high - low <= 2 * bins and (known == np.round(known)).all():
        return np.arange(low - 0.5, high + 1)
    return bins


PICTURES = ("SVG", "PNG")


def show(figure: go.Figure, name: str, key: str, *, downloads: bool = True) -> None:
    """Draw a figure under the page's theme; ``name`` is that of the downloaded files."""
    kind = str(st.session_state.get(f"{key}/picture") or PICTURES[0])
    st.plotly_chart(figure, key=key, config=_config(name, kind), alt=in_words(figure))
    if not downloads:
        return
    about: dict[str, Any] = {"on_click": "ignore", "width": "stretch"}
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        words = "The camera in the figure's bar saves it as"
        st.segmented_control(words, PICTURES, default=PICTURES[0], required=True, key=f"{key}/picture")
        st.download_button("Figure (HTML)", lambda: page(figure), f"{name}.html", "text/html", f"{key}/html", **about)
        st.download_button("Numbers (CSV)", lambda: numbers(figure), f"{name}.csv", "text/csv", f"{key}/csv", **about)


def numbers(figure: go.Figure) -> str:
    """The figure's numbers as CSV."""
    return studio.to_csv(table_of(figure))


def page(figure: go.Figure) -> str:
    """The figure as a page of its own that needs no network."""
    return str(figure.to_html(include_plotlyjs=True, full_html=True))


def _config(name: str, kind: str) -> dict[str, object]:
    picture = {"format": kind.lower(), "filename": name, "scale": 1 if kind == "SVG" else 3}  # PNG: fit for print
    return {"displaylogo": False, "toImageButtonOptions": picture}
