"""Charts of the bench: what each modality adds, and a star on the map; beside the pinned molecule. No streamlit."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmexplore.ui.components.charts import GRAY, PALETTE, blank, plain

Place = tuple[float, float] | None
MOST_DRAWN = 3_000
_COLORS = (PALETTE[0], PALETTE[4])


def contributions(found: Mapping[str, Sequence[float]], modalities: Sequence[str], scale: str) -> go.Figure:
    """Bars of what each modality adds, one a molecule: ``found`` has their values (modalities,) by their titles."""
    drawn = blank("What each modality adds", scale, "")
    names = [plain(name) for name in modalities]
    for (title, values), color in zip(found.items(), _COLORS, strict=False):
        drawn.add_bar(x=list(values), y=names, orientation="h", name=plain(title), marker={"color": color})
    drawn.update_yaxes(type="category", autorange="reversed", automargin=True)
    drawn.update_layout(height=110 + 38 * len(names), showlegend=len(found) > 1)
    return drawn.add_vline(0, line={"color": GRAY, "width": 1})


def star(
    xy: np.ndarray, here: Place, trail: Sequence[tuple[float, float]], pinned: Place = None, title: str = ""
) -> go.Figure:
    """Map ``xy`` (n, 2) in gray with a star ``here``, the way there as a dotted ``trail``, and the pinned molecule.

    Of more than MOST_DRAWN molecules every so many is drawn.
    """
    known = xy[np.isfinite(xy).all(1)]
    known = known[:: max(1, -(-len(known) // MOST_DRAWN))]
    drawn = blank(title, "", "")
    dots = {"color": GRAY, "size": 4, "opacity": 0.45}
    about = {"mode": "markers", "hoverinfo": "skip", "name": "training data set"}
    drawn.add_scatter(x=known[:, 0], y=known[:, 1], marker=dots, **about)
    if len(trail) > 1:
        x, y = zip(*trail, strict=True)
        stroke = {"color": _COLORS[0], "dash": "dot", "width": 1}
        drawn.add_scatter(x=x, y=y, mode="lines+markers", name="steps", line=stroke, marker={"size": 5})
    for name, at, dots in (
        ("pinned", pinned, {"size": 13, "symbol": "diamond", "color": _COLORS[1]}),
        ("this molecule", here, {"size": 17, "symbol": "star", "color": _COLORS[0]}),
    ):
        if at is not None:
            edged = dots | {"line": {"color": "white", "width": 1}}
            drawn.add_scatter(x=[at[0]], y=[at[1]], mode="markers", name=name, marker=edged)
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False}
    below = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top"}  # a title may be long
    return drawn.update_xaxes(**bare).update_yaxes(**bare).update_layout(height=330, legend=below)
