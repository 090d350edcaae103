"""Retrieval: the molecules most like a query in several spaces, or by its peaks, a picture, a conformer."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.datasets import Skipped
from mmexplore.datasets.readers import conformer_files, peak_lists, pictures
from mmexplore.datasets.readers.peak_lists import PeakList
from mmexplore.explore.maps.panels import ECFP, ViewRef, ref
from mmexplore.explore.neighbors import retrieval, spaces
from mmexplore.explore.neighbors import shown as showing
from mmexplore.explore.neighbors.agreement import Agreement, Pair
from mmexplore.explore.neighbors.retrieval import HitList, shared
from mmexplore.explore.neighbors.shown import ShownQuery
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.explore.spectra import doubt as doubting
from mmexplore.explore.spectra import matching
from mmexplore.explore.spectra import peaks as by_peaks
from mmexplore.explore.spectra.doubt import Doubt, Doubts
from mmexplore.explore.spectra.peaks import PeakHits
from mmexplore.explore.spectra.shift_table import Shifts
from mmexplore.features.store import features
from mmexplore.models.imported import Imported
from mmexplore.models.registry import UNTRAINED, Model
from mmexplore.runtime.errors import BadMolecule, BadRecipe, BadTable, NotAvailable
from mmexplore.runtime.home import read_json, write_json
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, view
from mmexplore.studio.hosts import VISITORS
from mmexplore.studio.maps import embed, skipped, view_of
from mmexplore.studio.molecules import table_of, to_sdf
from mmexplore.studio.spaces import lacking, query_of
from mmexplore.studio.training import models

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_PATH = 500


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
    table.insert(0, "space", f"{found.panel.view}, {found.panel.model}" if found.panel != ECFP else "ECFP")
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


def peak_list(text: str) -> PeakList:
    """Peak list of a typed or pasted text, or of a file that it names (not where visitors ask). Raises BadTable."""
    if not VISITORS.is_set() and len(text) < _LONGEST_PATH and text.strip() and (path := Path(text.strip())).is_file():
        return peak_lists.peak_file(path)
    return peak_lists.peak_list(text)


def joint_model(model_name: str = "") -> Model | None:
    """The model in which spectra and structures meet: that of the name, else the shipped one, None where it is not.

    Raises UnknownName, BadRecipe for a model that joins nothing.
    """
    if not model_name:
        return next((one for one in models() if one.name == by_peaks.JOINT and one.shipped), None)
    by_peaks.check(found := model(model_name))
    return found


def lacking_for_peaks(data: str) -> bool:
    """Whether so much is to be made of a data set before peaks can be sought in it that a job should."""
    return not by_peaks.is_described(dataset(data), home=home())


def start_peaks(peaks: PeakList, data: str) -> Job:
    """Peak search as a job, which leaves what a page lacks; or the job that is at it already."""
    check_names(data)
    return client.start_once(
        "retrieve", ["--peaks", peaks.text, "--data", data], device="maps", title=f"peaks of {data}", home=home()
    )


def peak_hits(
    peaks: PeakList,
    data: str,
    k: int,
    smarts: str = "",
    within: Mapping[str, tuple[float, float]] | None = None,
    model_name: str = "",
    progress: Progress = silent,
) -> dict[str, PeakHits]:
    """The ``k`` molecules whose structures fit a list of 13C peaks best, by each way that there is, the best way first.

    The joint model's are left out where it has not embedded the data set. Raises BadMolecule for the SMARTS,
    UnknownName for a property or the model, NotAvailable.
    """
    table, joint = dataset(data), _ready_joint(model_name, data)
    shifts = by_peaks.by_shifts(peaks, table, progress, home=home())
    met = by_peaks.by_joint(peaks, joint, table, home=home()) if joint else None
    keep = retrieval.containing(table, smarts) if smarts else np.ones(len(table), bool)
    ways = by_peaks.WAYS if met is not None else ("shifts",)
    if not within:
        return {way: by_peaks.best(way, shifts, met, k, keep) for way in ways}
    tried = {way: by_peaks.best(way, shifts, met, retrieval.MOST_TRIED, keep) for way in ways}
    return {way: found.only(retrieval.are_within(table, found.rows, within), k) for way, found in tried.items()}


def peak_hit_table(found: PeakHits, data: str, model_name: str = "") -> "pd.DataFrame":
    """Hits of a list of peaks with rank, way, similarity and all that is known of the molecules."""
    table = table_of(data, found.rows, model_name)
    table.insert(0, "similarity", found.similarity)
    table.insert(0, "space", found.way)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def predicted_shifts(data: str, row: int) -> Shifts:
    """Predicted 13C spectrum of one molecule of a data set."""
    return by_peaks.predicted(dataset(data), home=home()).take(np.array([row]))


def retrieve_by_peaks(
    text: str, data: str, k: int = 4, smarts: str = "", model_name: str = "", progress: Progress = silent
) -> dict[str, Any]:
    """Hits of a list of peaks, as the command line gives them; embeds what is not embedded yet.

    Raises like :func:`peak_hits`, and BadTable for the list.
    """
    peaks, joint = peak_list(text), joint_model(model_name)
    if joint:
        embed(joint.name, data, progress)
    dataset(data, progress)
    started = time.perf_counter()
    found = peak_hits(peaks, data, k, smarts, model_name=model_name, progress=progress)
    about: dict[str, Any] = {"peaks": peaks.text, "k": k, "model": joint.name if joint else "", "data": data}
    about |= {"hits": {way: _plain_hits(one.rows, one.similarity, data) for way, one in found.items()}}
    about |= {"tied": {way: one.tied for way, one in found.items()}}
    return about | {"seconds": round(time.perf_counter() - started, 4)}


def shown_query(kind: showing.Kind, content: bytes | Path) -> ShownQuery:
    """Picture or conformer of a file's bytes, or of a file (not where visitors ask). Raises BadMolecule, NotAvailable.

    ``kind``: ``picture`` for a PNG, ``conformer`` for an SDF with places in space.
    """
    if isinstance(content, Path):
        if VISITORS.is_set():
            raise NotAvailable("a file of the server is read for nobody who visits it; its content would do")
        try:
            with content.expanduser().open("rb") as file:
                content = file.read(max(pictures.MOST_BYTES, conformer_files.MOST_BYTES) + 1)
        except OSError as error:
            raise NotAvailable(f"the file {str(content)!r} cannot be read: {error.strerror}") from None
    return showing.read(kind, content)


def shown_panel(kind: showing.Kind, model_name: str = "", *, usual: bool = False) -> ViewRef:
    """View in which a picture or a conformer is sought: that of the named model, else of the shipped one.

    ``usual``: a model that reads none gives way to the shipped one. Raises BadRecipe, UnknownName.
    """
    try:
        return ref(showing.view_for(kind, model(model_name or showing.USUAL[kind])))
    except BadRecipe:
        if not usual:
            raise
        return shown_panel(kind)


def shown_trust(kind: showing.Kind) -> str:
    """How far to trust what the shipped model finds of a picture or a conformer, as measured."""
    return showing.TRUST[kind]


def keep_shown(shown: ShownQuery) -> str:
    """Keep a shown query for links; returns the name that :func:`kept_shown` finds it by."""
    return showing.keep(shown, home=home())


def kept_shown(kind: showing.Kind, name: str) -> ShownQuery:
    """Shown query that was kept under a name. Raises UnknownName."""
    return showing.kept(kind, name, home=home())


def shown_hits(
    shown: ShownQuery,
    panel: ViewRef,
    data: str,
    k: int,
    smarts: str = "",
    within: Mapping[str, tuple[float, float]] | None = None,
) -> HitList:
    """The ``k`` molecules of a data set most like a picture or a conformer; ties by row.

    By ECFP a conformer's own structure is compared, and stands among the hits. Raises NotAvailable before the model has
    embedded the data set, BadMolecule, BadRecipe for a view that reads no such thing.
    """
    if panel == ECFP:
        return retrieval.same_or_like(MoleculeRef(shown.smiles), dataset(data), k, smarts, within, home=home())
    chosen = showing.view_for(shown.kind, model(panel.model))
    return showing.hits(shown, chosen, dataset(data), k, smarts, within, home=home())


def retrieve_by_shown(
    kind: showing.Kind,
    content: bytes | Path,
    data: str,
    k: int = 4,
    smarts: str = "",
    model_name: str = "",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hits of a picture or a conformer, as the command line gives them; embeds what is not embedded yet.

    Raises like :func:`shown_query` and :func:`shown_hits`.
    """
    shown, panel = shown_query(kind, content), shown_panel(kind, model_name)
    embed(panel.model, data, progress)
    started = time.perf_counter()
    panels = {panel.view: panel} | ({"ecfp": ECFP} if shown.smiles else {})
    found = {name: shown_hits(shown, one, data, k, smarts) for name, one in panels.items()}
    about: dict[str, Any] = {"kind": kind, "structure": shown.smiles, "k": k, "model": panel.model}
    about |= {"data": data, "hits": {name: _plain(one, data) for name, one in found.items()}}
    about |= {"tied": {name: one.tied for name, one in found.items()}, "notes": list(shown.told)}
    return about | {"trust": showing.TRUST[kind], "seconds": round(time.perf_counter() - started, 4)}


