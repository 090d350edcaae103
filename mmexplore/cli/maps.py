"""The verbs ``map`` (a data set in a view), ``lens`` (through several views) and ``cliffs`` (where a label steps)."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.progress import Progress
from mmexplore.studio import Quality, Trust, ViewRef

if TYPE_CHECKING:
    import pandas as pd

_SCORES = tuple(f"{score}{where}{of}" for of in ("", "_permuted") for where in ("", "_2d") for score in ("dbi", "nmi"))


def make_map(
    model: ModelName,
    data: DataName,
    view: Annotated[str, typer.Option("--view", help="which embedding; default: the model's first")] = "",
    method: Annotated[str, typer.Option("--method", help=", ".join(studio.METHODS))] = "umap",
    seed: Annotated[int, typer.Option("--seed")] = 0,
    color: Annotated[str, typer.Option("--color", help="score by this colour; default: the first label")] = "",
    color_model: Annotated[str, typer.Option("--color-model", hidden=True)] = "",
    color_view: Annotated[str, typer.Option("--color-view", hidden=True)] = "",
    trust: Annotated[bool, typer.Option("--trust", help="test each place against maps of permuted columns")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="also what the molecules at its peaks share")] = False,
    card: Annotated[
        Path | None, typer.Option("--card", help="HTML file to write: the map with its molecules, to be opened offline")
    ] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Coordinates of a data set in a model's view, with Davies-Bouldin and NMI and their values for permuted labels.

    Scores end in _test and _train where they are of that part of the model's split alone.
    """

    def work(progress: Progress) -> Values:
        if card:
            studio.check_card(card)
        chosen = studio.view_of(model, view)
        if color:
            shown = studio.color(color_model or model, data, color_view or chosen, color, progress)
            classes = studio.map_classes(data, color, shown)
        else:
            classes = None
        made = studio.compute_map(model, data, chosen, method, seed, progress)
        left = studio.not_placed(made, model, data)
        if classes is None:
            classes = studio.quality_classes(studio.dataset(data), np.array([one.row for one in left], np.int64))
        quality = studio.compute_quality(made, model, data, chosen, classes, progress)
        about = {"model": model, "data": data, "view": chosen, "method": method, "seed": seed, "n": len(made.xy)}
        named = [asdict(one) for one in left]
        tested = _trust(studio.compute_trust(made, model, data, chosen, progress)) if trust else {}
        about |= _scores(quality) | {"how": quality.how, "file": str(made.path), "skipped": named} | tested
        if labels:
            about["labels"] = [asdict(one) for one in studio.compute_labels(made, model, data, progress)]
        if card:
            about["card"] = str(studio.write_map_card(card, made, model, data, chosen, progress))
        return about

    answer(work, as_json, job, shown=_without_rows)


def _without_rows(values: Values) -> Values:
    """For people: labels without the rows of their molecules."""
    if "labels" not in values:
        return values
    return values | {
        "labels": [{k: v for k, v in one.items() if k not in ("rows", "smarts")} for one in values["labels"]]
    }


