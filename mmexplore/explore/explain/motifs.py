"""Common motifs of a group: maximum common subgraph, and the minimum positive subgraphs that a model sees in many.

MMFRL names maximum common subgraphs and shows none; ours are RDKit's (Dalke & Hastings 2013,
doi 10.1186/1758-2946-5-S1-O6) over a cluster of embeddings, a class or a selection. What is in a group may be in
everything: each subgraph is counted outside the group too, and a motif has to be in more of the group than chance puts
there (Fisher's exact test, false discoveries by Benjamini and Hochberg 1995). That no motif does is an answer.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset, Skipped
from mmexplore.datasets.search import containing
from mmexplore.explore.explain.search import Subgraph
from mmexplore.runtime.deadline import within_seconds
from mmexplore.runtime.errors import TooLong
from mmexplore.runtime.progress import Progress, silent

MOST_COMPARED = 100
SHARE = 0.8
FEWEST_ATOMS = 3
"""A smaller subgraph is in nearly everything: it is no motif."""
FALSE_SHARE = 0.05
"""Of the motifs that are told, this share at most is expected to be there by chance."""
_GRACE = 2.0
_COUNTER_EXAMPLES = 12


@dataclass(frozen=True)
class Common:
    """A maximum common subgraph as SMARTS, "" where there is none.

    ``complete``: the search came to its end; else this is the largest that was found until time ran out. ``compared``
    molecules were looked at, ``share`` of them had to hold it; ``example`` is the smallest that does. ``skipped``:
    those of the group that could not be.
    """

    smarts: str
    n_atoms: int
    complete: bool
    compared: int
    share: float
    seconds: float
    example: str = ""
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class Support:
    """Support of a subgraph.

    In how many of ``n`` molecules of a group it is, and in how many of the ``n_outside`` others that can be read.

    ``positive`` of the ``known`` molecules that hold it, inside and outside, are positive. ``counter_examples``: rows
    that hold it and are not. ``in_group``, ``in_rest``: rows that hold it, some of them where they are many.
    """

    inside: int
    n: int
    outside: int
    n_outside: int
    positive: int
    known: int
    counter_examples: tuple[int, ...] = ()
    in_group: tuple[int, ...] = ()
    in_rest: tuple[int, ...] = ()

    @property
    def table(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Contingency table: that hold it and that do not, in the group and in the rest."""
        return (self.inside, self.n - self.inside), (self.outside, self.n_outside - self.outside)


@dataclass(frozen=True)
class Enrichment:
    """Enrichment of a motif in a group.

    ``odds_ratio``: the odds to hold it in the group over those in the rest, with its 95 % interval (conditional maximum
    likelihood and exact interval, Cornfield 1956); NaN and 0 to infinity where all or none of both hold it. ``p``:
    one-sided by Fisher's exact test, *without the molecule that the motif was read off*, which holds it whatever the
    group is; ``q``: the same, corrected for the number of motifs that were tested.
    """

    odds_ratio: float
    low: float
    high: float
    p: float
    q: float

    @property
    def told(self) -> bool:
        """Whether the motif tells the group from the rest."""
        return self.q <= FALSE_SHARE and self.low > 1


@dataclass(frozen=True)
class Motif:
    """Motif: the minimum positive subgraph of ``count`` molecules of a group, its support and its enrichment.

    ``rows``: those of them that are in the data set. No enrichment where there is no rest to compare with.
    """

    smiles: str
    n_atoms: int
    count: int
    rows: tuple[int, ...]
    support: Support
    enrichment: Enrichment | None = None


