"""Peeling and fragments: the same sets as a plain enumeration, connected, whole rings, no spelling matters."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import MODERATE, SMALL, connected, peelable
from rdkit import Chem

from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import mask_of, numbers, skeleton
from mmexplore.runtime.errors import BadMolecule


def fragments_of(smiles: str) -> list[int]:
    found = skeleton(smiles).fragments(10_000)
    assert found is not None
    return found


@pytest.mark.parametrize("smiles", [*SMALL, *MODERATE[:2], "C", "CCO.Cl", "[Na+].CC(=O)[O-]"])
def test_fragments_are_those_of_a_plain_enumeration(smiles: str) -> None:
    found = [frozenset(numbers(mask)) for mask in fragments_of(smiles)]
    assert len(found) == len(set(found))
    assert set(found) == peelable(smiles)


@pytest.mark.parametrize("smiles", [*SMALL, *MODERATE])
def test_a_fragment_is_connected_and_its_rings_are_whole(smiles: str) -> None:
    molecule = skeleton(smiles)
    rings = [mask_of(ring) for ring in Chem.GetSymmSSSR(molecule.mol)]
    for mask in fragments_of(smiles):
        assert connected(molecule.mol, numbers(mask))
        kept = [ring for ring in rings if ring & mask == ring]
        bonds = [b for b in molecule.mol.GetBonds() if mask >> b.GetBeginAtomIdx() & mask >> b.GetEndAtomIdx() & 1]
        whole = mask_of(a for ring in kept for a in numbers(ring))
        for bond in bonds:
            if bond.IsInRing():
                assert whole >> bond.GetBeginAtomIdx() & 1


def test_more_fragments_than_allowed_are_none() -> None:
    assert skeleton(MODERATE[0]).fragments(50) is None


@settings(max_examples=25)
@given(st.sampled_from([*SMALL, *MODERATE[:2]]), st.integers(0, 10**6))
def test_no_spelling_matters_and_atoms_are_told_as_typed(smiles: str, seed: int) -> None:
    mol = Chem.MolFromSmiles(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    other = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    one, two = skeleton(smiles), skeleton(other)
    assert one.smiles == two.smiles
    assert fragments_of(smiles) == fragments_of(other)
    typed = Chem.MolFromSmiles(other)
    elements = [typed.GetAtomWithIdx(two.order[k]).GetSymbol() for k in range(two.n_atoms)]
    assert elements == [atom.GetSymbol() for atom in two.mol.GetAtoms()]
    bonds = {frozenset((b.GetBeginAtomIdx(), b.GetEndAtomIdx())) for b in typed.GetBonds()}
    mapped = {frozenset((two.order[b.GetBeginAtomIdx()], two.order[b.GetEndAtomIdx()])) for b in two.mol.GetBonds()}
    assert bonds == mapped


@pytest.mark.parametrize("smiles", [*SMALL, *MODERATE])
def test_a_fragment_is_a_substructure_with_as_many_atoms_and_no_odd_electrons(smiles: str) -> None:
    molecule = skeleton(smiles)
    made = 0
    for mask in fragments_of(smiles)[::7]:
        text = fragment_smiles(molecule, mask)
        if text:
            made += 1
            part = Chem.MolFromSmiles(text)
            assert part.GetNumAtoms() == mask.bit_count()
            assert molecule.mol.HasSubstructMatch(part)
            assert not any(atom.GetNumRadicalElectrons() for atom in part.GetAtoms())
            assert "." not in text
    assert made


@pytest.mark.parametrize("smiles", [MODERATE[0], MODERATE[3], "C[NH+](CCO)Cc1ccccc1", "C[C@H](N)C(=O)NC(C)C"])
def test_cut_bonds_get_hydrogens_as_rdkit_would_give_them(smiles: str) -> None:
    """Against FragmentOnBonds, whose dummies become hydrogens."""
    molecule = skeleton(smiles)
    for mask in fragments_of(smiles):
        cut = [b for b in molecule.mol.GetBonds() if (mask >> b.GetBeginAtomIdx() ^ mask >> b.GetEndAtomIdx()) & 1]
        sulfur = [b for b in cut if "S" in (b.GetBeginAtom().GetSymbol(), b.GetEndAtom().GetSymbol())]
        if not cut or len(sulfur) > 1 or any(bond.GetBondType() != Chem.BondType.SINGLE for bond in cut):
            continue  # sulfur that lost two neighbours has two valences to choose from
        plain = [(0, 0)] * len(cut)
        apart = Chem.RWMol(Chem.FragmentOnBonds(molecule.mol, [b.GetIdx() for b in cut], dummyLabels=plain))
        for atom in apart.GetAtoms():
            if atom.GetAtomicNum() == 0:
                atom.SetAtomicNum(1)
        for bond in cut:
            for end in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()):
                apart.GetAtomWithIdx(end).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        members: list[tuple[int, ...]] = []
        pieces = Chem.GetMolFrags(apart, asMols=True, sanitizeFrags=True, fragsMolAtomMapping=members)
        number = next(i for i, atoms in enumerate(members) if numbers(mask)[0] in atoms)
        expected = Chem.CanonSmiles(Chem.MolToSmiles(Chem.RemoveHs(pieces[number])))
        assert fragment_smiles(molecule, mask) == expected


def test_what_is_no_molecule_by_itself_is_none() -> None:
    """A pyridone without its oxygen is aromatic in the molecule and nothing that can be written."""
    molecule = skeleton("O=c1cc[nH]cc1")
    oxygen = next(a.GetIdx() for a in molecule.mol.GetAtoms() if a.GetSymbol() == "O")
    assert fragment_smiles(molecule, molecule.whole & ~(1 << oxygen)) == ""


@pytest.mark.parametrize("smiles", ["", "C1CC", "not a molecule"])
def test_nonsense_is_refused(smiles: str) -> None:
    with pytest.raises(BadMolecule):
        skeleton(smiles)
