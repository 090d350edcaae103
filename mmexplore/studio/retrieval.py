"""The front desk's drawer for retrieval: hits of a query, filters, agreement of spaces, pairs that they part over."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.chem import molecules
from mmexplore.datasets import search
from mmexplore.explore.maps.panels import Panel
from mmexplore.explore.neighbors import agreement as ranking_agreement
from mmexplore.explore.neighbors.agreement import Agreement, Pair
from mmexplore.explore.neighbors.search import Space, top
from mmexplore.models.registry import UNTRAINED, model
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.data import dataset
from mmexplore.studio.maps import embed, view_of
from mmexplore.studio.molecules import table_of
from mmexplore.studio.spaces import ECFP, Query, lacking, query_of, record_of, row_of, space

if TYPE_CHECKING:
    import pandas as pd

MOST_TRIED = 20_000
"""A filter by property looks at so many of the most similar molecules."""
PROPERTIES = molecules.DESCRIPTORS
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class HitList:
    """Hits of one space, most similar first: ``rows`` int64 (k,) of the data set, ``similarity`` float64 (k,).

    ``tried``: how many of the most similar molecules a filter by property has looked at; 0 without one.
    """

    panel: Panel
    rows: np.ndarray
    similarity: np.ndarray
    tried: int = 0


def hits(query: Query, panel: Panel, data: str, k: int, smarts: str = "", within: Ranges | None = None) -> HitList:
    """The ``k`` molecules of a data set most similar to the query; among equals the query itself comes first.

    ``smarts`` and ``within`` (property: lowest, highest) are filters. Raises NotAvailable before the model has embedded
    the data set, BadMolecule for the SMARTS or a query that the model cannot read, UnknownName for a property.
    """
    there, record = space(panel, data), record_of(query, panel, data)
    keep = _containing(data, dataset(data).digest, smarts) if smarts else None
    rows, similarity, tried = _passing(there, record, k, keep, data, within or {})
    own = query.row if query.data == data else row_of(dataset(data), query.smiles)
    return HitList(panel, *_own_first(rows, similarity, there, record, own, keep), tried)


def check_pattern(smarts: str) -> None:
    """Raise BadMolecule unless the text is empty or reads as SMARTS."""
    if smarts:
        molecules.pattern(smarts)


@lru_cache(maxsize=8)
def _containing(data: str, digest: str, smarts: str) -> np.ndarray:  # noqa: ARG001
    table = dataset(data)
    keep = np.zeros(len(table), bool)
    keep[search.matches(table, smarts)] = True
    return keep


def _passing(
    there: Space, record: np.ndarray, k: int, keep: np.ndarray | None, data: str, within: Ranges
) -> tuple[np.ndarray, np.ndarray, int]:
    """The best that pass; with a property asked for, ever more of the best are looked at until enough do."""
    for name in within:
        if name not in molecules.DESCRIPTORS:
            raise UnknownName("property", name, molecules.DESCRIPTORS)
    tried, most = (8 * k if within else k), len(there.usable)
    while True:
        found = top(there, record, min(tried, most), keep)
        rows, similarity = found.rows[0], found.similarity[0]
        good = np.flatnonzero([_is_within(str(s), within) for s in dataset(data).smiles[rows]] if within else rows >= 0)
        if len(good) >= k or len(rows) < tried or tried >= MOST_TRIED:
            return rows[good[:k]], similarity[good[:k]], len(rows) if within else 0
        tried = min(4 * tried, MOST_TRIED)


def _is_within(smiles: str, within: Ranges) -> bool:
    return all(low <= _property(smiles, name) <= high for name, (low, high) in within.items())


@lru_cache(maxsize=100_000)
def _property(smiles: str, name: str) -> float:
    return float(molecules.descriptors([smiles], [name])[name][0])


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


def hit_table(found: HitList, data: str, model_name: str = "") -> "pd.DataFrame":
    """Hits with rank, space, similarity and all that is known of the molecules."""
    table = table_of(data, found.rows, model_name)
    table.insert(0, "similarity", found.similarity)
    table.insert(0, "space", f"{found.panel.model}, {found.panel.view}" if found.panel != ECFP else "ECFP")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def hits_sdf(lists: Sequence[HitList], data: str, model_name: str = "") -> str:
    """All hits as SDF text, a record a hit and list."""
    return "".join(molecules.to_sdf(hit_table(found, data, model_name)) for found in lists)


def shared(lists: Sequence[HitList]) -> dict[Panel, float]:
    """Of each list but ECFP's: the share of ECFP's hits that stand in it too; empty without an ECFP list."""
    reference = next((found for found in lists if found.panel == ECFP), None)
    if reference is None or not len(reference.rows):
        return {}
    return {found.panel: float(np.isin(reference.rows, found.rows).mean()) for found in lists if found.panel != ECFP}


def agreement(panel: Panel, data: str, k: int = 10, queries: int = 200, progress: Progress = silent) -> Agreement:
    """How alike a view and ECFP rank a data set, over many of its molecules. Raises NotAvailable, MmexploreError."""
    return ranking_agreement.agreement(space(ECFP, data), space(panel, data), k, queries, progress=progress)


def far_pairs(
    panel: Panel, data: str, ecfp_near: bool = True, least: float = 0.5, progress: Progress = silent
) -> tuple[Pair, ...]:
    """Pairs that ECFP calls close (Tanimoto at least ``least``) and the view far, or the reverse, the oddest first.

    The reverse asks for no least similarity: a cosine means something else in every view.
    """
    ecfp, other = space(ECFP, data), space(panel, data)
    queries = int(np.clip(20_000_000 // max(len(ecfp.usable), 1), 50, 500))
    if ecfp_near:
        return ranking_agreement.far_pairs(ecfp, other, queries, least=least, progress=progress)
    return ranking_agreement.far_pairs(other, ecfp, queries, k=3, progress=progress)


def retrieve(
    model_name: str,
    data: str,
    text: str,
    k: int = 4,
    target: str = "",
    views: Sequence[str] = (),
    smarts: str = "",
    queries: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hits by ECFP, the untrained twin and each view, as the command line gives them; embeds what is not embedded yet.

    ``text`` is a SMILES or a name in ``data``; hits are molecules of ``target`` (the same data set where empty).
    ``queries`` > 0: also each view's agreement with ECFP over so many molecules of ``target``.
    """
    target = target or data
    panels = _panels(model_name, [view_of(model_name, view) for view in views])
    for name in lacking(list(panels.values()), target):
        embed(name, target, progress)
    query = query_of(data, text)
    started = time.perf_counter()
    lists = {name: hits(query, panel, target, k, smarts) for name, panel in panels.items()}
    seconds = time.perf_counter() - started
    near = shared(list(lists.values()))
    found = {"query": query.smiles, "name": query.name, "k": k, "model": model_name, "data": target}
    found |= {"hits": {name: _plain(one, target) for name, one in lists.items()}}
    found |= {"overlap_with_ecfp": {name: near[one.panel] for name, one in lists.items() if one.panel in near}}
    found |= {"seconds": round(seconds, 4)}
    return found | ({"agreement": _agreements(panels, target, k, queries, progress)} if queries else {})