def doubt(query: MoleculeRef, peaks: PeakList, data: str, model_name: str = "") -> Doubt:
    """Doubt whether peaks belong to a structure: its place among decoys of a data set, isomers first.

    Raises BadMolecule, BadTable where the data set has too few decoys.
    """
    table, joint = dataset(data), _ready_joint(model_name, data)
    decoys = doubting.Decoys(table, home=home())
    rows = decoys.of_molecule(query)
    if len(rows) < doubting.FEWEST_DECOYS:
        raise BadTable(
            f"{data!r} has {len(rows)} decoys of it, and {doubting.FEWEST_DECOYS} are needed; search another"
        )
    environments = features(by_peaks.ENVIRONMENTS, [query.smiles], home=home(), typed=True)
    own = by_peaks.shipped_table().predicted(environments)
    if not len(own.ppm):
        raise BadMolecule(f"{query.smiles!r} has no carbon that 13C peaks could be of; a structure with one would do")
    every = by_peaks.predicted(table, home=home())
    scores = {"shifts": matching.similarity(peaks.ppm, own.before(every.take(rows)), peaks.hydrogens)}
    if joint is not None:
        place = joint.view(by_peaks.STRUCTURE)
        x = np.asarray(spaces.space(place, table, home=home()).take(rows))
        x = np.concatenate([spaces.record_of(query, place, table, home=home()), x])
        scores["joint"] = x.astype(np.float64) @ by_peaks.place_of(peaks, joint)
        scores["both"] = by_peaks.summed(scores["shifts"], scores["joint"])
    isomers = int((decoys.formulas[rows] == doubting.formula(query.smiles)).sum())
    return doubting.doubted(scores, rows, isomers)


