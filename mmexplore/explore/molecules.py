"""Molecule cards and tables: what is known of one molecule in words, and of many as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import Home

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MoleculeCard:
    """Molecule card: ``facts`` are (label, text) pairs, labels and predictions with their units."""

    row: int
    name: str
    smiles: str
    line: int
    facts: tuple[tuple[str, str], ...]


def molecule_card(dataset: Dataset, row: int, model: Model | None = None, *, home: Home) -> MoleculeCard:
    """Molecule card of a row, with labels and, where known, predictions. Raises BadRecipe beyond the last row."""
    if not 0 <= row < len(dataset):
        raise BadRecipe(f"{dataset.name} has rows 0 to {len(dataset) - 1}, and {row} came")
    facts = tuple((one.label, told) for one in fact_columns(dataset, model, home=home) if (told := one.text(row)))
    return MoleculeCard(row, str(dataset.names[row]), str(dataset.smiles[row]), int(dataset.lines[row]), facts)


@dataclass(frozen=True)
class FactColumn:
    """Facts of all molecules: labels of a task, or predictions of it; ``values`` (n,) with NaN where there is none."""

    label: str
    unit: str
    values: np.ndarray

    def text(self, row: int) -> str:
        """The fact of a molecule in words, "" where there is none."""
        value = float(self.values[row])
        return "" if np.isnan(value) else f"{value:.3g}{self.unit and ' '}{self.unit}"


def fact_columns(dataset: Dataset, model: Model | None = None, *, home: Home) -> list[FactColumn]:
    """What a molecule card tells of each molecule: labels, and predictions where they are known."""
    known = predictions(model, dataset, home=home) if model else None
    found = []
    for number, task in enumerate(dataset.tasks):
        found.append(FactColumn(task.name, task.unit, dataset.labels[:, number]))
        if known is not None and task.name in known:
            found.append(FactColumn(f"{task.name}, predicted", task.unit, known[task.name].to_numpy(float)))
    return found


def table_of(
    dataset: Dataset, rows: Sequence[int] | np.ndarray, model: Model | None = None, *, home: Home
) -> "pd.DataFrame":
    """Molecule table of rows of a data set: name, SMILES, labels, predictions, other columns."""
    import pandas as pd

    rows = np.asarray(rows, np.int64)
    frame = pd.DataFrame({"name": dataset.names[rows], "smiles": dataset.smiles[rows]}, index=rows)
    for number, task in enumerate(dataset.tasks):
        frame[task.name] = dataset.labels[rows, number]
    known = predictions(model, dataset, home=home) if model else None
    for column in map(str, known.columns) if known is not None else ():
        assert known is not None
        frame["split of the model" if column == "split" else f"{column}, predicted"] = known[column].to_numpy()[rows]
    for column in map(str, dataset.extra):
        frame[column if column not in frame else f"{column} (source)"] = dataset.extra[column].to_numpy()[rows]
    return frame
