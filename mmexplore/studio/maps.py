"""Maps and embeddings: what is on disk is shown, what is not is made by a job."""

import io
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset, Skipped
from mmexplore.explore.map_card import content as card_content
from mmexplore.explore.map_card import page as card_page
from mmexplore.explore.maps import color_choices, compute, scores, selections
from mmexplore.explore.maps import lens as lenses
from mmexplore.explore.maps import panels as map_panels
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.lens import Lens, Movers
from mmexplore.explore.maps.panels import ViewRef
from mmexplore.explore.maps.quality import Classes, Quality
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.maps.trust import Trust
from mmexplore.explore.regions import density, labels
from mmexplore.explore.regions.labels import MapLabel
from mmexplore.models import embed as embeddings
from mmexplore.models import skipped as skipped_rows
from mmexplore.models.embeddings import Embedded
from mmexplore.models.registry import UNTRAINED, Model
from mmexplore.runtime import files
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model
from mmexplore.studio.door import view as view_at
from mmexplore.studio.training import models

FIRST_DATA, FIRST_MODEL = "solubility", "solubility-all-late"


def view_of(model_name: str, view: str = "") -> str:
    """The view by its name, or the model's first one. Raises UnknownName."""
    return model(model_name).view(view).name


def first_choice() -> tuple[str, str, str, str]:
    """Default choice, what the app opens on: data set, model, view, method; the baseline where no model is shipped."""
    try:
        chosen = model(FIRST_MODEL)
    except UnknownName:
        chosen = models()[0]
    return FIRST_DATA, chosen.name, chosen.views[0], "umap"


def panels_of(model_name: str) -> tuple[ViewRef, ...]:
    """A model's views, as many as fit beside each other: what a lens goes through first. Raises UnknownName."""
    return map_panels.at_most(tuple(ViewRef(model_name, view) for view in model(model_name).views))


def embed(model_name: str, data: str, progress: Progress = silent) -> Embedded:
    """Every view and the predictions of a model on a data set, from disk where they are there; imports torch."""
    return embeddings.embedding(model(model_name), dataset(data), progress, home=home())


def write_embedding(
    model_name: str, data: str, view: str, out: Path | None, progress: Progress = silent
) -> dict[str, Any]:
    """Write one view as parquet: ``smiles``, ``name``, ``e0`` ...; returns n, dim, file, speed and skipped rows.

    Without a file the embedding is only made and kept.
    """
    import pandas as pd

    started = time.monotonic()
    table, chosen = dataset(data, progress), model(model_name).view(view)
    x = np.asarray(embeddings.embedding(chosen.model, table, progress, home=home()).view(chosen.name))
    seconds = time.monotonic() - started
    if out is not None:
        columns = {f"e{i}": x[:, i] for i in range(x.shape[1])}
        content = io.BytesIO()
        pd.DataFrame({"smiles": table.smiles, "name": table.names} | columns).to_parquet(content)
        write_atomically(out, content.getvalue(), sealed=False)
    about = {"n": len(x), "dim": x.shape[1], "file": str(out or "")}
    left = [asdict(one) for one in skipped_rows.skipped(chosen.model, table, home=home())]
    return about | {"molecules_per_second": round(len(x) / max(seconds, 1e-9), 1), "skipped": left}


def stored_map(model_name: str, data: str, view: str, method: str, seed: int = 0) -> MapFile | None:
    """Stored map, None where there is none: shipped with the model, or computed here before."""
    return compute.stored_map(model(model_name).view(view), dataset(data), method, seed, home=home())


def compute_map(
    model_name: str, data: str, view: str, method: str, seed: int = 0, progress: Progress = silent
) -> MapFile:
    """A map with its quality, computed and kept unless it is there; the slow way in, for jobs and the CLI.

    A map by PCA is made first, to be looked at meanwhile; it has no seed and is kept under seed 0.
    """
    return compute.compute_map(model(model_name).view(view), dataset(data), method, seed, progress, home=home())


def start_map(
    model_name: str, data: str, view: str, method: str, seed: int = 0, color: str = "", of: ViewRef | None = None
) -> Job:
    """Map job: have a map computed by a job, or the job that is at it already.

    With a ``color`` that, too, and the scores by it; ``of`` is the view whose color it is, if it is another one's.
    """
    check_names(data, model_name)
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    title = f"{method.upper()} map of {data}, {view}" + (" (untrained)" if model_name.startswith(UNTRAINED) else "")
    if color:
        arguments += ["--color", color]
        title += f", by {color}"
    if color and of and of != ViewRef(model_name, view):
        arguments += ["--color-model", of.model, "--color-view", of.view]
    # a lane of its own: maps do not wait for trainings
    return client.start_once("map", arguments, device="maps", title=title, home=home())


