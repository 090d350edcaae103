"""The front desk's drawer for embeddings and maps: what is on disk is shown, what is not is made by a job."""

import io
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.explore.maps import colors, project, quality
from mmexplore.explore.maps.project import Classes, Embedded, MapFile
from mmexplore.models.embeddings import model_digest
from mmexplore.models.registry import BASELINE, UNTRAINED, Model, model, models
from mmexplore.runtime import home
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.files import allowed
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.client import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.data import dataset

if TYPE_CHECKING:
    import pandas as pd

CLUSTERS = 8
FIRST_DATA, FIRST_MODEL = "solubility", "solubility-dmpnn"


def view_of(model_name: str, view: str = "") -> str:
    """The view by its name, or the model's first one. Raises UnknownName."""
    views = model(model_name).views
    if view and view not in views:
        raise UnknownName("view of this model", view, views)
    return view or views[0]


def first_choice() -> tuple[str, str, str, str]:
    """What the app opens on: data set, model, view, method; the baseline where no model is shipped."""
    names = [m.name for m in models()]
    chosen = FIRST_MODEL if FIRST_MODEL in names else names[0]
    return FIRST_DATA, chosen, model(chosen).views[0], "umap"


def embed(model_name: str, data: str, progress: Progress = silent) -> Embedded:
    """Every view and the predictions of a model on a data set, from disk where they are there; imports torch."""
    from mmexplore.models import embed as embedding

    chosen = model(model_name)
    if chosen.name == BASELINE:
        return embedding.baseline(dataset(data), progress)
    return embedding.embed(chosen.folder, dataset(data), progress)


def write_embedding(
    model_name: str, data: str, view: str, out: Path | None, progress: Progress = silent
) -> dict[str, int | str | float]:
    """Write one view as parquet: ``smiles``, ``name``, ``e0`` ... ; returns n, dim, file and molecules_per_second.

    Without a file the embedding is only made and kept.
    """
    import pandas as pd

    started = time.monotonic()
    table, chosen = dataset(data, progress), view_of(model_name, view)
    x = np.asarray(embed(model_name, data, progress).view(chosen))
    seconds = time.monotonic() - started
    if out is not None:
        columns = {f"e{i}": x[:, i] for i in range(x.shape[1])}
        out.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"smiles": table.smiles, "name": table.names} | columns).to_parquet(out)
    return {"n": len(x), "dim": x.shape[1], "file": str(out or ""), "molecules_per_second": round(len(x) / seconds, 1)}


def stored_map(model_name: str, data: str, view: str, method: str, seed: int = 0) -> MapFile | None:
    """A finished map if there is one: shipped with the model, or computed here before."""
    return project.stored(map_folders(model(model_name), dataset(data)), view, method, seed)


def compute_map(
    model_name: str, data: str, view: str, method: str, seed: int = 0, progress: Progress = silent
) -> MapFile:
    """A map with its quality, computed and kept unless it is there; the slow way in, for jobs and the CLI.

    A map by PCA is made first, to be looked at meanwhile; it has no seed and is kept under seed 0.
    """
    seed = 0 if method == "pca" else seed
    done = stored_map(model_name, data, view, method, seed)
    if done is not None:
        return done
    chosen, table = model(model_name), dataset(data)
    x = embed(model_name, data, progress).view(view)
    where = map_folders(chosen, table)[-1]
    classes = quality_classes(table)
    _keep_clusters(x, where, view)
    made = None
    for each, of in {"pca": 0, method: seed}.items():
        made = project.make(x, classes, where, view=view, method=each, seed=of, progress=progress)
    assert made is not None
    return made


def start_map(model_name: str, data: str, view: str, method: str, seed: int = 0) -> Job:
    """Have a map computed by a job, or the job that is at it already."""
    arguments = ["--model", model_name, "--data", data, "--view", view, "--method", method, "--seed", str(seed)]
    title = f"{method.upper()} map of {data}, {view}" + (" (untrained)" if model_name.startswith(UNTRAINED) else "")
    # a lane of its own: maps do not wait for trainings
    return client.start_once("map", arguments, device="maps", title=title)


def map_folders(chosen: Model, table: Dataset) -> list[Path]:
    """Where maps of a model on a data set may lie: beside the shipped model, and under the home (the last)."""
    digest = model_digest(chosen.folder) if chosen.card else chosen.name
    own = home.home() / "maps" / f"{digest}-{table.digest[:16]}"
    return [chosen.folder / "maps" / table.digest[:16], own]


def stored_clusters(model_name: str, data: str, view: str) -> np.ndarray | None:
    """k-means clusters (n,) of a view in its full space, numbered from 0; None before there is a map of it."""
    for folder in map_folders(model(model_name), dataset(data)):
        if (found := _clusters_file(folder, view)).is_file():
            return np.asarray(np.load(found, allow_pickle=False))
    return None


def clusters(model_name: str, data: str, view: str, progress: Progress = silent) -> np.ndarray:
    """The same clusters, computed and kept where there is no map yet; imports torch for that."""
    found = stored_clusters(model_name, data, view)
    if found is None:
        x = embed(model_name, data, progress).view(view)
        _keep_clusters(x, map_folders(model(model_name), dataset(data))[-1], view)
        found = stored_clusters(model_name, data, view)
        assert found is not None
    return found


def _keep_clusters(x: np.ndarray, folder: Path, view: str) -> None:
    content = io.BytesIO()
    np.save(content, quality.clusters(x, CLUSTERS).astype(np.uint8), allow_pickle=False)
    home.write_atomically(_clusters_file(folder, view), content.getvalue())


def _clusters_file(folder: Path, view: str) -> Path:
    return folder / allowed(f"{quote(view, safe='')}-clusters.npy")


def quality_classes(table: Dataset) -> Classes:
    """The classes that Davies-Bouldin and NMI are computed on: the first task, else the first telling column."""
    if table.tasks:
        return project.classes_of(table.labels[:, 0], table.tasks[0].name, table.tasks[0].kind)
    for name in table.extra:
        colour = colors.of_column(str(name), table.extra[name])
        if colour:
            texts = np.array([*colour.categories, None], dtype=object) if colour.categories else None
            values = texts[np.nan_to_num(colour.values, nan=-1).astype(int)] if texts is not None else colour.values
            return project.classes_of(values, str(name), "category" if texts is not None else "regression")
    return project.classes_of(np.full(len(table), np.nan, np.float32), "", "regression")


@lru_cache(maxsize=8)
def _table(path: Path, changed: int, tasks: tuple[str, ...]) -> "pd.DataFrame":  # noqa: ARG001
    import pandas as pd

    return pd.read_parquet(path, columns=["split", *tasks])


def predictions(model_name: str, data: str) -> "pd.DataFrame | None":
    """What is known of a model's predictions on a data set: columns ``split`` and one a task; None if nothing yet.

    An untrained model predicts nothing worth showing.
    Rows are in the data set's order. Classification: probabilities; regression: the label's unit.
    """
    chosen, table = model(model_name), dataset(data)
    if chosen.card is None or chosen.card.untrained:
        return None
    trained_on = chosen.card.data.digest == table.digest
    for path in (chosen.folder / "predictions.parquet", chosen.folder.parent / "predictions.parquet"):
        if trained_on and path.is_file():
            return _table(path, path.stat().st_mtime_ns, tuple(task.name for task in chosen.card.data.tasks))
    return project.stored_predictions(chosen.folder, table)
