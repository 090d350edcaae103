"""Molecular descriptors.

Eight properties of the whole molecule: what MMSA calls its chemical properties (section IV-B.2, as IEM, appendix F).

Raw values as RDKit computes them: molecular weight in hundreds beside an index below five, so whoever learns them must
bring them to one scale first.
"""

from typing import ClassVar

from rdkit.Chem import Descriptors as RDKitDescriptors
from rdkit.Chem import Mol

from mmexplore.features.modalities import Column, NumbersOfMolecule

NAMES = ("MolWt", "MolLogP", "MolMR", "BalabanJ", "NumHAcceptors", "NumHDonors", "NumValenceElectrons", "TPSA")
"""RDKit's names in the order of ``values``: g/mol, Crippen's logP and molar refractivity, Balaban's index, three
counts, square angstrom."""


class Descriptors(NumbersOfMolecule):
    """Molecular descriptors: ``values`` (8,): the properties ``NAMES``.

    Balaban's index is meant for one connected graph of at least two atoms:
    RDKit gives 0 for a single atom and a value near 0 for a salt.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"values": Column("float32", len(NAMES))}

    def numbers(self, molecule: Mol) -> list[float]:
        """The eight properties."""
        return [_value(name, molecule) for name in NAMES]


def _value(name: str, molecule: Mol) -> float:
    try:
        return float(getattr(RDKitDescriptors, name)(molecule))
    except (ArithmeticError, ValueError):
        return 0.0
