"""Rows of a file one by one: all its columns as they stand, every row in its order, and never the whole in memory.

What :mod:`mmexplore.datasets.file` takes into memory to make a data set of, this goes over: once to count, to find the
columns and to see which hold numbers, then as often as rows are wanted. A row that cannot be read is a row all the
same, with the reason; only lines without a sign are left out where they stand between all rows, or behind the last.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd

from mmexplore.datasets.readers import columns as _columns
from mmexplore.datasets.readers import styles, workbooks
from mmexplore.datasets.readers.cells import (
    EMPTY_LINES_LISTED,
    Cells,
    Row,
    delimited_rows,
    fitted,
    sd_rows,
    smiles_rows,
    unique,
    words_rows,
)
from mmexplore.datasets.readers.source import Content, content, text_of
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.progress import Progress, silent

EMPTY_LINE = "empty line"
Kind = Literal["text", "int", "float"]
_SAMPLED, _SAMPLED_CELLS, _KEPT, _SHOWN, _HEAD = 4_000, 400_000, 20, 1_000, 300
_INT = re.compile(r"-?(0|[1-9]\d{0,14})")
_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?")


class Read(NamedTuple):
    """Row as read: its line, its cells, one a column, and why it could not be read ("" where it could)."""

    line: int
    cells: list[str]
    refused: str = ""


@dataclass(frozen=True)
class Rows:
    """Rows of a file: ``columns`` by name, ``count`` rows, ``structures`` the column of the molecules.

    ``name`` is the column of their names, "" where there is none; ``kinds`` says which columns are written as numbers
    in every filled cell; ``blocks``: structures are mol blocks; ``digest`` changes with any byte of the file and with
    what was chosen.
    """

    called: str
    digest: str
    columns: tuple[str, ...]
    count: int
    structures: str
    kinds: dict[str, Kind]
    blocks: bool = False
    notes: tuple[str, ...] = ()
    name: str = ""
    source: Callable[[], Iterator[Read]] = field(repr=False, compare=False, default=lambda: iter(()))

    def __iter__(self) -> Iterator[Read]:
        """All rows, read anew."""
        for line, cells, refused in self.source():
            yield Read(line, cells + [""] * (len(self.columns) - len(cells)), refused)


def rows_of(
    path: Path, smiles: str | None = None, sheet: str | None = None, called: str = "", progress: Progress = silent
) -> Rows:
    """Rows of a CSV, TSV, SMI, SDF, Excel or Parquet file, plain, gzipped or zipped, counted and looked through.

    ``smiles`` and ``sheet`` as a user chose them, None for the likeliest. Raises BadTable, UnknownName.
    """
    held = content(path, called)
    opened, style = _opener(held, sheet)
    kept = partial(_kept, opened, grows=style == "workbook")
    seen = _Seen(Cells([], [], []))
    for count, one in enumerate(kept(seen.cells), 1):
        seen.take(one)
        if not count % 10_000:
            progress("read", count, 0)
    first = seen.header_row(style)
    if not seen.count and first is None:
        raise BadTable(f"the table holds a header and no rows: {' | '.join(seen.cells.columns)[:80]!r}")
    skipped = seen.blank_between_all
    names = tuple(unique([""] * len(seen.cells.columns)) if first else as_they_stood(seen.cells))
    frame = pd.DataFrame(dict(zip(names, map(list, seen.columns(first)), strict=True)), dtype=str)
    structures = _structures(frame, smiles, style == "sdf", seen.cells.notes)
    notes = [*seen.cells.notes, *([styles.NO_HEADER] if first else _renamed(seen.cells, names))]
    if skipped:
        notes.append(f"{seen.blank:,} empty lines between the rows were skipped")
    kinds = dict(zip(names, seen.kinds(first), strict=True))
    chosen = f"{_digest(path)} {smiles} {sheet}".encode()
    return Rows(
        held.called,
        hashlib.sha256(chosen).hexdigest()[:32],
        names,
        seen.count - (seen.blank if skipped else 0) + bool(first),
        structures,
        kinds,
        style == "sdf",
        tuple(notes),
        _columns.name_column(frame, structures) or "",
        partial(_again, kept, first, skipped),
    )


@dataclass(frozen=True)
class TableHead:
    """Beginning of a table: names of its columns, the likeliest of structures ("" for none), the sheets of a workbook.

    ``sheet`` is the one that was read. ``columns`` is empty where there is nothing to choose from, as in an SD file.
    ``empty``: there are names of columns and no row below them.
    """

    columns: tuple[str, ...]
    structures: str
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    empty: bool = False


def head_of(path: Path, sheet: str | None = None, called: str = "") -> TableHead:
    """Beginning of a file, its first rows alone: what there is to choose from. Raises BadTable, UnknownName."""
    held = content(path, called)
    if held.kind != "workbook":
        return _head(held, None)
    sheets = workbooks.sheets(held)
    for name in sheets if sheet is None else [sheet]:
        try:
            return replace(_head(held, name), sheets=sheets, sheet=name)
        except BadTable:
            if name == (sheet or sheets[-1]):
                raise
    return _head(held, sheet)


def _head(held: Content, sheet: str | None) -> TableHead:
    opened, style = _opener(held, sheet)
    seen = _Seen(Cells([], [], []))
    for one in itertools.islice(_kept(opened, seen.cells, grows=style == "workbook"), _HEAD):
        seen.take(one)
    if style == "sdf":
        return TableHead((), "")
    first = seen.header_row(style)
    names = tuple(unique([""] * len(seen.cells.columns)) if first else as_they_stood(seen.cells))
    frame = pd.DataFrame(dict(zip(names, map(list, seen.columns(first)), strict=True)), dtype=str)
    return TableHead(names, _columns.structures(frame).chosen or "", empty=frame.empty)


def as_they_stood(cells: Cells) -> list[str]:
    """Names of the columns as they stood in the file, blanks and all; of those that had none or shared one, ours."""
    stood = [*cells.header, *[""] * (len(cells.columns) - len(cells.header))]
    return [name if " ".join(name.split()) == ours else ours for name, ours in zip(stood, cells.columns, strict=True)]


def _renamed(cells: Cells, names: Sequence[str]) -> list[str]:
    """A note on columns that are called otherwise than they stood, as they had no name of their own."""
    stood = [*cells.header, *[""] * (len(names) - len(cells.header))]
    ours = [name for name, before in zip(names, stood, strict=True) if name != before]
    if not ours or not cells.header:
        return []
    return [f"columns without a name of their own are called {', '.join(map(repr, ours[:10]))}"]


def of_frame(frame: pd.DataFrame, structures: str, called: str, digest: str = "") -> Rows:
    """Rows of a table that is in memory; columns of numbers are numbers, all else is text.

    >>> list(of_frame(pd.DataFrame({"smiles": ["CCO"], "y": [0.5]}), "smiles", "mine"))
    [Read(line=1, cells=['CCO', '0.5'], refused='')]
    """
    names = names_of(frame)
    if structures not in names:
        raise UnknownName("column", structures, names)
    columns = [list(map(_text, frame.iloc[:, place])) for place in range(len(names))]
    kinds: dict[str, Kind] = {}
    for name, cells, dtype in zip(names, columns, frame.dtypes, strict=True):
        kind: Kind | None = None if pd.api.types.is_numeric_dtype(dtype) and dtype.kind != "b" else "text"
        for cell in filter(None, cells):
            kind = _kind(cell, kind)
        kinds[name] = kind or "text"
    held = [list(row) for row in zip(*columns, strict=True)]
    if not digest:
        digest = hashlib.sha256(repr([names, held]).encode()).hexdigest()[:32]

    def source() -> Iterator[Read]:
        return (Read(line, list(row)) for line, row in enumerate(held, 1))

    text = pd.DataFrame(dict(zip(names, (cells[:1_000] for cells in columns), strict=True)), dtype="str")
    named = _columns.name_column(text, structures) or ""
    return Rows(called, digest, tuple(names), len(held), structures, kinds, name=named, source=source)


def names_of(frame: pd.DataFrame) -> list[str]:
    """Names of a frame's columns, as texts of which no two are alike."""
    stood = [str(name) for name in frame.columns]
    return as_they_stood(Cells(unique(stood), [], [], header=stood))


