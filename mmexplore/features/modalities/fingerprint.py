"""Morgan fingerprint of radius 2 in 2048 bits, eight a byte (ECFP4; Rogers and Hahn 2010, doi:10.1021/ci100050t)."""

from typing import ClassVar

from rdkit.Chem import Mol

from mmexplore.chem.fingerprints import BITS, ecfp4
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule


class Fingerprint(Modality):
    """Morgan fingerprint.

    ``bits`` (256,): bit ``i`` stands in byte ``i // 8``, most significant first, as ``np.unpackbits`` reads them.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"bits": Column("uint8", BITS // 8)}

    def record(self, molecule: Mol) -> Record:
        """The record; Morgan's invariants do not see the numbering of the atoms. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a fingerprint needs at least one atom, and a molecule of 0 came")
        return {"bits": ecfp4(molecule)}