def map_classes(data: str, name: str, shown: Color) -> Classes:
    """Classes of molecules that a map is scored by when it shows the color of that name."""
    return scores.color_classes(dataset(data), name, shown)


def stored_quality(shown: MapFile, model_name: str, data: str, view: str, classes: Classes) -> Quality | None:
    """Quality of a map by these classes, None where it is not known yet."""
    return compute.stored_quality(shown, model(model_name).view(view), dataset(data), classes, home=home())


def scores_quickly(model_name: str, data: str) -> bool:
    """Whether a map of this data set is scored while a page waits; else :func:`start_map` scores it."""
    return compute.scores_quickly(model(model_name), dataset(data), home=home())


def compute_quality(
    shown: MapFile, model_name: str, data: str, view: str, classes: Classes, progress: Progress = silent
) -> Quality:
    """Quality of a map by these classes, computed and kept unless it is known; may import torch."""
    return compute.compute_quality(shown, model(model_name).view(view), dataset(data), classes, progress, home=home())


def stored_trust(shown: MapFile, model_name: str, data: str, view: str) -> Trust | None:
    """Trust of a map: which of its places are doubtful; None where that is not known yet."""
    return compute.stored_trust(shown, model(model_name).view(view), dataset(data), home=home())


def compute_trust(shown: MapFile, model_name: str, data: str, view: str, progress: Progress = silent) -> Trust:
    """Trust of a map, computed and kept unless it is known; lays maps of permuted columns out, so for jobs and the CLI.

    Raises MmexploreError for a map of fewer than ten molecules.
    """
    return compute.compute_trust(shown, model(model_name).view(view), dataset(data), progress, home=home())


def start_trust(model_name: str, data: str, view: str, method: str, seed: int = 0) -> Job:
    """Trust job: have the places of a map tested by a job, or the job that is at it already."""
    check_names(data, model_name)
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    title = f"trust in the {method.upper()} map of {data}, {view}"
    return client.start_once("map", [*arguments, "--trust"], device="maps", title=title, home=home())


def stored_labels(shown: MapFile, model_name: str, data: str) -> tuple[MapLabel, ...] | None:
    """Labels of a map, what its regions have in common, coarse ones first; None where that is not known yet."""
    table = dataset(data)
    return labels.stored(table, shown, map_folders(model(model_name), table))


def compute_labels(shown: MapFile, model_name: str, data: str, progress: Progress = silent) -> tuple[MapLabel, ...]:
    """Labels of a map, found and kept unless they are known; for jobs and the CLI."""
    if (known := stored_labels(shown, model_name, data)) is not None:
        return known
    table = dataset(data)
    found = labels.of_places(table, shown.xy, progress)
    labels.keep(found, table, shown, map_folders(model(model_name), table)[-1])
    return found


def start_labels(model_name: str, data: str, view: str, method: str, seed: int = 0) -> Job:
    """Label job: have a map's labels found by a job, or the job that is at it already."""
    check_names(data, model_name)
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    title = f"labels of the {method.upper()} map of {data}, {view}"
    return client.start_once("map", [*arguments, "--labels"], device="maps", title=title, home=home())


