"""Cell reader: delimited text, SMILES lines and SD files into cells, each row with the line at which it begins.

Python's csv and not pandas: it knows at which physical line a record begins, also after empty lines, quoted line breaks
and Windows line ends, and it leaves every cell as it stands. An SDF row is known by the number of its record.
"""

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from mmexplore.datasets import Remark
from mmexplore.datasets.readers.source import MAX_ROWS
from mmexplore.runtime.errors import BadTable

DELIMITERS = (",", "\t", ";", "|")
EMPTY_LINES_LISTED = 1_000
_LONGEST_RECORD = 100_000  # lines
_LONGEST_QUOTE = 200  # lines

Row = tuple[int, list[str]]


@dataclass
class Cells:
    """A table of text: names of the columns, rows of as many cells, where they begin, and what was left out."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    header_line: int = 0
    rejected: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def delimited(file: TextIO, delimiter: str) -> Cells:
    """A table with a header. Raises BadTable for text that csv cannot divide or that holds no header."""
    cells, empty = Cells([], [], []), []
    gap: list[int] = []  # empty lines are only spoken of once something follows them
    for line, row in _records(file, delimiter):
        if not any(map(str.strip, row)):
            gap.append(line)
            continue
        empty += gap
        gap = []
        if not cells.columns:
            cells.columns, cells.header_line = unique(row), line
        elif len(row) > len(cells.columns) and any(map(str.strip, row[len(cells.columns) :])):
            reason = f"{len(row)} cells where the header has {len(cells.columns)}"
            cells.rejected.append(Remark(line, delimiter.join(row)[:200], reason))
        else:
            if len(row) != len(cells.columns):
                row = (row + [""] * len(cells.columns))[: len(cells.columns)]  # noqa: PLW2901
            _append(cells, line, row)
    if not cells.columns:
        raise BadTable("the table is empty: no line holds anything")
    _tell_empty(cells, empty)
    return cells


def smiles_lines(file: TextIO) -> Cells:
    """One SMILES a line, then optionally a name; a first line that says "smiles" is a header."""
    cells, empty = Cells(["smiles", "name"], [], []), []
    gap: list[int] = []
    for line, text in enumerate(_lines(file), 1):
        if not text.strip():
            gap.append(line)
            continue
        empty += gap
        gap = []
        smiles, _, name = _line_parts(text)
        if not cells.rows and smiles.lower() in HEADERS:
            continue
        _append(cells, line, [smiles, name])
    _tell_empty(cells, empty)
    return cells


HEADERS = ("smiles", "canonical_smiles", "smi", "isosmiles", "isomeric_smiles")


def sd_records(file: TextIO) -> Cells:
    """Mol blocks in the column "mol block", titles in "title", then one column a property."""
    cells = Cells(["mol block", "title"], [], [])
    places = {"mol block": 0, "title": 1}
    for number, values in enumerate(sd_values(file), 1):
        for name in values:
            places.setdefault(name, len(places))
        row = [""] * len(places)
        for name, value in values.items():
            row[places[name]] = value
        _append(cells, number, row)
    cells.columns = list(places)
    for row in cells.rows:
        row.extend([""] * (len(places) - len(row)))
    return cells


def sd_values(file: TextIO) -> Iterator[dict[str, str]]:
    """SD records one by one: the mol block under "mol block", the title under "title", then each property."""
    return map(_values_of, _sd_texts(file))


def best_delimiter(file: TextIO) -> str | None:
    """The delimiter that divides the first lines into the most columns, alike in most of them; None for one column."""
    sample = list(itertools.islice(_lines(file), 100))
    file.seek(0)
    best, most = None, 1
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        if widths and widths[0] > most and sum(w == widths[0] for w in widths) >= 0.6 * len(widths):
            best, most = delimiter, widths[0]
    return best


def unique(names: list[str]) -> list[str]:
    """Column names of one line each, without empty and repeated ones.

    >>> unique(["a", "", "a"])
    ['a', 'column 2', 'a (2)']
    """
    taken: dict[str, None] = {}
    for place, given in enumerate(names, 1):
        name = " ".join(given.split()) or f"column {place}"
        candidates = itertools.chain([name], (f"{name} ({i})" for i in itertools.count(2)))
        taken[next(c for c in candidates if c not in taken)] = None
    return list(taken)


def _append(cells: Cells, line: int, row: list[str]) -> None:
    if len(cells.rows) >= MAX_ROWS:
        raise BadTable(f"the table holds more than {MAX_ROWS:,} rows; split it")
    cells.rows.append(row)
    cells.lines.append(line)


def _tell_empty(cells: Cells, empty: list[int]) -> None:
    if len(empty) > EMPTY_LINES_LISTED:
        cells.notes.append(f"{len(empty):,} empty lines between the rows were skipped")
    else:
        cells.rejected += [Remark(line, "", "empty line") for line in empty]


def _records(file: TextIO, delimiter: str) -> Iterator[Row]:
    reader, before = csv.reader(file, delimiter=delimiter), 0
    try:
        for row in reader:
            if reader.line_num - before > _LONGEST_QUOTE:
                raise BadTable(f"a quotation mark opened in line {before + 1} is not closed; close or remove it")
            yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        raise BadTable(f"line {before + 1} cannot be divided into cells: {error}") from None


def _lines(file: TextIO) -> Iterator[str]:
    for text in file:
        if len(text) > 10_000_000:
            raise BadTable("a line of more than 10,000,000 characters came; give a table of molecules")
        yield text


def _line_parts(text: str) -> tuple[str, str, str]:
    """SMILES, ChemAxon's extension between bars, name."""
    found = re.match(r"\s*(\S+)\s*(\|[^|]*\|)?\s*(.*)", text)
    assert found
    return found[1], found[2] or "", found[3].strip()


def _sd_texts(file: TextIO) -> Iterator[list[str]]:
    record: list[str] = []
    for text in _lines(file):
        line = text.rstrip("\r\n")
        if line.startswith("$$$$"):
            yield record
            record = []
        else:
            record.append(line)
        if len(record) > _LONGEST_RECORD:
            raise BadTable(f"an SDF record of more than {_LONGEST_RECORD:,} lines came: no line says $$$$")
    if any(line.strip() for line in record):
        yield record


def _values_of(record: list[str]) -> dict[str, str]:
    end = next((i for i, line in enumerate(record) if line.startswith("M  END")), None)
    start = end + 1 if end is not None else next((i for i, x in enumerate(record) if x.startswith(">")), len(record))
    values = {"mol block": "\n".join(record[:start]) + "\n", "title": record[0].strip() if record else ""}
    name: str | None = None
    for line in record[start:]:
        if line.startswith(">") and (found := re.match(r">.*?<(.+)>", line)):
            name = " ".join(found[1].split()) or "property"
            name = f"{name} (property)" if name in ("mol block", "title") else name
            values[name] = ""
        elif name and line:
            values[name] += ("\n" if values[name] else "") + line
        else:
            name = None
    return values
