"""RDKit's descriptors of a molecule, all that ``rdkit.Chem.Descriptors`` lists: some 210 numbers.

Raw values as RDKit computes them, on scales from 1e-3 to beyond 1e12: whoever learns from them must bring them to one
scale first (:mod:`mmexplore.nn.signals.quantiles`).
"""

from typing import ClassVar

import numpy as np
from rdkit.Chem import Descriptors as RDKitsOwn
from rdkit.Chem import Mol

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

NAMES: tuple[str, ...] = tuple(name for name, _ in RDKitsOwn._descList)
"""RDKit's names in the order of ``values``."""
_LARGEST = 1e30  # the information content of a large molecule is beyond float32


class RDKitDescriptors(Modality):
    """RDKit's descriptors: ``values`` (217,), unscaled, always finite: 0 where RDKit finds no finite number."""

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"values": Column("float32", len(NAMES))}

    def record(self, molecule: Mol) -> Record:
        """The record: sums run over atoms in canonical order, so every spelling has the same. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("descriptors need at least one atom, and a molecule of 0 came")
        found = RDKitsOwn.CalcMolDescriptors(Mol(molecule), missingVal=0.0)  # type: ignore[no-untyped-call]
        values = np.array([found[name] for name in NAMES], np.float64)
        values = np.clip(np.where(np.isfinite(values), values, 0), -_LARGEST, _LARGEST)
        return {"values": values.astype(np.float32) + np.float32(0)}  # and no minus zero
