"""NMRShiftDB2 reader: molecules with a measured 13C spectrum, what MMFRL pre-trains on.

Kuhn and Schloerer, Magn. Reson. Chem. 2015, 53, 582.

Its own SDF names the carbon of each peak. A list without mol blocks (JSON lines with SMILES) adds molecules whose peaks
are known and not assigned. Of several spectra the first that was measured counts; peaks stay within 0 to 250 ppm, as in
MMFRL. Rows are numbered by their NMRShiftDB2 number; those of one molecule are merged and keep one spectrum.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmexplore.datasets import Entry, RawTable, Remark, Spectra
from mmexplore.datasets.readers.cells import sd_values
from mmexplore.datasets.readers.fetching import download, first_of, here
from mmexplore.datasets.readers.nmr_fields import measured_number, of_number, peaks
from mmexplore.datasets.readers.source import opened
from mmexplore.runtime.errors import BadMolecule, BadTable
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent

NAME = "nmrshiftdb2"
FILE = "nmrshiftdb2withsignals.sd"
URL = f"https://sourceforge.net/projects/nmrshiftdb2/files/data/{FILE}/download"
LOWEST_PPM, HIGHEST_PPM = 0.0, 250.0

_DRAWN = (FILE, "NMR8K.sdf")
_LISTED = ("nmrshiftdb2_13C.jsonl",)
_ID = "nmrshiftdb2 ID"


def entries(*, home: Home) -> list[Entry]:
    """Catalog entry."""
    title = "NMRShiftDB2: measured 13C NMR spectra"
    terms = "NMRShiftDB2's own, share-alike"
    return [Entry(NAME, title, None, (), "nmrshiftdb2", bool(_found(home=home)), terms, URL, megabytes=150.0)]


def fetch(progress: Progress = silent, *, home: Home) -> tuple[Path, ...]:
    """File paths of NMRShiftDB2: an SDF, a list, or both, as they are here.

    The SDF from NMRShiftDB2 if none is. Raises NotAvailable.

    There is no checksum: NMRShiftDB2 grows, and its file with it.
    """
    return _found(home=home) or (download(NAME, URL, FILE, None, progress, home=home),)


def raw(files: tuple[Path, ...], progress: Progress = silent) -> RawTable:
    """Raw rows: the records of its files with a measured spectrum, each number once.

    The first file has it. Raises BadTable.
    """
    rows = _Rows()
    for done, (number, fields) in enumerate(_each_once(files)):
        rows.add(number, fields)
        if done % 500 == 0:
            progress("read spectra", done, max(done, len(rows.smiles)))
    if not rows.smiles:
        raise BadTable(f"no record of {', '.join(f.name for f in files)} holds a measured 13C spectrum")
    return rows.table(files)


def _found(*, home: Home) -> tuple[Path, ...]:
    files = here(home=home)
    return tuple(path for names in (_DRAWN, _LISTED) if (path := first_of(files, names)))


def _each_once(files: Iterable[Path]) -> Iterator[tuple[int, dict[str, str]]]:
    seen: set[int] = set()
    for path in files:
        with opened(path) as file:
            of_lines = ".jsonl" in path.suffixes
            for fields in map(_listed, file) if of_lines else sd_values(file):
                number = fields.get(_ID, "").strip()
                if number.isdecimal() and int(number) not in seen:
                    seen.add(int(number))
                    yield int(number), fields


def _listed(line: str) -> dict[str, str]:
    try:
        values = json.loads(line)
    except ValueError:
        raise BadTable(f"a line of the list of spectra is no JSON: {line[:60]!r}") from None
    return {str(key): str(value) for key, value in values.items()}


@dataclass
class _Rows:
    """Rows as they are read, and what was left out on the way."""

    numbers: list[int] = field(default_factory=list)
    smiles: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    solvents: list[str] = field(default_factory=list)
    ppm: list[np.ndarray] = field(default_factory=list)
    atoms: list[np.ndarray] = field(default_factory=list)
    rejected: list[Remark] = field(default_factory=list)
    outside: int = 0
    elsewhere: int = 0

    def add(self, number: int, fields: dict[str, str]) -> None:
        """Take a record, or say why not."""
        chosen = measured_number(fields)
        if chosen is None:
            self._reject(number, fields, "no measured 13C spectrum")
            return
        ppm, atoms = peaks(fields, chosen)
        inside = (ppm >= LOWEST_PPM) & (ppm <= HIGHEST_PPM)
        self.outside += int((~inside).sum())
        try:
            smiles, atoms = self._placed(fields, atoms[inside])
        except BadMolecule as error:
            self._reject(number, fields, str(error))
            return
        if not len(atoms):
            self._reject(number, fields, "no peak of its spectrum lies within 0 to 250 ppm")
            return
        self.numbers.append(number)
        self.smiles.append(smiles)
        self.names.append(fields.get("title", "") or f"NMRShiftDB2 {number}")
        self.solvents.append(of_number(fields.get("Solvent", ""), chosen))
        self.ppm.append(ppm[inside])
        self.atoms.append(atoms)

    def _placed(self, fields: dict[str, str], atoms: np.ndarray) -> tuple[str, np.ndarray]:
        """The record's SMILES and the peaks' atoms in it: carbons of the mol block, -1 for anything else."""
        from mmexplore.chem.atom_maps import drawn
        from mmexplore.chem.molecules import parse

        if "mol block" not in fields:
            return fields.get("SMILES", ""), np.full_like(atoms, -1)
        smiles, origins = drawn(fields["mol block"], fields.get("SMILES", ""))
        carbon = [atom.GetAtomicNum() == 6 for atom in parse(smiles).GetAtoms()]
        place = {origin: now for now, origin in enumerate(origins) if origin >= 0 and carbon[now]}
        placed = np.array([place.get(int(atom), -1) for atom in atoms], np.int32)
        self.elsewhere += int((placed < 0).sum())
        return smiles, placed

    def _reject(self, number: int, fields: dict[str, str], why: str) -> None:
        self.rejected.append(Remark(number, fields.get("SMILES") or fields.get("title", ""), why))

    def table(self, files: tuple[Path, ...]) -> RawTable:
        """Raw table of what was read."""
        import pandas as pd

        counts = np.array([len(ppm) for ppm in self.ppm], np.int64)
        spectra = Spectra(np.concatenate(self.ppm), np.concatenate(self.atoms), counts)
        columns = {"smiles": self.smiles, "name": self.names, "solvent": self.solvents, "peaks": counts}
        assigned = int((spectra.atom >= 0).sum())
        notes = [
            f"read from {' and '.join(path.name for path in files)}; lines are NMRShiftDB2's own numbers",
            f"{assigned:,} of {counts.sum():,} peaks are assigned to a carbon",
        ]
        notes += [f"{self.outside:,} peaks outside 0 to 250 ppm were left out"] * bool(self.outside)
        notes += [f"{self.elsewhere:,} peaks name an atom that is no carbon of the molecule"] * bool(self.elsewhere)
        return RawTable(
            pd.DataFrame(columns),
            np.array(self.numbers, np.int64),
            "smiles",
            "name",
            (),
            tuple(self.rejected),
            duplicates="merge",
            notes=tuple(notes),
            spectra=spectra,
        )
