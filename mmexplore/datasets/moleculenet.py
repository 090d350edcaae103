"""Public benchmark sets: MoleculeNet's, Malaria, CEP and ZINC250k, as :mod:`mmexplore.datasets.published` lists them.

A data set's file is looked for below MMEXPLORE_DATA_DIR first (plain or gzipped), then
fetched into the home and checked: by sha256 where the upstream file's is known, by md5 where only that is published.
FreeSolv is not here: the same 642 molecules come embedded. Rows are kept as published, salts and duplicates too.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmexplore.datasets import Entry, RawTable, Task
from mmexplore.datasets.published import PUBLISHED, Published
from mmexplore.datasets.readers.cells import delimited, smiles_lines
from mmexplore.datasets.readers.fetching import download, first_of, here
from mmexplore.datasets.readers.source import opened
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent


def entries(*, home: Home) -> list[Entry]:
    """Catalog entries, with what is here already."""
    files = here(home=home)
    return [
        Entry(
            name=row.name,
            title=row.title,
            rows=row.rows,
            tasks=row.tasks or _tasks_in(files, row),
            source="moleculenet",
            available=_found(files, row) is not None,
            licence=row.licence,
            url=row.base + row.file,
            sha256=row.sha256,
            md5=row.md5,
            megabytes=row.megabytes,
        )
        for row in PUBLISHED.values()
    ]


def find(name: str, *, home: Home) -> Path | None:
    """Path of its file in MMEXPLORE_DATA_DIR or the home, None where it has to be fetched. Raises UnknownName."""
    return _found(here(home=home), _row(name))


def fetch(name: str, progress: Progress = silent, *, home: Home) -> Path:
    """File of a public data set, downloaded and checked if it is not here. Raises NotAvailable, UnknownName."""
    row = _row(name)
    found = find(name, home=home)
    return found if found and seals.is_sound(found) else _download(row, progress, home=home)


def raw(name: str, also: Sequence[str] = (), progress: Progress = silent, *, home: Home) -> RawTable:
    """Raw rows, unchecked; ``also`` names further columns to bring. Raises NotAvailable, UnknownName, BadTable."""
    import pandas as pd

    row, path = _row(name), fetch(name, progress, home=home)
    with opened(path) as file:
        cells = smiles_lines(file) if ".smi" in path.suffixes else delimited(file, ",")
    frame = pd.DataFrame(cells.rows, columns=cells.columns, dtype=str)
    for column in also:
        if column not in frame:
            raise UnknownName("column", column, frame.columns)
    targets = [c for c in frame.columns if c != row.smiles] if row.targets is None else list(row.targets)
    label = row.label if row.label in frame else None
    wanted = [c for c in dict.fromkeys([row.smiles, label, *targets, *row.extra, *also]) if c in frame]
    tasks = tuple(Task(target, row.kind, row.unit) for target in targets)
    notes = [*cells.notes, f"read from {path.name}"]
    lines = np.array(cells.lines, dtype=np.int64)
    return RawTable(frame[wanted], lines, row.smiles, label, tasks, tuple(cells.rejected), notes=tuple(notes))


def _row(name: str) -> Published:
    if name not in PUBLISHED:
        raise UnknownName("MoleculeNet data set", name, PUBLISHED)
    return PUBLISHED[name]


def _found(files: dict[str, Path], row: Published) -> Path | None:
    return first_of(files, (row.file, *row.stand_ins))


def _tasks_in(files: dict[str, Path], row: Published) -> tuple[Task, ...]:
    path = _found(files, row) if row.targets is None else None
    return tuple(Task(c, row.kind, row.unit) for c in _header(path) if c != row.smiles) if path else ()


@cached(8)
def _header(path: Path) -> tuple[str, ...]:
    with opened(path) as file:
        return tuple(next(csv.reader(file), ()))


def _download(row: Published, progress: Progress, *, home: Home) -> Path:
    check = f"sha256:{row.sha256}" if row.sha256 else f"md5:{row.md5}" if row.md5 else None
    return download(row.name, row.base + row.file, row.file, check, progress, home=home)
