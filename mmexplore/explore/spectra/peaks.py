"""Peaks to molecules: a list of 13C shifts ranks the molecules of any data set, measured or not.

Three ways. ``shifts``: the list is matched with those that a table of environments predicts for each structure.
``joint``: cosine in the space where a model of ours has spectra and structures meet. ``both``: the sum of both ranks.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.datasets.readers.peak_lists import PeakList
from mmexplore.explore import hurried
from mmexplore.explore.neighbors.query import loaded
from mmexplore.explore.neighbors.spaces import space
from mmexplore.explore.spectra import matching, shift_table
from mmexplore.explore.spectra.shift_table import Shifts, ShiftTable
from mmexplore.features.of_dataset import features_of
from mmexplore.features.pool import Pool, content_keys
from mmexplore.models.registry import SHIPPED, Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, BadTable, NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent

Way = Literal["shifts", "joint", "both"]
WAYS: tuple[Way, ...] = ("joint", "both", "shifts")
"""Ways to rank, the one that finds most among the first ten first (``benchmarks/peaks.py``)."""
JOINT = "joint"
TABLE = "shifts.npz"
SPECTRUM, STRUCTURE = "spectrum", "structure"
ENVIRONMENTS = "carbon_environments"
INLINE_ROWS = 20_000
"""Environments of so many molecules are made while a page waits."""


@dataclass(frozen=True)
class PeakHits:
    """Hits of a list of peaks, best first: ``rows`` int64 (k,), ``similarity`` float64 (k,) and ``ranks`` (k, 2).

    ``similarity`` is that of the ``way``: of matched shifts, a cosine, or the share of molecules behind the mean rank.
    ``ranks`` by shifts and by the joint model, from 1, 0 where there is none. ``tied``: as for a structure's hits.
    """

    way: Way
    rows: np.ndarray
    similarity: np.ndarray
    ranks: np.ndarray
    tied: int = 0

    def only(self, kept: np.ndarray, k: int) -> "PeakHits":
        """The first ``k`` of those to keep (bool, as many as there are hits); ties are not counted anew."""
        return PeakHits(self.way, self.rows[kept][:k], self.similarity[kept][:k], self.ranks[kept][:k])


@cached(1)
def shipped_table() -> ShiftTable:
    """Shift table that comes with the joint model. Raises NotAvailable."""
    try:
        return shift_table.read(SHIPPED / JOINT / TABLE)
    except (OSError, ValueError, KeyError):
        raise NotAvailable(f"the table of shifts is not here: {SHIPPED / JOINT / TABLE}") from None


def is_described(dataset: Dataset, *, home: Home) -> bool:
    """Whether the environments of a data set are there, or are so few that they are made while somebody waits."""
    if len(dataset) <= INLINE_ROWS:
        return True
    pool = Pool(ENVIRONMENTS, {}, home=home)
    return not (pool.find(pool.head(), content_keys(dataset.smiles.tolist())) < 0).any()


@cached(4)
def predicted(dataset: Dataset, *, home: Home, progress: Progress = silent) -> Shifts:
    """Spectra predicted for the molecules of a data set by the shipped table."""
    return shipped_table().predicted(features_of(dataset, ENVIRONMENTS, progress=progress, home=home))


def by_shifts(peaks: PeakList, dataset: Dataset, progress: Progress = silent, *, home: Home) -> np.ndarray:
    """Similarity of each molecule's predicted shifts, float64 (n,), NaN for one without carbon."""
    return matching.similarity(peaks.ppm, predicted(dataset, home=home, progress=progress), peaks.hydrogens)


def by_joint(peaks: PeakList, model: Model, dataset: Dataset, *, home: Home) -> np.ndarray:
    """Cosine of the spectrum with each structure, float64 (n,), NaN where that has no place.

    Raises NotAvailable before the model has embedded the data set, BadRecipe for a model that joins nothing.
    """
    there = space(model.view(STRUCTURE), dataset, home=home)
    query = place_of(peaks, model)[None]
    scores: np.ndarray = there.scores(query)[0].astype(np.float64)
    scores[~there.usable] = np.nan
    return scores