def common_subgraph(
    smiles: Sequence[str], share: float = SHARE, seconds: float = 10.0, most: int = MOST_COMPARED, seed: int = 0
) -> Common:
    """Maximum common subgraph of this share of the molecules; its rings are rings of each that holds it, and whole.

    None where it has fewer than FEWEST_ATOMS: one carbon is common to nearly everything.

    Of more than ``most`` molecules a seeded sample is compared. Over a long chain or a cage RDKit looks at the clock
    too seldom: it is ended a moment after its time, and nothing is found then. Raises BadMolecule.
    """
    started = time.perf_counter()
    chosen = [smiles[i] for i in sample(len(smiles), most, seed)]
    try:
        smarts, n_atoms, ended, example = within_seconds(seconds + _GRACE, searched, chosen, share, seconds)
    except TooLong:
        smarts, n_atoms, ended, example = "", 0, False, ""
    if n_atoms < FEWEST_ATOMS:
        smarts, n_atoms, example = "", 0, ""
    return Common(smarts, n_atoms, ended, len(chosen), share, round(time.perf_counter() - started, 3), example)


def searched(smiles: Sequence[str], share: float, seconds: float) -> tuple[str, int, bool, str]:
    """A worker's search for a maximum common subgraph: SMARTS, atoms, whether it came to its end, and who holds it.

    What a share of the molecules hold is in one of the smallest of them, one more than may lack it. RDKit goes on from
    one of these to the next, but what it finds then depends on the first; so each is begun with in a search of its own.
    """
    started = time.perf_counter()
    chosen = sorted(map(molecules.parse, smiles), key=Mol.GetNumBonds)
    least = math.ceil(share * len(chosen) - 1e-9)
    best: Any = None
    ended = True
    for without in range(len(chosen) - max(least, 2) + 1):
        left = seconds - (time.perf_counter() - started)
        if left < 1:
            ended = False
            break
        found, whole = _held_by(chosen[without:], least, left)
        ended &= whole
        best = max(best, found, key=_size)
    smarts = best.smartsString if best else ""
    held = [mol for mol in chosen if smarts and mol.HasSubstructMatch(molecules.pattern(smarts))]
    example = molecules.canonical(min(held, key=Mol.GetNumAtoms)) if held else ""
    return smarts, best.numAtoms if smarts else 0, ended, example


def _size(found: Any) -> tuple[int, int]:
    return (found.numAtoms, found.numBonds) if found else (-1, -1)


def _held_by(mols: list[Mol], least: int, seconds: float) -> tuple[Any, bool]:
    """RDKit's answer, the largest subgraph of at least so many of the molecules, and whether it came to its end.

    RDKit fails over fused rings where not all molecules have to hold it: so it is asked who does first, and then of
    these, in which rings are whole.
    """
    started = time.perf_counter()
    found = _largest(mols, (least - 0.5) / len(mols), int(seconds), fused=False)
    if not found.numAtoms:
        return found, not found.canceled
    query = molecules.pattern(found.smartsString)
    left = max(1, int(seconds - (time.perf_counter() - started)))
    whole = _largest([mol for mol in mols if mol.HasSubstructMatch(query)], 1.0, left, fused=True)
    return whole, not (found.canceled or whole.canceled)


def _largest(mols: list[Mol], share: float, seconds: int, *, fused: bool) -> Any:
    """RDKit's maximum common subgraph; ``fused``: fused rings match only as they are fused."""
    from rdkit.Chem import rdFMCS

    rules: Any = rdFMCS.MCSParameters()
    rules.Threshold, rules.Timeout = share, seconds
    for compared in (rules.AtomCompareParameters, rules.BondCompareParameters):
        compared.RingMatchesRingOnly = compared.CompleteRingsOnly = True
    bonds = rules.BondCompareParameters  # else the rim of fused rings counts as a ring, which neither molecule has
    bonds.MatchFusedRings = bonds.MatchFusedRingsStrict = fused
    return rdFMCS.FindMCS(mols, rules)


