"""Retrieval: the molecules most like a query in several spaces, how far these agree, and where a label steps."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import Skipped, tables
from mmexplore.explore.cliffs import jumps, pairs
from mmexplore.explore.cliffs import r_groups as decomposition
from mmexplore.explore.cliffs.jumps import Jump
from mmexplore.explore.cliffs.pairs import LEAST, By, Cliffs, Near
from mmexplore.explore.cliffs.r_groups import RGroups
from mmexplore.explore.explain import fusion
from mmexplore.explore.explain.motifs import common_subgraph
from mmexplore.explore.maps.panels import ECFP, ViewRef
from mmexplore.explore.neighbors import retrieval, spaces
from mmexplore.explore.neighbors.agreement import Agreement, Pair
from mmexplore.explore.neighbors.retrieval import HitList, shared
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.models.imported import Imported
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import UNTRAINED, ecfp_view
from mmexplore.runtime.errors import BadMolecule, BadRecipe, BadTable, NotAvailable
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, view
from mmexplore.studio.fusion import fusion_report, stored_contributions
from mmexplore.studio.maps import embed, skipped, view_of
from mmexplore.studio.molecules import common_scaffold, table_of, to_sdf
from mmexplore.studio.spaces import lacking, query_of

if TYPE_CHECKING:
    import pandas as pd


def hits(
    query: MoleculeRef,
    panel: ViewRef,
    data: str,
    k: int,
    smarts: str = "",
    within: Mapping[str, tuple[float, float]] | None = None,
) -> HitList:
    """The ``k`` molecules of a data set most similar to the query, which is no hit of its own; ties by row.

    ``smarts`` and ``within`` (property: lowest, highest) are filters. Raises NotAvailable before the model has embedded
    the data set, BadMolecule for the SMARTS or a query that the model cannot read, UnknownName for a property.
    """
    source = dataset(query.data) if query.row >= 0 else None
    return retrieval.hits(query, view(panel), dataset(data), k, smarts, within, source, home=home())


def hit_table(found: HitList, data: str, model_name: str = "") -> "pd.DataFrame":
    """Hits with rank, space, similarity and all that is known of the molecules."""
    table = table_of(data, found.rows, model_name)
    table.insert(0, "similarity", found.similarity)
    table.insert(0, "space", f"{found.panel.model}, {found.panel.view}" if found.panel != ECFP else "ECFP")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def hits_sdf(lists: Sequence[HitList], data: str, model_name: str = "") -> str:
    """All hits as SDF text, a record a hit and list."""
    return "".join(to_sdf(hit_table(found, data, model_name)) for found in lists)


def agreement(panel: ViewRef, data: str, k: int = 10, queries: int = 200, progress: Progress = silent) -> Agreement:
    """Agreement of a view with ECFP on a data set, over many of its molecules. Raises NotAvailable, MmexploreError."""
    return retrieval.agreement(view(panel), dataset(data), k, queries, home=home(), progress=progress)


def far_pairs(
    panel: ViewRef, data: str, ecfp_near: bool = True, least: float = 0.5, progress: Progress = silent
) -> tuple[Pair, ...]:
    """Discordant pairs of ECFP and a view.

    Pairs that ECFP calls close (Tanimoto at least ``least``) and the view far, or the reverse, the oddest first.
    """
    return retrieval.far_pairs(view(panel), dataset(data), ecfp_near, least, home=home(), progress=progress)


def disagreement(one: ViewRef, other: ViewRef, data: str, k: int = 10, progress: Progress = silent) -> np.ndarray:
    """Disagreement of two views on a molecule's ``k`` nearest others, 0 to 1, float32 (n,), NaN where unknown.

    Raises NotAvailable before the models have embedded the data set.
    """
    return retrieval.disagreement(view(one), view(other), dataset(data), k, home=home(), progress=progress)


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
    lists, refused = _lists(query, panels, target, k, smarts)
    seconds = time.perf_counter() - started
    near = shared(list(lists.values()))
    found = {"query": query.smiles, "name": query.name, "k": k, "model": model_name, "data": target}
    found |= {"hits": {name: _plain(one, target) for name, one in lists.items()}}
    found |= {"tied": {name: one.tied for name, one in lists.items()}}
    found |= {"overlap_with_ecfp": {name: near[one.panel] for name, one in lists.items() if one.panel in near}}
    found |= {"seconds": round(seconds, 4), "skipped": _skipped(panels, target), "refused": refused}
    return found | ({"agreement": _agreements(panels, target, k, queries, progress)} if queries else {})


def _panels(model_name: str, views: Sequence[str]) -> dict[str, ViewRef]:
    """ECFP, the untrained twin's last view, and the views, by the names that the command line gives them."""
    chosen = model(model_name)
    wanted = list(views) or list(chosen.views)
    if isinstance(chosen, Imported):
        return {"ecfp": ECFP} | {view: ViewRef(model_name, view) for view in wanted}
    if chosen.card is None:
        return {"ecfp": ECFP}
    twin = ViewRef(UNTRAINED + model_name.removeprefix(UNTRAINED), wanted[-1])
    return {"ecfp": ECFP, "untrained": twin} | {view: ViewRef(model_name, view) for view in wanted}


