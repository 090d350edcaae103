"""Numbers as people write them: qualifiers, decimal commas, groups of three digits, words for yes and no.

How a column writes its numbers is decided from all of its cells by one rule, whatever divides the cells; what was
decided is said in a note.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

WORDS = dict.fromkeys(("true", "yes", "active", "positive"), 1.0) | dict.fromkeys(
    ("false", "no", "inactive", "negative"), 0.0
)
MISSING = frozenset(
    (
        *("na", "n/a", "#n/a", "nan", "null", "none", "nd", "n.d.", "-", "--", "?", ".", "missing", "unknown", "n.a."),
        *("inconclusive", "unspecified", "not tested", "not determined", "<na>"),
    )
)
_SIGNS = {"≥": ">=", "≤": "<=", "=>": ">=", "=<": "<=", ">>": ">", "<<": "<", "≈": "~", "=": "", "==": "", "ca.": "~"}
QUALIFIERS = (">", "<", ">=", "<=", "~")
_QUALIFIED = re.compile(r"'?(>=|<=|=>|=<|>>|<<|==|>|<|=|~|≥|≤|≈|ca\.)'?\s*(.+)", re.DOTALL)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))")

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_GROUPED_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column: float64 values, NaN where none; its qualifier, "" where none; texts that are no numbers."""

    values: np.ndarray
    qualifiers: np.ndarray
    odd: dict[str, list[int]]


def read(cells: Sequence[str] | pd.Series) -> Numbers:
    """Numbers with the qualifiers before them, decimal points only: see :func:`respelled`.

    >>> found = read(["1.5", "", "n/a", "yes", ">10", "≤ 4"])
    >>> found.values.tolist(), found.qualifiers.tolist(), found.odd
    ([1.5, nan, nan, 1.0, 10.0, 4.0], ['', '', '', '', '>', '<='], {'n/a': [2]})
    """
    texts = pd.Series(cells, dtype=object) if not isinstance(cells, pd.Series) else cells
    values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
    qualifiers = np.full(len(values), "", dtype=object)
    with np.errstate(over="ignore"):
        values[~np.isfinite(values.astype(np.float32))] = np.nan
    odd: dict[str, list[int]] = {}
    filled = (texts.notna() & (texts != "")).to_numpy()
    for place in np.flatnonzero(np.isnan(values) & filled).tolist():
        text = str(texts.iloc[place]).strip()
        sign, rest = qualified(text)
        if text.lower() in WORDS:
            values[place] = WORDS[text.lower()]
        elif (number := _number(rest)) is not None:
            values[place], qualifiers[place] = number, sign
        elif text:
            odd.setdefault(text, []).append(place)
    return Numbers(values, qualifiers, odd)


def qualified(text: str) -> tuple[str, str]:
    """Qualifier and the rest of a cell.

    >>> qualified("≥ 5"), qualified("=3"), qualified("-3"), qualified("'>'")
    (('>=', '5'), ('', '3'), ('', '-3'), ('>', ''))
    """
    plain = text.strip()
    if (bare := plain.strip("' \"")) in (*_SIGNS, *QUALIFIERS):
        return _SIGNS.get(bare, bare), ""
    found = _QUALIFIED.fullmatch(plain)
    return (_SIGNS.get(found[1], found[1]), found[2].strip()) if found else ("", plain)


