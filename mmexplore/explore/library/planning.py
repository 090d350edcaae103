"""Plans of a library: models and maps as parts of the work, found out before any shard is made."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import rdkit

from mmexplore.datasets import Dataset
from mmexplore.explore.library import shard
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.shard import (
    FINGERPRINT,
    VECTORS,
    MapPart,
    ModelMember,
    ModelPart,
    Work,
    vector_column,
)
from mmexplore.explore.maps import compute, project
from mmexplore.models import predict
from mmexplore.models.embed import embedding
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.imported import Imported
from mmexplore.models.registry import Model, View
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.files import allowed
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

Salts = Literal["strip", "keep"]


def work(
    models: Sequence[ModelPart],
    on: MapPart | None = None,
    *,
    salts: str = "strip",
    smiles: str = "",
    vectors: str = VECTORS[0],
    device: str = "cpu",
    layer: str = "",
) -> Work:
    """Work of these parts, by this RDKit. Raises BadRecipe, NotAvailable for a device."""
    if salts not in ("strip", "keep"):
        raise BadRecipe(f"salts are handled by strip or keep, and {salts!r} came")
    if vectors not in VECTORS:
        raise BadRecipe(f"vectors are kept as {', '.join(VECTORS[:-1])} or {VECTORS[-1]}, and {vectors!r} came")
    if device != "cpu":
        from mmexplore.runtime import devices

        devices.policy(device, "float32")
    return Work(salts, tuple(models), on, vectors, device, layer, rdkit.__version__, smiles=smiles)


def model_part(model: Model, views: Sequence[str] = (), *, with_views: bool = True) -> ModelPart:
    """A model's part: these views (none: its first), and what it predicts.

    Raises BadRecipe for one without weights or a view that a molecule has only among others, UnknownName.
    """
    if isinstance(model, Imported):
        raise BadRecipe(f"{model.name!r} is an imported embedding, which has no encoder for new molecules")
    if model.card is None or model.recipe is None:
        raise BadRecipe("fingerprints are in every library; name a trained model")
    own = [view for view in model.recipe.views if view not in model.recipe.set_views]
    for view in views:
        if view in model.recipe.set_views:
            raise BadRecipe(f"view {view!r} of {model.name!r} is made among all molecules at once; take {own[0]!r}")
        if view not in own:
            raise UnknownName(f"view of {model.name!r}", view, own)
    chosen = list(views or own[:1]) if with_views else []
    each = model.members if isinstance(model, Ensemble) else (model,)
    members = tuple(ModelMember(str(one.folder), one.digest) for one in each)
    widths = shard.widths(each[0].folder, chosen) if chosen else {}
    try:
        tasks = tuple(task.name for task in predict.check(model))
    except BadRecipe:
        if not chosen:
            raise
        tasks = ()
    return ModelPart(Path(model.name).name, members, {view: len(each) * widths[view] for view in chosen}, tasks)


def map_of_data(
    target: Library, view: View, dataset: Dataset, method: str, progress: Progress = silent, *, home: Home
) -> MapPart:
    """A model's map of a data set, for the molecules of a library to be placed on; made where it is not there."""
    shown = compute.compute_map(view, dataset, method, progress=progress, home=home)
    x = np.asarray(embedding(view.model, dataset, progress, home=home).view(view.name))
    return landmarks(target, x, shown.xy, vector_column(Path(view.model.name).name, view.name), "map")


def map_of_sample(target: Library, column: str, method: str, sample: int, seed: int, progress: Progress) -> MapPart:
    """A map of a sample of a library's own molecules, for the others to be placed on. Raises UnknownName, BadRecipe."""
    if column not in (known := vector_columns(target)):
        raise UnknownName(f"view of library {target.name!r}", column, known)
    rows = sum(1 for table in target.columns([column]) for valid in table[column].is_valid().to_pylist() if valid)
    if sample < 5 or not rows:
        raise BadRecipe(f"a map is laid out of 5 molecules or more, and {min(sample, rows)} of {rows:,} were asked for")
    chosen = np.sort(np.random.default_rng(seed).choice(rows, min(sample, rows), replace=False))
    parts, start = [], 0
    scale = shard.scale_column(column)
    for table in target.columns([column, *([scale] if scale in target.schema() else [])]):
        x = shard.scaled(table, column)
        x = x[np.isfinite(x).all(1)]
        here = chosen[(chosen >= start) & (chosen < start + len(x))] - start
        parts.append(x[here])
        start += len(x)
    x = np.concatenate(parts)
    return landmarks(
        target, x, project.project(x, method, seed, progress=progress), column, layer_of_map(column, method)
    )


def layer_of_map(column: str, method: str) -> str:
    """Name of the layer of a library's own map."""
    return f"map {allowed(column)} {method}"


def vector_columns(target: Library) -> list[str]:
    """Views that a library holds."""
    return [vector_column(model.name, view) for model in target.work.models for view in model.views]


def spaces_of(target: Library) -> list[str]:
    """Spaces that a library can be searched in."""
    return [FINGERPRINT, *vector_columns(target)]


def landmarks(target: Library, x: np.ndarray, xy: np.ndarray, column: str, name: str) -> MapPart:
    """Landmarks written beside the shards, at most as many as are ever laid out."""
    rows = np.flatnonzero(np.isfinite(x).all(1) & np.isfinite(xy).all(1))
    if not len(rows):
        raise NotAvailable(f"no molecule has a place on this map of {column}")
    if len(rows) > project.LANDMARKS:
        rows = np.sort(np.random.default_rng(0).choice(rows, project.LANDMARKS, replace=False))
    content = io.BytesIO()
    np.savez(content, x=np.asarray(x[rows], np.float32), xy=np.asarray(xy[rows], np.float32))
    digest = hashlib.sha256(content.getvalue()).hexdigest()[:32]
    file = f"maps/{digest}.npz"
    target.folder.mkdir(parents=True, exist_ok=True)
    write_atomically(target.folder / file, content.getvalue())
    return MapPart(column, file, digest, name)
