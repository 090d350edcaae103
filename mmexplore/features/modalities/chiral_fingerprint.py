"""Morgan fingerprint of radius 2 with chirality and counts, in 2,048 columns: chemprop's ``morgan_count``.

Whether there are any is its ``morgan_binary`` (ECFP4 with chirality; Rogers and Hahn 2010, doi:10.1021/ci100050t).
"""

from functools import cache
from typing import Any, ClassVar

import numpy as np
from rdkit.Chem import Mol
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

COLUMNS = 2048
_MOST = 65_535


class ChiralFingerprint(Modality):
    """Chiral Morgan fingerprint: ``counts`` (2048,): how often each environment stands there."""

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"counts": Column("uint16", COLUMNS)}

    def record(self, molecule: Mol) -> Record:
        """The record; Morgan's invariants do not see the numbering of the atoms. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a fingerprint needs at least one atom, and a molecule of 0 came")
        return {"counts": np.minimum(_generator().GetCountFingerprintAsNumPy(molecule), _MOST).astype(np.uint16)}


@cache
def _generator() -> Any:
    return GetMorganGenerator(radius=2, fpSize=COLUMNS, includeChirality=True)
