"""Retrieval: hits of a query, filters, agreement of spaces, discordant pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.chem import descriptors, molecules
from mmexplore.datasets import Dataset, search
from mmexplore.explore.maps.panels import ECFP, ViewRef, ref
from mmexplore.explore.neighbors import agreement as ranking_agreement
from mmexplore.explore.neighbors.agreement import Agreement, Pair
from mmexplore.explore.neighbors.search import Space, with_ties
from mmexplore.explore.neighbors.spaces import MoleculeRef, record_of, space
from mmexplore.models.registry import View, ecfp_view
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import each
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.thresholds import at_least, at_most

MOST_TRIED = 20_000
"""A filter by property looks at so many of the most similar molecules."""
PROPERTIES = molecules.DESCRIPTORS
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class HitList:
    """Hit list of one space, most similar first: ``rows`` int64 (k,) of the data set, ``similarity`` float64 (k,).

    The query is not among them, in whichever rows it stands. ``tried``: how many of the most similar molecules a filter
    by property has looked at; 0 without one. ``tied``: how many molecules are exactly as similar as the last hit, shown
    or not, where some of them are not shown; else 0.
    """

    panel: ViewRef
    rows: np.ndarray
    similarity: np.ndarray
    tried: int = 0
    tied: int = 0


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
    """The ``k`` molecules of a data set most similar to the query, which is no hit of its own; ties by row.

    ``smarts`` and ``within`` (property: lowest, highest) are filters. Raises NotAvailable before the model has embedded
    the data set, BadMolecule for the SMARTS or a query that the model cannot read, UnknownName for a property.
    """
    record = record_of(asked, view, dataset, source, home=home)
    return ranked(record, view, dataset, k, smarts, within, dataset.smiles != asked.smiles, home=home)


def ranked(
    looks: np.ndarray,
    view: View,
    dataset: Dataset,
    k: int,
    smarts: str = "",
    within: Ranges | None = None,
    keep: np.ndarray | None = None,
    *,
    home: Home,
) -> HitList:
    """The ``k`` molecules of a data set, of those to ``keep``, most similar to a record as the view sees it.

    Of several looks at one query (m, width) the likest counts. Raises like :func:`hits`.
    """
    there = space(view, dataset, home=home)
    keep = np.ones(len(dataset), bool) if keep is None else keep
    if smarts:
        keep = keep & containing(dataset, smarts)
    rows, similarity, tried = _passing(there, looks, k, keep, dataset, within or {})
    return HitList(ref(view), rows[:k], similarity[:k], tried, _tied(similarity, k))


def same_or_like(
    asked: MoleculeRef, dataset: Dataset, k: int, smarts: str = "", within: Ranges | None = None, *, home: Home
) -> HitList:
    """The ``k`` molecules of a data set most similar to a structure by ECFP, itself among them. Raises like hits."""
    record = record_of(asked, ecfp_view(), dataset, home=home)
    return ranked(record, ecfp_view(), dataset, k, smarts, within, home=home)


def _tied(similarity: np.ndarray, k: int) -> int:
    """Molecules as similar as the k-th, 0 where all of them are among the k."""
    as_last = similarity == similarity[k - 1] if len(similarity) > k else np.zeros(0, bool)
    return int(as_last.sum()) if as_last.size and as_last[k] else 0


def check_pattern(smarts: str) -> str:
    """Pattern of a typed structure, SMARTS or SMILES in any spelling, "" for an empty text. Raises BadMolecule."""
    return search.structure(smarts).pattern if smarts.strip() else ""


@cached(8)
def containing(dataset: Dataset, smarts: str) -> np.ndarray:
    """Which molecules contain a typed pattern (bool (n,)). Raises BadMolecule, TooLong."""
    keep = np.zeros(len(dataset), bool)
    keep[search.matches(dataset, check_pattern(smarts))] = True
    return keep


def _passing(
    there: Space, record: np.ndarray, k: int, keep: np.ndarray, dataset: Dataset, within: Ranges
) -> tuple[np.ndarray, np.ndarray, int]:
    """The best that pass, and all that tie with the k-th of them; with a property asked for, ever more of the best
    are looked at until enough do."""
    for name in within:
        if name not in molecules.DESCRIPTORS:
            raise UnknownName("property", name, molecules.DESCRIPTORS)
    tried, most = (8 * k if within else k), len(there.usable)
    while True:
        rows, similarity = with_ties(there, record, min(tried, most), keep)
        good = np.flatnonzero(are_within(dataset, rows, within) if within else rows >= 0)
        if len(good) >= k or len(rows) < tried or tried >= MOST_TRIED:
            return rows[good], similarity[good], len(rows) if within else 0
        tried = min(4 * tried, MOST_TRIED)


def are_within(dataset: Dataset, rows: np.ndarray, within: Ranges) -> np.ndarray:
    """Which rows have all these properties (bool)."""
    found = np.ones(len(rows), bool)
    for name, (low, high) in within.items():
        values = _properties(dataset, name, rows)
        found &= at_least(values, low) & at_most(values, high)
    return found


def _properties(dataset: Dataset, name: str, rows: np.ndarray) -> np.ndarray:
    """A property of some rows, NaN for one that has none before the deadline; kept between calls. Raises TooLong."""
    known = _known_properties(dataset, name)
    if lacking := [row for row in rows.tolist() if row not in known]:
        made = each(descriptors.rows, [str(dataset.smiles[row]) for row in lacking], names=[name])
        values = (one and one[0] for one in made)
        known |= {row: np.nan if value is None else value for row, value in zip(lacking, values, strict=True)}
    return np.array([known[row] for row in rows.tolist()], float)


@cached(16)
def _known_properties(dataset: Dataset, name: str) -> dict[int, float]:
    """What is known of a property by row: unlike other caches' results it grows, as searches ask for more."""
    del dataset, name
    return {}


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