def _text(value: Any) -> str:
    return "" if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)


def _again(kept: Callable[[Cells], Iterator[Read]], first: Read | None, skipped: bool) -> Iterator[Read]:
    if first:
        yield first
    for one in kept(Cells([], [], [])):
        if not (skipped and one.refused == EMPTY_LINE):
            yield one


def _opener(held: Content, sheet: str | None) -> tuple[Callable[[Cells], Iterator[Row]], str]:
    """What yields the rows of a content, as often as it is called, and the style of a text."""
    if held.kind == "workbook":
        return partial(workbooks.workbook_rows, held, sheet=sheet), "workbook"
    if held.kind == "parquet":
        return partial(workbooks.parquet_rows, held), "parquet"
    with text_of(held) as file:
        style = styles.style_of(held, file)

    def rows(cells: Cells) -> Iterator[Row]:
        with text_of(held) as file:
            if file.encoding == "cp1252":
                cells.notes.append("the file is not UTF-8 and was read as Windows Latin-1")
            if style == "sdf":
                yield from sd_rows(file, cells)
            elif style == "smi":
                yield from smiles_rows(file, cells)
            elif style == styles.WORDS:
                yield from words_rows(file, cells)
            else:
                yield from delimited_rows(file, style, cells)

    return rows, style


def _kept(opened: Callable[[Cells], Iterator[Row]], cells: Cells, *, grows: bool = False) -> Iterator[Read]:
    """Every row as wide as the header; lines without anything only where another row follows.

    ``grows``: a cell behind the last header has its place all the same, in a column without a name.
    """
    blank: list[int] = []
    for line, row in opened(cells):
        if not row:
            blank.append(line)
            continue
        yield from (Read(one, [""] * len(cells.columns), EMPTY_LINE) for one in blank)
        blank.clear()
        if grows and len(row) > len(cells.columns):
            cells.columns = unique([*cells.header, *[""] * (len(row) - len(cells.header))])
        whole, reason = (row, "") if len(row) == len(cells.columns) else fitted(row, len(cells.columns))
        if reason:
            reason += f"; left over: {' | '.join(row[len(cells.columns) :])[:_SHOWN]}"
        if not reason and len(cells.rows) < _KEPT:
            cells.rows.append(whole)  # the reader of quoted cells looks at the first ones
        yield Read(line, whole, reason)


