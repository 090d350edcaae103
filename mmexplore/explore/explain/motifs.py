"""Common motifs of a group: maximum common subgraph, and the minimum positive subgraphs that a model sees in many.

MMFRL names maximum common subgraphs and shows none; ours are RDKit's (Dalke & Hastings 2013,
doi 10.1186/1758-2946-5-S1-O6) over a cluster of embeddings, a class or a selection. What is in a group may be in
everything: each subgraph is counted outside the group too.
"""

import math
import time
from collections import Counter
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

MOST_COMPARED = 100
SHARE = 0.8
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
    that hold it and are not.
    """

    inside: int
    n: int
    outside: int
    n_outside: int
    positive: int
    known: int
    counter_examples: tuple[int, ...] = ()


@dataclass(frozen=True)
class Motif:
    """Motif: the minimum positive subgraph of ``count`` molecules of a group, and its support.

    ``rows``: those of them that are in the data set.
    """

    smiles: str
    n_atoms: int
    count: int
    rows: tuple[int, ...]
    support: Support


def common_subgraph(
    smiles: Sequence[str], share: float = SHARE, seconds: float = 10.0, most: int = MOST_COMPARED, seed: int = 0
) -> Common:
    """Maximum common subgraph of this share of the molecules; its rings are rings of each that holds it, and whole.

    Of more than ``most`` molecules a seeded sample is compared. Over a long chain or a cage RDKit looks at the clock
    too seldom: it is ended a moment after its time, and nothing is found then. Raises BadMolecule.
    """
    started = time.perf_counter()
    chosen = [smiles[i] for i in sample(len(smiles), most, seed)]
    try:
        smarts, n_atoms, ended, example = within_seconds(seconds + _GRACE, searched, chosen, share, seconds)
    except TooLong:
        smarts, n_atoms, ended, example = "", 0, False, ""
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
    inside = np.isin(holding, rows).sum()
    labels = positive[holding]
    known = np.isfinite(labels)
    against = tuple(holding[known & (labels == 0)][:_COUNTER_EXAMPLES].tolist())
    counts = (int(inside), len(rows), len(holding) - int(inside), len(dataset.readable) - len(rows))
    return Support(*counts, int(labels[known].sum()), int(known.sum()), against)


def motifs(
    dataset: Dataset, rows: np.ndarray, best: Iterable[tuple[int, Subgraph]], positive: np.ndarray, most: int = 20
) -> tuple[Motif, ...]:
    """Motif search: the most frequent minimum positive subgraphs, each given with its molecule's row, or -1."""
    holders: dict[str, list[int]] = {}
    sizes: Counter[str] = Counter()
    for row, part in best:
        if part.smiles:
            holders.setdefault(part.smiles, []).append(row)
            sizes[part.smiles] = part.n_atoms
    frequent = sorted(holders, key=lambda smiles: (-len(holders[smiles]), -sizes[smiles], smiles))[:most]
    return tuple(
        Motif(
            smiles,
            sizes[smiles],
            len(holders[smiles]),
            tuple(row for row in holders[smiles] if row >= 0),
            support(dataset, molecules.parse(smiles), rows, positive),
        )
        for smiles in frequent
    )
