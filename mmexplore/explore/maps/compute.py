"""Map computation: a map of a view with its clusters and scores, from disk where it is there, else made and kept."""

import io
from pathlib import Path
from urllib.parse import quote

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.explore.maps import colors, project, quality, scores, trust
from mmexplore.explore.maps.quality import Classes
from mmexplore.explore.maps.storage import MapFile, stored
from mmexplore.explore.maps.trust import Trust
from mmexplore.explore.neighbors.spaces import is_ready
from mmexplore.models.embed import embedding
from mmexplore.models.registry import Model, View
from mmexplore.runtime import seals
from mmexplore.runtime.errors import Damaged, NotAvailable
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

CLUSTERS = 8
QUICK_ROWS = 2_000


def map_folders(model: Model, dataset: Dataset, *, home: Home) -> list[Path]:
    """Map folders of a model on a data set: beside the shipped model, and under the home (the last)."""
    data = dataset.digest[:16]
    return [model.folder / "maps" / data, home / "maps" / f"{model.digest}-{data}"]


def stored_map(view: View, dataset: Dataset, method: str, seed: int = 0, *, home: Home) -> MapFile | None:
    """Stored map, None where there is none: shipped with the model, or computed here before."""
    return stored(map_folders(view.model, dataset, home=home), view.name, method, seed)


def compute_map(
    view: View, dataset: Dataset, method: str, seed: int = 0, progress: Progress = silent, *, home: Home
) -> MapFile:
    """A map with its quality, computed and kept unless it is there.

    A map by PCA is made first, to be looked at meanwhile; it has no seed and is kept under seed 0.
    """
    seed = 0 if method == "pca" else seed
    if done := stored_map(view, dataset, method, seed, home=home):
        return done
    made_of = embedding(view.model, dataset, progress, home=home)
    x, where = made_of.view(view.name), map_folders(view.model, dataset, home=home)[-1]
    classes = quality_classes(dataset, made_of.missing)
    split = scores.split_of(view.model, dataset, home=home)
    _keep_clusters(x, where, view.name)
    made = None
    for each, of in {"pca": 0, method: seed}.items():
        made = project.make(x, classes, where, view=view.name, method=each, seed=of, split=split, progress=progress)
    assert made is not None
    return made


def stored_clusters(view: View, dataset: Dataset, *, home: Home) -> np.ndarray | None:
    """k-means clusters (n,) of a view in its full space, numbered from 0, -1 where a molecule is in none.

    None before there is a map of it.
    """
    for folder in map_folders(view.model, dataset, home=home):
        found = _read_clusters(_clusters_file(folder, view.name))
        if found is not None and len(found) == len(dataset):
            labels = found.astype(np.int64)
            shown = stored([folder], view.name, "pca", unscored=True)
            if shown is not None and len(shown.xy) == len(labels):  # versions before -1 put what has no place into 0
                labels[~np.isfinite(shown.xy).all(1)] = -1
            return labels
    return None


def clusters(view: View, dataset: Dataset, progress: Progress = silent, *, home: Home) -> np.ndarray:
    """k-means clusters, computed and kept where there is no map yet; imports torch for that."""
    found = stored_clusters(view, dataset, home=home)
    if found is None:
        x = embedding(view.model, dataset, progress, home=home).view(view.name)
        _keep_clusters(x, map_folders(view.model, dataset, home=home)[-1], view.name)
        found = stored_clusters(view, dataset, home=home)
        assert found is not None
    return found


def _keep_clusters(x: np.ndarray, folder: Path, view: str) -> None:
    if not np.isfinite(x).all(1).any():
        raise NotAvailable(f"no molecule of this data set has what view {view!r} is made of; another view would do")
    content = io.BytesIO()
    np.save(content, quality.clusters(x, CLUSTERS).astype(np.int8), allow_pickle=False)
    write_atomically(_clusters_file(folder, view), content.getvalue())


