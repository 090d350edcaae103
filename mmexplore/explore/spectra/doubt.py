"""Doubt: does a spectrum belong to its structure? Its place among decoys, isomers first, then near neighbors.

A pairing is as good as the share of decoys that fit the spectrum worse than the structure does. At ``CALLED_BELOW`` or
lower it is called wrong, where one true pairing in twenty stands at most.
"""

from dataclasses import dataclass

import numpy as np
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from mmexplore.chem.molecules import parse
from mmexplore.datasets import Dataset
from mmexplore.explore.neighbors.spaces import MoleculeRef, record_of, space
from mmexplore.explore.spectra import matching, peaks
from mmexplore.explore.spectra.shift_table import Shifts
from mmexplore.models.registry import ecfp_view
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent

DECOYS = 50
"""So many isomers and near neighbors at most."""
FEWEST_DECOYS = 5
CALLED = 0.05
CALLED_BELOW = {"joint": 0.84, "both": 0.84, "shifts": 0.62}
"""Percentile by way (``benchmarks/peaks.py``)."""


@dataclass(frozen=True)
class Doubts:
    """Doubts of a data set, the most doubtful pairing first.

    ``rows`` int64 (m,) of molecules with a spectrum and at least FEWEST_DECOYS decoys; ``percentile`` float64 (m,), the
    share of decoys that fit the spectrum worse than the structure does; ``decoys`` int64 (m,) how many, and ``isomers``
    int64 (m,) of these; ``better`` int64 (m,) the decoy that fits best, -1 where none fits better than the structure.
    ``way`` is how they were compared.
    """

    rows: np.ndarray
    percentile: np.ndarray
    decoys: np.ndarray
    isomers: np.ndarray
    better: np.ndarray
    way: str = "shifts"

    @property
    def called(self) -> int:
        """How many pairings are called wrong."""
        return int((self.percentile <= CALLED_BELOW[self.way]).sum())


@dataclass(frozen=True)
class Doubt:
    """Doubt of one structure and its peaks: ``percentile`` by each way that there is, best way first.

    ``decoys``: how many, of which ``isomers``; ``better`` int64 (k,) rows of those that fit the peaks better, the best
    first.
    """

    percentile: dict[str, float]
    decoys: int
    isomers: int
    better: np.ndarray


