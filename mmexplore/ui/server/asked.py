"""Requests as they come over the web: names, rows, sizes, themes and atoms, each read here alone, and strictly.

A name is one of the catalogue's and nothing else: no request leads to a file, wherever that lies. What is not here is
NotAvailable or UnknownName (a 404), what cannot be read BadRecipe (a 400).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.datastructures import QueryParams

from mmexplore import studio
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName

T = TypeVar("T")
MOST_PX, MOST_ATOMS, MOST_TEXT = 2_000, 2_000, 10_000
_MOST_DIGITS = 9


def dataset(came: str) -> str:
    """Name that a data set on this machine goes by now. Raises UnknownName, NotAvailable."""
    came = studio.current_name(came)
    known = {entry.name: entry.available for entry in studio.datasets()}
    if came not in known:
        raise UnknownName("data set", _short(came), [name for name, here in known.items() if here])
    if not known[came]:
        raise NotAvailable(f"the data set {came!r} is not on this machine yet; the Data page downloads it")
    return came


def model(came: str) -> str:
    """Name of a model that is here, or of its untrained twin. Raises UnknownName."""
    known = [one.name for one in studio.models()]
    if came.removeprefix(studio.UNTRAINED) not in known:
        raise UnknownName("model", _short(came), known)
    return came


def library(came: str) -> str:
    """Name of a library of the home. Raises UnknownName."""
    known = [one.name for one in studio.libraries()]
    if came not in known:
        raise UnknownName("library", _short(came), known)
    return came


def key(came: str) -> str:
    """Digest of tiles: 32 hexadecimal digits. Raises BadRecipe."""
    if not re.fullmatch("[0-9a-f]{32}", came, re.ASCII):
        raise BadRecipe(f"tiles go by 32 digits from 0 to f, and {_short(came)!r} came")
    return came


def whole(name: str, least: int, most: int) -> Callable[[str], int]:
    """Parser of a whole number within bounds; raises BadRecipe."""

    def parse(came: str) -> int:
        plain = came.isascii() and came.isdigit() and len(came) <= _MOST_DIGITS
        if not plain or not least <= int(came) <= most:
            raise BadRecipe(f"{name} is a whole number from {least:,} to {most:,}, and {_short(came)!r} came")
        return int(came)

    return parse


def switch(name: str) -> Callable[[str], bool]:
    """Parser of what is on or off: 1, or 0; raises BadRecipe."""

    def parse(came: str) -> bool:
        if came not in ("0", "1"):
            raise BadRecipe(f"{name} is 0 or 1, and {_short(came)!r} came")
        return came == "1"

    return parse


def atoms(came: str) -> tuple[int, ...]:
    """Atoms by number, with commas between. Raises BadRecipe."""
    parts = [part for part in came[:MOST_TEXT].split(",") if part]
    if len(parts) > MOST_ATOMS or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise BadRecipe(f"atoms are whole numbers with commas between, and {_short(came)!r} came")
    return tuple(int(part) for part in parts)


def text(came: str) -> str:
    """Structure as it was typed, of at most so many characters. Raises BadRecipe."""
    if len(came) > MOST_TEXT:
        raise BadRecipe(f"a text of {len(came):,} characters came; {MOST_TEXT:,} is the most that is read")
    return came


ROW = whole("row", 0, 10**_MOST_DIGITS - 1)
_OF_LIBRARY: dict[str, tuple[Callable[[str], Any], Any]] = {"library": (library, ""), "key": (key, "")}
DRAWING: dict[str, tuple[Callable[[str], Any], Any]] = {
    "smiles": (text, ""),
    "data": (dataset, ""),
    **_OF_LIBRARY,
    "row": (ROW, 0),
    "width": (whole("width", 20, MOST_PX), 250),
    "height": (whole("height", 20, MOST_PX), 200),
    "dark": (switch("dark"), False),
    "faint": (switch("faint"), False),
    "smarts": (text, ""),
    "atoms": (atoms, ()),
}
"""What the address of a drawing may hold: each field's parser, and what stands for one that is not there or empty."""
CARD: dict[str, tuple[Callable[[str], Any], Any]] = {
    "data": (dataset, ""),
    **_OF_LIBRARY,
    "row": (ROW, 0),
    "model": (model, ""),
}
TILES: dict[str, tuple[Callable[[str], Any], Any]] = {
    **_OF_LIBRARY,
    "level": (whole("level", 0, 99), 0),
    "tile": (whole("tile", 0, 10**_MOST_DIGITS - 1), 0),
    "colour": (text, ""),
}
"""What the address of a tile, or of a raster, of a library's map may hold."""


def read(query: QueryParams, fields: Mapping[str, tuple[Callable[[str], Any], Any]]) -> dict[str, Any]:
    """Fields of a request, all of them; others are left unread. Raises UnknownName, NotAvailable, BadRecipe."""
    found = {}
    for name, (parse, otherwise) in fields.items():
        came = query.getlist(name)
        if len(came) > 1:
            raise BadRecipe(f"{name} came {len(came)} times; once would do")
        found[name] = parse(came[0]) if came and came[0] else otherwise
    return found


def _short(came: str) -> str:
    return came if len(came) <= 40 else came[:37] + "..."