def respelled(columns: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Columns of numbers with decimal points and without groups, those alone that change, and notes on each.

    A comma is decimal where a column shows it (no three digits behind, or a zero before); groups of three are thousands
    where it shows that (both separators in one number, two groups, numbers below a thousand without, groups of one
    to three digits in front); what a column does not show, the other columns of the table do.

    >>> respelled({"a": ["1.250,5", "999,9"], "b": ["1,250", "980"]})[0]
    {'a': ['1250.5', '999.9'], 'b': ['1250', '980']}
    """
    seen = {name: ways for name, cells in columns.items() if (ways := _ways(cells)) is not None}
    shown = {way for ways in seen.values() for way in (ways & {"decimal comma", "decimal point"})}
    changed, notes = {}, []
    for name, ways in seen.items():
        made, how = _rewritten(columns[name], ways, shown)
        if made != columns[name]:
            changed[name] = made
            notes.append(f"column {name!r}: {how}")
    return changed, notes


def _ways(cells: list[str]) -> set[str] | None:
    """What a column of numbers shows of how it is written; None for what is no such column, or needs no look."""
    if not any(
        "," in c or "'" in c or "’" in c or " " in c or "\u00a0" in c or "−" in c or c.count(".") > 1 for c in cells
    ):
        return _plain_ways(cells)
    some = [t for c in itertools.islice(filter(str.strip, cells), 200) if (t := _inner(c))]
    if sum(text[-1:].isdigit() for text in some) < 0.5 * len(some):
        return None
    filled = [t for c in cells if (t := _inner(c)) and t.lower() not in MISSING and t.lower() not in WORDS]
    read_ = [t for t in filled if _PLAIN.fullmatch(t) or _COMMA.fullmatch(t) or _grouped(t)]
    if not read_ or len(read_) < 0.9 * len(filled):
        return None
    ways: set[str] = set()
    for text in read_:
        ways |= _shown_by(text)
    fronts = {len(t.lstrip("+-").split(",")[0]) for t in read_ if _GROUPED_COMMA.fullmatch(t)}
    below = any(t.lstrip("+-").isdigit() and len(t.lstrip("+-")) <= 3 for t in read_)
    if "decimal comma" not in ways and fronts and (len(fronts) > 1 or below):
        ways.add("comma groups")
    return ways


def _plain_ways(cells: list[str]) -> set[str] | None:
    """Points alone: a column that may be one of thousands if the table's others write decimal commas."""
    filled = [t for c in cells if (t := _inner(c))]
    pointed = [t for t in filled if "." in t]
    if not pointed or not all(_PLAIN.fullmatch(t) for t in filled):
        return (
            {"decimal point"} if pointed and sum(bool(_PLAIN.fullmatch(t)) for t in filled) > len(filled) / 2 else None
        )
    return {"point groups or decimals"} if all(_GROUPED_POINT.fullmatch(t) for t in pointed) else {"decimal point"}


def _shown_by(text: str) -> set[str]:
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        return {"decimal comma", "point groups"} if comma > point else {"decimal point", "comma groups"}
    if comma >= 0:
        if text.count(",") > 1:
            return {"comma groups"}
        return {"either comma"} if _GROUPED_COMMA.fullmatch(text) else {"decimal comma"}
    if point >= 0:
        if text.count(".") > 1:
            return {"point groups"}
        return {"either point"} if _GROUPED_POINT.fullmatch(text) else {"decimal point"}
    return set()


def _rewritten(cells: list[str], ways: set[str], shown: set[str]) -> tuple[list[str], str]:
    """The column as plain numbers, and how it was read in words."""
    thousands = "between three digits were read as thousands"
    either = "either comma" in ways and not ways & {"decimal comma", "comma groups", "point groups"}
    spell: Callable[[str], str] = _european
    if {"decimal comma", "decimal point"} <= ways:
        spell, how = (
            _alone,
            "decimal commas beside decimal points, each read by itself; what could be either is left out",
        )
    elif "decimal comma" in ways:
        grouped = bool(ways & {"point groups", "either point"})
        how = "decimal commas were read as points" + f", points {thousands}" * grouped
    elif "comma groups" in ways or (either and ("decimal point" in ways or shown == {"decimal point"})):
        spell, how = _american, f"commas {thousands}"
    elif "point groups" in ways:
        how = f"points {thousands}"
    elif either:
        how = "decimal commas were read as points: 1,250 as 1.25"
    elif ways == {"point groups or decimals"} and shown == {"decimal comma"}:
        how = f"points {thousands}, as other columns write decimal commas"
    else:
        spell, how = str, "blanks and marks between three digits were left out"
    return [_spelled(cell, spell) for cell in cells], how


def _inner(cell: str) -> str:
    """The number of a cell without its qualifier, with an ASCII minus and without blanks as separators."""
    text = cell.strip()
    if not text or not any(character.isdigit() for character in text):
        return text
    return _SPACES.sub("", qualified(text.replace("−", "-"))[1])


def _spelled(cell: str, spell: Callable[[str], str]) -> str:
    text = cell.strip()
    if not any(character.isdigit() for character in text):
        return cell
    sign, _ = qualified(text)
    number = _inner(text)
    if not (_PLAIN.fullmatch(number) or _COMMA.fullmatch(number) or _grouped(number)):
        return cell
    made = spell(number)
    return cell if made == qualified(text)[1] else f"{sign}{made}"


def _european(text: str) -> str:
    return text.replace(".", "").replace(",", ".") if "," in text or _GROUPED_POINT.fullmatch(text) else text


def _american(text: str) -> str:
    return text.replace(",", "")


def _alone(text: str) -> str:
    if _shown_by(text) & {"either comma", "either point"}:
        return text
    return _european(text) if "decimal comma" in _shown_by(text) else _american(text)


def _grouped(text: str) -> bool:
    return bool(_GROUPED_COMMA.fullmatch(text) or _GROUPED_POINT.fullmatch(text))


def _number(text: str) -> float | None:
    if not _PLAIN.fullmatch(text):
        return None
    with np.errstate(over="ignore"):
        value = float(text)
        return value if np.isfinite(np.float32(value)) else None
