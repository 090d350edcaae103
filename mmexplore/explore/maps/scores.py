"""Map scores by any color: the classes that a color makes, the split that a model recorded, scores kept by content."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmexplore.datasets import Dataset, splits
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.quality import VERSION, Classes, Quality, RecordedSplit, classes_of
from mmexplore.explore.maps.storage import MapFile
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, read_json, write_json

MOST_SPLIT = 50_000
"""So many molecules are split again while a page waits."""


def color_classes(dataset: Dataset, name: str, color: Color) -> Classes:
    """Classes of molecules from the color of that name: a label's as they are, categories as they are, numbers cut."""
    for number, task in enumerate(dataset.tasks):
        if task.name == name:
            return classes_of(dataset.labels[:, number], task.name, task.kind)
    if not color.categories:
        return classes_of(color.values, color.label, "regression")
    codes = np.where(np.isnan(color.values), -1, color.values).astype(np.int64)
    return Classes(codes, color.categories, f"classes are the values of {color.label}")


def split_of(model: Model, dataset: Dataset, *, home: Home) -> RecordedSplit:
    """Split of a data set as the model's training recorded it; none where it was not trained on that data set.

    An untrained twin has its original's: what training adds is told by the same molecules.
    """
    trained = model.original or model
    if trained.card is None:
        return RecordedSplit(why=f"{model.name} is not trained, so no molecule is kept from it")
    if trained.card.untrained:
        return RecordedSplit(why=f"{model.name} has not been trained, so no molecule is kept from it")
    if trained.card.data.digest != dataset.digest:
        return RecordedSplit(why=f"{trained.name} was trained on {trained.card.data.name}, not on {dataset.name}")
    known = predictions(trained, dataset, home=home)
    if known is not None and "split" in known:
        return _recorded(trained, dataset, home=home)
    if (parts := _of_pretraining(trained, dataset)) is not None:
        return RecordedSplit(parts, "")
    return RecordedSplit(why=f"{trained.name} has recorded no split of {dataset.name}")


@cached(8)
def _recorded(trained: Model, dataset: Dataset, *, home: Home) -> RecordedSplit:
    known = predictions(trained, dataset, home=home)
    return RecordedSplit(why="") if known is None else RecordedSplit(known["split"].to_numpy(), "")


def _of_pretraining(model: Model, dataset: Dataset) -> np.ndarray | None:
    """Parts of a pre-training, which keeps no predictions and with these no split: its recipe tells them again."""
    if model.recipe is None or not model.recipe.pretrains or len(dataset) > MOST_SPLIT:
        return None
    asked = model.recipe.data
    try:
        found = splits.split(dataset.smiles, asked.split, asked.split_seed, asked.fractions)
    except MmexploreError:
        return None
    parts = np.full(len(dataset), "", object)
    for name in ("train", "validation", "test"):
        parts[getattr(found, name)] = name
    return parts


@cached(32)
def file_name(shown: MapFile, classes: Classes, split: RecordedSplit) -> str:
    """Name of the file that holds the scores of a map by these classes: all that they are computed from is in it."""
    content = hashlib.sha256(f"{VERSION} {shown.seed} {classes.how} {split.digest}".encode())
    for values in (shown.xy, classes.codes):
        content.update(np.ascontiguousarray(values).tobytes())
    return f"scores/{shown.path.stem}-{content.hexdigest()[:24]}.json"


def stored(file: Path) -> Quality | None:
    """Kept scores of that file, None where it is not there or says nothing."""
    try:
        return Quality.of(read_json(file))
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def keep(file: Path, found: Quality) -> None:
    """Keep scores; where the home cannot be written, they are only not kept."""
    try:
        write_json(file, asdict(found))
    except (OSError, MmexploreError):
        return
