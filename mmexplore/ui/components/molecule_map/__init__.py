"""Map component of Streamlit: addresses of points go in, an outline, a row or another event comes back.

The scripts beside this file draw with WebGL 2 directly. Plotly's scattergl was the first choice and lost: on two cores
with a million points it took 10 s to recolour, 26 s to grey what is not selected and 5 s to find the point under the
pointer (benchmarks/hover.py measures both).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
import streamlit as st

from mmexplore.ui.components.component_scripts import address, start
from mmexplore.ui.components.molecule_map.painting import Painting

HERE = Path(__file__).parent


class MapEvent(TypedDict, total=False):
    """Map event: what a visitor did on the map.

    ``outline`` holds corners in data units, ``code`` a line of the legend.
    """

    kind: Literal["lasso", "box", "click", "category", "clear"]
    mode: Literal["replace", "add"]
    outline: list[list[float]]
    row: int
    code: int


@dataclass(frozen=True)
class Star:
    """A molecule that was typed: its place in data units, and what its card says."""

    xy: tuple[float, float]
    smiles: str
    name: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Shown:
    """Map content: what the map shows.

    ``points``, ``selected`` and ``found`` are blob addresses (float32 x, y pairs; bit masks, "" where there is none);
    ``data`` and ``model`` tell the card whom to ask about a row; ``current`` is a row or -1. Maps of one ``group``
    light up in each other the molecule that is pointed at, and leave tools and legend to the group's bar (see
    :func:`map_bar`); ``name`` is what their picture calls them. ``star`` is a molecule that is in no row.
    """

    title: str
    data: str
    model: str
    points: str
    painting: Painting
    codes: str
    selected: str = ""
    found: str = ""
    current: int = -1
    group: str = ""
    name: str = ""
    star: Star | None = None


# A map's points are on their way while the scripts still come.
_MEANWHILE = (
    "const { points, colour } = component.data;"
    " if (points) load('fetched.js').then(({ fetched }) => [points, colour.codes].forEach(fetched));"
)


def _component(name: str, meanwhile: str = "") -> Any:
    html = (
        (HERE / f"{name}.html")
        .read_text(encoding="utf-8")
        .replace("<!-- tools -->", (HERE / "tools.html").read_text(encoding="utf-8"))
    )
    js = start(HERE / f"{name}.js", meanwhile)
    return st.components.v2.component(
        name, html=html, css=(HERE / "molecule_map.css").read_text(encoding="utf-8"), js=js
    )


_map, _bar = _component("molecule_map", _MEANWHILE), _component("map_bar")


def mask(rows: np.ndarray, n: int) -> bytes:
    """Rows as a bit mask of n bits, the first row in the highest bit.

    >>> mask(np.array([0, 9]), 10).hex()
    '8040'
    """
    bits = np.zeros(n, bool)
    bits[rows] = True
    return np.packbits(bits).tobytes()


def molecule_map(key: str, shown: Shown, on_event: Callable[[], None]) -> None:
    """Draw the map; ``on_event`` is called before the page's next run, when ``event(key)`` is what happened."""
    data: dict[str, Any] = {
        name: getattr(shown, name) for name in ("title", "data", "model", "current", "group", "name")
    }
    data |= {name: _full(getattr(shown, name)) for name in ("points", "selected", "found")}
    data["star"] = asdict(shown.star) if shown.star else None
    color = _color(shown.painting) | {"codes": _full(shown.codes)}
    _map(key=key, data=data | {"colour": color, "base": address("").rstrip("/")}, on_event_change=on_event)


def map_bar(key: str, group: str, painting: Painting, on_event: Callable[[], None]) -> None:
    """Draw the tools and the legend of a group of maps; the legend's clicks are told like the map's own."""
    _bar(key=key, data={"group": group, "colour": _color(painting)}, on_event_change=on_event)


def _color(painting: Painting) -> dict[str, Any]:
    entries = [asdict(entry) for entry in painting.entries]
    words: dict[str, Any] = {"label": painting.label, "entries": entries, "ticks": list(painting.ticks)}
    return words | {"palette": list(painting.palette)}


def event(key: str) -> MapEvent | None:
    """Map event that just happened on the map or bar of that key, inside its callback."""
    state = st.session_state.get(key) or {}
    return state.get("event")


def _full(path: str) -> str:
    return address(path) if path else ""
