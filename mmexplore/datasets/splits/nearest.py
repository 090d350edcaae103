"""How far a test part lies from its training part: each test molecule's nearest training molecule by Tanimoto."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.chem.fingerprints import tanimoto_of
from mmexplore.runtime.progress import Progress, silent

MOST = 2_000
BINS = 20


@dataclass(frozen=True)
class NearestTraining:
    """Nearest-training similarity of a test part, Tanimoto of ECFP4.

    ``median``, ``lower`` and ``upper`` quartile; ``counts`` of ``molecules`` in equal bins from 0 to 1, the last one
    with its upper end.
    """

    median: float
    lower: float
    upper: float
    counts: tuple[int, ...]
    molecules: int

    @property
    def words(self) -> str:
        """In a sentence.

        >>> NearestTraining(0.5, 0.4, 0.625, (3,), 3).words
        'nearest training molecule of a test molecule: Tanimoto 0.50 in the median, quartiles 0.40 and 0.62'
        """
        middle = f"{self.median:.2f} in the median, quartiles {self.lower:.2f} and {self.upper:.2f}"
        return f"nearest training molecule of a test molecule: Tanimoto {middle}"


def nearest_training(
    smiles: Sequence[str] | np.ndarray, train: np.ndarray, test: np.ndarray, progress: Progress = silent, seed: int = 0
) -> NearestTraining | None:
    """Nearest-training similarity of the test rows, of MOST drawn ones where there are more; None where none is."""
    found = similarities(smiles, train, test, progress, seed)
    if not len(found):
        return None
    lower, median, upper = np.quantile(found, (0.25, 0.5, 0.75)).tolist()
    counts = np.histogram(found, BINS, (0.0, 1.0))[0]
    return NearestTraining(median, lower, upper, tuple(counts.tolist()), len(found))


def similarities(
    smiles: Sequence[str] | np.ndarray, train: np.ndarray, test: np.ndarray, progress: Progress = silent, seed: int = 0
) -> np.ndarray:
    """Tanimoto of each test row's nearest training row, float64, in the order of the rows that were drawn."""
    if len(test) > MOST:
        test = np.sort(np.random.default_rng(seed).choice(test, MOST, replace=False))
    space, queries = (tanimoto_of([str(smiles[row]) for row in rows.tolist()]) for rows in (train, test))
    usable = np.flatnonzero(queries.usable)
    if not space.usable.any():
        return np.empty(0)
    found = np.empty(len(usable))
    for number, row in enumerate(usable.tolist()):
        if number % 64 == 0:
            progress("nearest training molecules", number, len(usable))
        found[number] = space.scores(queries.take(np.array([row])))[0].max()
    return found
