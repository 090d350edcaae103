"""Map component: addresses of points go in, an outline, a row or another event comes back.

A page of the app mounts it through Streamlit, which is imported then; the notebook's widget mounts the same scripts.

The scripts beside this file draw with WebGL 2 directly. Plotly's scattergl was the first choice and lost: on two cores
with a million points it took 10 s to recolour, 26 s to grey what is not selected and 5 s to find the point under the
pointer (benchmarks/hover.py measures both).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

from mmexplore import studio
from mmexplore.explore.map_card.scripts import markup, style
from mmexplore.explore.maps.painting import Painting
from mmexplore.ui.components.component_scripts import address, start

HERE = Path(__file__).parent


class MapEvent(TypedDict, total=False):
    """Map event: what a visitor did on the map.

    ``outline`` holds corners in data units, ``code`` a line of the legend, or an edge or a label by its number, ``at``
    where a lens's slider stands.
    """

    kind: Literal["lasso", "box", "click", "category", "edge", "label", "clear", "lens"]
    mode: Literal["replace", "add"]
    outline: list[list[float]]
    row: int
    code: int
    at: float


@dataclass(frozen=True)
class Star:
    """A molecule that was typed: its place in data units, and what its card says."""

    xy: tuple[float, float]
    smiles: str
    name: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Stops:
    """Stops of a lens: their ``names``, the blobs of their ``points``, and masks of who is ``lit`` on each way between.

    ``at`` is where the slider stands: 1.25 is a quarter of the way from the second stop to the third.
    """

    names: tuple[str, ...]
    points: tuple[str, ...]
    lit: tuple[str, ...]
    at: float = 0.0


@dataclass(frozen=True)
class Shown:
    """Map content: what the map shows.

    ``points``, ``selected``, ``found`` and ``faded`` are blob addresses (float32 x, y pairs; bit masks, "" for none);
    ``fading`` is what the legend says of those that fade;
    ``data`` and ``model`` tell the card whom to ask about a row; ``current`` is a row or -1. Maps of one ``group``
    light up in each other the molecule that is pointed at, and leave tools and legend to the group's bar (see
    :func:`map_bar`); ``name`` is what their picture calls them. ``star`` is a molecule that is in no row. ``edges``
    join two rows each, and ``edge`` is the one that is looked at, or -1. A ``lens`` brings a slider below the map, and
    ``points`` is then its first stop. ``labels`` say what regions have in common; ``contours`` is a blob of lines
    (float32 x, y pairs, NaN after each line).
    """

    title: str
    data: str
    model: str
    points: str
    painting: Painting
    codes: str
    selected: str = ""
    found: str = ""
    faded: str = ""
    fading: str = ""
    current: int = -1
    group: str = ""
    name: str = ""
    star: Star | None = None
    edges: tuple[tuple[int, int], ...] = ()
    edge: int = -1
    lens: Stops | None = None
    labels: "tuple[studio.MapLabel, ...]" = ()
    contours: str = ""


@dataclass(frozen=True)
class ShownLibrary:
    """Library map content: the ``library`` and the ``key`` of its tiles, and the number that they are colored ``by``.

    ``by`` is "" for density; ``current`` is a row with its place, ``outlines`` are drawn over the points, and ``place``
    is where one looks: the middle and how far one has zoomed in. The map goes there at first, and when the number of
    its ``arrival`` is another one: what it has told itself may be on its way while it moves on.
    """

    title: str
    library: str
    key: str
    by: str
    painting: Painting
    current: tuple[int, tuple[float, float]] | None = None
    outlines: tuple[list[list[float]], ...] = ()
    place: tuple[float, float, float] | None = None
    arrival: int = 0


_OF_LABEL = ("x", "y", "level", "smiles", "inside", "n", "outside", "n_outside")
# A map's points are on their way while the scripts still come.
_MEANWHILE = (
    "const { points, colour } = component.data;"
    " if (points) load('fetched.js').then(({ fetched }) => [points, colour.codes].forEach(url => fetched(url)));"
)


@cache
def _component(name: str, meanwhile: str = "", drawn: str = "") -> Any:
    import streamlit as st

    js = start(HERE / f"{name}.js", meanwhile)
    return st.components.v2.component(name, html=markup(drawn or name), css=style(), js=js)


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
    data = plain(shown, _full) | {"base": address("").rstrip("/"), "turn": _turn(key)}
    _component("molecule_map", _MEANWHILE)(key=key, data=data, on_event_change=partial(_heard, key, on_event))


def library_map(key: str, shown: ShownLibrary, on_event: Callable[[], None]) -> None:
    """Draw a library's map; events are told as the map's own, and ``place`` once it rests somewhere else."""
    data: dict[str, Any] = {
        name: getattr(shown, name) for name in ("title", "library", "key", "by", "outlines", "place", "arrival")
    }
    data |= {
        "current": shown.current and {"row": shown.current[0], "xy": list(shown.current[1])},
        "name": shown.library,
    }
    data |= {"colour": _color(shown.painting), "base": address("").rstrip("/"), "turn": _turn(key)}
    heard = partial(_heard, key, on_event)
    _component("library_map", drawn="molecule_map")(key=key, data=data, on_event_change=heard)


def map_bar(key: str, group: str, painting: Painting, on_event: Callable[[], None]) -> None:
    """Draw the tools and the legend of a group of maps; the legend's clicks are told like the map's own."""
    _component("map_bar")(key=key, data={"group": group, "colour": _color(painting)}, on_event_change=on_event)


def _turn(key: str) -> int:
    """How many events of that map were heard: a browser calls no component whose data stayed the same.

    What changes nothing, as a line drawn round nothing, would be waited for without end.
    """
    import streamlit as st

    return int(st.session_state.get(f"{key}/turn", 0))


def _heard(key: str, on_event: Callable[[], None]) -> None:
    import streamlit as st

    st.session_state[f"{key}/turn"] = _turn(key) + 1
    on_event()


def plain(shown: Shown, full: Callable[[str], str]) -> dict[str, Any]:
    """Map content as the scripts take it (shown.js); ``full`` makes an address one that they can ask for."""
    data: dict[str, Any] = {
        name: getattr(shown, name) for name in ("title", "data", "model", "current", "group", "name", "fading")
    }
    data |= {name: full(getattr(shown, name)) for name in ("points", "selected", "found", "faded", "contours")}
    data["star"] = asdict(shown.star) if shown.star else None
    data |= {"edges": [list(pair) for pair in shown.edges], "edge": shown.edge}
    data["labels"] = [{name: getattr(one, name) for name in _OF_LABEL} for one in shown.labels]
    data["lens"] = _stops(shown.lens, full) if shown.lens else None
    return data | {"colour": _color(shown.painting) | {"codes": full(shown.codes)}}


def _stops(lens: Stops, full: Callable[[str], str]) -> dict[str, Any]:
    addresses = {name: [full(path) for path in getattr(lens, name)] for name in ("points", "lit")}
    return {"names": list(lens.names), "at": lens.at} | addresses


def rows_meant(action: MapEvent, codes: np.ndarray, xy: np.ndarray | None = None) -> np.ndarray:
    """Rows that a click, a line of the legend or an outline means, where the map shows these codes at these places."""
    if action["kind"] == "click":
        return np.array([action["row"]])
    if action["kind"] == "category":
        return np.flatnonzero(codes == action["code"])
    if xy is None or "outline" not in action:
        return np.array([], np.int64)
    return np.flatnonzero(studio.inside(action["outline"], xy))


def _color(painting: Painting) -> dict[str, Any]:
    entries = [asdict(entry) for entry in painting.entries]
    words: dict[str, Any] = {"label": painting.label, "entries": entries, "ticks": list(painting.ticks)}
    return words | {"palette": list(painting.palette)}


def event(key: str) -> MapEvent | None:
    """Map event that just happened on the map or bar of that key, inside its callback."""
    import streamlit as st

    state = st.session_state.get(key) or {}
    return state.get("event")


def _full(path: str) -> str:
    return address(path) if path else ""
