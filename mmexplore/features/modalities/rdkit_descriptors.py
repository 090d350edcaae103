"""RDKit's descriptors of a molecule, all that ``rdkit.Chem.Descriptors`` lists: some 210 numbers.

Raw values as RDKit computes them, on scales from 1e-3 to beyond 1e12: whoever learns from them must bring them to one
scale first (:mod:`mmexplore.nn.signals.quantiles`).
"""

from typing import ClassVar

from rdkit.Chem import Descriptors as RDKitsOwn
from rdkit.Chem import Mol

from mmexplore.features.modalities import Column, NumbersOfMolecule

NAMES: tuple[str, ...] = tuple(name for name, _ in RDKitsOwn._descList)
"""RDKit's names in the order of ``values``."""


class RDKitDescriptors(NumbersOfMolecule):
    """RDKit's descriptors: ``values`` (217,), as RDKit names them in ``NAMES``."""

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"values": Column("float32", len(NAMES))}

    def numbers(self, molecule: Mol) -> list[float]:
        """All descriptors."""
        found = RDKitsOwn.CalcMolDescriptors(Mol(molecule), missingVal=0.0)  # type: ignore[no-untyped-call]
        return [found[name] for name in NAMES]
