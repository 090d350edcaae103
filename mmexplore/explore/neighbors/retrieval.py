"""Retrieval: hits of a query, filters, agreement of spaces, discordant pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.chem import molecules, row_by_row
from mmexplore.datasets import Dataset, search
from mmexplore.explore.maps.panels import ECFP, ViewRef, ref
from mmexplore.explore.neighbors import agreement as ranking_agreement
from mmexplore.explore.neighbors.agreement import Agreement, Pair
from mmexplore.explore.neighbors.search import Space, top
from mmexplore.explore.neighbors.spaces import MoleculeRef, record_of, row_of, space
from mmexplore.models.registry import View, ecfp_view
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent

MOST_TRIED = 20_000
"""A filter by property looks at so many of the most similar molecules."""
PROPERTIES = molecules.DESCRIPTORS
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class HitList:
    """Hit list of one space, most similar first: ``rows`` int64 (k,) of the data set, ``similarity`` float64 (k,).

    ``tried``: how many of the most similar molecules a filter by property has looked at; 0 without one.
    """

    panel: ViewRef
    rows: np.ndarray
    similarity: np.ndarray
    tried: int = 0


def hits(
    asked: MoleculeRef,
    view: View,
    dataset: Dataset,
    k: int,
    smarts: str = "",
    within: Ranges | None = None,
    source: Dataset | None = None,
    *,
    home: Home,
) -> HitList:
    """The ``k`` molecules of a data set most similar to the query; among equals the query itself comes first.

    ``smarts`` and ``within`` (property: lowest, highest) are filters. Raises NotAvailable before the model has embedded
    the data set, BadMolecule for the SMARTS or a query that the model cannot read, UnknownName for a property.
    """
    there, record = space(view, dataset, home=home), record_of(asked, view, dataset, source, home=home)
    keep = _containing(dataset, smarts) if smarts else None
    rows, similarity, tried = _passing(there, record, k, keep, dataset, within or {})
    own = row_of(dataset, asked)
    return HitList(ref(view), *_own_first(rows, similarity, there, record, own, keep), tried)


def check_pattern(smarts: str) -> None:
    """Raise BadMolecule unless the text is empty or reads as SMARTS."""
    if smarts:
        molecules.pattern(smarts)


@cached(8)
def _containing(dataset: Dataset, smarts: str) -> np.ndarray:
    keep = np.zeros(len(dataset), bool)
    keep[search.matches(dataset, smarts)] = True
    return keep


def _passing(
    there: Space, record: np.ndarray, k: int, keep: np.ndarray | None, dataset: Dataset, within: Ranges
) -> tuple[np.ndarray, np.ndarray, int]:
    """The best that pass; with a property asked for, ever more of the best are looked at until enough do."""
    for name in within:
        if name not in molecules.DESCRIPTORS:
            raise UnknownName("property", name, molecules.DESCRIPTORS)
    tried, most = (8 * k if within else k), len(there.usable)
    while True:
        found = top(there, record, min(tried, most), keep)
        rows, similarity = found.rows[0], found.similarity[0]
        good = np.flatnonzero([_is_within(str(s), within) for s in dataset.smiles[rows]] if within else rows >= 0)
        if len(good) >= k or len(rows) < tried or tried >= MOST_TRIED:
            return rows[good[:k]], similarity[good[:k]], len(rows) if within else 0
        tried = min(4 * tried, MOST_TRIED)


def _is_within(smiles: str, within: Ranges) -> bool:
    return all(low <= _property(smiles, name) <= high for name, (low, high) in within.items())


@cached(100_000)
def _property(smiles: str, name: str) -> float:
    return float(row_by_row.descriptors([smiles], [name])[name][0])


def _own_first(
    rows: np.ndarray, similarity: np.ndarray, there: Space, record: np.ndarray, own: int, keep: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The query's own row before others that are as similar; some may have pushed it off the end."""
    if own < 0 or not len(rows) or (keep is not None and not keep[own]) or not there.usable[own]:
        return rows, similarity
    best = float(there.exact(record[0], np.array([own]))[0])
    place = int(np.searchsorted(-similarity, -best, "left"))
    others = rows != own
    if place == len(rows) or (others.all() and similarity[-1] != best):
        return rows, similarity
    return np.insert(rows[others], place, own)[: len(rows)], np.insert(similarity[others], place, best)[: len(rows)]


def shared(lists: Sequence[HitList]) -> dict[ViewRef, float]:
    """Overlap with ECFP of each other list: the share of ECFP's hits that stand in it too.

    Empty without an ECFP list.
    """
    reference = next((found for found in lists if found.panel == ECFP), None)
    if reference is None or not len(reference.rows):
        return {}
    return {found.panel: float(np.isin(reference.rows, found.rows).mean()) for found in lists if found.panel != ECFP}


@cached(64)
def agreement(
    view: View, dataset: Dataset, k: int, queries: int, *, home: Home, progress: Progress = silent
) -> Agreement:
    """Agreement of a view with ECFP on a data set, over many of its molecules. Raises NotAvailable, MmexploreError."""
    ecfp, other = space(ecfp_view(), dataset, home=home), space(view, dataset, home=home)
    return ranking_agreement.agreement(ecfp, other, k, queries, progress=progress)


@cached(64)
def far_pairs(
    view: View, dataset: Dataset, ecfp_near: bool, least: float, *, home: Home, progress: Progress = silent
) -> tuple[Pair, ...]:
    """Discordant pairs of ECFP and a view.

    Pairs that ECFP calls close (Tanimoto at least ``least``) and the view far, or the reverse, the oddest first.

    The reverse asks for no least similarity: a cosine means something else in every view.
    """
    ecfp, other = space(ecfp_view(), dataset, home=home), space(view, dataset, home=home)
    queries = int(np.clip(20_000_000 // max(len(ecfp.usable), 1), 50, 500))
    if ecfp_near:
        return ranking_agreement.far_pairs(ecfp, other, queries, least=least, progress=progress)
    return ranking_agreement.far_pairs(other, ecfp, queries, k=3, progress=progress)


@cached(12)
def disagreement(
    one: View, other: View, dataset: Dataset, k: int = 10, *, home: Home, progress: Progress = silent
) -> np.ndarray:
    """Disagreement of two views on a molecule's ``k`` nearest others, 0 to 1, float32 (n,), NaN where unknown.

    Raises NotAvailable before the models have embedded the data set.
    """
    spaces = space(one, dataset, home=home), space(other, dataset, home=home)
    return ranking_agreement.disagreement(*spaces, k, progress)
