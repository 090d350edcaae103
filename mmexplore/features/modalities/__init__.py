"""Modality interface: a molecule as a packed record, a few small arrays, the same for every spelling of it.

A record is a dict of numpy arrays named by ``columns``. A column without an axis has one row a molecule;
a column with an axis ("atoms", "bonds") has as many rows as the molecule has of those. Columns of one axis
share their lengths. ``points_into`` marks a column whose values number rows of another axis, from 0 within
the molecule; batching shifts them. The feature store packs records of many molecules end to end.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem.molecules import reread
from mmexplore.runtime.errors import BadMolecule

Record = dict[str, np.ndarray]
_LARGEST = 1e30  # the information content of a large molecule is beyond float32


@dataclass(frozen=True)
class Column:
    """Record column: its element type, the width of a row (0: a plain number), and what a row is."""

    dtype: str
    width: int = 0
    axis: str | None = None
    points_into: str | None = None


class Modality(ABC):
    """Modality base class. Keyword options of ``__init__`` are part of the key under which records are kept."""

    version: ClassVar[int]
    columns: ClassVar[dict[str, Column]]

    @abstractmethod
    def record(self, molecule: Mol) -> Record:
        """The molecule's record: for each column an array of its dtype. Raises BadMolecule."""

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES, as the store reads it: nothing needs reordering."""
        return self.record(molecule)


class NumbersOfMolecule(Modality):
    """Base class of numbers of the whole molecule.

    ``values`` ``(width,)`` float32, unscaled, always finite: 0 where there is no finite number, and never minus zero.
    """

    @abstractmethod
    def numbers(self, molecule: Mol) -> Sequence[float]:
        """The numbers of a molecule of one atom or more, read from canonical SMILES."""

    def record(self, molecule: Mol) -> Record:
        """The record: sums run over atoms in canonical order, so every spelling has the same. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("descriptors need at least one atom, and a molecule of 0 came")
        values = np.array(self.numbers(molecule), np.float64)
        values = np.clip(np.where(np.isfinite(values), values, 0), -_LARGEST, _LARGEST)
        return {"values": values.astype(np.float32) + np.float32(0)}


class Measured(Modality):
    """Base class of measured modalities, which no structure tells.

    Their records are made of spectra that came with a data set.

    :func:`mmexplore.features.of_dataset.features_of` asks for them.
    """

    @abstractmethod
    def measured(self, ppm: np.ndarray, atom: np.ndarray) -> Record:
        """The record of one spectrum: peaks ``(peaks,)`` and their atoms, -1 where unknown. Raises BadMolecule."""

    def record(self, molecule: Mol) -> Record:
        """Raises BadMolecule: a structure alone has no record."""
        del molecule
        raise BadMolecule("a spectrum is measured, and a structure alone came; data set 'nmrshiftdb2' brings spectra")
