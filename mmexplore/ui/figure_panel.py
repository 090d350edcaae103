"""A figure on a page, with its downloads: SVG from the figure's own bar, HTML and CSV from a menu."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from mmexplore.ui import charts


def show(figure: go.Figure, name: str, key: str, *, downloads: bool = True) -> None:
    """Draw a figure under the page's theme; ``name`` is that of the downloaded files."""
    st.plotly_chart(figure, key=key, config=_config(name), alt=charts.in_words(figure))
    if not downloads:
        return
    about: dict[str, Any] = {"on_click": "ignore", "width": "stretch"}
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        st.caption("The camera in the figure's bar saves it as SVG.")
        st.download_button("Figure (HTML)", lambda: page(figure), f"{name}.html", "text/html", f"{key}/html", **about)
        st.download_button("Numbers (CSV)", lambda: numbers(figure), f"{name}.csv", "text/csv", f"{key}/csv", **about)


def numbers(figure: go.Figure) -> str:
    """The figure's numbers as CSV."""
    return charts.table_of(figure).to_csv(index=False)


def page(figure: go.Figure) -> str:
    """The figure as a page of its own that needs no network."""
    return str(figure.to_html(include_plotlyjs=True, full_html=True))


def _config(name: str) -> dict[str, object]:
    return {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": name}}
