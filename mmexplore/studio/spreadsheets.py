"""Spreadsheet writer: the one way in which a table leaves as CSV, so that no cell of it is run as a formula.

A spreadsheet runs what begins with =, +, - or @, also behind a tab or a line break, wherever the file came from. Such a
text gets an apostrophe before it, as OWASP advises (CSV Injection); numbers stay what they are. A workbook is written
of what :func:`safe` gives.
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def cell(value: Any) -> Any:
    """Safe cell: a text that a spreadsheet would run, as text; all else as it is.

    >>> cell("=1+1"), cell("-1.5"), cell(-1.5), cell("-OH")
    ("'=1+1", '-1.5', -1.5, "'-OH")
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # some programs end a row there, though it is not quoted
    runs = value.lstrip(" ").startswith(_STARTS) and not _NUMBER.fullmatch(value)
    return f"'{text}" if runs else text


def safe(table: "pd.DataFrame") -> "pd.DataFrame":
    """Safe table: each header, row name and text of a table as :func:`cell` has it; numbers keep their kind."""
    made = table.rename(columns=cell, index=cell if table.index.dtype.kind == "O" else None)
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcmM":
            made.isetitem(place, table.iloc[:, place].map(cell).array)  # its rows have other names now
    return made


def to_csv(table: "pd.DataFrame", index_label: str = "") -> str:
    """CSV of a table that a spreadsheet reads as it stands; ``index_label``: row names, under that header."""
    return str(safe(table).to_csv(index=bool(index_label), index_label=cell(index_label) or None))
