"""Doubt: does a spectrum belong to its structure? Its place among decoys, isomers first, then near neighbors.

A pairing is as good as the share of decoys that fit the spectrum worse than the structure does. What is called wrong is
what stands lower than all but one in twenty of the pairings that are held for true.
"""

import numpy as np
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from mmexplore.chem.molecules import parse
from mmexplore.datasets import Dataset
from mmexplore.explore.neighbors.spaces import space
from mmexplore.models.registry import ecfp_view
from mmexplore.runtime.home import Home

DECOYS = 50
"""So many isomers and near neighbors at most."""
CALLED = 0.05


class Decoys:
    """Decoys of a data set's molecules: its isomers, the most similar first, then the most similar of the others.

    ``formulas`` (n,) str, known already or made now.
    """

    def __init__(self, dataset: Dataset, formulas: np.ndarray | None = None, *, home: Home) -> None:
        self.dataset = dataset
        self.formulas = formulas_of(dataset) if formulas is None else formulas
        self._space = space(ecfp_view(), dataset, home=home)

    def of(self, row: int) -> np.ndarray:
        """Rows of the decoys of a molecule, at most DECOYS; none is the same structure."""
        similar = self._space.scores(self._space.take(np.array([row])))[0]
        isomers = self.formulas == self.formulas[row]
        others = np.flatnonzero(np.isfinite(similar) & (self.dataset.smiles != self.dataset.smiles[row]))
        order = np.lexsort((others, -similar[others], ~isomers[others]))
        found: np.ndarray = others[order[:DECOYS]]
        return found


def formulas_of(dataset: Dataset) -> np.ndarray:
    """Molecular formulas (n,), "" where the structure cannot be read."""
    found = np.full(len(dataset), "", object)
    for row in dataset.readable.tolist():
        found[row] = CalcMolFormula(parse(str(dataset.smiles[row])))
    return found


def percentile(scores: np.ndarray, row: int, decoys: np.ndarray) -> float:
    """Share of the decoys that fit a spectrum worse than a structure does, those that fit alike by half; 0 to 1.

    ``scores`` (n,) of all molecules for the spectrum. NaN where the structure has no score or there is no decoy.
    """
    others = scores[decoys]
    others = others[np.isfinite(others)]
    if not len(others) or not np.isfinite(scores[row]):
        return float("nan")
    return float(((others < scores[row]).sum() + (others == scores[row]).sum() / 2) / len(others))


def threshold(percentiles: np.ndarray, called: float = CALLED) -> float:
    """Percentile at or below which at most a share of pairings that are held for true lies; -1 where even 0 is more."""
    known = np.sort(percentiles[np.isfinite(percentiles)])
    most = int(called * len(known))
    if not most:
        return -1.0
    below = known[known < known[most]] if most < len(known) else known
    return float(below[-1]) if len(below) else -1.0
