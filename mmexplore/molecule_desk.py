"""The front desk's drawer for molecules: what colours them, what is known of one, tables of many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore import colouring, molecules
from mmexplore.colouring import Colour
from mmexplore.data_desk import dataset
from mmexplore.errors import BadRecipe
from mmexplore.map_desk import embed, predictions


def colour_names(model_name: str, data: str) -> list[str]:
    """What :func:`colour` can show for this model on this data set, labels first."""
    table, known = dataset(data), predictions(model_name, data)
    names = [task.name for task in table.tasks]
    for task in table.tasks if known is not None else ():
        if task.name in known:
            names += [f"prediction: {task.name}", f"error: {task.name}"]
    names += ["split"] if known is not None and "split" in known else []
    names += [str(c) for c in table.extra if colouring.of_column(str(c), table.extra[c])]
    return [*names, *(f"descriptor: {d}" for d in molecules.DESCRIPTORS), "cluster"]


def colour(model_name: str, data: str, view: str, name: str) -> Colour:
    """A colour by one of :func:`colour_names`. Raises BadRecipe for anything else."""
    table = dataset(data)
    kind, _, rest = name.partition(": ")
    tasks = {task.name: number for number, task in enumerate(table.tasks)}
    if name in tasks:
        return colouring.of_label(table, tasks[name])
    if name == "cluster":
        return colouring.of_clusters(embed(model_name, data).view(view))
    if kind == "descriptor":
        return Colour(rest, colouring.descriptors(table)[rest].to_numpy(np.float32))
    known = predictions(model_name, data)
    if known is not None and name == "split":
        found = colouring.of_column("split", known["split"])
        return found or Colour("split", np.zeros(len(table), np.float32), ("all",))
    if known is not None and rest in tasks and kind in ("prediction", "error"):
        values = known[rest].to_numpy(np.float32)
        shown = values if kind == "prediction" else np.abs(values - table.labels[:, tasks[rest]])
        return colouring.of_label(table, tasks[rest], shown, f"{kind} of ")
    found = colouring.of_column(name, table.extra[name]) if name in table.extra else None
    if found is None:
        raise BadRecipe(
            f"nothing to colour by is called {name!r}; there are: {', '.join(colour_names(model_name, data))}"
        )
    return found


@dataclass(frozen=True)
class MoleculeCard:
    """What is shown of one molecule: ``facts`` are (label, text) pairs, labels and predictions with their units."""

    row: int
    name: str
    smiles: str
    line: int
    facts: tuple[tuple[str, str], ...]


def molecule_card(data: str, row: int, model_name: str = "") -> MoleculeCard:
    """One molecule by its row, with labels and, where known, predictions. Raises BadRecipe beyond the last row."""
    table = dataset(data)
    if not 0 <= row < len(table):
        raise BadRecipe(f"{data} has rows 0 to {len(table) - 1}, and {row} came")
    facts = []
    known = predictions(model_name, data) if model_name else None
    for number, task in enumerate(table.tasks):
        value = table.labels[row, number]
        unit = f" {task.unit}" if task.unit else ""
        if not np.isnan(value):
            facts.append((task.name, f"{value:.3g}{unit}"))
        if known is not None and task.name in known:
            facts.append((f"{task.name}, predicted", f"{known[task.name].iloc[row]:.3g}{unit}"))
    return MoleculeCard(row, str(table.names[row]), str(table.smiles[row]), int(table.lines[row]), tuple(facts))


def table_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> pd.DataFrame:
    """Rows of a data set as a table: name, SMILES, labels, predictions, other columns."""
    table = dataset(data)
    rows = np.asarray(rows, np.int64)
    frame = pd.DataFrame({"name": table.names[rows], "smiles": table.smiles[rows]}, index=rows)
    for number, task in enumerate(table.tasks):
        frame[task.name] = table.labels[rows, number]
    known = predictions(model_name, data) if model_name else None
    for name in known.columns if known is not None else ():
        frame["split" if name == "split" else f"{name}, predicted"] = known[name].to_numpy()[rows]
    for name in table.extra:
        frame[str(name) if name not in frame else f"{name} (source)"] = table.extra[name].to_numpy()[rows]
    return frame


def sdf_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> str:
    """The same rows as SDF text with the table's columns as properties."""
    return molecules.to_sdf(table_of(data, rows, model_name))


def common_scaffold(data: str, rows: Sequence[int] | np.ndarray, most: int = 500) -> tuple[str, int]:
    """The most frequent scaffold among (at most ``most`` of) the rows, and how many share it; ("", 0) if acyclic."""
    names = pd.Series(
        [molecules.scaffold(s) for s in dataset(data).smiles[np.asarray(rows, np.int64)[:most]]], dtype=str
    )
    counts = names[names != ""].value_counts()
    return (str(counts.index[0]), int(counts.iloc[0])) if len(counts) else ("", 0)
