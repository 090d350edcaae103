"""Conformers as people have them: the first record of an SDF or a mol file with places in space."""

import re
from typing import NamedTuple

import numpy as np
from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import MAX_ATOMS, canonical
from mmexplore.chem.rdkit_log import complaint
from mmexplore.runtime.deadline import within
from mmexplore.runtime.errors import BadMolecule

MOST_BYTES = 8_000_000
SHORTEST_ANGSTROM, LONGEST_ANGSTROM = 0.9, 3.0
"""Of the middle bond between heavy atoms: what lies outside is in another unit."""

_END = re.compile(r"^\$\$\$\$\s*$", re.MULTILINE)


class Conformer(NamedTuple):
    """Conformer as it was read: its mol block, its structure as SMILES, and what is to be said of it."""

    block: str
    smiles: str
    told: tuple[str, ...] = ()


def conformer(content: bytes) -> Conformer:
    """First molecule of an SDF, before the deadline. Raises BadMolecule for one without places in space, TooLong."""
    if len(content) > MOST_BYTES:
        raise BadMolecule(f"the file has {len(content):,} bytes or more; an SDF of {MOST_BYTES:,} at most would do")
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    records = [record for record in _END.split(text) if record.strip()]
    if not records or "M  END" not in records[0]:
        raise BadMolecule("an SDF is wanted, and the file has no mol block in it; one with places in space would do")
    block = records[0][: records[0].index("M  END")] + "M  END\n"
    smiles, told = within(read_block, block)
    if len(records) > 1:
        told = [f"The file has {len(records):,} records; the first one is sought.", *told]
    return Conformer(block, smiles, tuple(told))


def molecule(block: str) -> Mol:
    """The molecule of a block with all its hydrogens and its places. Raises BadMolecule."""
    plain = block.encode("ascii", "replace").decode()
    found = Chem.MolFromMolBlock(plain, removeHs=False)
    if found is None:
        raise BadMolecule(f"cannot read the mol block: {complaint(lambda: Chem.MolFromMolBlock(plain))}")
    return found


def read_block(block: str) -> tuple[str, list[str]]:
    """The share of a worker with a deadline: the structure of a block and what is to be said of it."""
    found = molecule(block)
    bare = Chem.RemoveHs(found)
    heavy = bare.GetNumAtoms()
    if not 0 < heavy <= MAX_ATOMS:
        raise BadMolecule(f"the molecule has {heavy:,} atoms; 1 to {MAX_ATOMS:,} are taken")
    places = found.GetConformer().GetPositions()
    if not np.isfinite(places).all():
        raise BadMolecule("some atoms have no finite place; an SDF with places in space would do")
    _check_places(found, places)
    told = []
    if len(fragments := Chem.GetMolFrags(bare)) > 1:
        told.append(f"It has {len(fragments)} fragments, which are set side by side, as those of data sets are.")
    return canonical(bare), told


def _check_places(found: Mol, places: np.ndarray) -> None:
    if found.GetNumAtoms() > 1 and not found.GetNumBonds():
        raise BadMolecule("the file has atoms without bonds; an SDF with both would do")
    if found.GetNumAtoms() > 1 and not np.ptp(places, 0).any():
        raise BadMolecule("all atoms lie in one place; an SDF with places in space would do")
    if not np.ptp(places[:, 2]) and not (found.GetConformer().Is3D() and _may_be_flat(found)):
        raise BadMolecule("the file holds a drawing, all atoms in one plane; an SDF with places in space would do")
    ends = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in found.GetBonds() if _is_heavy(b)], int)
    if len(ends):
        middle = float(np.median(np.linalg.norm(places[ends[:, 0]] - places[ends[:, 1]], axis=1)))
        if not SHORTEST_ANGSTROM <= middle <= LONGEST_ANGSTROM:
            raise BadMolecule(f"bonds are {middle:.3g} long, which angstrom are not; places in angstrom would do")


def _is_heavy(bond: Chem.Bond) -> bool:
    return bond.GetBeginAtom().GetAtomicNum() > 1 and bond.GetEndAtom().GetAtomicNum() > 1


def _may_be_flat(found: Mol) -> bool:
    """Whether all atoms can lie in a plane, as benzene's do: none of three neighbours or more is tetrahedral."""
    flat = (Chem.HybridizationType.SP, Chem.HybridizationType.SP2)
    return all(atom.GetDegree() < 3 or atom.GetHybridization() in flat for atom in found.GetAtoms())
