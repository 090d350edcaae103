"""Molecular graph as small codes: 7 bytes and a mass an atom, 8 bytes a bond.

The codes are indices into the one-hot blocks of chemprop v1's featuriser (Yang et al. 2019, arXiv:1904.01561, table 1),
so that :mod:`mmexplore.nn.graphs.features` expands them to its 133 + 14 floats bit for bit. Two hybridisations more
than v1 knows, S and SP2D, which chemprop 2 tells from the rest, have codes of their own behind it.
"""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from rdkit.Chem import Mol
from rdkit.Chem.rdchem import Atom, Bond, BondType, HybridizationType

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

ATOM_BLOCKS = (101, 7, 6, 5, 6, 6)
"""Widths of the blocks Z, degree, charge, chirality, hydrogens, hybridisation; the last code of each: anything else."""
HYBRIDISATIONS = ("SP", "SP2", "SP3", "SP3D", "SP3D2", "", "S", "SP2D")
"""RDKit's name of each hybridisation code; "": anything else. Codes from 6 on are anything else to chemprop v1."""
BOND_TYPES, BOND_STEREOS = 4, 7
"""Bond types (code 4: none of them, no bit is set) and stereo classes (the last: anything else)."""

_MOST_ATOMS = 32_767  # int16 ends


def _table(known: Iterable[int], other: int) -> bytes:
    """The code of each of 256 values, for ``bytes.translate``, in place of a lookup an atom."""
    codes = {int(value): code for code, value in enumerate(known)}
    return bytes(codes.get(value, other) for value in range(256))


_NUMBERS = _table(range(1, 101), 100)
_DEGREES = _table(range(6), 6)
_CHARGES = {-1: 0, -2: 1, 1: 2, 2: 3, 0: 4}
_CHIRALITIES = _table(range(4), 4)
_HYDROGENS = _table(range(5), 5)
_HYBRIDISATIONS = bytearray(_table((), HYBRIDISATIONS.index("")))
for _code, _name in enumerate(HYBRIDISATIONS):
    if _name:
        _HYBRIDISATIONS[int(getattr(HybridizationType, _name))] = _code
_TYPES = _table((BondType.SINGLE, BondType.DOUBLE, BondType.TRIPLE, BondType.AROMATIC), 4)
_STEREOS = _table(range(6), 6)


class Graph2D(Modality):
    """Molecular graph.

    Atoms in the order of the canonical SMILES, chemical bonds in RDKit's order of the molecule read from it.

    ``atoms`` (atoms, 7): Z, degree, charge, chirality, hydrogens, hybridisation, aromatic. ``mass`` (atoms,): a
    hundredth of the atomic mass in dalton. ``bonds`` (bonds, 4): type, conjugated, in a ring, stereo. ``ends``
    (bonds, 2): begin, end.
    """

    version: ClassVar[int] = 2
    columns: ClassVar[dict[str, Column]] = {
        "atoms": Column("uint8", 7, axis="atoms"),
        "mass": Column("float32", axis="atoms"),
        "bonds": Column("uint8", 4, axis="bonds"),
        "ends": Column("int16", 2, axis="bonds", points_into="atoms"),
    }

    def record(self, molecule: Mol) -> Record:
        """The record, the same for every numbering of the atoms. Raises BadMolecule."""
        _check_size(molecule)
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES: its order is kept. Raises BadMolecule."""
        _check_size(molecule)
        atoms, bonds = list(molecule.GetAtoms()), list(molecule.GetBonds())
        return {
            "atoms": _atom_codes(atoms),
            "mass": np.array([0.01 * a.GetMass() for a in atoms], np.float32),
            "bonds": _bond_codes(bonds),
            "ends": np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in bonds], np.int16).reshape(-1, 2),
        }


def _check_size(molecule: Mol) -> None:
    count = molecule.GetNumAtoms()
    if not 0 < count <= _MOST_ATOMS:
        raise BadMolecule(f"a molecular graph has 1 to {_MOST_ATOMS} atoms, and a molecule of {count} came")


def _atom_codes(atoms: list[Atom]) -> np.ndarray:
    blocks = (
        bytes(map(Atom.GetAtomicNum, atoms)).translate(_NUMBERS),
        bytes(map(Atom.GetTotalDegree, atoms)).translate(_DEGREES),
        bytes([_CHARGES.get(charge, 5) for charge in map(Atom.GetFormalCharge, atoms)]),
        bytes(map(Atom.GetChiralTag, atoms)).translate(_CHIRALITIES),
        bytes(map(Atom.GetTotalNumHs, atoms)).translate(_HYDROGENS),
        bytes(map(Atom.GetHybridization, atoms)).translate(_HYBRIDISATIONS),
        bytes(map(Atom.GetIsAromatic, atoms)),
    )
    return np.frombuffer(b"".join(blocks), np.uint8).reshape(len(blocks), -1).T


def _bond_codes(bonds: list[Bond]) -> np.ndarray:
    blocks = (
        bytes(map(Bond.GetBondType, bonds)).translate(_TYPES),
        bytes(map(Bond.GetIsConjugated, bonds)),
        bytes(map(Bond.IsInRing, bonds)),
        bytes(map(Bond.GetStereo, bonds)).translate(_STEREOS),
    )
    return np.frombuffer(b"".join(blocks), np.uint8).reshape(len(blocks), -1).T
