"""A library on the Map: its tiles in place of a data set's points; what an outline holds is counted on the server."""

import math
import shlex
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import TileSet
from mmexplore.ui.components import structures, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_smiles
from mmexplore.ui.components.molecule_map import ShownLibrary, event, library_map
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address

PREFIX = "library: "
DATA_SET = "the data set"
MOST_LISTED, MOST_SAVED = 100, 10_000
_DENSITY = "density"
_OF, _MAP, _BY = "map-of", "library-map", "library-colour"
_ROW, _PLACE, _OUTLINES, _ARRIVAL = "library-row", "place", "library-outlines", "place/arrival"
_NAMES = (_ROW, _PLACE)
_HELP = "A data set's molecules, or those of a library that `mmexplore library build` made, however many"


def shown() -> bool:
    """Whether a library is chosen, which is then the page; the choice is there where there are libraries."""
    names = [one.name for one in studio.libraries()]
    if not names and not st.query_params.get(_OF):
        return False
    head, row = st.container(gap="small"), st.container(horizontal=True, vertical_alignment="bottom")
    options = [DATA_SET, *(PREFIX + name for name in names)]
    with row:
        about: dict[str, Any] = {"key": _OF, "kind": "the molecules", "help": _HELP, "width": 300}
        found = str(address.choose(st.selectbox, "Map of", options, **about) or DATA_SET)
    if found == DATA_SET:
        for name in _NAMES:
            address.keep(name, None)
        return False
    try:
        _page(found.removeprefix(PREFIX), head, row)
    except MmexploreError as mistake:
        st.warning(literal(mistake))
    return True


def _page(name: str, head: DeltaGenerator, row: DeltaGenerator) -> None:
    """The map of a library, or the way to one."""
    maps = studio.library_maps(name)
    made = None
    if maps:
        with row:
            on = maps[-1]
            if len(maps) > 1:
                about: dict[str, Any] = {"key": "library-on", "kind": "the map", "index": len(maps) - 1, "width": 300}
                on = str(address.choose(st.selectbox, "Laid out as", maps, **about))
            made = studio.library_tiles(name, on)
            if made is not None:
                about = {"key": _BY, "kind": "the colour", "width": 300}
                by = str(address.choose(st.selectbox, "Colour by", [_DENSITY, *made.colors], **about))
    if made is not None:
        _drawn(name, made, by, head)
        return
    head.title(f"Library {literal(name)}", anchor=False)
    if not maps:
        _unmapped(name)
        return
    st.info("The tiles of this map are not made yet. This makes them, and so does the button:")
    st.code(shlex.join(["mmexplore", "library", "tiles", name, "--map", on]), language="sh")
    start = partial(studio.start_library_tiles, name, on)
    key, lost, again = f"tiles-job/{name}/{on}", "The tiles were not finished.", "Make them again"
    waits.made_when_asked(key, "Make the tiles", start, lost, again)


def _unmapped(name: str) -> None:
    if not any(space != "fingerprint" for space in studio.library_spaces(name)):
        st.info("This library has no map, and no view of a model to lay one out of. One that has both is built so:")
        st.code("mmexplore library build SOURCE --name NAME --model MODEL --map DATA", language="sh")
        return
    st.info("This library has no map yet. This lays one out, and so does the button:")
    st.code(shlex.join(["mmexplore", "library", "map", name]), language="sh")
    start = partial(studio.start_library_map, name)
    key, lost, again = f"library-map-job/{name}", "The map was not finished.", "Lay it out again"
    waits.made_when_asked(key, "Lay out a map", start, lost, again)


def _drawn(name: str, made: TileSet, by: str, head: DeltaGenerator) -> None:
    total = made.shards[1][-1]
    head.title(f"{made.n:,} molecules of library {literal(name)}", anchor=False)
    lost = f"; {total - made.n:,} have no place on it" if total > made.n else ""
    told = "Its density is drawn while it moves, its points at rest. What is chosen at the left is not about it."
    head.caption(literal(f"Laid out as {made.about['map']!r}{lost}. {told}"))
    picture, side = st.container(key="stacks-map").columns([13, 7], gap="medium")
    row = _row(total)
    current = _one(name, made, row)
    outlines = _outlines(made)
    with picture:
        place = _place()
        what = ShownLibrary(
            title=f"{made.n:,} molecules of library {name}, coloured by {by}",
            library=name,
            key=made.key,
            by="" if by == _DENSITY else by,
            painting=made.painting(by),
            current=(row, (float(current["x"]), float(current["y"]))) if current is not None else None,
            outlines=tuple(outlines),
            place=place,
            arrival=int(st.session_state.get(_ARRIVAL, 0)),
        )
        library_map(_MAP, what, partial(_happened, made.key))
    with side:
        _molecule(current)
    _selected(name, made, outlines)


def _row(total: int) -> int:
    """The molecule that was clicked or that a link names, -1 for none."""
    came = address.arriving(_ROW)
    if came is not None:
        good = came.isascii() and came.isdigit() and len(came) < 10 and int(came) < total
        st.session_state[_ROW] = int(came) if good else -1
        if not good:
            address.tell(_ROW, address.lacking("row", came, ""))
    elif address.went_back() and _ROW not in st.query_params:
        st.session_state[_ROW] = -1
    row = int(st.session_state.get(_ROW, -1))
    row = row if row < total else -1
    address.keep(_ROW, str(row) if row >= 0 else None)
    address.answer(_ROW, row)
    return row


