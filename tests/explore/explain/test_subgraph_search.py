"""Minimum positive subgraphs with planted rules: the smallest there is, within limits, by brute force and by search."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import MODERATE, SMALL, connected, holds, peelable, planted
from rdkit import Chem

from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import Skeleton, mask_of, numbers, skeleton
from mmexplore.explore.explain.search import RULES, SMALLEST, Rules, Scorer, Search, Subgraph, Target, consensus

ACTIVE = Target("active")
TREE = replace(RULES, most=0)


def weights(seed: int) -> Scorer:
    """A model without chemistry: a probability from which elements and how many atoms there are."""
    rng = np.random.default_rng(seed)
    weight, bias = dict(zip("CNOSF", rng.normal(0, 1, 5), strict=True)), rng.normal()

    def of(symbols: list[str]) -> float:
        return float(1 / (1 + np.exp(-(bias + sum(weight.get(s, 0.5) for s in symbols) / len(symbols)))))

    def by_mask(molecule: Skeleton, masks: Sequence[int]) -> np.ndarray:
        return np.array([of([molecule.mol.GetAtomWithIdx(a).GetSymbol() for a in numbers(mask)]) for mask in masks])

    def by_smiles(smiles: Sequence[str]) -> np.ndarray:
        return np.array([of([a.GetSymbol() for a in Chem.MolFromSmiles(s).GetAtoms()]) for s in smiles])

    return Scorer(by_smiles, by_mask)


@pytest.mark.parametrize("smiles", [s for s in (*SMALL, *MODERATE) if holds("S(N)(=O)=O")(s)])
@pytest.mark.parametrize("rules", [RULES, TREE], ids=["exact", "tree"])
def test_a_planted_sulfonamide_is_found(smiles: str, rules: Rules) -> None:
    limits = replace(rules, min_atoms=1)
    best = Search(skeleton(smiles), planted(), ACTIVE, limits).best(ACTIVE)[0]
    assert holds("S(N)(=O)=O")(best.smiles)
    if rules is RULES:
        assert best.n_atoms <= 5  # four atoms, and one to which peeling may have to hold on
        assert best.score == best.score_in_molecule == 0.9


@settings(max_examples=25)
@given(st.sampled_from(SMALL), st.integers(0, 50), st.floats(0.2, 0.8), st.integers(1, 6), st.integers(6, 20))
def test_nothing_smaller_is_positive(smiles: str, seed: int, threshold: float, low: int, high: int) -> None:
    """Brute force over a plain enumeration: the size of the best, and the best score of that size."""
    scorer, target, molecule = weights(seed), replace(ACTIVE, threshold=threshold), skeleton(smiles)
    limits = replace(RULES, min_atoms=low, max_atoms=high, again=10_000)
    found = Search(molecule, scorer, target).best(target, limits)
    values = {}
    for atoms in peelable(smiles):
        text = fragment_smiles(molecule, mask_of(atoms))
        if text and low <= len(atoms) <= high and (value := scorer.fragments([text])[0]) >= threshold:
            values[atoms] = value
    assert bool(found) == bool(values)
    if found:
        size = min(map(len, values))
        assert found[0].n_atoms == size
        assert found[0].score == pytest.approx(max(v for atoms, v in values.items() if len(atoms) == size))


@pytest.mark.parametrize("smiles", [*SMALL, *MODERATE])
@pytest.mark.parametrize("rules", [RULES, TREE], ids=["exact", "tree"])
def test_what_is_returned_keeps_the_laws(smiles: str, rules: Rules) -> None:
    molecule, scorer = skeleton(smiles), weights(3)
    for by in ("fragment", "in molecule"):
        for part in Search(molecule, scorer, ACTIVE, rules).best(ACTIVE, by=by, count=50):
            low, high = rules.sizes(molecule.n_atoms)
            assert low <= part.n_atoms <= high <= 0.75 * molecule.n_atoms
            assert connected(molecule.mol, part.atoms)
            deciding = part.score if by == "fragment" else part.score_in_molecule
            assert deciding >= ACTIVE.threshold
            if part.smiles:
                assert molecule.mol.HasSubstructMatch(Chem.MolFromSmiles(part.smiles))
                assert scorer.fragments([part.smiles])[0] == part.score


@pytest.mark.parametrize("smiles", MODERATE)
@pytest.mark.parametrize("smarts", ["S(N)(=O)=O", "c1ccccc1", "C(=O)", "N1CCOCC1"])
def test_tree_search_finds_what_enumeration_does(smiles: str, smarts: str) -> None:
    molecule, scorer = skeleton(smiles), planted(smarts)
    exact, tree = (Search(molecule, scorer, ACTIVE, rules) for rules in (RULES, TREE))
    assert exact.exact
    assert not tree.exact
    assert set(tree.masks) < set(exact.masks)
    sizes = [[part.n_atoms for part in search.best(ACTIVE, count=1)] for search in (exact, tree)]
    assert sizes[0] == sizes[1]


@settings(max_examples=8)
@given(st.sampled_from(MODERATE), st.integers(0, 10**6))
def test_no_spelling_matters(smiles: str, seed: int) -> None:
    mol = Chem.MolFromSmiles(smiles)
    order = np.random.default_rng(seed).permutation(mol.GetNumAtoms()).tolist()
    other = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    answers = [Search(skeleton(s), weights(1), ACTIVE, TREE).best(ACTIVE) for s in (smiles, other)]
    assert answers[0] == answers[1]


def test_sizes_and_thresholds_move_without_a_new_search() -> None:
    calls: list[int] = []
    inner = weights(5)
    assert inner.masks is not None

    def counted(molecule: Skeleton, masks: Sequence[int]) -> np.ndarray:
        calls.extend(masks)
        return inner.masks(molecule, masks)  # type: ignore[misc]

    search = Search(skeleton(MODERATE[0]), Scorer(inner.fragments, counted), ACTIVE)
    wide = replace(RULES, min_atoms=1, max_atoms=40)
    for threshold in (0.3, 0.5, 0.4):
        target = replace(ACTIVE, threshold=threshold)
        for limits in (wide, RULES, replace(RULES, min_atoms=5, max_atoms=9)):
            answer = search.best(target, limits, count=100)
            fresh = Search(skeleton(MODERATE[0]), inner, target).best(target, limits, count=100)
            assert answer == fresh
    assert len(calls) == len(set(calls)) == len(search.masks)


@pytest.mark.parametrize(("direction", "seed"), [("class 0", 7), ("above", 3), ("below", 7)])
def test_other_directions(direction: str, seed: int) -> None:
    scorer, molecule, threshold = weights(seed), skeleton(MODERATE[2]), 0.5
    target = Target("y", direction, threshold, 0.1)  # type: ignore[arg-type]
    found = Search(molecule, scorer, target).best(target, count=20)
    assert found
    for part in found:
        value = scorer.fragments([part.smiles])[0]
        assert part.score == pytest.approx(1 - value if direction == "class 0" else value)
        assert part.score <= threshold if direction == "below" else part.score >= threshold
    for first, second in pairwise(found):
        better = first.score <= second.score if direction == "below" else first.score >= second.score
        assert first.n_atoms < second.n_atoms or better


def test_a_model_without_masks_is_asked_by_smiles_alone() -> None:
    scorer = Scorer(weights(2).fragments)
    found = Search(skeleton(SMALL[1]), scorer, ACTIVE, replace(RULES, min_atoms=3)).best(ACTIVE, by="in molecule")
    assert found
    assert all(np.isnan(part.score_in_molecule) and part.score >= 0.5 for part in found)


def test_the_same_fragment_is_listed_once_with_its_places() -> None:
    limits = replace(RULES, min_atoms=3, max_atoms=6)
    found = Search(skeleton("CCCCCC"), weights(1), replace(ACTIVE, threshold=0), limits).best(
        replace(ACTIVE, threshold=0.0), count=9
    )
    assert [(part.smiles, part.places) for part in found] == [("CCC", 4), ("CCCC", 3), ("CCCCC", 2), ("CCCCCC", 1)]


def test_consensus_is_what_half_share() -> None:
    assert consensus({}) == ()
    assert consensus({"a": (1, 2)}) == (1, 2)
    assert consensus({"a": (1, 2), "b": (2, 3), "c": (3, 2), "d": (9,)}) == (2, 3)


@given(st.integers(1, 400))
def test_sizes_follow_the_molecule(n: int) -> None:
    low, high = RULES.sizes(n)
    assert high <= 0.75 * n
    assert 2 <= low <= SMALLEST
    assert low <= high or n < 3
    assert RULES.sizes(n + 1) >= (low, high)
    assert replace(RULES, min_atoms=5, max_atoms=7).sizes(n) == (5, 7)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([*SMALL, *MODERATE, "O=C1CCCCC1", "CCO", "CC", "O", "c1ccccc1"]), st.integers(0, 20))
def test_no_default_answer_is_more_than_three_quarters(smiles: str, seed: int) -> None:
    molecule = skeleton(smiles)
    found = Search(molecule, weights(seed), replace(ACTIVE, threshold=0.0)).best(replace(ACTIVE, threshold=0.0))
    assert all(2 <= part.n_atoms <= 0.75 * molecule.n_atoms for part in found)


def test_a_level_is_half_at_the_threshold() -> None:
    for direction in ("above", "below"):
        target = Target("y", direction, -2.5, 2.0)  # type: ignore[arg-type]
        level = target.level(np.array([-2.5, 1e9, -1e9, 0.0]))
        assert level[0] == 0.5
        assert (level >= 0).all()
        assert (level <= 1).all()
        assert (level[3] > 0.5) == (direction == "above")


def test_a_subgraph_counts_its_atoms() -> None:
    assert Subgraph((3, 5), "CC", 0.5, 0.5).n_atoms == 2