class _Seen:
    """What a first look over all rows finds: their number, a sample that spans them, which columns are numbers."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self.count, self.blank = cells, 0, 0
        self._sample: list[list[str]] = []
        self._first: list[list[str]] = []
        self._step = 1
        self._numbers: list[Kind | None] = []  # None: no cell was filled yet
        self._open: list[int] = []

    def take(self, one: Read) -> None:
        """Look at the next row."""
        self.count += 1
        self.blank += one.refused == EMPTY_LINE
        while len(self._numbers) < len(one.cells):
            self._open.append(len(self._numbers))
            self._numbers.append(None)
        if self._open:
            self._open = [place for place in self._open if self._is_number(place, one.cells)]
        if one.refused:
            return
        most = max(100, min(_SAMPLED, _SAMPLED_CELLS // max(1, len(one.cells))))
        if len(self._first) < min(500, most):
            self._first.append(one.cells)
        if self.count % self._step == 0:
            self._sample.append(one.cells)
            if len(self._sample) > most:
                self._sample, self._step = self._sample[1::2], 2 * self._step

    @property
    def blank_between_all(self) -> bool:
        """Whether lines without a sign are those of a file whose line ends were doubled, and no rows."""
        return self.blank > EMPTY_LINES_LISTED and self.blank >= 0.45 * self.count

    def header_row(self, style: str) -> Read | None:
        """The header, where it is a molecule above a column of molecules."""
        if style in ("sdf", "smi", "words", "parquet"):
            return None
        header, width = self.cells.columns, len(self.cells.columns)
        if not _columns.header_is_a_row(header, [row + [""] * (width - len(row)) for row in self._first]):
            return None
        return Read(self.cells.header_line, self.cells.header + [""] * (width - len(self.cells.header)))

    def columns(self, first: Read | None) -> list[list[str]]:
        """Cells of the sampled rows by column."""
        width = len(self.cells.columns)
        rows = ([first.cells] if first else []) + (self._sample or self._first)
        whole = [row + [""] * (width - len(row)) for row in rows]
        return [list(column) for column in zip(*whole, strict=True)] if whole else [[] for _ in range(width)]

    def kinds(self, first: Read | None) -> list[Kind]:
        """Kind of each column; a header that is a row says nothing of numbers."""
        found: list[Kind] = [kind or "text" for kind in self._numbers]
        found += ["text"] * (len(self.cells.columns) - len(found))
        return [_kind(cell, kind) for cell, kind in zip(first.cells, found, strict=True)] if first else found

    def _is_number(self, place: int, cells: list[str]) -> bool:
        cell = cells[place] if place < len(cells) else ""
        if not cell:
            return True
        kind = _kind(cell, self._numbers[place])
        self._numbers[place] = kind
        return kind != "text"


def _kind(cell: str, before: Kind | None) -> Kind:
    """Kind of a column with one more cell.

    >>> _kind("12", None), _kind("0.5", "int"), _kind("007", "int"), _kind("n/a", "float")
    ('int', 'float', 'text', 'text')
    """
    if not cell:
        return before or "text"
    if before == "text" or not _FLOAT.fullmatch(cell):
        return "text"
    return "int" if before != "float" and _INT.fullmatch(cell) else "float"


def _structures(frame: pd.DataFrame, smiles: str | None, blocks: bool, notes: Sequence[str]) -> str:
    if blocks and smiles == "smiles" and smiles not in frame:
        smiles = styles.BLOCKS
    if smiles is not None and smiles not in frame:
        alike = [name for name in frame.columns if " ".join(name.split()) == " ".join(smiles.split())]
        if not alike:
            raise UnknownName("column", smiles, frame.columns)
        smiles = str(alike[0])
    found = _columns.structures(frame, smiles or (styles.BLOCKS if blocks else None))
    if found.chosen is not None:
        return found.chosen
    if found.reactions:
        raise _columns.only_reactions(found.reactions[0])
    raise _columns.none_found(list(frame.columns), frame.iloc[0].tolist() if len(frame) else [], notes=notes)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