def _place() -> tuple[float, float, float] | None:
    """Where one looks, as a link or the map's last rest has it."""
    came = address.arriving(_PLACE)
    if came is not None or (address.went_back() and _PLACE not in st.query_params):
        st.session_state[_PLACE] = _read(came) if came else None
        st.session_state[_ARRIVAL] = int(st.session_state.get(_ARRIVAL, 0)) + 1
        if came and st.session_state[_PLACE] is None:
            address.tell(_PLACE, address.lacking("the place", came, "the whole map"))
    place: tuple[float, float, float] | None = st.session_state.get(_PLACE)
    address.keep(_PLACE, _text(place) if place else None)
    address.answer(_PLACE, place)
    return place


def _text(place: tuple[float, float, float]) -> str:
    return ",".join(f"{value:.6g}" for value in place)


def _read(came: str) -> tuple[float, float, float] | None:
    """A place as an address has it: the middle, and how far one has zoomed in.

    >>> _read("1.5,-2,8"), _read("1,2"), _read("1,nan,3")
    ((1.5, -2.0, 8.0), None, None)
    """
    try:
        x, y, zoom = map(float, came.split(","))
    except ValueError:
        return None
    return (x, y, zoom) if np.isfinite([x, y, zoom]).all() and 0 < zoom < 1e5 else None


def _outlines(made: TileSet) -> list[list[list[float]]]:
    key, outlines = st.session_state.get(_OUTLINES, ("", []))
    return outlines if key == made.key else []


def _happened(key: str) -> None:
    """Do what an event on the map asks for, before the page runs again."""
    action: dict[str, Any] = dict(event(_MAP) or {})
    kind = action.get("kind")
    if kind == "click":
        st.session_state[_ROW] = int(action["row"])
        address.keep(_ROW, str(action["row"]))
    elif kind == "place":
        place = action["place"]
        st.session_state[_PLACE] = tuple(map(float, place)) if len(place) == 3 else None
        address.keep(_PLACE, _text(st.session_state[_PLACE]) if len(place) == 3 else None)
    elif kind == "clear":
        _clear()
    elif kind in ("lasso", "box"):
        known, before = st.session_state.get(_OUTLINES, ("", []))
        kept = before if action.get("mode") == "add" and known == key else []
        st.session_state[_OUTLINES] = (key, [*kept, action["outline"]])


def _one(name: str, made: TileSet, row: int) -> dict[str, Any] | None:
    """All that is known of a row, with its place; None for no row, or one that has none."""
    if row < 0:
        return None
    try:
        found = studio.library_rows(name, np.array([row]), made).iloc[0].to_dict()
    except MmexploreError as mistake:
        st.warning(literal(mistake))
        return None
    on = made.about["map"]
    about = {"x": found[f"{on} x"], "y": found[f"{on} y"], "numbers": {color: found[color] for color in made.colors}}
    return {str(column): value for column, value in found.items()} | about


def _molecule(one: dict[str, Any] | None) -> None:
    st.subheader("Molecule", anchor=False)
    if one is None:
        st.caption("Click a molecule on the map, or walk to one with the arrow keys and press Enter: it appears here.")
        return
    called = str(one["name"]) or f"{one['source']}, line {one['line']}"
    drawings(
        "library-molecule",
        [Drawing(of_smiles(str(one["smiles"])), called, f"row {one['row']:,}")],
        width=260,
        height=190,
    )
    st.code(str(one["smiles"]), language=None, wrap_lines=True)
    import pandas as pd

    numbers = {name: value for name, value in one["numbers"].items() if not math.isnan(value)}
    structures.wrapped(pd.DataFrame({"what": list(numbers), "value": list(numbers.values())}), 3)
    if one["name"]:
        st.caption(literal(f"{one['source']}, line {one['line']}"))


def _selected(name: str, made: TileSet, outlines: list[list[list[float]]]) -> None:
    """How many lie inside the outlines, the first of them as a table, and more of them as a file."""
    if not outlines:
        st.caption(
            "Draw a line round some molecules (lasso) or drag a box: they are counted, and the first are listed."
        )
        return
    try:
        with st.spinner("Counting ..."):
            found = made.inside(outlines, MOST_SAVED)
            table = studio.library_rows(name, found.rows[:MOST_LISTED], made)
    except MmexploreError as mistake:
        st.warning(literal(mistake))
        return
    share = f" ({found.count / made.n:.2%} of the map)" if made.n else ""
    st.subheader(f"{found.count:,} molecules inside{share}", anchor=False)
    if not found.count:
        return

    def csv() -> bytes:
        return studio.to_csv(studio.library_rows(name, found.rows, made)).encode()

    with st.container(horizontal=True, vertical_alignment="center"):
        saved = len(found.rows)
        words = "CSV" if saved == found.count else f"CSV of the first {saved:,}"
        about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
        st.download_button(words, csv, f"{name}-inside.csv", "text/csv", key="library-csv", **about)
        st.button("Clear", key="library-clear", type="tertiary", icon=":material/close:", on_click=_clear)
    if found.count > len(table):
        st.caption(f"The first {len(table):,} of them, by their rows.")
    fit = {"row", "name", "smiles", *made.colors[:2]}
    structures.fitting(table, fit, "library-inside", height=min(420, 42 + 35 * len(table)))


def _clear() -> None:
    st.session_state[_OUTLINES] = ("", [])
