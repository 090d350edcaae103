"""What a verb found, as tables for people: at most 100 columns wide, long lists cut short with a count of the rest."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 100
_ROWS, _WHOLE, _LIST, _CELL = 50, 36, 40, 160
_ODD = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Categories of characters that move, hide or turn what stands round them."""


def printed(values: Mapping[str, Any]) -> None:
    """Print each value by its name: rows as a table, groups of rows as a table each, all else as a line."""
    console = Console()
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    for key, value in values.items():
        for title, rows in _tables(key, value):
            console.print(_table(title, rows[:_ROWS]))
            if len(rows) > _ROWS:
                console.print(f"and {len(rows) - _ROWS:,} more; --json gives all", highlight=False)
        if not _tables(key, value):
            words = "none" if value == [] else text(value)
            console.print(Text(f"{key}: {words}"), soft_wrap=" " not in words)  # a path, a SMILES stay in one piece


def text(value: Any) -> str:
    """A value in few words.

    >>> text(["a", "b"]), text({"rmse": 0.98265, "tasks": 1}), text(True), text(None), text(12.0)
    ('a, b', 'rmse 0.9827, tasks 1', 'yes', '', '12')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return listed([text(one) for one in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return "" if value is None else visible(str(value))


def visible(words: str) -> str:
    """Words as one line whose every sign is seen where it stands: blanks for line breaks, codes for marks of direction.

    >>> visible("two\\nlines"), visible("a\\u202eb")
    ('two lines', 'a\\\\u202eb')
    """
    if words.isascii() and words.isprintable():
        return words
    plain = "".join(" " if c in "\n\r\t\v\f\u2028\u2029" else c for c in words)
    return "".join(c.encode("unicode_escape").decode() if unicodedata.category(c) in _ODD else c for c in plain)


def listed(words: Sequence[str], characters: int = _LIST) -> str:
    """Words with commas between, cut where they have so many characters, and how many more there are.

    >>> listed(["NR-AR", "NR-ER", "SR-p53"], 12)
    'NR-AR, NR-ER and 1 more'
    """
    whole = ", ".join(words)
    if len(whole) <= characters:
        return whole
    shown = list(words)
    while len(shown) > 1 and len(", ".join(shown)) > characters:
        shown.pop()
    rest = len(words) - len(shown)
    return f"{', '.join(shown)} and {rest:,} more" if rest else whole


def _tables(key: str, value: Any) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Titles and rows of what is a table, or several by name."""
    if _is_rows(value):
        return [(key, list(value))]
    if isinstance(value, Mapping) and value and all(_is_rows(one) for one in value.values()):
        return [(f"{key}, {name}", list(rows)) for name, rows in value.items()]
    if isinstance(value, Mapping) and value and all(isinstance(one, Mapping) for one in value.values()):
        return [(key, [{"": name, **one} for name, one in value.items()])]
    return []


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    about: dict[str, Any] = {"box": box.SIMPLE_HEAD, "pad_edge": False, "collapse_padding": True}
    table = Table(title=Text(_short(title)), title_justify="left", **about)
    for name in rows[0]:
        numbers = all(isinstance(row.get(name), int | float) and not isinstance(row.get(name), bool) for row in rows)
        whole = name == next(iter(rows[0])) and all(cell_len(text(row.get(name))) <= _WHOLE for row in rows)
        table.add_column(Text(_short(name)), justify="right" if numbers else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(Text(_short(text(row.get(name)))) for name in rows[0]))
    return table


def _short(cell: str) -> str:
    """A cell that leaves room for others; ``--json`` has all of it."""
    words = visible(cell)
    return words if len(words) <= _CELL else f"{words[: _CELL - 3]}..."