def _read_clusters(path: Path) -> np.ndarray | None:
    """None where none are, or not those that were written: then they are made anew."""
    try:
        return np.asarray(np.load(io.BytesIO(seals.read(path)), allow_pickle=False))
    except (Damaged, OSError, ValueError, EOFError):
        return None


def _clusters_file(folder: Path, view: str) -> Path:
    return folder / f"{quote(view, safe='')}-clusters.npy"


def stored_quality(
    shown: MapFile, view: View, dataset: Dataset, classes: Classes, *, home: Home
) -> quality.Quality | None:
    """Quality of a map by these classes, None where it is not known: it came with the map, or was kept here.

    Earlier versions scored no parts of an untrained twin; its scores are made anew.
    """
    without_parts = bool(shown.quality.no_test) and scores.split_of(view.model, dataset, home=home).parts is not None
    if shown.quality.is_of(classes) and not without_parts:
        return shown.quality
    return scores.stored(_scores_file(shown, view, dataset, classes, home=home))


def compute_quality(
    shown: MapFile, view: View, dataset: Dataset, classes: Classes, progress: Progress = silent, *, home: Home
) -> quality.Quality:
    """Quality of a map by these classes, computed and kept unless it is known; may import torch for that."""
    found = stored_quality(shown, view, dataset, classes, home=home)
    if found is None:
        x = embedding(view.model, dataset, progress, home=home).view(view.name)
        progress("quality", 0, 1)
        split = scores.split_of(view.model, dataset, home=home)
        found = quality.quality(project.matrix(x), shown.xy, classes, shown.seed, split=split)
        scores.keep(_scores_file(shown, view, dataset, classes, home=home), found)
        progress("quality", 1, 1)
    return found


def stored_trust(shown: MapFile, view: View, dataset: Dataset, *, home: Home) -> Trust | None:
    """Trust of a map, None where it is not known: it came with the map, or was kept here."""
    return trust.stored(shown, map_folders(view.model, dataset, home=home))


def compute_trust(shown: MapFile, view: View, dataset: Dataset, progress: Progress = silent, *, home: Home) -> Trust:
    """Trust of a map, computed and kept unless it is known; may import torch for that."""
    found = stored_trust(shown, view, dataset, home=home)
    if found is None:
        x = embedding(view.model, dataset, progress, home=home).view(view.name)
        found = trust.trust(x, shown.xy, shown.method, shown.seed, progress=progress)
        trust.keep(found, shown, map_folders(view.model, dataset, home=home)[-1])
    return found


def scores_quickly(model: Model, dataset: Dataset, *, home: Home) -> bool:
    """Whether a map is scored while a page waits: few molecules, which the model has embedded already."""
    return len(dataset) <= QUICK_ROWS and is_ready(model, dataset, home=home)


def _scores_file(shown: MapFile, view: View, dataset: Dataset, classes: Classes, *, home: Home) -> Path:
    split = scores.split_of(view.model, dataset, home=home)
    return map_folders(view.model, dataset, home=home)[-1] / scores.file_name(shown, classes, split)


def quality_classes(dataset: Dataset, missing: np.ndarray | None = None) -> Classes:
    """Classes for Davies-Bouldin and NMI: the first task, else the first telling column.

    ``missing``: rows without a place, which belong to no class.
    """
    absent = np.zeros(len(dataset), bool)
    absent[[] if missing is None else missing] = True
    if dataset.tasks:
        labels = np.where(absent, np.nan, dataset.labels[:, 0])
        return quality.classes_of(labels, dataset.tasks[0].name, dataset.tasks[0].kind)
    for name in dataset.extra:
        color = colors.of_column(str(name), dataset.extra[name].mask(absent))
        if color:
            texts = np.array([*color.categories, None], dtype=object) if color.categories else None
            values = texts[np.nan_to_num(color.values, nan=-1).astype(int)] if texts is not None else color.values
            return quality.classes_of(values, str(name), "category" if texts is not None else "regression")
    return quality.classes_of(np.full(len(dataset), np.nan, np.float32), "", "regression")
