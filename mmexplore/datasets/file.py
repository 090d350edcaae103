"""Readers of a user's own molecules: CSV, TSV, SDF, SMI, Excel or Parquet files, gzipped or zipped, and pasted SMILES.

The content says how to read a file, then its ending; where that says nothing (.txt, pasted text) its first lines do. A
table without a header is recognised by a header row that is a molecule.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from mmexplore.chem.standardize import canonical_forms
from mmexplore.datasets import Kind, RawTable, Task
from mmexplore.datasets.readers import columns as _columns
from mmexplore.datasets.readers import exports, numbers, workbooks
from mmexplore.datasets.readers import labels as _labels
from mmexplore.datasets.readers.cells import (
    Cells,
    delimited,
    sd_records,
    smiles_lines,
    unique,
    words_table,
)
from mmexplore.datasets.readers.labels import LabelRule, Qualifiers
from mmexplore.datasets.readers.source import content, opened, text_of
from mmexplore.datasets.readers.styles import BLOCKS, NO_HEADER, WORDS, style_of
from mmexplore.runtime.deadline import each
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.progress import Progress, silent


@dataclass(frozen=True)
class Preview:
    """Import preview: its columns, first rows as text, and guesses for the user to confirm.

    ``asked``: columns of few whole numbers, which may be classes or numbers; ``sheets`` of a workbook; ``unit`` of each
    label that shows one; ``censored``: labels with qualifiers.
    """

    columns: tuple[str, ...]
    head: pd.DataFrame
    rows: int
    smiles: str | None
    name: str | None
    tasks: tuple[Task, ...]
    notes: tuple[str, ...]
    asked: Mapping[str, Sequence[int]]
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    """A file as read: its cells, what it says of them, and whether its structures are mol blocks."""

    cells: Cells
    frame: pd.DataFrame
    about: dict[str, dict[str, str]]
    blocks: bool
    sheets: tuple[str, ...] = ()


def raw(
    source: Path | str,
    *,
    smiles: str | None = None,
    name: str | None = None,
    targets: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    unit: str = "",
    log: bool = False,
    threshold: float | None = None,
    qualifiers: Qualifiers | None = None,
    sheet: str | None = None,
    ask: bool = False,
    called: str = "",
    progress: Progress = silent,
) -> RawTable:
    """Raw rows of a file, or text; columns that are not named are guessed, and labels are read as numbers.

    ``kinds``, ``unit``, ``log``, ``threshold`` and ``qualifiers`` as :class:`LabelRule` has them; ``ask`` refuses a
    label whose kind only the user knows and did not say; ``called`` is the file's name for people. Raises BadTable,
    BadRecipe, UnknownName.

    >>> raw("CCO ethanol\\nCCN").frame["smiles"].tolist()
    ['CCO', 'CCN']
    """
    table = _read(source, sheet, called)
    frame, notes = table.frame, list(table.cells.notes)
    if table.blocks and smiles == "smiles" and smiles not in frame:
        smiles = BLOCKS  # as it was called in homes of version 0.1
    for column in (smiles, name, *(targets or ())):
        if column is not None and column not in frame:
            raise UnknownName("column", column, frame.columns)
    found = _structures(table, smiles)
    assert found.chosen is not None
    notes += _told(found, table.blocks)
    known = exports.export(frame, table.about)
    title = name or (known and known.name) or _columns.name_column(frame, found.chosen)
    notes += known.notes if known else ()
    rules = _rules(frame, known, (found.chosen, title, *found.others, *found.reactions), targets)
    if kinds is not None and (odd := kinds.keys() - {rule.column for rule in rules}):
        raise UnknownName("label column", sorted(odd)[0], [rule.column for rule in rules])
    tasks: list[Task] = []
    beside: dict[str, Sequence[str]] = {}
    lines = np.array(table.cells.lines, dtype=np.int64)
    for given in rules:
        kind = (kinds or {}).get(given.column)
        classes = kind == "classification" or (kind is None and len(rules) > 1 and (log or threshold is not None))
        if classes and ((kind and threshold is None) or _labels.has_classes(frame[given.column])):
            rule = replace(given, kind=kind or given.kind)
        else:
            rule = _chosen(given, kind, unit, log, threshold, qualifiers)
        asked = _labels.undecided(frame[rule.column]) if rule.kind is None and rule.threshold is None else []
        if asked and ask:
            raise BadTable(_labels.question(rule.column, asked))
        progress("read labels", len(tasks), len(rules))
        label = _labels.read(frame, rule, lines)
        tasks.append(label.task)
        notes += label.notes
        beside |= label.beside
        frame = frame if label.plain else frame.assign(**{rule.column: label.values})
    if found.chosen != BLOCKS and table.blocks:
        frame = frame.drop(columns=BLOCKS)
    for column, cells in beside.items():
        frame[unique([*frame.columns, column])[-1]] = list(cells)
    rejected = tuple(table.cells.rejected)
    others = (*found.others, *found.reactions)
    return RawTable(
        frame, lines, found.chosen, title, tuple(tasks), rejected, "strip", "merge", tuple(notes), others=others
    )


def frame(source: Path | str) -> pd.DataFrame:
    """Cells of a file, or text, as they stand there, whatever they hold. Raises BadTable."""
    return _read(source, None, "").frame


def preview(source: Path | str, rows: int = 20, sheet: str | None = None) -> Preview:
    """Import preview: the first rows of a file or text, and guesses. Raises BadTable."""
    table = _read(source, sheet, "")
    frame = table.frame
    found = _columns.structures(frame, BLOCKS if table.blocks else None)
    known = exports.export(frame, table.about)
    title = (known and known.name) or _columns.name_column(frame, found.chosen or "")
    rules = _rules(frame, known, (found.chosen, title, *found.others, *found.reactions), None)
    asked = {
        rule.column: values for rule in rules if (values := _labels.undecided(frame[rule.column])) and not rule.kind
    }
    tasks = tuple(_task(frame, rule) for rule in rules)
    shown = frame.head(rows)
    if table.blocks:
        drawn = each(canonical_forms, shown[BLOCKS].tolist(), at_once=rows, most_late=rows)
        shown = shown.assign(**{BLOCKS: [smiles or "" for smiles in drawn]})
    notes = (*table.cells.notes, *_told(found, table.blocks), *(known.notes if known else ()))
    asked = {column: asked[column] for column in asked}
    return Preview(tuple(frame.columns), shown, len(frame), found.chosen, title, tasks, notes, asked, table.sheets)


def _task(frame: pd.DataFrame, rule: LabelRule) -> Task:
    read = numbers.read(frame[rule.column])
    kind = rule.kind or _columns.guess(read.values, read.qualifiers) or "classification"
    return Task(rule.column, kind, rule.unit or (_labels.unit_in(rule.column) if kind == "regression" else ""))


def _rules(
    frame: pd.DataFrame, known: exports.Export | None, besides: Sequence[str | None], targets: Sequence[str] | None
) -> list[LabelRule]:
    """Label rules of the columns that were chosen, else of those that an export has, else of those of numbers."""
    of_export = {rule.column: rule for rule in (known.rules if known else ())}
    if targets is None and of_export:
        return list(of_export.values())
    chosen = [task.name for task in _columns.tasks(frame, besides)] if targets is None else list(targets)
    return [of_export.get(column) or _rule(frame, column) for column in dict.fromkeys(chosen)]


def _rule(frame: pd.DataFrame, column: str) -> LabelRule:
    relation, units = _labels.relation_of(frame, column), _labels.units_of(frame, column)
    return LabelRule(column, relation=relation, units=units)


def _chosen(
    rule: LabelRule, kind: Kind | None, unit: str, log: bool, threshold: float | None, qualifiers: Qualifiers | None
) -> LabelRule:
    """A label's rule with what was said for it; what is said for all labels holds for those that are no classes."""
    said = kind or ("regression" if log else rule.kind)
    if rule.kind == "classification" and kind is None:
        return rule
    return replace(
        rule,
        kind=said if threshold is None or kind == "regression" else None,
        unit=unit or rule.unit,
        log=log,
        threshold=threshold,
        qualifiers=qualifiers,
    )


