"""A figure on a page, with its downloads: SVG or PNG from the figure's own bar, HTML and CSV from a menu.

The browser draws the picture itself, so that neither a network nor a second browser on the server is needed.
"""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from mmexplore.ui.components import charts

PICTURES = ("SVG", "PNG")


def show(figure: go.Figure, name: str, key: str, *, downloads: bool = True) -> None:
    """Draw a figure under the page's theme; ``name`` is that of the downloaded files."""
    kind = str(st.session_state.get(f"{key}/picture") or PICTURES[0])
    st.plotly_chart(figure, key=key, config=_config(name, kind), alt=charts.in_words(figure))
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
    return charts.table_of(figure).to_csv(index=False)


def page(figure: go.Figure) -> str:
    """The figure as a page of its own that needs no network."""
    return str(figure.to_html(include_plotlyjs=True, full_html=True))


def _config(name: str, kind: str) -> dict[str, object]:
    picture = {"format": kind.lower(), "filename": name, "scale": 1 if kind == "SVG" else 3}  # PNG: fit for print
    return {"displaylogo": False, "toImageButtonOptions": picture}