def check_card(path: Path) -> None:
    """Whether :func:`write_map_card` could write there. Raises BadTable."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise BadTable(f"a map card is an HTML file, and {path.name!r} came; a name that ends in .html would do")
    if not path.parent.is_dir():
        raise BadTable(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")


def map_card(shown: MapFile, model_name: str, data: str, view: str, progress: Progress = silent) -> str:
    """Map card: an HTML text that shows a map offline, with its molecules, scores, digests and how to make it again.

    The same map, with the same known of it, makes the same text. Raises MmexploreError above 50,000 molecules.
    """
    table, chosen = dataset(data), model(model_name).view(view)
    card_content.check(table)
    missing = np.flatnonzero(~np.isfinite(shown.xy).all(1))
    scored = compute.compute_quality(
        shown, chosen, table, compute.quality_classes(table, missing), progress, home=home()
    )
    named, tested = (
        compute_labels(shown, model_name, data, progress),
        compute.stored_trust(shown, chosen, table, home=home()),
    )
    return card_page.html(card_content.content(chosen, table, shown, scored, named, tested, progress, home=home()))


def write_map_card(
    path: Path, shown: MapFile, model_name: str, data: str, view: str, progress: Progress = silent
) -> Path:
    """Write the card of a map. Raises as :func:`check_card` and :func:`map_card` do."""
    check_card(path)
    write_atomically(path, map_card(shown, model_name, data, view, progress), sealed=False)
    return path


def start_map_card(model_name: str, data: str, view: str, method: str, seed: int = 0) -> Job:
    """Card job: have the card of a map written below the home by a job, or the job that is at it already.

    The last of its arguments is the file.
    """
    check_names(data, model_name)
    card_content.check(dataset(data))
    folder = home().folder("predictions", "cards")
    out = folder / f"{files.allowed('-'.join((data, model_name, view, method, str(seed))))}.html"
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    title = f"card of the {method.upper()} map of {data}, {view}"
    return client.start_once("map", [*arguments, "--card", str(out)], device="maps", title=title, home=home())


def map_contours(shown: MapFile) -> np.ndarray:
    """Contour lines of a map's density that enclose 90, 70, 50, 30 and 10 % of its molecules.

    One after the other, float32 (m, 2) in data units; a row of NaN ends each.
    """
    return density.lines(shown)


def lens(panels: Sequence[ViewRef], data: str, method: str, seed: int = 0) -> Lens | None:
    """Modality lens through the stored maps of two to six views, None until all are there.

    Raises UnknownName, MmexploreError for another number of views.
    """
    chosen = [view_at(panel) for panel in panels]
    table = dataset(data)
    seed = 0 if method == "pca" else seed
    files = [compute.stored_map(each, table, method, seed, home=home()) for each in chosen]
    whole = tuple(file for file in files if file is not None)
    return lenses.of_maps(whole, panels) if len(whole) == len(files) else None


def compute_lens(panels: Sequence[ViewRef], data: str, method: str, seed: int = 0, progress: Progress = silent) -> Lens:
    """Modality lens, its maps computed where they are not there, and how neighbors change from stop to stop.

    What was computed is kept. Raises as :func:`lens` and :func:`compute_map` do.
    """
    lenses.check_stops(len(panels))
    for panel in panels:
        compute_map(panel.model, data, panel.view, method, seed, progress)
    found = lens(panels, data, method, seed)
    assert found is not None
    for one, other in pairwise(found.stops):
        lenses.compute_neighbors(view_at(one), view_at(other), dataset(data), progress, home=home())
    return found


def start_lens(panels: Sequence[ViewRef], data: str, method: str, seed: int = 0) -> Job:
    """Lens job: have all that a lens needs computed by a job, or the job that is at it already."""
    for panel in panels:
        check_names(data, panel.model)
    arguments = ["--data", data, "--method", method, "--seed", str(seed)]
    arguments += [word for panel in panels for word in ("--stop", f"{panel.model}@{panel.view}")]
    title = f"lens through {len(panels)} {method.upper()} maps of {data}"
    return client.start_once("lens", arguments, device="maps", title=title, home=home())


def movers(found: Lens, way: int, data: str, most: int = lenses.MOST_MOVERS, k: int = 4) -> Movers | None:
    """Molecules whose neighbors change most on a way of a lens, from stop ``way`` to the next one.

    None before :func:`compute_lens` has found their neighbors.
    """
    one, other = (view_at(stop) for stop in found.stops[way : way + 2])
    return lenses.movers(found, way, one, other, dataset(data), most, k, home=home())


def skipped(model_name: str, data: str) -> tuple[Skipped, ...]:
    """Rows of a data set that an embedding of it does without, and why; nothing before it is there."""
    return skipped_rows.skipped(model(model_name), dataset(data), home=home())


def not_placed(shown: MapFile, model_name: str, data: str) -> tuple[Skipped, ...]:
    """Rows of a data set that have no place on a map of it, and why."""
    rows = np.flatnonzero(~np.isfinite(shown.xy).all(1))
    return skipped_rows.without(model(model_name), dataset(data), rows, home=home()) if len(rows) else ()


def map_folders(chosen: Model, table: Dataset) -> list[Path]:
    """Map folders of a model on a data set: beside the shipped model, and under the home (the last)."""
    return compute.map_folders(chosen, table, home=home())


def keep_selection(data: str, rows: np.ndarray) -> str:
    """Keep rows of a data set for links; returns the name that :func:`kept_selection` finds them by."""
    return selections.keep(dataset(data), rows, home=home())


def kept_selection(data: str, name: str) -> np.ndarray:
    """Rows (int64, ascending) of a data set that were kept under a name. Raises UnknownName."""
    return selections.kept(dataset(data), name, home=home())


def color_names(model_name: str, data: str, view: str = "") -> list[str]:
    """Color names that :func:`color` can show for this model on this data set, labels first."""
    return color_choices.color_names(model(model_name).view(view), dataset(data), home=home())


def color(model_name: str, data: str, view: str, name: str, progress: Progress = silent) -> Color:
    """A color by one of :func:`color_names`. Raises UnknownName for anything else."""
    return color_choices.color(model(model_name).view(view), dataset(data), name, progress, home=home())


def is_quick_color(model_name: str, data: str, view: str, name: str) -> bool:
    """Whether a color is there or made while a page waits; else :func:`start_map` makes it. Raises UnknownName."""
    return color_choices.is_quick(model(model_name).view(view), dataset(data), name, home=home())
