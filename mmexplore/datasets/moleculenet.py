"""Public benchmark sets: MoleculeNet's, Malaria, CEP and ZINC250k, as :mod:`mmexplore.datasets._published` lists them.

A data set's file is looked for below MMEXPLORE_DATA_DIR first (plain or gzipped), then
fetched into the home and checked: by sha256 where the upstream file's is known, by md5 where only that is published.
FreeSolv is not here: the same 642 molecules come embedded. Rows are kept as published, salts and duplicates too.
"""

import csv
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.datasets import Entry, RawTable, Task
from mmexplore.datasets._cells import delimited, smiles_lines
from mmexplore.datasets._published import PUBLISHED, Published
from mmexplore.datasets._source import opened
from mmexplore.errors import MmexploreError, NotAvailable, UnknownName
from mmexplore.home import folder
from mmexplore.kept import Kept
from mmexplore.progress import Progress, silent

_DEPTH = 4  # folders below MMEXPLORE_DATA_DIR that are searched


def entries() -> list[Entry]:
    """The table, with what is here already."""
    here = _here()
    return [
        Entry(
            name=row.name,
            title=row.title,
            rows=row.rows,
            tasks=row.tasks or _tasks_in(here, row),
            source="moleculenet",
            available=_found(here, row) is not None,
            licence=row.licence,
            url=row.base + row.file,
            sha256=row.sha256,
            md5=row.md5,
            megabytes=row.megabytes,
        )
        for row in PUBLISHED.values()
    ]


def find(name: str) -> Path | None:
    """Where its file lies in MMEXPLORE_DATA_DIR or the home, None where it has to be fetched. Raises UnknownName."""
    return _found(_here(), _row(name))


def fetch(name: str, progress: Progress = silent) -> Path:
    """Its file, downloaded and checked if it is not here. Raises NotAvailable, UnknownName."""
    row = _row(name)
    return find(name) or _download(row, progress)


def raw(name: str, also: Sequence[str] = (), progress: Progress = silent) -> RawTable:
    """Its unchecked rows; ``also`` names further columns to bring. Raises NotAvailable, UnknownName, BadTable."""
    import pandas as pd

    row, path = _row(name), fetch(name, progress)
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


def _here() -> dict[str, Path]:
    """Files by name: those of MMEXPLORE_DATA_DIR, then those that were fetched."""
    found: dict[str, Path] = {}
    chosen = os.environ.get("MMEXPLORE_DATA_DIR", "")
    for root in (Path(chosen).expanduser() if chosen else None, folder("datasets", "fetched")):
        for name, path in (_files(root) if root else {}).items():
            found.setdefault(name, path)
    return found


def _read_files(root: Path) -> tuple[dict[str, Path], list[Path]]:
    found: dict[str, Path] = {}
    folders = [root]
    for place, below, files in os.walk(root):
        folders.append(Path(place))
        if len(Path(place).relative_to(root).parts) >= _DEPTH:
            below.clear()
        for file in sorted(files):
            found.setdefault(file, Path(place, file))
    return found, folders


_files = Kept(_read_files)


def _found(here: dict[str, Path], row: Published) -> Path | None:
    stems = [name.removesuffix(".gz") for name in (row.file, *row.stand_ins)]
    return next((here[name] for stem in stems for name in (stem, stem + ".gz") if name in here), None)


def _tasks_in(here: dict[str, Path], row: Published) -> tuple[Task, ...]:
    path = _found(here, row) if row.targets is None else None
    return tuple(Task(c, row.kind, row.unit) for c in _header(path) if c != row.smiles) if path else ()


@lru_cache(maxsize=8)
def _header(path: Path) -> tuple[str, ...]:
    with opened(path) as file:
        return tuple(next(csv.reader(file), ()))


def _download(row: Published, progress: Progress) -> Path:
    import pooch

    check = f"sha256:{row.sha256}" if row.sha256 else f"md5:{row.md5}" if row.md5 else None
    url = row.base + row.file
    pooch.get_logger().setLevel("WARNING")
    place = folder("datasets", "fetched")
    try:
        meter: Any = _Meter(row.name, progress)
        getter = pooch.HTTPDownloader(progressbar=meter, timeout=30)
        return Path(pooch.retrieve(url, check, fname=row.file, path=place, downloader=getter))
    except MmexploreError:
        raise
    except ValueError:
        why = f"what came from {url} is not the published file of {row.name!r} (its checksum differs); try again later"
    except OSError as error:  # requests' errors are children of it
        why = f"data set {row.name!r} could not be fetched ({type(error).__name__}); try again with a network"
    raise NotAvailable(f"{why}, or put {row.file} from {url} into a folder and set MMEXPLORE_DATA_DIR to it")


class _Meter:
    """What pooch calls a progress bar."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.total, self._done, self._name, self._progress = 0, 0, name, progress

    def update(self, size: int) -> None:
        self._done += size
        self._progress(f"fetch {self._name}", self._done, max(self.total, self._done))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass
