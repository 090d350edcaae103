"""Appended rows: several files as one table, columns matched by their names, lines counted on from file to file.

The first file says which columns hold structures, names and labels; duplicates fall under the rule of the data set, so
that a molecule of a later file goes into the row of an earlier one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset, RawTable, Remark, Spectra

Read = Callable[[Mapping[str, Any]], RawTable]
"""Reads a file with import options."""


@dataclass(frozen=True)
class Appended:
    """Report on appended rows: ``read`` = ``new`` + ``merged`` + ``rejected``."""

    read: int
    new: int
    merged: int
    rejected: int


def difference(before: Dataset, after: Dataset) -> Appended:
    """Report on appended rows: what the data set has now and had not before; earlier rows come first in both."""
    old, now = before.report, after.report
    merged, rejected = len(now.merged) - len(old.merged), len(now.rejected) - len(old.rejected)
    return Appended(now.read - old.read, now.kept - old.kept, merged, rejected)


def joined(files: Sequence[tuple[str, Read]], choices: Mapping[str, Any]) -> RawTable:
    """One raw table of several files, each named as people know it; ``choices`` are those of the first.

    Raises BadTable, UnknownName as reading does.
    """
    (_, first), *others = files
    whole = first(choices)
    for name, read in others:
        whole = _appended(whole, *_matched(whole, read, choices), name)
    return whole


def _matched(whole: RawTable, read: Read, choices: Mapping[str, Any]) -> tuple[RawTable, dict[str, str]]:
    """Another file, and its columns by the names that they have in the whole table."""
    unread: dict[str, Any] = {
        "smiles": None,
        "name": None,
        "targets": [],
        "kinds": None,
        "sheet": None,
        "threshold": None,
    }
    plain = dict(choices) | {key: value for key, value in unread.items() if key in choices}
    found = read(plain)
    theirs = {_plain(str(column)): str(column) for column in reversed(list(found.frame.columns))}
    names = {theirs[_plain(str(c))]: str(c) for c in whole.frame.columns if _plain(str(c)) in theirs}
    places = {own: column for column, own in names.items()}
    filled = {column for column in places.values() if found.frame[column].astype(str).str.strip().ne("").any()}
    tasks = {places[task.name]: task.kind for task in whole.tasks if places.get(task.name) in filled}
    structures = places.get(whole.smiles_column)
    wanted = {"smiles": structures, "name": places.get(whole.name_column or ""), "targets": list(tasks), "kinds": tasks}
    if tasks or (structures and structures != found.smiles_column):
        found = read(dict(choices) | {k: v for k, v in (wanted | {"sheet": None}).items() if k in choices})
    return found, names | {found.smiles_column: whole.smiles_column}


def _plain(column: str) -> str:
    """Names of columns are the same whatever their case and separators."""
    return re.sub(r"[\s_.\-]+", "", column).casefold()


def _appended(whole: RawTable, more: RawTable, names: Mapping[str, str], called: str) -> RawTable:
    import pandas as pd

    last = [0, *whole.lines.tolist(), *(remark.line for remark in whole.rejected)]
    offset = max(last)
    other = more.frame.rename(columns=dict(names))
    frame = pd.concat([whole.frame, other.loc[:, ~other.columns.duplicated()]], ignore_index=True)
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            frame[column] = frame[column].fillna("").astype(str)
    notes = [f"lines from {offset + 1:,} on are of {called}, whose first line is line {offset + 1:,}"]
    if lacking := [task.name for task in whole.tasks if task.name not in names.values()]:
        notes.append(f"{called} has no column {', '.join(map(repr, lacking))}: its rows have no such label")
    rejected = (Remark(remark.line + offset, remark.text, remark.reason) for remark in more.rejected)
    return replace(
        whole,
        frame=frame,
        lines=np.concatenate([whole.lines, more.lines + offset]),
        rejected=(*whole.rejected, *rejected),
        notes=(*whole.notes, *notes, *(note for note in more.notes if note not in whole.notes)),
        spectra=_spectra(whole, more),
    )


def _spectra(whole: RawTable, more: RawTable) -> Spectra | None:
    """Spectra of both, none where a table has none."""
    if whole.spectra is None and more.spectra is None:
        return None
    both = [_spectra_of(table) for table in (whole, more)]
    return Spectra(*(np.concatenate([getattr(one, name) for one in both]) for name in ("ppm", "atom", "counts")))


def _spectra_of(table: RawTable) -> Spectra:
    nothing = Spectra(np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(len(table.frame), np.int64))
    return table.spectra or nothing