def doubts(data: str, model_name: str = "", progress: Progress = silent) -> Doubts:
    """Doubts of a data set's own spectra, the most doubtful first; kept once they are made. Imports torch.

    Raises BadTable for a data set without spectra.
    """
    if (known := stored_doubts(data, model_name)) is not None:
        return known
    table, joint = dataset(data), joint_model(model_name)
    shifts = by_peaks.predicted(table, home=home(), progress=progress)
    structures = spectra = None
    if joint is not None and table.spectra is not None:
        made = embed(joint.name, data, progress)
        structures, spectra = (np.asarray(made.view(view)) for view in (by_peaks.STRUCTURE, by_peaks.SPECTRUM))
    found = doubting.doubts(
        table, doubting.Pairings(shifts, structures), spectra, doubting.Decoys(table, home=home()), progress
    )
    write_json(_doubts_file(data, joint), asdict(found))
    return found


def stored_doubts(data: str, model_name: str = "") -> Doubts | None:
    """Stored result of :func:`doubts`; None before."""
    try:
        kept = read_json(_doubts_file(data, joint_model(model_name)))
        columns = ("rows", "percentile", "decoys", "isomers", "better")
        kinds = {name: np.float64 if name == "percentile" else np.int64 for name in columns}
        return Doubts(**{name: np.array(kept[name], kind) for name, kind in kinds.items()}, way=str(kept["way"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def doubt_one(data: str, text: str, peaks_text: str, progress: Progress = silent) -> dict[str, Any]:
    """Doubt of one structure and its peaks, as the command line gives it; embeds what is not embedded yet."""
    peaks, query = peak_list(peaks_text), query_of(data, text)
    if joint := joint_model():
        embed(joint.name, data, progress)
    found = doubt(query, peaks, data)
    about: dict[str, Any] = {"query": query.smiles, "peaks": peaks.text, "data": data, "percentile": found.percentile}
    about |= {"decoys": found.decoys, "isomers": found.isomers}
    about |= {"called_below": doubting.CALLED_BELOW[next(iter(found.percentile))]}
    names = dataset(data).names
    return about | {
        "better": [{"smiles": str(dataset(data).smiles[row]), "name": str(names[row])} for row in found.better[:10]]
    }


def doubt_all(data: str, k: int, progress: Progress = silent) -> dict[str, Any]:
    """Doubts of a data set's own spectra, as the command line gives them: the ``k`` most doubtful."""
    found = doubts(data, progress=progress)
    table = doubt_table(found, data).head(k)
    keys = ["percentile", "decoys", "isomers", "name", "smiles", "fits better"]
    about: dict[str, Any] = {"data": data, "doubted": len(found.rows), "by": found.way}
    about |= {"called_below": doubting.CALLED_BELOW[found.way], "called_wrong": found.called}
    return about | {"most_doubtful": table[keys].to_dict("records")}


def start_doubts(data: str) -> Job:
    """Doubt job: have a data set's spectra doubted by a job, or the job that is at it already."""
    check_names(data)
    return client.start_once("doubt", ["--data", data], device="maps", title=f"doubts of {data}", home=home())


def doubt_table(found: Doubts, data: str) -> "pd.DataFrame":
    """Doubts with what is known of the molecules, and of the decoy that fits each spectrum better."""
    table = table_of(data, found.rows)
    names = dataset(data).smiles
    table.insert(0, "fits better", [str(names[row]) if row >= 0 else "" for row in found.better.tolist()])
    table.insert(0, "isomers", found.isomers)
    table.insert(0, "decoys", found.decoys)
    table.insert(0, "percentile", found.percentile)
    return table


def _doubts_file(data: str, joint: Model | None) -> Path:
    content = hashlib.sha256(f"1 {dataset(data).digest} {joint.digest if joint else ''}".encode()).hexdigest()[:24]
    return home() / "doubts" / f"{content}.json"


def _ready_joint(model_name: str, data: str) -> Model | None:
    """The joint model, where it has embedded the data set."""
    joint = joint_model(model_name)
    return joint if joint and not lacking([ViewRef(joint.name, by_peaks.STRUCTURE)], data) else None


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
    return _plain_hits(found.rows, found.similarity, data)


def _plain_hits(rows: np.ndarray, similarities: np.ndarray, data: str) -> list[dict[str, Any]]:
    table = dataset(data)
    return [
        {"smiles": str(table.smiles[row]), "name": str(table.names[row]), "similarity": float(similarity), "row": row}
        for row, similarity in zip(rows.tolist(), similarities, strict=True)
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
