"""The verbs ``map`` and ``lens``: coordinates of a data set in a view, and a way through the maps of several views."""

from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.runtime.progress import Progress
from mmexplore.studio import Quality, Trust, ViewRef

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
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Coordinates of a data set in a model's view, with Davies-Bouldin and NMI and their values for permuted labels.

    Scores end in _test and _train where they are of that part of the model's split alone.
    """

    def work(progress: Progress) -> Values:
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
        return about | _scores(quality) | {"how": quality.how, "file": str(made.path), "skipped": named} | tested

    answer(work, as_json, job)


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
