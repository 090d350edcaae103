"""A data set is a table of standardised molecules with labels and a report of how each row got there.

Members of this family bring raw tables: ``embedded`` (come with installed packages), ``moleculenet`` (fetched or
taken from MMEXPLORE_DATA_DIR), ``nmrshiftdb2`` (molecules with measured NMR spectra), ``file`` (a user's table, SDF,
SMILES lines or pasted text). :mod:`mmexplore.datasets.curation` standardises and merges them,
:mod:`mmexplore.datasets.catalog` knows them by name and keeps them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Task:
    """Task: one label column, its name, what kind of number it is, and its unit in words ("" where none)."""

    name: str
    kind: Kind
    unit: str = ""


@dataclass(frozen=True)
class Entry:
    """Catalog entry: what a data set is, before it is loaded.

    ``rows`` is the number of source rows, ``molecules`` that of those kept (None where unknown), ``megabytes`` the size
    of the download.
    """

    name: str
    title: str
    rows: int | None
    tasks: tuple[Task, ...]
    source: Literal["embedded", "moleculenet", "nmrshiftdb2", "yours"]
    available: bool
    licence: str = ""
    url: str = ""
    sha256: str = ""
    md5: str = ""
    megabytes: float = 0.0
    molecules: int | None = None


def lines_of(counts: np.ndarray, molecule: int) -> slice:
    """Where the lines of a molecule lie, of spectra end to end with ``counts`` (n,) lines each.

    >>> lines_of(np.array([2, 0, 3]), 2)
    slice(2, 5, None)
    """
    stop = int(counts[: molecule + 1].sum())
    return slice(stop - int(counts[molecule]), stop)


def lines_of_all(counts: np.ndarray, molecules: np.ndarray) -> np.ndarray:
    """Where the lines of these molecules lie, one molecule after the other, int64.

    >>> lines_of_all(np.array([2, 0, 3]), np.array([2, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    first, taken = (np.cumsum(counts) - counts)[molecules], counts[molecules]
    return np.repeat(first - np.cumsum(taken) + taken, taken) + np.arange(taken.sum())


@dataclass(frozen=True)
class Spectra:
    """Measured 13C spectra of ``n`` molecules, end to end.

    ``ppm`` float32 (peaks,) chemical shifts; ``atom`` int32 (peaks,) the carbon of each peak, numbered as RDKit reads
    the molecule's SMILES, -1 where unknown; ``counts`` int64 (n,) peaks of each molecule, 0 where it was not measured.
    """

    ppm: np.ndarray
    atom: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    def of(self, molecule: int) -> slice:
        """Where the peaks of a molecule lie."""
        return lines_of(self.counts, molecule)

    def take(self, molecules: np.ndarray) -> "Spectra":
        """The spectra of these molecules, in this order."""
        places = lines_of_all(self.counts, molecules)
        return Spectra(self.ppm[places], self.atom[places], self.counts[molecules])


@dataclass(frozen=True)
class RawTable:
    """Raw table, which a member of the family brings: unchecked rows.

    ``frame`` has a default index; ``lines`` numbers the rows in the source (1-based, header counted, as a text editor
    shows them; for SDF the record's number). Columns are named as in the source. ``spectra`` are those of the rows,
    their atoms numbered as RDKit reads the SMILES of the row; ``others`` are columns of further structures or
    reactions: rows that differ in those are not one molecule's measurement twice.
    """

    frame: "pd.DataFrame"
    lines: np.ndarray
    smiles_column: str
    name_column: str | None
    tasks: tuple[Task, ...]
    rejected: tuple["Remark", ...] = ()
    salts: Literal["keep", "strip"] = "keep"
    duplicates: Literal["keep", "merge"] = "keep"
    notes: tuple[str, ...] = ()
    spectra: Spectra | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Curation remark: the source line, what stood there, and what became of it in words."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Curation report: ``read`` = ``kept`` + len(merged) + len(rejected); the columns of structures and names."""

    read: int
    kept: int
    merged: tuple[Remark, ...] = ()
    standardised: tuple[Remark, ...] = ()
    rejected: tuple[Remark, ...] = ()
    notes: tuple[str, ...] = ()
    smiles_column: str = ""
    name_column: str | None = None


@dataclass(frozen=True)
class Skipped:
    """Skipped row: a molecule that a view, a color, a split or a search does without.

    Its ``row`` in the data set, its ``line`` in the source, and the ``reason`` in words.
    """

    row: int
    line: int
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Standardised molecules with labels.

    ``smiles`` canonical SMILES (n,); ``names`` display names (n,), "" where none; ``lines`` source line (n,);
    ``labels`` float32 (n, tasks), NaN where missing; ``extra`` the source's other columns, for colour and tables;
    ``digest`` changes with any molecule, label or spectrum; ``spectra`` is None where nothing was measured.
    """

    name: str
    title: str
    digest: str
    smiles: np.ndarray
    names: np.ndarray
    lines: np.ndarray
    labels: np.ndarray
    tasks: tuple[Task, ...]
    extra: "pd.DataFrame"
    report: Report
    spectra: Spectra | None = None

    def __len__(self) -> int:
        return len(self.smiles)

    @cached_property
    def unreadable(self) -> dict[int, str]:
        """Rows whose SMILES RDKit does not read, and why: tables of former versions and published ones hold some."""
        from mmexplore.chem.standardize import unreadable

        return unreadable(self.smiles.tolist())

    @cached_property
    def readable(self) -> np.ndarray:
        """Rows (int64, ascending) whose SMILES RDKit reads."""
        return np.setdiff1d(np.arange(len(self)), np.array(list(self.unreadable), np.int64))

    def classes(self, task: int) -> np.ndarray:
        """Classes of a classification by its number, ascending: 0 and 1, or those that stand there where others do."""
        values = self.labels[:, task]
        known = np.unique(values[np.isfinite(values)])
        return np.array([0.0, 1.0], np.float32) if np.isin(known, (0, 1)).all() else known

    def has_two_classes(self, task: int) -> bool:
        """Whether a task is a classification whose labels are 0 and 1."""
        return self.tasks[task].kind == "classification" and self.classes(task).tolist() == [0.0, 1.0]

    def drawn(self, count: int, seed: int) -> "Dataset":
        """So many of its readable molecules, drawn by a seed, in their order; 0, or where it has no more: all of it."""
        if not count or count >= len(self.readable):
            return self
        rows = np.sort(np.random.default_rng(seed).permutation(self.readable)[:count])
        told = hashlib.sha256(f"{self.digest} {count} {seed}".encode()).hexdigest()[:16]
        spectra = self.spectra.take(rows) if self.spectra else None
        columns = {name: getattr(self, name)[rows] for name in ("smiles", "names", "lines", "labels")}
        extra = self.extra.iloc[rows].reset_index(drop=True)
        return replace(self, digest=told, extra=extra, spectra=spectra, **columns)

    def truth(self, task: int) -> np.ndarray:
        """Labels (n,) that predictions of the same task are judged by: float64, NaN where missing.

        None of a classification into more than two classes, as models tell two apart.
        """
        judged = self.tasks[task].kind == "regression" or self.has_two_classes(task)
        return self.labels[:, task].astype(np.float64) if judged else np.full(len(self), np.nan)

    def skipped(self, reasons: Mapping[int, str]) -> tuple[Skipped, ...]:
        """Rows that something does without, in their order, from the reasons by row."""
        return tuple(Skipped(row, int(self.lines[row]), reasons[row]) for row in sorted(reasons))

    @cached_property
    def content(self) -> str:
        """Content digest of all that it holds, names and other columns included."""
        import pandas as pd

        held = hashlib.sha256(f"{self.name} {self.digest} {list(self.extra)}".encode())
        held.update("\0".join(map(str, self.names)).encode())
        held.update(pd.util.hash_pandas_object(self.extra.astype(str), index=False).to_numpy().tobytes())
        return held.hexdigest()[:32]