def _structures(table: _Table, smiles: str | None) -> _columns.Structures:
    found = _columns.structures(table.frame, smiles or (BLOCKS if table.blocks else None))
    if found.chosen is not None:
        return found
    frame, cells = table.frame, table.cells
    if found.reactions:
        raise _columns.only_reactions(found.reactions[0])
    first = cells.rows[0] if cells.rows else []
    odd = cells.rejected[0].reason if cells.rejected else ""
    raise _columns.none_found(list(frame.columns), first, odd, cells.notes)


def _told(found: _columns.Structures, blocks: bool) -> list[str]:
    where = "the mol blocks" if blocks and found.chosen == BLOCKS else f"column {found.chosen!r}"
    notes = []
    if found.others:
        notes.append(
            f"molecules were read from {where}; other columns of structures: {', '.join(map(repr, found.others))}"
        )
    if found.reactions and found.chosen:
        told = ", ".join(map(repr, found.reactions))
        notes.append(f"molecules were read from {where}; columns of reactions were left aside: {told}")
    return notes


def _read(source: Path | str, sheet: str | None, called: str) -> _Table:
    held = content(source, called) if isinstance(source, Path) else None
    names: tuple[str, ...] = ()
    style = ""
    if held is not None and held.kind == "workbook":
        names = workbooks.sheets(held)
        cells = _headed(workbooks.workbook(held, sheet))
    elif sheet is not None:
        raise BadTable(
            f"a sheet {sheet!r} was asked for, and {held.called if held else 'the text'!r} is no Excel workbook"
        )
    elif held is not None and held.kind == "parquet":
        cells = workbooks.parquet(held)
    else:
        with text_of(held) if held else opened(source) as file:
            style = style_of(held, file)
            cells = _text_cells(file, style)
            if file.encoding == "cp1252":
                cells.notes.append("the file is not UTF-8 and was read as Windows Latin-1")
    if not cells.rows and not cells.rejected:
        raise BadTable(f"the table holds a header and no rows: {' | '.join(cells.columns)[:80]!r}")
    about = exports.about_rows(cells)
    frame = _frame(cells)
    if style != "sdf" or len(cells.columns) > 2:
        frame = _with_points(frame, cells)
    return _Table(cells, frame, about, style == "sdf", names)


