"""Carbon environments: what surrounds each carbon up to four bonds away, a code a sphere, as HOSE codes tell it.

Bremser, Anal. Chim. Acta 1978, 103, 355, names a carbon by the spheres of atoms round it. Here a sphere's code is the
hash of Morgan's algorithm (Rogers and Hahn 2010, doi:10.1021/ci100050t) after so many rounds: equal surroundings have
equal codes, and stereochemistry is not told.
"""

from typing import Any, ClassVar

import numpy as np
from rdkit.Chem import CanonicalRankAtoms, Mol
from rdkit.Chem.rdFingerprintGenerator import AdditionalOutput, GetMorganGenerator

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

SPHERES = 4
_CARBON = 6
_MORGAN: Any = GetMorganGenerator(radius=SPHERES, includeRedundantEnvironments=True)


class CarbonEnvironments(Modality):
    """Environments of the carbons, in the order of the canonical SMILES.

    ``atom`` (carbons,): its number there; ``codes`` (carbons, 5): what it is by itself, then with one to four spheres
    of neighbors; ``hydrogens`` (carbons,): how many it carries; ``alike`` (carbons,): from 0, carbons that no numbering
    tells apart have one number. A molecule without carbon has no rows.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {
        "atom": Column("int32", axis="carbons"),
        "codes": Column("uint32", SPHERES + 1, axis="carbons"),
        "hydrogens": Column("uint8", axis="carbons"),
        "alike": Column("int32", axis="carbons"),
    }

    def record(self, molecule: Mol) -> Record:
        """The record, the same for every spelling. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("environments need at least one atom, and a molecule of 0 came")
        carbons = [atom for atom in molecule.GetAtoms() if atom.GetAtomicNum() == _CARBON]
        place = np.array([atom.GetIdx() for atom in carbons], np.int32)
        ranks = np.array(CanonicalRankAtoms(molecule, breakTies=False, includeChirality=False), np.int64)[place]
        return {
            "atom": place,
            "codes": _codes(molecule)[place],
            "hydrogens": np.array([atom.GetTotalNumHs(includeNeighbors=True) for atom in carbons], np.uint8),
            "alike": np.unique(ranks, return_inverse=True)[1].astype(np.int32),
        }


def _codes(molecule: Mol) -> np.ndarray:
    """Codes (atoms, 5) of all atoms; one whose surroundings have ended keeps its last code."""
    told = AdditionalOutput()
    told.AllocateBitInfoMap()
    _MORGAN.GetSparseCountFingerprint(molecule, additionalOutput=told)
    found = np.zeros((molecule.GetNumAtoms(), SPHERES + 1), np.uint32)
    known = np.zeros(found.shape, bool)
    for code, places in told.GetBitInfoMap().items():
        for atom, sphere in places:
            found[atom, sphere], known[atom, sphere] = code & 0xFFFFFFFF, True
    for sphere in range(1, SPHERES + 1):
        ended = ~known[:, sphere]
        found[ended, sphere] = found[ended, sphere - 1]
    return found
