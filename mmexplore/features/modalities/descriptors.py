"""Molecular descriptors.

Eight properties of the whole molecule: what MMSA calls its chemical properties (section IV-B.2, as IEM, appendix F).

Raw values as RDKit computes them: molecular weight in hundreds beside an index below five, so whoever learns them must
bring them to one scale first.
"""

from typing import ClassVar

import numpy as np
from rdkit.Chem import Descriptors as RDKitDescriptors
from rdkit.Chem import Mol

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

NAMES = ("MolWt", "MolLogP", "MolMR", "BalabanJ", "NumHAcceptors", "NumHDonors", "NumValenceElectrons", "TPSA")
"""RDKit's names in the order of ``values``: g/mol, Crippen's logP and molar refractivity, Balaban's index, three
counts, square angstrom."""


class Descriptors(Modality):
    """Molecular descriptors: ``values`` (8,): the properties ``NAMES``, unscaled, always finite.

    What RDKit finds no finite number for is 0. Balaban's index is meant for one connected graph of at least two atoms:
    RDKit gives 0 for a single atom and a value near 0 for a salt.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"values": Column("float32", len(NAMES))}

    def record(self, molecule: Mol) -> Record:
        """The record: sums run over atoms in canonical order, so every spelling has the same. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("descriptors need at least one atom, and a molecule of 0 came")
        values = np.array([_value(name, molecule) for name in NAMES], np.float32)
        return {"values": np.where(np.isfinite(values), values, 0) + np.float32(0)}  # and no minus zero


def _value(name: str, molecule: Mol) -> float:
    try:
        return float(getattr(RDKitDescriptors, name)(molecule))
    except (ArithmeticError, ValueError):
        return 0.0
