"""Data splits: which rows train, which validate, which test.

Molecules with one scaffold stay together, so that tests ask for new chemistry; the two scaffold rules
give very different scores and are never to be compared with each other.

    scaffold            deterministic, largest scaffold first (Wu et al., MoleculeNet, Chem. Sci. 2018, 9, 513), of
                        equal ones that which begins last, as DeepChem sorts them
    scaffold_balanced   seeded, large scaffolds first, then shuffled ones (Yang et al., J. Chem. Inf. Model. 2019, 59,
                        3370; chemprop version 1; version 2 fills the test part first and so splits differently)
    random              a seeded permutation
    cluster             seeded as scaffold_balanced, over Butina's clusters (:mod:`mmexplore.datasets.splits.clusters`)
    kfold               one fold of a seeded cross-validation (:mod:`mmexplore.datasets.splits.folds`), where molecules,
                        scaffolds or clusters stay together
    column, time        as a column of the user's says (:mod:`mmexplore.datasets.splits.by_column`)
    file                as a file of the user's says (:mod:`mmexplore.datasets.splits.by_file`)

The first five need structures alone (:func:`split`), the others a data set (:func:`divide`).
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.chem.standardize import scaffolds, unreadable
from mmexplore.datasets import Dataset
from mmexplore.datasets.splits import by_column, by_file
from mmexplore.datasets.splits.clusters import SIMILARITY, butina
from mmexplore.datasets.splits.folds import folded
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.progress import Progress, silent


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


@dataclass(frozen=True)
class SplitRule:
    """Split rule with its options; each rule reads those that it needs.

    ``column``: the one with parts (rule column) or dates (time); ``file``: with names or SMILES and parts;
    ``similarity``: from which a cluster's molecules are neighbors; ``fold`` of ``folds`` (from 0) is the test part, and
    ``folds_by`` says what stays in one fold: a molecule, scaffold or cluster.
    """

    name: str
    seed: int = 0
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    column: str = ""
    file: str = ""
    similarity: float = SIMILARITY
    folds: int = 5
    fold: int = 0
    folds_by: str = "molecule"


@dataclass(frozen=True)
class Division:
    """Division of a data set: its split, why readable rows are in no part, by row, and what else is to be told."""

    split: Split
    left_out: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def divide(dataset: Dataset, rule: SplitRule, progress: Progress = silent) -> Division:
    """Division of a data set by any rule. Raises BadRecipe in a sentence for what cannot be divided, UnknownName."""
    notes: list[str] = []
    left_out: dict[int, str] = {}
    if rule.name in _RULES:
        found = _by_structure(dataset.smiles, rule, progress)
    elif rule.name in ("column", "time", "file"):
        readable = dataset.readable
        if rule.name == "column":
            parts, left_out = by_column.by_part(dataset, rule.column)
        elif rule.name == "time":
            parts, left_out = by_column.by_time(dataset, rule.column, rule.fractions, readable)
        else:
            parts, left_out, notes = by_file.by_file(dataset, _file(rule))
        train, validation, test = (np.intersect1d(np.array(part, np.int64), readable) for part in parts)
        left_out = {row: why for row, why in left_out.items() if row not in dataset.unreadable}
        found = Split(train, validation, test)
        by_column.refuse_missing(f"split {rule.name!r} of {dataset.name!r}", found.sizes)
    else:
        raise UnknownName("split", rule.name, (*_RULES, "column", "file", "time"))
    notes += by_column.told_left_out(left_out, dataset.lines)
    return Division(found, left_out, (*notes, *_twice(dataset, found)))


def _file(rule: SplitRule) -> Path:
    if not rule.file:
        raise BadRecipe("split 'file' needs a file with names or SMILES and parts (data.split_file)")
    return Path(rule.file).expanduser()


def _twice(dataset: Dataset, found: Split) -> list[str]:
    """What is learned and tested at once: molecules that a data set has several times."""
    learned = set(dataset.smiles[found.train].tolist()) | set(dataset.smiles[found.validation].tolist())
    count = len(learned & set(dataset.smiles[found.test].tolist()))
    them = "molecule of the test part is" if count == 1 else "molecules of the test part are"
    return [f"{count:,} {them} in another part, too: the test score flatters"] if count else []


def split(
    smiles: Sequence[str] | np.ndarray,
    rule: str,
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    similarity: float = SIMILARITY,
    folds: int = 5,
    fold: int = 0,
    folds_by: str = "molecule",
) -> Split:
    """Split molecules (n,) by a rule that needs structures alone, those that can be read.

    Raises BadRecipe where a part would be empty, UnknownName.

    >>> split(["C", "CC", "CCC", "CCCC", "CCCCC"], "random", fractions=(0.6, 0.2, 0.2)).sizes
    (3, 1, 1)
    """
    about: dict[str, Any] = {"similarity": similarity, "folds": folds, "fold": fold, "folds_by": folds_by}
    return _by_structure(smiles, SplitRule(rule, seed, fractions, **about))


def _by_structure(smiles: Sequence[str] | np.ndarray, rule: SplitRule, progress: Progress = silent) -> Split:
    if rule.name not in _RULES:
        raise UnknownName("split", rule.name, _RULES)
    fractions = rule.fractions
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise BadRecipe(f"split fractions are three numbers above 0 that sum to 1, and {tuple(fractions)} came")
    by_scaffold = rule.name == "kfold" and rule.folds_by == "scaffold"
    rows = _readable(smiles, "scaffold" if by_scaffold else rule.name)
    texts = [str(smiles[row]) for row in rows.tolist()]
    parts = _RULES[rule.name](texts, rule, progress)
    for name, part in zip(("train", "validation", "test"), parts, strict=True):
        if not part:
            raise BadRecipe(
                f"split {rule.name!r} leaves no molecule for {name} (of {len(texts)}, in {_count(texts, rule)}); "
                "use a larger data set, other fractions, another seed or split 'random'"
            )
    train, validation, test = (rows[np.array(sorted(part), dtype=np.int64)] for part in parts)
    return Split(train, validation, test)


def _readable(smiles: Sequence[str] | np.ndarray, rule: str) -> np.ndarray:
    """Rows (int64) that the rule can place."""
    texts = tuple(map(str, smiles))
    if rule not in ("scaffold", "scaffold_balanced"):
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


def _random(smiles: list[str], rule: SplitRule, _: Progress) -> Parts:
    order = np.random.default_rng(rule.seed).permutation(len(smiles)).tolist()
    first, second = _cuts(len(smiles), rule.fractions)
    return order[:first], order[first:second], order[second:]


def _scaffold(smiles: list[str], rule: SplitRule, _: Progress) -> Parts:
    groups = sorted(scaffold_groups(smiles).values(), key=lambda rows: (len(rows), rows[0]), reverse=True)
    first, second = _cuts(len(smiles), rule.fractions)
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


def _scaffold_balanced(smiles: list[str], rule: SplitRule, _: Progress) -> Parts:
    return _balanced(list(scaffold_groups(smiles).values()), len(smiles), rule.seed, rule.fractions)


def _clustered(smiles: list[str], rule: SplitRule, progress: Progress) -> Parts:
    """Clusters whole, shuffled by the seed; which they are does not depend on the order of the rows."""
    of_row = butina(smiles, rule.similarity, progress)
    groups = [np.flatnonzero(of_row == number).tolist() for number in range(int(of_row.max(initial=-1)) + 1)]
    if len(groups) == 1 and len(smiles) > 1:
        raise BadRecipe(
            f"split 'cluster' finds one cluster: all {len(smiles)} molecules are neighbours at a Tanimoto similarity "
            f"of {rule.similarity:g}; ask for a higher one (data.cluster_similarity), or choose another split"
        )
    return _balanced(groups, len(smiles), rule.seed, rule.fractions)


def _balanced(groups: list[list[int]], n: int, seed: int, fractions: tuple[float, float, float]) -> Parts:
    """Large groups first, then small ones, both shuffled; each goes into the first part that has room for it."""
    train_size, validation_size, test_size = (fraction * n for fraction in fractions)
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


def _folded(smiles: list[str], rule: SplitRule, progress: Progress) -> Parts:
    groups = None
    if rule.folds_by == "scaffold":
        groups = np.unique(np.array(_scaffolds(tuple(smiles)), dtype=str), return_inverse=True)[1]
    elif rule.folds_by == "cluster":
        groups = butina(smiles, rule.similarity, progress)
    elif rule.folds_by != "molecule":
        raise UnknownName("way to fold", rule.folds_by, ("molecule", "scaffold", "cluster"))
    return folded(smiles, rule.seed, rule.folds, rule.fold, rule.fractions, groups, rule.folds_by)


_RULES: dict[str, Callable[[list[str], SplitRule, Progress], Parts]] = {
    "scaffold": _scaffold,
    "scaffold_balanced": _scaffold_balanced,
    "random": _random,
    "cluster": _clustered,
    "kfold": _folded,
}


def _cuts(n: int, fractions: tuple[float, float, float]) -> tuple[int, int]:
    """Where validation and test begin; the small excess forgives 0.7 + 0.1 = 0.7999..."""
    return int(n * fractions[0] + 1e-6), int(n * (fractions[0] + fractions[1]) + 1e-6)


def _count(smiles: list[str], rule: SplitRule) -> str:
    if rule.name in ("random", "kfold"):
        return f"{len(smiles)} rows"
    clusters = rule.name == "cluster"
    groups = len(set(butina(smiles, rule.similarity).tolist())) if clusters else len(scaffold_groups(smiles))
    return f"{groups} {'cluster' if clusters else 'scaffold'}{'s' * (groups != 1)}"
