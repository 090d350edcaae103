"""Laws of matched molecular pairs: those of a search by hand, whatever the order, and each by its smallest change."""

import random
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.chem.matched_pairs import HYDROGEN, MOST_VARIABLE, MatchedPair, all_cuts, cuts, heavy_atoms, matched

MOLECULES = tuple(
    map(
        Chem.CanonSmiles,
        (
            "c1ccccc1",
            "Clc1ccccc1",
            "Fc1ccccc1",
            "Cc1ccccc1",
            "Cc1ccccc1Cl",
            "Cc1ccccc1F",
            "COc1ccccc1C",
            "c1ccc(Oc2ccncc2)cc1",
            "c1ccc(Cc2ccncc2)cc1",
            "c1ccc(-c2ccncc2)cc1",
            "c1ccc(SCc2ccncc2)cc1",
            "c1ccc(CSc2ccncc2)cc1",
            "CC(=O)Nc1ccc(O)cc1",
            "CC(=O)Nc1ccc(C)cc1",
            "CCCCO",
            "CCCCN",
            "C[C@H](N)C(=O)O",
            "C[C@@H](N)C(=O)O",
            "[Na+].CC(=O)[O-]",
            "C1CCC1",
        ),
    )
)


def pieces(mol: Chem.Mol, bonds: tuple[int, ...]) -> list[Chem.Mol]:
    """What is left of a molecule when these bonds are cut, dummies at the ends."""
    cut = Chem.FragmentOnBonds(mol, list(bonds), dummyLabels=[(0, 0)] * len(bonds))
    return list(Chem.GetMolFrags(cut, asMols=True))


def size(mol: Chem.Mol) -> int:
    return sum(atom.GetAtomicNum() > 1 for atom in mol.GetAtoms())


def ends(mol: Chem.Mol) -> int:
    return sum(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())


def constants(smiles: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every constant part by plain enumeration, and the size of what varies."""
    mol = Chem.MolFromSmiles(smiles)
    if "." in smiles:
        return
    single = [b.GetIdx() for b in mol.GetBonds() if not b.IsInRing() and b.GetBondType() == Chem.BondType.SINGLE]
    for bond in single:
        one, other = pieces(mol, (bond,))
        for kept, varies in ((one, other), (other, one)):
            yield (Chem.MolToSmiles(kept),), size(varies)
    for both in combinations(single, 2):
        parts = pieces(mol, both)
        (link,) = [part for part in parts if ends(part) == 2]
        kept = tuple(sorted(Chem.MolToSmiles(part) for part in parts if part is not link))
        yield kept, size(link)


def by_hand(smiles: tuple[str, ...]) -> set[tuple[int, int]]:
    """Matched pairs by comparing all constant parts of all molecules."""
    held: dict[tuple[str, ...], set[int]] = {}
    for row, text in enumerate(smiles):
        for kept, varies in constants(text):
            whole = sum(size(Chem.MolFromSmiles(part)) for part in kept)
            if varies <= MOST_VARIABLE and varies <= whole:
                held.setdefault(kept, set()).add(row)
                if len(kept) == 1:
                    bare = Chem.MolToSmiles(Chem.MolFromSmiles(kept[0].replace("*", "[H]")))
                    held[kept] |= {other for other, known in enumerate(smiles) if known == bare}
    return {pair for rows in held.values() for pair in combinations(sorted(rows), 2)}


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False))
def test_pairs_are_those_found_by_hand_in_any_order(rng: random.Random) -> None:
    smiles = list(MOLECULES)
    rng.shuffle(smiles)
    found = matched(smiles, all_cuts(smiles))
    assert {(one.a, one.b) for one in found} == by_hand(tuple(smiles))
    assert len({(one.a, one.b) for one in found}) == len(found)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_parts_make_the_molecule_again(smiles: str) -> None:
    for constant, variable in cuts(Chem.MolFromSmiles(smiles)):
        joined = Chem.molzip(Chem.MolFromSmiles(f"{constant}.{variable}"))
        assert Chem.MolToSmiles(joined) == smiles
        assert heavy_atoms(constant) + heavy_atoms(variable) == Chem.MolFromSmiles(smiles).GetNumAtoms()


def between(one: str, other: str) -> MatchedPair:
    smiles = [Chem.CanonSmiles(one), Chem.CanonSmiles(other)]
    (found,) = matched(smiles, all_cuts(smiles))
    return found


def test_the_smallest_change_counts() -> None:
    assert {between("Cc1ccccc1Cl", "Cc1ccccc1F").part_a, between("Cc1ccccc1Cl", "Cc1ccccc1F").part_b} == {
        "Cl[*:1]",
        "F[*:1]",
    }
    found = between("Cc1ccccc1", "c1ccccc1")
    assert {found.part_a, found.part_b} == {"C[*:1]", HYDROGEN}
    assert heavy_atoms(HYDROGEN) == 0


def test_a_link_that_is_turned_round_is_a_change_and_the_same_link_is_none() -> None:
    turned = between("c1ccc(SCc2ccncc2)cc1", "c1ccc(CSc2ccncc2)cc1")
    assert turned.part_a != turned.part_b
    smiles = ["c1ccc(Oc2ccncc2)cc1", Chem.CanonSmiles("c1cc(Oc2ccccc2)ccn1")]
    assert matched([Chem.CanonSmiles(smiles[0]), smiles[1]], all_cuts(smiles)) == []


def test_what_cannot_be_read_or_is_a_salt_has_no_parts() -> None:
    assert all_cuts(["C1CC", "[Na+].CC(=O)[O-]"]) == [[], []]
