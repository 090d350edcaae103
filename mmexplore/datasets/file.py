"""Readers of a user's own molecules: CSV, TSV, SDF or SMI files, plain or gzipped, and pasted SMILES.

The ending says how to read a file; where it says nothing (.txt, pasted text) its first lines do. A table without a
header is recognised by a header row that is a molecule.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from mmexplore.chem import file_endings
from mmexplore.chem.molecules import readable
from mmexplore.chem.standardize import standardize_all
from mmexplore.datasets import RawTable, Remark, Task
from mmexplore.datasets.readers import columns as _columns
from mmexplore.datasets.readers.cells import HEADERS, Cells, best_delimiter, delimited, sd_records, smiles_lines, unique
from mmexplore.datasets.readers.source import opened
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.progress import Progress, silent

_DECIMAL = re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Preview:
    """Import preview: its columns, first rows as text, and guesses for the user to confirm."""

    columns: tuple[str, ...]
    head: pd.DataFrame
    rows: int
    smiles: str | None
    name: str | None
    tasks: tuple[Task, ...]
    notes: tuple[str, ...]


def raw(
    source: Path | str,
    *,
    smiles: str | None = None,
    name: str | None = None,
    targets: Sequence[str] | None = None,
    progress: Progress = silent,
) -> RawTable:
    """Raw rows of a file, or text; columns that are not named are guessed. Raises BadTable, UnknownName.

    >>> raw("CCO ethanol\\nCCN").frame["smiles"].tolist()
    ['CCO', 'CCN']
    """
    cells, _ = _read(source, progress)
    frame = _frame(cells)
    for column in (smiles, name, *(targets or ())):
        if column is not None and column not in frame:
            raise UnknownName("column", column, frame.columns)
    structures = smiles or _smiles(frame, cells)
    title = name or _columns.name_column(frame, structures)
    tasks = (
        _columns.tasks(frame, (structures, title))
        if targets is None
        else tuple(Task(t, _columns.kind(_columns.numbers(frame[t])[0])) for t in targets)
    )
    lines = np.array(cells.lines, dtype=np.int64)
    rejected = tuple(cells.rejected)
    return RawTable(frame, lines, structures, title, tasks, rejected, "strip", "merge", tuple(cells.notes))


def preview(source: Path | str, rows: int = 20) -> Preview:
    """Import preview: the first rows of a file or text, and guesses. Raises BadTable."""
    cells, count = _read(source, silent, head=200)
    frame = _frame(cells)
    structures = _columns.smiles_column(frame)
    title = _columns.name_column(frame, structures or "")
    tasks = _columns.tasks(frame, (structures, title))
    return Preview(tuple(frame.columns), frame.head(rows), count, structures, title, tasks, tuple(cells.notes))


def _read(source: Path | str, progress: Progress, head: int | None = None) -> tuple[Cells, int]:
    """The cells and how many rows there are; of an SDF's structures only the first ``head`` are made out."""
    with opened(source) as file:
        style = _style(source, file)
        if style == "sdf":
            cells = sd_records(file)
        elif style == "smi":
            cells = smiles_lines(file)
        else:
            cells = _headed(delimited(file, style))
        if file.encoding == "cp1252":
            cells.notes.append("the file is not UTF-8 and was read as Windows Latin-1")
    if not cells.rows and not cells.rejected:
        raise BadTable(f"the table holds a header and no rows: {' | '.join(cells.columns)[:80]!r}")
    count = len(cells.rows)
    if style == "sdf":
        cells.rows, cells.lines = cells.rows[:head], cells.lines[:head]
        return _structures(cells, progress), count
    if style == ";":
        _read_decimal_commas(cells)
    return cells, count


def _style(source: Path | str, file: TextIO) -> str:
    """ "sdf", "smi" or a delimiter."""
    ending = file_endings.ending(source.name) if isinstance(source, Path) else ""
    if ending in file_endings.RECORDS:
        return "sdf"
    if ending in file_endings.LINES:
        return "smi"
    delimiter = best_delimiter(file)
    if ending in file_endings.TABLES:
        return delimiter or ("\t" if ending != ".csv" else ",")
    return _style_by_content(file, delimiter)


def _style_by_content(file: TextIO, delimiter: str | None) -> str:
    head = [line for _, line in zip(range(200), file, strict=False) if line.strip()]
    file.seek(0)
    if any(line.startswith(("$$$$", "M  END")) for line in head):
        return "sdf"
    first = [line.split()[0] for line in head if line.split()[0].lower() not in HEADERS]
    if not delimiter or delimiter == "\t":
        if delimiter and head[0].split("\t")[0].strip().lower() in HEADERS:
            return delimiter
        if sum(map(readable, first)) >= 0.5 * len(first):
            return "smi"
    return delimiter or ","


def _headed(cells: Cells) -> Cells:
    """Takes a header that is a molecule, above a column of molecules, for the first row."""
    guess = _columns.smiles_column(_frame(replace(cells, rows=cells.rows[:500]))) if cells.rows else None
    header = cells.columns
    alone = not cells.rows and any(len(name) > 1 and readable(name) for name in header)
    if not alone and (guess is None or not readable(guess)):
        return cells
    cells.columns = unique([""] * len(header))
    cells.rows.insert(0, header)
    cells.lines.insert(0, cells.header_line)
    cells.notes.append("the table has no header; its first line was read as a row")
    return cells


def _read_decimal_commas(cells: Cells) -> None:
    """Between semicolons, as spreadsheets write them in half of Europe, 1,5 is a number."""
    for place, name in enumerate(cells.columns):
        filled = [row[place].strip() for row in cells.rows if row[place].strip()]
        if any("," in text for text in filled) and all(_DECIMAL.fullmatch(text) for text in filled):
            cells.notes.append(f"column {name!r}: decimal commas were read as points")
            for row in cells.rows:
                row[place] = row[place].replace(",", ".")


def _structures(cells: Cells, progress: Progress) -> Cells:
    """SD records with canonical SMILES in the place of mol blocks; unreadable ones are rejected."""
    outcomes = standardize_all([row[0] for row in cells.rows], "keep", progress)
    columns = unique(["smiles", *cells.columns[1:]])
    kept = Cells(columns, [], [], rejected=cells.rejected, notes=cells.notes)
    for row, line, outcome in zip(cells.rows, cells.lines, outcomes, strict=True):
        if outcome.refused:
            kept.rejected.append(Remark(line, row[1], outcome.refused))
        else:
            kept.rows.append([outcome.smiles, *row[1:]])
            kept.lines.append(line)
    return kept


def _frame(cells: Cells) -> pd.DataFrame:
    columns: Iterable[Sequence[str]] = zip(*cells.rows, strict=True) if cells.rows else [()] * len(cells.columns)
    return pd.DataFrame(dict(zip(cells.columns, map(list, columns), strict=True)), dtype=str)


def _smiles(frame: pd.DataFrame, cells: Cells) -> str:
    found = _columns.smiles_column(frame)
    if found is None:
        first = " | ".join(cells.rows[0])[:80] if cells.rows else ""
        why = f"; first row: {first!r}" if first else f"; {cells.rejected[0].reason}" if cells.rejected else ""
        raise BadTable(
            f"no column holds SMILES (columns: {', '.join(frame.columns)[:200]}{why}); name the SMILES column"
        )
    return found