def lens(
    data: DataName,
    stop: Annotated[
        list[str] | None, typer.Option("--stop", metavar="MODEL@VIEW", help="a view to go through, two to six of them")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="in place of stops: all views of this model")] = "",
    method: Annotated[str, typer.Option("--method", help=", ".join(studio.METHODS))] = "umap",
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Maps of several views as stops of one way, in the order in which they move least, and who moves most on it.

    Each map is turned onto the one before; distances are Procrustes distances of maps, change is the Jaccard distance
    of the ten nearest in the full spaces.
    """

    def work(progress: Progress) -> Values:
        panels = [_panel(text) for text in stop or ()]
        if not panels and model:
            panels = [ViewRef(model, view) for view in studio.model(model).views]
        found = studio.compute_lens(panels, data, method, seed, progress)
        table = studio.dataset(data)
        ways = []
        for number, distance in enumerate(found.way.distances):
            moved = studio.movers(found, number, data)
            pairs = zip(moved.rows.tolist(), moved.change.tolist(), strict=True) if moved else ()
            named = [{"row": row, "smiles": str(table.smiles[row]), "change": change} for row, change in pairs]
            ways.append({"distance": distance, "movers": named})
        stops = [asdict(one) for one in found.stops]
        about: Values = {"data": data, "method": method, "seed": seed, "n": len(table), "stops": stops}
        return about | {"ways": ways, "length": sum(found.way.distances), "length_as_came": found.way.as_came}

    answer(work, as_json, job)


def _panel(text: str) -> ViewRef:
    """View of a text MODEL@VIEW, or the first view of MODEL."""
    name, at, view = text.rpartition("@")
    return ViewRef(name, view) if at else ViewRef(text, studio.view_of(text))


def _trust(found: Trust) -> Values:
    """Doubtful places: how many and which rows, and how they were tested."""
    return {
        "doubtful": int(found.doubtful.sum()),
        "doubtful_share": found.share,
        "doubtful_rows": np.flatnonzero(found.doubtful).tolist(),
        "how_trust": found.how,
    }


def _scores(quality: Quality) -> Values:
    """Scores over all molecules and over each part; None where there is no such part, and why."""
    found = {name: getattr(quality, name) for name in _SCORES}
    for part, scores in (("test", quality.test), ("train", quality.train)):
        found |= {f"{name}_{part}": getattr(scores, name, None) for name in _SCORES}
        found[f"how_{part}"] = scores.how if scores else f"not computed: {quality.no_test}"
    return found


def cliffs(
    data: DataName,
    model: Annotated[str, typer.Option("--model", help="also its jump over each, and each modality's share")] = "",
    label: Annotated[str, typer.Option("--label", help="default: the first")] = "",
    near: Annotated[str, typer.Option("--near", help=f"how two are near: {', '.join(studio.NEAR)}")] = "both",
    least: Annotated[float, typer.Option("--least", help="Tanimoto of ECFP4 from which two are near")] = studio.LEAST,
    gap: Annotated[
        float | None, typer.Option("--gap", help="least difference of the label; default: one standard deviation")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="SALI or difference: which comes first")] = "SALI",
    k: Annotated[int, typer.Option("--k", min=1, help="so many cliffs are told")] = 20,
    core: Annotated[str, typer.Option("--core", help="SMILES or SMARTS that R groups are told around")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="all cliffs: .csv, .tsv, .parquet, .xlsx or .sdf")] = None,
    changes: Annotated[
        Path | None, typer.Option("--transformations", help="all matched transformations: .csv, .xlsx, ...")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option("--r-groups", help="R groups of the molecules that hold --core: .csv, .xlsx, .sdf")
    ] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Pairs near in structure and far in a label, and what a label does on average where one part becomes another.

    A change of a matched transformation is q-corrected for all of them; pairs that share a molecule count once.
    """

    def work(progress: Progress) -> Values:
        if by not in _ORDERS:
            raise UnknownName("order of cliffs", by, _ORDERS)
        for path in filter(None, (out, changes, groups)):
            studio.check_file(path)
        table = _r_groups(data, core, model) if core or groups else None
        found = studio.cliffs(data, label, near, least, gap, progress)  # type: ignore[arg-type]
        about: Values = {"data": data, "model": model} | {name: getattr(found, name) for name in _TOLD}
        about |= {"count_permuted": found.permuted, "by": by}
        about["cliffs"] = [_cliff(one, found, data, model) for one in found.ranked(by)[:k]]  # type: ignore[arg-type]
        moves = [asdict(one) for one in found.transformations]
        about["transformations"] = [{key: value for key, value in one.items() if key != "pairs"} for one in moves]
        if table is not None:
            about["r_groups"] = table.to_dict("records")
        if out:
            pairs = studio.cliff_table(found, data, by)  # type: ignore[arg-type]
            about["file"] = str(studio.write_table(out, pairs, lambda: studio.cliffs_sdf(found, data, by)))  # type: ignore[arg-type]
        if changes:
            about["transformations_file"] = str(studio.write_table(changes, studio.transformation_table(found)))
        if groups and table is not None:
            about["r_groups_file"] = str(studio.write_table(groups, table))
        return about

    answer(work, as_json, job, shown=_short)


_ORDERS = ("SALI", "difference")
_TOLD = ("task", "unit", "near", "matched", "least", "gap", "labeled", "count", "uncut")


def _r_groups(data: str, core: str, model: str) -> "pd.DataFrame":
    """R groups of all molecules of a data set that hold a core."""
    if not core:
        raise BadRecipe("R groups are told around a core, and none came; --core takes a SMILES or SMARTS")
    rows = studio.find(data, core).rows
    return studio.r_group_table(studio.r_groups(data, rows, core), data, rows, model)


def _cliff(one: studio.Cliff, found: studio.Cliffs, data: str, model: str) -> Values:
    table = studio.dataset(data)
    about: Values = {f"smiles_{which}": str(table.smiles[row]) for which, row in (("a", one.a), ("b", one.b))}
    about |= {"row_a": one.a, "row_b": one.b, "difference": one.gap, "similarity": one.similarity, "sali": one.sali}
    about |= {"from": one.part_a, "to": one.part_b, "constant": one.constant}
    return about | ({"jump": _jump(model, data, found.task, one)} if model else {})


def _jump(model: str, data: str, task: str, one: studio.Cliff) -> Values | None:
    """A model's step over a cliff; None where it cannot be told."""
    try:
        made = studio.jump(model, data, task, one.a, one.b)
    except NotAvailable:
        return None
    return {key: value for key, value in asdict(made).items() if key not in ("a", "b")} if made else None


def _short(values: Values) -> Values:
    """For people: what fits a line each."""
    names = ("smiles_a", "smiles_b", "difference", "similarity", "sali")
    steps = [{name: one[name] for name in names} for one in values["cliffs"]]
    moves = [
        {name: one[name] for name in ("part_a", "part_b", "count", "mean", "low", "high", "q")}
        for one in values["transformations"]
    ]
    return values | {"cliffs": steps, "transformations": moves}