@dataclass(frozen=True)
class Pairings:
    """What spectra are compared with: predicted ``shifts`` of all molecules, and where there is a joint model its
    ``structures`` (n, d), NaN where a molecule has no place."""

    shifts: Shifts
    structures: np.ndarray | None = None

    def scores(self, ppm: np.ndarray, spectrum: np.ndarray | None, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Scores of some molecules for one spectrum by each way; ``spectrum`` (d,) is its place in the joint space."""
        found = {"shifts": matching.similarity(ppm, self.shifts.take(rows))}
        if self.structures is not None and spectrum is not None:
            found["joint"] = np.asarray(self.structures[rows] @ spectrum, np.float64)
            found["both"] = peaks.summed(found["shifts"], found["joint"])
        return found


class Decoys:
    """Decoys of a data set's molecules: its isomers, the most similar first, then the most similar of the others.

    ``formulas`` (n,) str, known already or made now.
    """

    def __init__(self, dataset: Dataset, formulas: np.ndarray | None = None, *, home: Home) -> None:
        self.dataset = dataset
        self.formulas = formulas_of(dataset) if formulas is None else formulas
        self._space, self._home = space(ecfp_view(), dataset, home=home), home

    def of(self, row: int) -> np.ndarray:
        """Rows of the decoys of a molecule, at most DECOYS; none is the same structure."""
        return self._nearest(self._space.take(np.array([row])), str(self.dataset.smiles[row]), self.formulas[row])

    def of_molecule(self, asked: MoleculeRef) -> np.ndarray:
        """The same of any molecule. Raises BadMolecule, TooLong."""
        record = record_of(asked, ecfp_view(), self.dataset, home=self._home)
        return self._nearest(record, asked.smiles, formula(asked.smiles))

    def _nearest(self, record: np.ndarray, smiles: str, formula: str) -> np.ndarray:
        similar = self._space.scores(record)[0]
        others = np.isfinite(similar) & (self.dataset.smiles != smiles)
        isomers = np.flatnonzero(others & (self.formulas == formula))
        first = isomers[np.lexsort((isomers, -similar[isomers]))][:DECOYS]
        others[isomers] = False
        rest = np.flatnonzero(others)
        rest = rest[np.argsort(-similar[rest], kind="stable")[: DECOYS - len(first)]]
        return np.concatenate([first, rest])


def formulas_of(dataset: Dataset) -> np.ndarray:
    """Molecular formulas (n,), "" where the structure cannot be read."""
    found = np.full(len(dataset), "", object)
    for row in dataset.readable.tolist():
        found[row] = formula(str(dataset.smiles[row]))
    return found


def formula(smiles: str) -> str:
    """Molecular formula. Raises BadMolecule."""
    return str(CalcMolFormula(parse(smiles)))


def percentile(scores: np.ndarray) -> float:
    """Share of the others that fit a spectrum worse than the first does, those that fit alike by half; 0 to 1.

    NaN where the first has no score or there are no others.
    """
    own, others = scores[0], scores[1:]
    others = others[np.isfinite(others)]
    if not len(others) or not np.isfinite(own):
        return float("nan")
    return float(((others < own).sum() + (others == own).sum() / 2) / len(others))


def threshold(percentiles: np.ndarray, called: float = CALLED) -> float:
    """Percentile at or below which at most a share of pairings that are held for true lies; -1 where even 0 is more."""
    known = np.sort(percentiles[np.isfinite(percentiles)])
    most = int(called * len(known))
    below = known[known < known[most]] if most < len(known) else known
    return float(below[-1]) if len(below) else -1.0


def doubted(scores: dict[str, np.ndarray], rows: np.ndarray, isomers: int) -> Doubt:
    """Doubt of a structure whose scores stand before those of its decoys, which are these ``rows``."""
    told: dict[str, float] = {way: percentile(scores[way]) for way in peaks.WAYS if way in scores}
    first = scores[next(iter(told))]
    better = np.flatnonzero(first[1:] > first[0])
    return Doubt(told, len(rows), isomers, rows[better[np.argsort(-first[1:][better], kind="stable")]])


def doubts(
    dataset: Dataset,
    pairings: Pairings,
    spectra: np.ndarray | None,
    decoys: Decoys,
    progress: Progress = silent,
) -> Doubts:
    """Doubts of all pairings of a data set; ``spectra`` (n, d) their places in the joint space, where there is one.

    Raises BadTable for a data set without spectra.
    """
    if dataset.spectra is None or not dataset.spectra.counts.any():
        raise BadTable(f"{dataset.name!r} has no measured spectra to doubt; a structure and its peaks would do")
    found: list[tuple[int, float, int, int, int]] = []
    asked = np.flatnonzero(dataset.spectra.counts > 0).tolist()
    for number, row in enumerate(asked):
        if number % 50 == 0:
            progress("doubt", number, len(asked))
        among = decoys.of(row)
        if len(among) < FEWEST_DECOYS:
            continue
        beside = np.concatenate([[row], among])
        own = dataset.spectra.ppm[dataset.spectra.of(row)]
        told = pairings.scores(own, None if spectra is None else spectra[row], beside)
        scores = next(told[way] for way in peaks.WAYS if way in told)
        share = percentile(scores)
        if np.isfinite(share):
            best = int(np.nanargmax(scores))
            isomers = int((decoys.formulas[among] == decoys.formulas[row]).sum())
            found.append((row, share, len(among), isomers, int(beside[best]) if scores[best] > scores[0] else -1))
    progress("doubt", len(asked), len(asked))
    found.sort(key=lambda one: (one[1], one[0]))
    column = [np.array([one[place] for one in found], np.int64) for place in (0, 2, 3, 4)]
    shares = np.array([one[1] for one in found], np.float64)
    way = "shifts" if spectra is None else peaks.WAYS[0]
    return Doubts(column[0], shares, column[1], column[2], column[3], way)
