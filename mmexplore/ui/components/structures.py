"""Tables that fit their page: words that wrap, columns that can wait, and structures that the server draws."""

import math
import numbers
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import streamlit as st

from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address as page_address

if TYPE_CHECKING:
    import pandas as pd

TEXT_PX = 150
ROW_PX = 96
WIDTH_PX, HEIGHT_PX = 150, 92


def address(smiles: str) -> str:
    """Address of a structure's drawing, in the colours of the page's theme."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    dark = "&dark=1" if st.context.theme.type == "dark" else ""
    size = f"&width={WIDTH_PX}&height={HEIGHT_PX}"
    return f"{f'/{base}' if base else ''}/depict.svg?smiles={quote(smiles, safe='')}{size}{dark}"


def addresses(smiles: Iterable[str]) -> list[str]:
    """One address a structure."""
    return [address(str(text)) for text in smiles]


def column(title: str = "structure") -> Any:
    """The column of a table that holds such addresses."""
    return st.column_config.ImageColumn(title, width=WIDTH_PX + 10)


def table(
    frame: "pd.DataFrame", config: Mapping[str, Any], most_px: int = 560, fit: Collection[str] = (), switch: str = ""
) -> None:
    """A table whose rows are high enough for drawings; ``fit`` and ``switch`` as in :func:`fitting`."""
    height = min(most_px, 40 + ROW_PX * len(frame))
    fitting(frame, fit or list(map(str, frame)), switch, config, row_height=ROW_PX, height=height)


def fitting(
    frame: "pd.DataFrame", fit: Collection[str], switch: str = "", config: Mapping[str, Any] | None = None, **about: Any
) -> Any:
    """A table of many rows, which shows the columns that ``fit`` a page of 1,024 pixels until all are asked for.

    A column of texts is TEXT_PX wide where ``config`` says nothing else; times are told as the visitor's clock has
    them. ``switch`` begins its name in the address.
    """
    rest = [name for name in map(str, frame) if name not in fit]
    every = bool(rest) and page_address.toggle("All columns", key=f"{switch}-all", help=", ".join(rest[:20]))
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    times = [name for name in map(str, frame) if is_datetime64_any_dtype(frame[name])]
    texts = [name for name in map(str, frame) if not is_numeric_dtype(frame[name]) and name not in times]
    clock = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone=st.context.timezone)
    widths = dict.fromkeys(texts, st.column_config.Column(width=TEXT_PX)) | dict.fromkeys(times, clock)
    columns = [name for name in map(str, frame) if every or name in fit]
    about = {"placeholder": "–"} | about | {"hide_index": True, "column_order": columns}
    return st.dataframe(frame, column_config=widths | dict(config or {}), **about)


def wrapped(frame: "pd.DataFrame", digits: int = 4) -> None:
    """A table of some tens of rows, never wider than its place, as its words wrap; numbers to so many digits."""
    from pandas.api.types import is_numeric_dtype

    sides = ["--:" if is_numeric_dtype(frame[name]) else ":--" for name in frame]
    lines = [
        list(map(literal, frame)),
        sides,
        *([cell(value, digits) for value in row] for row in frame.to_numpy(object)),
    ]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def cell(value: object, digits: int = 4) -> str:
    """What a cell shows, as markdown.

    >>> cell(0.123456), cell(93087), cell(12345.6), cell(None), cell(float("nan")), cell("a|b"), cell(True)
    ('0.1235', '93,087', '12,346', '', '', 'a\\\\|b', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    ):
        return ""
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    if isinstance(value, numbers.Real):
        return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
    return literal(value)


def in_space(key: str) -> bool:
    """Whether a structure is to be shown in 3D; draws the switch."""
    ways = ["Drawing", "3D"]
    about: dict[str, Any] = {"default": ways[0], "required": True, "label_visibility": "collapsed"}
    return bool(
        page_address.choose(st.segmented_control, "Shown as", ways, key=key, kind="the way", **about) == ways[1]
    )