def _text_cells(file: TextIO, style: str) -> Cells:
    if style == "sdf":
        return sd_records(file)
    if style == "smi":
        return smiles_lines(file)
    return words_table(file) if style == WORDS else _headed(delimited(file, style))


def _headed(cells: Cells) -> Cells:
    """Takes a header that is a molecule, above a column of molecules, for the first row."""
    if not _columns.header_is_a_row(cells.columns, [tuple(row) for row in cells.rows[:500]]):
        return cells
    stood = [*cells.header, *[""] * (len(cells.columns) - len(cells.header))]
    cells.columns = unique([""] * len(cells.columns))
    cells.rows.insert(0, stood)
    cells.lines.insert(0, cells.header_line)
    cells.notes.append(NO_HEADER)
    return cells


def _with_points(frame: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """The frame with numbers as this program writes them, whatever divides the cells."""
    texts = {name: frame[name].tolist() for name in frame.columns if name != BLOCKS}
    changed, notes = numbers.respelled(texts)
    cells.notes += notes
    return frame.assign(**changed) if changed else frame


def _frame(cells: Cells) -> pd.DataFrame:
    columns: Iterable[Sequence[str]] = zip(*cells.rows, strict=True) if cells.rows else [()] * len(cells.columns)
    return pd.DataFrame(dict(zip(cells.columns, map(list, columns), strict=True)), dtype=str)