def _panels(model_name: str, views: Sequence[str]) -> dict[str, Panel]:
    """ECFP, the untrained twin's last view, and the views, by the names that the command line gives them."""
    chosen = model(model_name)
    if chosen.card is None:
        return {"ecfp": ECFP}
    wanted = list(views) or list(chosen.views)
    twin = Panel(UNTRAINED + model_name.removeprefix(UNTRAINED), wanted[-1])
    return {"ecfp": ECFP, "untrained": twin} | {view: Panel(model_name, view) for view in wanted}


def _plain(found: HitList, data: str) -> list[dict[str, Any]]:
    table = dataset(data)
    return [
        {"smiles": str(table.smiles[row]), "name": str(table.names[row]), "similarity": float(similarity), "row": row}
        for row, similarity in zip(found.rows.tolist(), found.similarity, strict=True)
    ]


def _agreements(panels: dict[str, Panel], data: str, k: int, queries: int, progress: Progress) -> dict[str, Any]:
    made = {name: agreement(p, data, k, queries, progress) for name, p in panels.items() if p != ECFP}
    return {
        name: {
            "overlap": float(one.overlap.mean()),
            "overlap_permuted": float(one.overlap_permuted.mean()),
            "overlap_expected": one.expected,
            "spearman": float(np.nanmean(one.spearman)),
            "spearman_permuted": float(np.nanmean(one.spearman_permuted)),
            "queries": len(one.rows),
        }
        for name, one in made.items()
    }
