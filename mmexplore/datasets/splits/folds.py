"""Folds of a cross-validation: each molecule is tested once, and rows of one molecule stay together.

So do those of one group, where there are groups, such as scaffolds or clusters: then a fold tests other chemistry.
"""

from collections.abc import Sequence

import numpy as np

from mmexplore.runtime.errors import BadRecipe

Parts = tuple[list[int], list[int], list[int]]


def folded(
    smiles: Sequence[str],
    seed: int,
    folds: int,
    fold: int,
    fractions: tuple[float, float, float],
    groups: np.ndarray | None = None,
    called: str = "group",
) -> Parts:
    """Rows of train, validation and test, where part ``fold`` (from 0) of ``folds`` is the test part.

    Of the other parts the seed draws the validation part, as large beside the training part as ``fractions`` say. One
    seed's folds are one division of the molecules; another seed repeats the cross-validation with another one. Where
    a molecule goes depends on the seed and on which molecules there are, not on their order. With ``groups``, int (n,)
    one a row, no group is in two parts, and folds are as alike in size as whole groups allow; ``called`` is their word.
    Raises BadRecipe.
    """
    if not 0 <= fold < folds:
        raise BadRecipe(f"the test part is one of the {folds} folds, 0 to {folds - 1}, and {fold} came")
    texts, first, place = np.unique(
        np.array(list(map(str, smiles)), dtype=object), return_index=True, return_inverse=True
    )
    _check_enough(len(texts), folds, "molecule", "")
    share = fractions[1] / (fractions[0] + fractions[1])
    if groups is None:
        part = _by_molecule(len(texts), seed, folds, fold, share)
    else:
        _, of_text = np.unique(groups[first], return_inverse=True)
        _check_enough(len(np.unique(of_text)), folds, called, ", or fold by molecule")
        part = _by_group(of_text, seed, folds, fold, share)
    of_row = part[place]
    train, validation, test = (np.flatnonzero(of_row == number).tolist() for number in range(3))
    return train, validation, test


def _check_enough(count: int, folds: int, what: str, besides: str) -> None:
    if count < max(folds, 3):
        few = f"{count} different {what}{'s' * (count != 1)}"
        raise BadRecipe(
            f"{folds} folds need {max(folds, 3)} different {what}s or more, and {few} came; ask for fewer{besides}"
        )


def _by_molecule(n: int, seed: int, folds: int, fold: int, share: float) -> np.ndarray:
    """Part of each molecule: 0 train, 1 validation, 2 test."""
    parts = np.array_split(np.random.default_rng(seed).permutation(n), folds)
    rest = np.concatenate([one for number, one in enumerate(parts) if number != fold])
    rest = np.random.default_rng((seed, fold)).permutation(np.sort(rest))
    count = min(max(1, round(share * len(rest))), len(rest) - 1)
    part = np.full(n, 2)
    part[rest[:count]], part[rest[count:]] = 1, 0
    return part


def _by_group(of_text: np.ndarray, seed: int, folds: int, fold: int, share: float) -> np.ndarray:
    """The same with groups whole: the larger ones first, each into the fold that has fewest molecules by then."""
    _, starts = np.unique(of_text, return_index=True)
    named = np.argsort(np.argsort(starts))[of_text]  # by its first molecule, whatever the groups were called
    sizes = np.bincount(named)
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    fold_of, filled = np.zeros(len(sizes), np.int64), np.zeros(folds, np.int64)
    for group in drawn[np.argsort(-sizes[drawn], kind="stable")].tolist():
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    rest = np.flatnonzero(fold_of != fold)
    rest = np.random.default_rng((seed, fold)).permutation(rest)
    part_of, room = np.where(fold_of == fold, 2, 0), round(share * sizes[rest].sum())
    for group in rest.tolist():
        if sizes[group] <= room:
            part_of[group] = 1
            room -= sizes[group]
    if not (part_of == 1).any():
        part_of[rest[sizes[rest].argmin()]] = 1
    return np.asarray(part_of[named])
