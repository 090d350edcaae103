"""Data splits: which rows train, which validate, which test.

Molecules with one scaffold stay together, so that tests ask for new chemistry; the two scaffold rules
give very different scores and are never to be compared with each other.

    scaffold            deterministic, largest scaffold first (Wu et al., MoleculeNet, Chem. Sci. 2018, 9, 513), of
                        equal ones that which begins last, as DeepChem sorts them
    scaffold_balanced   seeded, large scaffolds first, then shuffled ones (Yang et al., J. Chem. Inf. Model. 2019, 59,
                        3370; chemprop version 1; version 2 fills the test part first and so splits differently)
    random              a seeded permutation
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmexplore.chem.standardize import scaffolds, unreadable
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, UnknownName

Rule = Literal["scaffold", "scaffold_balanced", "random"]


@dataclass(frozen=True)
class Split:
    """Data split: row numbers of the three parts, each int64 and ascending; together every readable row once.

    A row whose SMILES cannot be read is in no part, and the others fall as if it were not there.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Rows in train, validation and test."""
        return len(self.train), len(self.validation), len(self.test)


def split(
    smiles: Sequence[str] | np.ndarray,
    rule: str,
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
) -> Split:
    """Split molecules (n,) by a rule, those that can be read.

    Raises BadRecipe where a part would be empty, UnknownName.

    >>> split(["C", "CC", "CCC", "CCCC", "CCCCC"], "random", fractions=(0.6, 0.2, 0.2)).sizes
    (3, 1, 1)
    """
    if rule not in _RULES:
        raise UnknownName("split", rule, _RULES)
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise BadRecipe(f"split fractions are three numbers above 0 that sum to 1, and {tuple(fractions)} came")
    rows = _readable(smiles, rule)
    texts = [str(smiles[row]) for row in rows.tolist()]
    parts = _RULES[rule](texts, seed, fractions)
    for name, part in zip(("train", "validation", "test"), parts, strict=True):
        if not part:
            raise BadRecipe(
                f"split {rule!r} leaves no molecule for {name} (of {len(texts)}, in {_count(texts, rule)}); "
                "use a larger data set, other fractions, another seed or split 'random'"
            )
    train, validation, test = (rows[np.array(sorted(part), dtype=np.int64)] for part in parts)
    return Split(train, validation, test)


def _readable(smiles: Sequence[str] | np.ndarray, rule: str) -> np.ndarray:
    """Rows (int64) that the rule can place."""
    texts = tuple(map(str, smiles))
    if rule == "random":
        return np.setdiff1d(np.arange(len(texts)), np.array(list(_unreadable(texts)), np.int64))
    return np.array([row for row, found in enumerate(_scaffolds(texts)) if found is not None], np.int64)


def scaffold_groups(smiles: Iterable[str]) -> dict[str, list[int]]:
    """Rows by Bemis-Murcko scaffold, in order of first appearance; "" holds the molecules without rings.

    What cannot be read has no scaffold and is in no group.
    """
    groups: dict[str, list[int]] = {}
    for row, found in enumerate(_scaffolds(tuple(smiles))):
        if found is not None:
            groups.setdefault(found, []).append(row)
    return groups


@cached(4, by=lambda texts: texts)  # a preview of several splits asks again for the same molecules
def _scaffolds(smiles: tuple[str, ...]) -> list[str | None]:
    return scaffolds(smiles)


@cached(4, by=lambda texts: texts)
def _unreadable(smiles: tuple[str, ...]) -> dict[int, str]:
    return unreadable(smiles)


Parts = tuple[list[int], list[int], list[int]]


def _random(smiles: Sequence[str] | np.ndarray, seed: int, fractions: tuple[float, float, float]) -> Parts:
    order = np.random.default_rng(seed).permutation(len(smiles)).tolist()
    first, second = _cuts(len(smiles), fractions)
    return order[:first], order[first:second], order[second:]


def _scaffold(smiles: Sequence[str] | np.ndarray, _seed: int, fractions: tuple[float, float, float]) -> Parts:
    groups = sorted(scaffold_groups(smiles).values(), key=lambda rows: (len(rows), rows[0]), reverse=True)
    first, second = _cuts(len(smiles), fractions)
    train: list[int] = []
    validation: list[int] = []
    test: list[int] = []
    for rows in groups:
        if len(train) + len(rows) <= first:
            train += rows
        elif len(train) + len(validation) + len(rows) <= second:
            validation += rows
        else:
            test += rows
    return train, validation, test


def _scaffold_balanced(smiles: Sequence[str] | np.ndarray, seed: int, fractions: tuple[float, float, float]) -> Parts:
    train_size, validation_size, test_size = (fraction * len(smiles) for fraction in fractions)
    groups = list(scaffold_groups(smiles).values())
    half = min(validation_size, test_size) / 2
    large = [rows for rows in groups if len(rows) > half]
    small = [rows for rows in groups if len(rows) <= half]
    generator = random.Random(seed)
    generator.shuffle(large)
    generator.shuffle(small)
    train: list[int] = []
    validation: list[int] = []
    test: list[int] = []
    for rows in large + small:
        if len(train) + len(rows) <= train_size:
            train += rows
        elif len(validation) + len(rows) <= validation_size:
            validation += rows
        else:
            test += rows
    return train, validation, test


_RULES = {"scaffold": _scaffold, "scaffold_balanced": _scaffold_balanced, "random": _random}


def _cuts(n: int, fractions: tuple[float, float, float]) -> tuple[int, int]:
    """Where validation and test begin; the small excess forgives 0.7 + 0.1 = 0.7999..."""
    return int(n * fractions[0] + 1e-6), int(n * (fractions[0] + fractions[1]) + 1e-6)


def _count(smiles: Sequence[str] | np.ndarray, rule: str) -> str:
    groups = len(smiles) if rule == "random" else len(scaffold_groups(smiles))
    return f"{groups} scaffold{'s' * (groups != 1)}" if rule != "random" else f"{groups} rows"
