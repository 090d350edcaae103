"""Splits against brute-force readings of DeepChem's and chemprop version 1's rules."""

import random
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from rdkit.Chem.Scaffolds import MurckoScaffold

from mmexplore.datasets.splits import scaffold_groups, split
from mmexplore.recipes.recipe import Data
from mmexplore.runtime.errors import BadRecipe, UnknownName

RULES = ("scaffold", "scaffold_balanced", "random")
CORES = [
    "c1ccccc1",
    "c1ccncc1",
    "C1CCCCC1",
    "C1CCNC1",
    "c1ccc2ccccc2c1",
    "C1CC1",
    "c1ccoc1",
    "c1ccsc1",
    "C1CCOC1",
    "",
    "C1COC1",
]
MOLECULES = [f"{'C' * n}{core or 'O'}" for core in CORES for n in range(1, 9)]


def deepchem(smiles, fractions):
    """Sorted by (size, first row), largest first; a part is filled while the whole group fits below its cut."""
    groups = defaultdict(list)
    for row, text in enumerate(smiles):
        groups[MurckoScaffold.MurckoScaffoldSmiles(smiles=text, includeChirality=False)].append(row)
    train, valid, test = [], [], []
    for rows in sorted(groups.values(), key=lambda rows: (len(rows), rows[0]), reverse=True):  # 0.7 + 0.1 is 0.7999...
        if len(train) + len(rows) > fractions[0] * len(smiles) + 1e-6:
            if len(train) + len(valid) + len(rows) > (fractions[0] + fractions[1]) * len(smiles) + 1e-6:
                test += rows
            else:
                valid += rows
        else:
            train += rows
    return train, valid, test


def chemprop_v1(smiles, fractions, seed):
    """Groups bigger than half of validation or test come first; both lots are shuffled by one generator."""
    groups = defaultdict(set)
    for row, text in enumerate(smiles):
        groups[MurckoScaffold.MurckoScaffoldSmiles(smiles=text, includeChirality=False)].add(row)
    sizes = [fraction * len(smiles) for fraction in fractions]
    big, small = [], []
    for rows in groups.values():
        (big if len(rows) > sizes[1] / 2 or len(rows) > sizes[2] / 2 else small).append(rows)
    generator = random.Random(seed)
    generator.shuffle(big)
    generator.shuffle(small)
    parts = [[], [], []]
    for rows in big + small:
        place = next((i for i in (0, 1) if len(parts[i]) + len(rows) <= sizes[i]), 2)
        parts[place] += rows
    return parts


def same(found, expected):
    for part, rows in zip((found.train, found.validation, found.test), expected, strict=True):
        assert part.dtype == np.int64
        assert part.tolist() == sorted(rows)


samples = st.lists(st.sampled_from(MOLECULES), min_size=10, max_size=60)
some_fractions = st.sampled_from(
    [(0.8, 0.1, 0.1), (0.7, 0.1, 0.2), (0.6, 0.2, 0.2), (0.5, 0.25, 0.25), (0.7, 0.2, 0.1)]
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(samples, some_fractions, st.integers(0, 5))
@example(["Cc1ccccc1"] * 7 + ["Cc1ccncc1"] * 2 + ["CC1CCCCC1"], (0.7, 0.1, 0.2), 0)
def test_scaffold_rules_agree_with_their_references(smiles, fractions, seed):
    for rule, expected in (
        ("scaffold", deepchem(smiles, fractions)),
        ("scaffold_balanced", chemprop_v1(smiles, fractions, seed)),
    ):
        if all(expected):
            same(split(smiles, rule, seed, fractions), expected)
        else:
            with pytest.raises(BadRecipe, match="leaves no molecule"):
                split(smiles, rule, seed, fractions)


@settings(max_examples=40, deadline=None)
@given(samples, st.sampled_from(RULES), st.integers(0, 3))
def test_every_row_is_in_one_part_and_scaffolds_stay_together(smiles, rule, seed):
    try:
        found = split(smiles, rule, seed)
    except BadRecipe:
        return
    parts = (found.train, found.validation, found.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(smiles)))
    if rule != "random":
        homes = [{text for text, rows in scaffold_groups(smiles).items() if set(rows) & set(part)} for part in parts]
        assert sum(map(len, homes)) == len(set.union(*homes))
        assert len(found.train) <= 0.8 * len(smiles)


