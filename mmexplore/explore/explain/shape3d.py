"""Conformer for display: one guess at a molecule's shape, atoms with hydrogens in space, and the bonds between them.

It is made as the modality ``graph3d`` makes its conformers (ETKDGv3, then fifty steps of MMFF94); what RDKit could not
embed has no shape here, where a flat drawing would pass for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Geometry import Point3D

from mmexplore.chem import molecules
from mmexplore.features.modalities.graph3d import FLAT, MADE, Graph3D
from mmexplore.runtime.cache import cached


@dataclass(frozen=True)
class Shape:
    """Conformer: atoms in the order of the SMILES, hydrogens behind.

    ``elements`` (n,) symbols, ``xyz`` (n, 3) angstrom, ``bonds`` (m, 3): two atoms and the order, 1.5 for aromatic.
    ``block``: the same as a mol block. ``how``: how it was made, in words; where ``there`` is False all else is empty.
    """

    elements: tuple[str, ...]
    xyz: np.ndarray
    bonds: np.ndarray
    block: str
    how: str
    there: bool = True


@cached(128)
def shape(smiles: str) -> Shape:
    """Conformer of a molecule; awkward ones take long. Raises BadMolecule.

    >>> water = shape("O")
    >>> water.elements, round(float(np.linalg.norm(water.xyz[0] - water.xyz[1])), 1)
    (('O', 'H', 'H'), 1.0)
    """
    molecule = molecules.parse(smiles)
    record = Graph3D(conformers=1, hydrogens=True).record_as_read(molecule)
    made = int(record["made"])
    if made >= FLAT:
        return Shape((), np.empty((0, 3)), np.empty((0, 3)), "", MADE[made], there=False)
    full, xyz = Chem.AddHs(molecule), record["positions"].astype(float)
    elements = tuple(atom.GetSymbol() for atom in full.GetAtoms())
    return Shape(elements, xyz, _bonds(full), _block(full, xyz), MADE[made])


def values(smiles: str) -> dict[str, Any]:
    """Conformer of a molecule as plain values: what :func:`of_values` takes. Raises BadMolecule."""
    made = shape(smiles)
    return vars(made) | {"xyz": made.xyz.tolist(), "bonds": made.bonds.tolist(), "elements": list(made.elements)}


def of_values(told: Mapping[str, Any]) -> Shape:
    """Conformer from the values of :func:`values`."""
    xyz, bonds = (np.asarray(told[name], float).reshape(-1, 3) for name in ("xyz", "bonds"))
    return Shape(tuple(told["elements"]), xyz, bonds, told["block"], told["how"], told["there"])


def _bonds(molecule: Chem.Mol) -> np.ndarray:
    found = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), b.GetBondTypeAsDouble()) for b in molecule.GetBonds()]
    return np.array(found, float).reshape(-1, 3)


def _block(molecule: Chem.Mol, xyz: np.ndarray) -> str:
    conformer = Chem.Conformer(molecule.GetNumAtoms())
    for number, place in enumerate(xyz.tolist()):
        conformer.SetAtomPosition(number, Point3D(*place))
    molecule.RemoveAllConformers()
    molecule.AddConformer(conformer)
    return str(Chem.MolToMolBlock(molecule))