def place_of(peaks: PeakList, model: Model) -> np.ndarray:
    """Place of a list of peaks in a joint model's space, float32 (d,). Raises BadRecipe for a model without one."""
    check(model)
    return np.array(hurried.within(model, spectrum_values, peaks.ppm.tolist()), np.float32)


def check(model: Model) -> None:
    """Raise BadRecipe for a model in which spectra and structures do not meet."""
    if model.recipe is None or not model.recipe.apart or not {SPECTRUM, STRUCTURE} <= set(model.views):
        raise BadRecipe(
            f"{model.name!r} does not join spectra and structures; 'mmexplore pretrain joint' makes one that does"
        )


def spectrum_values(folder: str, _name: str, ppm: list[float]) -> list[float]:
    """The share of a model's process: a spectrum's place in the shared space."""
    return [float(value) for value in spectra_embedded(Path(folder), [np.array(ppm)])[0]]


def spectra_embedded(folder: Path, lists: list[np.ndarray]) -> np.ndarray:
    """Places of some spectra, each an array of shifts, in a joint model's space, float32 (n, d). Imports torch.

    Raises BadTable.
    """
    import torch

    from mmexplore.features.packing import pack
    from mmexplore.nn.dataloader import Batch, collate
    from mmexplore.runtime.errors import BadMolecule
    from mmexplore.runtime.registry import MODALITIES

    member = MODALITIES["nmr_spectrum"]()
    try:
        records = [member.measured(ppm.astype(np.float32), np.full(len(ppm), -1, np.int32)) for ppm in lists]
    except BadMolecule:
        raise BadTable("none of the peaks lies where a 13C spectrum has any, between -50 and 350 ppm") from None
    batch = Batch(
        {"nmr_spectrum": collate(pack(member.columns, records), "nmr_spectrum")},
        torch.zeros(len(records), 0),
        torch.arange(len(records)),
    )
    with torch.inference_mode():
        found: np.ndarray = loaded(folder)(batch).views[SPECTRUM].float().cpu().numpy()
    return found


def ranks(scores: np.ndarray) -> np.ndarray:
    """Ranks from 1, the best first, equals sharing the mean of theirs; what has no score comes last. float64 (n,)."""
    _, which, counts = np.unique(-np.where(np.isnan(scores), -np.inf, scores), return_inverse=True, return_counts=True)
    found: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return found


def summed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Score by the sum of ranks: the share of molecules behind the mean rank, NaN where one of both has none."""
    n = max(len(one), 1)
    found: np.ndarray = 1 - ((ranks(one) + ranks(other)) / 2 - 1) / n
    return np.where(np.isnan(one) | np.isnan(other), np.nan, found)


def best(
    way: Way, shifts: np.ndarray | None, joint: np.ndarray | None, k: int, keep: np.ndarray | None = None
) -> PeakHits:
    """The ``k`` best of those to ``keep`` by one way, ties by row, from the scores of each; ``both`` needs both."""
    scores = {"shifts": shifts, "joint": joint}.get(way)
    if way == "both":
        assert shifts is not None
        assert joint is not None
        scores = summed(shifts, joint)
    assert scores is not None
    usable = np.isfinite(scores) if keep is None else np.isfinite(scores) & keep
    rows = np.flatnonzero(usable)
    rows = rows[np.lexsort((rows, -scores[rows]))]
    of = [ranks(one)[rows[:k]] if one is not None else np.zeros(min(k, len(rows))) for one in (shifts, joint)]
    tied = 0
    if len(rows) > k and scores[rows[k]] == scores[rows[k - 1]]:
        tied = int((scores[rows] == scores[rows[k - 1]]).sum())
    return PeakHits(way, rows[:k], scores[rows[:k]], np.stack(of, 1), tied)
