"""Differing atoms: what an edit has touched and nothing else, alike from either side, in any spelling."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.chem.differing import differing
from mmexplore.runtime.errors import BadMolecule

DRUGS = (
    "CC(=O)Nc1ccc(O)cc1",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1",
    "FC(F)(F)c1ccc(Cl)cc1",
    "C[C@H](N)C(=O)O",
    "O=S(=O)(c1ccc(C#N)cc1)N1CCc2ccccc21",
)
EDITS = {
    ("COc1ccccc1", "CNc1ccccc1"): ([1], [1]),
    ("c1ccccc1C(=O)Nc1ccc(Cl)cc1", "c1ccccc1C(=O)Oc1ccc(Cl)cc1"): ([8], [8]),
    ("FC(F)(F)c1ccc(Cl)cc1", "FC(F)(F)c1cccc(Cl)c1"): ([8], [9]),
    ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"): ([1], [1]),
    ("C/C=C/C", "C/C=C\\C"): ([1, 2], [1, 2]),
    ("CC=C", "CCC"): ([1, 2], [1, 2]),
    ("CCN", "CC[NH3+]"): ([2], [2]),
    ("[13CH3]C", "CC"): ([0], [0]),
    ("[Na+].[Cl-]", "[K+].[Cl-]"): ([0], [0]),
    ("C", "O"): ([0], [0]),
}


@pytest.mark.parametrize("pair", EDITS)
def test_an_edit_lights_what_it_touched(pair: tuple[str, str]) -> None:
    here, there = EDITS[pair]
    assert differing(*pair) == (here, there, True)
    assert differing(*pair[::-1]) == (there, here, True)


@given(st.sampled_from(DRUGS), st.integers(1, 1_000))
def test_another_spelling_of_a_molecule_is_no_difference(smiles: str, seed: int) -> None:
    (other,) = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, seed)
    assert differing(smiles, other) == ([], [], True)


@given(st.sampled_from(DRUGS), st.data())
def test_an_atom_that_was_added_is_lit_alone(smiles: str, data: st.DataObject) -> None:
    grown = Chem.RWMol(Chem.MolFromSmiles(smiles))
    free = [atom.GetIdx() for atom in grown.GetAtoms() if atom.GetNumImplicitHs() and not atom.GetIsAromatic()]
    assume(free)
    grown.AddBond(data.draw(st.sampled_from(free)), grown.AddAtom(Chem.Atom("I")), Chem.BondType.SINGLE)
    made = Chem.MolToSmiles(grown)
    here, there, _ = differing(smiles, made)
    assert here == []
    assert [Chem.MolFromSmiles(made).GetAtomWithIdx(atom).GetSymbol() for atom in there] == ["I"]


def test_what_cannot_be_read_is_a_mistake() -> None:
    with pytest.raises(BadMolecule):
        differing("CCO", "C1CC")