def sample(n: int, most: int, seed: int = 0) -> np.ndarray:
    """Sample of rows: 0 to n - 1, or ``most`` of them drawn with the seed; ascending."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def support(dataset: Dataset, query: Mol, rows: np.ndarray, positive: np.ndarray) -> Support:
    """Support of a subgraph.

    ``rows`` are the group's, ``positive`` (n,) is 1, 0 or NaN for each molecule of the set.
    """
    holding = np.intersect1d(containing(dataset, query, chirality=False), dataset.readable)
    within = np.isin(holding, rows)
    labels = positive[holding]
    known = np.isfinite(labels)
    against = tuple(holding[known & (labels == 0)][:_COUNTER_EXAMPLES].tolist())
    in_group, in_rest = (tuple(holding[some][:_COUNTER_EXAMPLES].tolist()) for some in (within, ~within))
    inside = int(within.sum())
    counts = (inside, len(rows), len(holding) - inside, len(dataset.readable) - len(rows))
    return Support(*counts, int(labels[known].sum()), int(known.sum()), against, in_group, in_rest)


def odds(table: Sequence[Sequence[int]]) -> tuple[float, float, float]:
    """Odds ratio of a contingency table, and the ends of its 95 % interval.

    >>> [round(x, 2) for x in odds([[10, 10], [10, 90]])]
    [8.75, 2.6, 30.66]
    """
    from scipy.stats import contingency

    found = contingency.odds_ratio(table)
    low, high = found.confidence_interval(0.95)
    return float(found.statistic), float(low), float(high)


def enrichments(supports: Sequence[Support], read_off: int = 1) -> list[Enrichment | None]:
    """Enrichment of each of some motifs that were tested together; None for all where there is no rest.

    ``read_off``: so many of the group's molecules that hold a motif were chosen because they do. One is right for a
    motif that was read off the first molecule of the group that has it: the others then hold it no more often than
    chance, whatever the motif is.
    """
    from scipy import stats

    if not supports or not supports[0].n_outside or not supports[0].n:
        return [None] * len(supports)
    values = []
    for one in supports:
        (inside, without), rest = one.table
        left = [[max(inside - read_off, 0), without], rest]
        values.append(float(stats.fisher_exact(left, alternative="greater").pvalue))
    corrected = stats.false_discovery_control(values).tolist()
    return [Enrichment(*odds(one.table), p, q) for one, p, q in zip(supports, values, corrected, strict=True)]


def motifs(
    dataset: Dataset,
    rows: np.ndarray,
    best: Iterable[tuple[int, Subgraph]],
    positive: np.ndarray,
    most: int = 20,
    progress: Progress = silent,
) -> tuple[tuple[Motif, ...], int]:
    """Motif search: minimum positive subgraphs, each given with its molecule's row, or -1; and how many were tested.

    All of FEWEST_ATOMS or more are tested, so that none is chosen by what it is tested for. Those that tell the group
    from the rest come first, by the lower end of their interval; then the others, by their p.
    """
    holders: dict[str, list[int]] = {}
    sizes: dict[str, int] = {}
    for row, part in best:
        if part.smiles and part.n_atoms >= FEWEST_ATOMS:
            holders.setdefault(part.smiles, []).append(row)
            sizes[part.smiles] = part.n_atoms
    supports = []
    for number, smiles in enumerate(holders):
        progress("count motifs", number, len(holders))
        supports.append(support(dataset, molecules.parse(smiles), rows, positive))
    found = [
        Motif(smiles, sizes[smiles], len(holders[smiles]), tuple(r for r in holders[smiles] if r >= 0), held, enriched)
        for smiles, held, enriched in zip(holders, supports, enrichments(supports), strict=True)
    ]
    return tuple(sorted(found, key=_rank)[:most]), len(found)


def _rank(one: Motif) -> tuple[bool, float, float, int, str]:
    enriched = one.enrichment
    if enriched is None:
        return True, 0.0, 0.0, -one.count, one.smiles
    return not enriched.told, -enriched.low if enriched.told else enriched.p, -enriched.low, -one.count, one.smiles
