"""Map colors: labels, predictions, errors, the split, descriptors, clusters, any column."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem import descriptors as _descriptors
from mmexplore.datasets import Dataset, tables
from mmexplore.runtime import seals
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTORS_VERSION = 1
INLINE_ROWS = 1_500
"""Descriptors of so many molecules are made while a page waits."""
_MOST_CATEGORIES = 20


@dataclass(frozen=True)
class Color:
    """Map color: a value for each molecule.

    ``values`` (n,) float32 with NaN where missing; for categories they number ``categories`` (whole numbers).
    ``label`` says what is shown, with its unit.
    """

    label: str
    values: np.ndarray
    categories: tuple[str, ...] = ()


def of_column(label: str, column: "pd.Series") -> Color | None:
    """A colour from any column: numbers as they are, texts as up to 20 categories; None if it tells nothing.

    >>> import pandas as pd
    >>> of_column("phase", pd.Series(["II", "I", "II"])).categories
    ('I', 'II')
    """
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().sum() >= 0.9 * column.notna().sum() and numbers.nunique() > 2:
        return Color(label, numbers.to_numpy(np.float32))
    texts = column.where(column.notna()).astype("string")
    known = sorted(texts.dropna().unique())
    if not 1 < len(known) <= _MOST_CATEGORIES:
        return None
    codes = pd.Categorical(texts, categories=known).codes.astype(np.float32)
    return Color(label, np.where(codes < 0, np.nan, codes), tuple(known))


def of_label(dataset: Dataset, number: int, values: np.ndarray | None = None, what: str = "") -> Color:
    """A task's label, or other ``values`` of the same task (a prediction), as a colour; classes are categories."""
    task = dataset.tasks[number]
    label = f"{what}{task.name}" + (f" ({task.unit})" if task.unit else "")
    shown = dataset.labels[:, number] if values is None else values
    if task.kind == "classification" and values is None:
        classes = dataset.classes(number)
        codes = np.where(np.isfinite(shown), np.searchsorted(classes, shown), np.nan)
        return Color(label, codes.astype(np.float32), tuple(f"{value:g}" for value in classes))
    return Color(label, shown.astype(np.float32))


def of_clusters(labels: np.ndarray) -> Color:
    """Clusters (n,), numbered from 0, as categories numbered by size; -1, in no cluster, is NaN.

    >>> of_clusters(np.array([1, 1, 0])).values.tolist()
    [0.0, 0.0, 1.0]
    """
    placed = labels >= 0
    order = np.argsort(-np.bincount(labels[placed]), kind="stable")
    rank = np.empty(len(order), np.float32)
    rank[order] = np.arange(len(order))
    values = np.full(len(labels), np.nan, np.float32)
    values[placed] = rank[labels[placed]]
    return Color(f"k-means, k = {len(order)}", values, tuple(f"cluster {i + 1}" for i in range(len(order))))


def has_descriptors(dataset: Dataset, *, home: Home) -> bool:
    """Whether the descriptors of a data set are there, or so few molecules are in it that a page makes them itself."""
    return len(dataset) <= INLINE_ROWS or seals.is_sound(_descriptors_file(dataset, home=home))


def descriptors(dataset: Dataset, progress: Progress = silent, *, home: Home) -> "pd.DataFrame":
    """RDKit descriptors of every molecule, computed once and kept under the home; NaN for one that RDKit refuses."""
    path = _descriptors_file(dataset, home=home)
    try:
        return tables.frame(seals.read(path))
    except (OSError, ValueError):  # not there yet, or damaged; Arrow's errors are children of these
        table = _descriptors.table(dataset.smiles.tolist(), progress)
        content = io.BytesIO()
        table.to_parquet(content)
        write_atomically(path, content.getvalue())
        return table


def _descriptors_file(dataset: Dataset, *, home: Home) -> Path:
    return home.folder("descriptors") / f"{dataset.digest}-{DESCRIPTORS_VERSION}.parquet"
