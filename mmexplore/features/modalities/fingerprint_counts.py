"""Morgan fingerprint of radius 2 with counts, in 1,024 columns (ECFP4 with counts; doi:10.1021/ci100050t)."""

from functools import cache
from typing import Any, ClassVar

import numpy as np
from rdkit.Chem import Mol
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

COLUMNS = 1024


class FingerprintCounts(Modality):
    """Morgan fingerprint with counts: ``counts`` (1024,): how often each environment stands there, 255 at most."""

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"counts": Column("uint8", COLUMNS)}

    def record(self, molecule: Mol) -> Record:
        """The record; Morgan's invariants do not see the numbering of the atoms. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a fingerprint needs at least one atom, and a molecule of 0 came")
        return {"counts": np.minimum(_generator().GetCountFingerprintAsNumPy(molecule), 255).astype(np.uint8)}


@cache
def _generator() -> Any:
    return GetMorganGenerator(radius=2, fpSize=COLUMNS)
