"""Folds of a cross-validation: each molecule is tested once, and rows of one molecule stay together."""

from collections.abc import Sequence

import numpy as np

from mmexplore.runtime.errors import BadRecipe


def folded(
    smiles: Sequence[str], seed: int, folds: int, fold: int, fractions: tuple[float, float, float]
) -> tuple[list[int], list[int], list[int]]:
    """Rows of train, validation and test, where part ``fold`` (from 0) of ``folds`` is the test part.

    Of the other parts the seed draws the validation part, as large beside the training part as ``fractions`` say. One
    seed's folds are one division of the molecules; another seed repeats the cross-validation with another one. Where
    a molecule goes depends on the seed and on which molecules there are, not on their order. Raises BadRecipe.
    """
    if not 0 <= fold < folds:
        raise BadRecipe(f"the test part is one of the {folds} folds, 0 to {folds - 1}, and {fold} came")
    texts, place = np.unique(np.array(list(map(str, smiles)), dtype=object), return_inverse=True)
    if len(texts) < max(folds, 3):
        few = f"{len(texts)} different molecule{'s' * (len(texts) != 1)}"
        raise BadRecipe(
            f"{folds} folds need {max(folds, 3)} different molecules or more, and {few} came; ask for fewer"
        )
    parts = np.array_split(np.random.default_rng(seed).permutation(len(texts)), folds)
    rest = np.concatenate([part for number, part in enumerate(parts) if number != fold])
    rest = np.random.default_rng((seed, fold)).permutation(np.sort(rest))
    share = fractions[1] / (fractions[0] + fractions[1])
    count = min(max(1, round(share * len(rest))), len(rest) - 1)
    part = np.full(len(texts), 2)
    part[rest[:count]], part[rest[count:]] = 1, 0
    of_row = part[place]
    train, validation, test = (np.flatnonzero(of_row == number).tolist() for number in range(3))
    return train, validation, test