@pytest.mark.parametrize("n", [10, 11, 19, 100, 1513])
def test_random_parts_have_the_asked_sizes(n):
    found = split(["C"] * n, "random", 3)
    assert found.sizes == (int(0.8 * n + 1e-6), int(0.9 * n + 1e-6) - int(0.8 * n + 1e-6), n - int(0.9 * n + 1e-6))


def test_seeds_decide_what_they_should():
    at = {(rule, seed): split(MOLECULES, rule, seed).test.tolist() for rule in RULES for seed in (0, 1)}
    assert at["scaffold", 0] == at["scaffold", 1]
    assert at["random", 0] != at["random", 1]
    assert at["scaffold_balanced", 0] != at["scaffold_balanced", 1]
    assert at["random", 0] == split(MOLECULES, "random", 0).test.tolist()


def test_spelling_does_not_move_a_molecule():
    spelt = [f"{core or 'O'}{'C' * n}" for core in CORES for n in range(1, 9)]
    assert split(MOLECULES, "scaffold").test.tolist() == split(spelt, "scaffold").test.tolist()


def test_molecules_without_rings_are_one_scaffold():
    assert scaffold_groups(["CCO", "CCN", "[Na+].[Cl-]", "c1ccccc1"]) == {"": [0, 1, 2], "c1ccccc1": [3]}


def test_what_cannot_be_split_says_so():
    with pytest.raises(BadRecipe, match=r"leaves no molecule for train \(of 20, in 1 scaffold\)"):
        split(["CCO"] * 20, "scaffold")
    with pytest.raises(BadRecipe, match=r"leaves no molecule for train \(of 0"):
        split([], "random")
    with pytest.raises(BadRecipe, match="sum to 1"):
        split(MOLECULES, "random", fractions=(0.8, 0.1, 0.2))
    with pytest.raises(BadRecipe, match="above 0"):
        split(MOLECULES, "random", fractions=(1.0, 0.0, 0.0))
    with pytest.raises(UnknownName, match="scaffold_balanced"):
        split(MOLECULES, "scafold")
    with pytest.raises(BadRecipe, match=r"leaves no molecule for train \(of 0"):
        split(["C1CC"] * 10, "scaffold")


@pytest.mark.parametrize(
    "fractions", [(0.8, 0.1, 0.1), (1.0, 0.0, 0.0), (0.9, 0.1, 0.0), (0.8, 0.1, 0.2), (0.0, 0.5, 0.5)]
)
def test_a_recipe_allows_the_fractions_that_can_be_split(fractions):
    def refused(work):
        try:
            work()
        except (BadRecipe, ValidationError):
            return True
        return False

    by_recipe = refused(lambda: Data(fractions=fractions))
    assert (
        by_recipe == refused(lambda: split(MOLECULES, "random", fractions=fractions)) == (fractions != (0.8, 0.1, 0.1))
    )


@pytest.mark.slow
def test_bace_is_split_as_chemprop_version_1_splits_it(real_data):
    table = pd.read_csv(real_data / "moleculenet" / "bace.csv.gz", usecols=["mol", "Class"])
    smiles = table["mol"].tolist()
    assert len(scaffold_groups(smiles)) == 671
    rates = []
    for seed in (0, 1, 2):
        found = split(smiles, "scaffold_balanced", seed)
        assert found.sizes == (1210, 151, 152)
        rates.append(round(float(table["Class"].to_numpy()[found.test].mean()), 2))
    assert rates == [0.56, 0.54, 0.33]
    found = split(smiles, "scaffold")
    same(found, deepchem(smiles, (0.8, 0.1, 0.1)))
    assert found.sizes == (1210, 151, 152)