def _lists(
    query: MoleculeRef, panels: dict[str, ViewRef], target: str, k: int, smarts: str
) -> tuple[dict[str, HitList], dict[str, str]]:
    """Hits of each space, and why those that cannot read the query have none. Raises BadMolecule where none can."""
    lists: dict[str, HitList] = {}
    refused: dict[str, str] = {}
    for name, panel in panels.items():
        try:
            lists[name] = hits(query, panel, target, k, smarts)
        except BadMolecule as mistake:
            refused[name] = str(mistake)
    if not lists:
        raise BadMolecule(next(iter(refused.values())))
    return lists, refused


def _skipped(panels: dict[str, ViewRef], target: str) -> list[dict[str, Any]]:
    """Molecules that at least one space does without, each once."""
    rows: dict[int, Skipped] = {}
    for name in dict.fromkeys(panel.model for panel in panels.values()):
        rows |= {one.row: one for one in skipped(name, target) if one.row not in rows}
    return [asdict(rows[row]) for row in sorted(rows)]


def _plain(found: HitList, data: str) -> list[dict[str, Any]]:
    table = dataset(data)
    return [
        {"smiles": str(table.smiles[row]), "name": str(table.names[row]), "similarity": float(similarity), "row": row}
        for row, similarity in zip(found.rows.tolist(), found.similarity, strict=True)
    ]


def _agreements(panels: dict[str, ViewRef], data: str, k: int, queries: int, progress: Progress) -> dict[str, Any]:
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


def cliffs(
    data: str,
    task: str = "",
    near: Near = "both",
    least: float = LEAST,
    gap: float | None = None,
    progress: Progress = silent,
) -> Cliffs:
    """Activity cliffs of a label (default: the first): pairs near in structure, and at least ``gap`` apart in it.

    ``near``: by ECFP (Tanimoto of ``least`` or more), as a matched pair, or either (both). ``gap`` None: one standard
    deviation, of classes another one. Kept on disk. Raises BadRecipe, UnknownName.
    """
    table = dataset(data)
    return pairs.find(table, _fingerprints(data), task, near, least, gap, home=home(), progress=progress)


def stored_cliffs(
    data: str, task: str = "", near: Near = "both", least: float = LEAST, gap: float | None = None
) -> Cliffs | None:
    """Cliffs that :func:`cliffs` has found before, or finds while a page waits; None where :func:`start_cliffs` has to.

    Raises like :func:`cliffs`.
    """
    table = dataset(data)
    if found := pairs.stored(table, task, near, least, gap, home=home()):
        return found
    quick = pairs.matched_file(table, home=home()).is_file() and len(table) <= pairs.INLINE_ROWS
    return cliffs(data, task, near, least, gap) if quick else None


def start_cliffs(data: str, task: str = "", near: Near = "both", least: float = LEAST, gap: float | None = None) -> Job:
    """Cliff job: have them found by a job, or the job that is at it already, in the lane of the maps."""
    check_names(data)
    arguments = ["--data", data, "--near", near, "--least", f"{least:g}", *(["--label", task] if task else [])]
    arguments += [] if gap is None else ["--gap", f"{gap!r}"]
    title = f"cliffs of {task or 'the first label'} of {data}"
    return client.start_once("cliffs", arguments, device="maps", title=title, home=home())


def _fingerprints(data: str) -> Tanimoto:
    found = spaces.space(ecfp_view(), dataset(data), home=home())
    assert isinstance(found, Tanimoto)
    return found


def cliff_table(found: Cliffs, data: str, by: By = "SALI") -> "pd.DataFrame":
    """Cliffs as a table, a row a pair: both molecules with their label, similarity, difference, SALI, what changes."""
    import pandas as pd

    table = dataset(data)
    values = table.labels[:, [one.name for one in table.tasks].index(found.task)]
    rows = [
        {"tanimoto": one.similarity, "difference": one.gap, "SALI": one.sali}
        | {"from": one.part_a, "to": one.part_b, "constant": one.constant}
        | {
            f"{what} {which}": value
            for which, row in (("a", one.a), ("b", one.b))
            for what, value in (
                ("row", row + 1),
                ("name", table.names[row]),
                ("smiles", table.smiles[row]),
                (found.task, float(values[row])),
            )
        }
        for one in found.ranked(by)
    ]
    return pd.DataFrame(rows)


def cliffs_sdf(found: Cliffs, data: str, by: By = "SALI") -> str:
    """Cliffs as SDF text, two records a pair, which have its number in common."""
    import pandas as pd

    table = cliff_table(found, data, by)
    shared = ["tanimoto", "difference", "SALI", "from", "to", "constant"]
    parts = []
    for which in ("a", "b") if len(table) else ():
        named = {f"{what} {which}": what for what in ("row", "name", "smiles", found.task)}
        part = table[[*named, *shared]].rename(columns=named)
        part.insert(0, "pair", np.arange(1, len(part) + 1))
        parts.append(part)
    return to_sdf(pd.concat(parts).sort_values("pair", kind="stable")) if parts else ""


def transformation_table(found: Cliffs) -> "pd.DataFrame":
    """Matched transformations as a table; ``smiles`` holds both parts, for SDF."""
    import pandas as pd

    names = ("count", "groups", "mean", "low", "high", "up", "down", "p", "q")
    rows = [
        {"smiles": f"{one.part_a}.{one.part_b}", "from": one.part_a, "to": one.part_b}
        | {name: getattr(one, name) for name in names}
        for one in found.transformations
    ]
    return pd.DataFrame(rows, columns=["smiles", "from", "to", *names])


def jump(model_name: str, data: str, task: str, a: int, b: int) -> Jump | None:
    """Jump of a model's prediction from row ``a`` to row ``b``, and each modality's share of it where it is a fusion.

    None where :func:`start_contributions` has to make the contributions first. Raises NotAvailable for a model that
    predicts no such label, and for a molecule that it could not describe.
    """
    chosen, table = model(model_name), dataset(data)
    try:
        number, about = fusion.task_number(chosen, task), chosen.card
    except BadRecipe:
        known = predictions(chosen, table, home=home())
        if known is None or task not in known:
            raise NotAvailable(f"{model_name} has no predictions of {task} here; another model would do") from None
        unit = next((one.unit for one in table.tasks if one.name == task), "")
        return jumps.of_predictions(known[task].to_numpy(float), unit, a, b)
    assert about is not None
    name = about.data.tasks[number].name
    ready = fusion.shipped_report(chosen, table, name) or spaces.is_ready(chosen, table, home=home())
    found = stored_contributions(model_name, data, name) if ready else None
    return jumps.of_fusion(fusion_report(model_name, data, name), found, a, b) if found else None


def r_groups(data: str, rows: Sequence[int] | np.ndarray, core: str = "") -> RGroups:
    """R-group table of rows of a data set around a core, a SMILES or SMARTS.

    Without one around their most frequent scaffold, or, where they have no rings, their maximum common subgraph.
    Raises BadMolecule where none holds it, or nothing is common, and TooLong.
    """
    smiles = [str(text) for text in dataset(data).smiles[np.asarray(rows, np.int64)]]
    core = core.strip() or common_scaffold(data, rows)[0] or common_subgraph(smiles, seconds=2.0).smarts
    if not core:
        raise BadMolecule("these molecules have no scaffold and nothing else in common; type a core that some hold")
    return decomposition.decompose(smiles, core)


def r_group_table(found: RGroups, data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> "pd.DataFrame":
    """R-group table with all that is known of the molecules, in the order of the data set."""
    held = np.asarray(rows, np.int64)[list(found.numbers)]
    table = table_of(data, held, model_name)
    for place, name in list(enumerate(found.names))[::-1]:
        table.insert(2, name, [parts[place] for parts in found.groups])
    return table


def check_file(path: Path) -> None:
    """Whether :func:`write_table` could write there. Raises BadTable."""
    if path.suffix.lower() != ".sdf":
        tables.check(path)
    elif not path.parent.is_dir():
        raise BadTable(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")


def write_table(path: Path, table: "pd.DataFrame", sdf: Callable[[], str] | None = None) -> Path:
    """Write a table of molecules as CSV, TSV, Parquet, Excel or SDF, by the ending of its name. Raises BadTable."""
    check_file(path)
    if path.suffix.lower() != ".sdf":
        return tables.write(path, table)
    write_atomically(path, sdf() if sdf else to_sdf(table), sealed=False)
    return path
