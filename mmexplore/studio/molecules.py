"""The front desk's drawer for molecules: what colours them, what is known of one, tables of many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset
from mmexplore.explore.explain import contributions
from mmexplore.explore.maps import colors
from mmexplore.explore.maps.colors import Colour
from mmexplore.explore.maps.panels import Panel
from mmexplore.explore.neighbors import hyperedges as kin
from mmexplore.explore.neighbors.hyperedges import Kinship
from mmexplore.models.registry import BASELINE, model
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.studio import fusion, spaces
from mmexplore.studio.data import dataset
from mmexplore.studio.maps import predictions, stored_clusters, view_of

if TYPE_CHECKING:
    import pandas as pd


def colour_names(model_name: str, data: str, view: str = "") -> list[str]:
    """What :func:`colour` can show for this model on this data set, labels first."""
    return list(_offers(model_name, data, view_of(model_name, view)))


def colour(model_name: str, data: str, view: str, name: str) -> Colour:
    """A colour by one of :func:`colour_names`. Raises UnknownName for anything else."""
    offers = _offers(model_name, data, view)
    if name not in offers:
        raise UnknownName("colour", name, offers)
    return offers[name]()


def _offers(model_name: str, data: str, view: str) -> dict[str, Callable[[], Colour]]:
    """Each colour by its name, made when it is asked for."""
    table, known, clusters = dataset(data), predictions(model_name, data), stored_clusters(model_name, data, view)
    offers: dict[str, Callable[[], Colour]] = {}
    for number, task in enumerate(table.tasks):
        offers[task.name] = partial(colors.of_label, table, number)
    for number, task in enumerate(table.tasks):
        if known is not None and task.name in known:
            values = known[task.name].to_numpy(np.float32)
            error = np.abs(values - table.labels[:, number])
            offers[f"prediction: {task.name}"] = partial(colors.of_label, table, number, values, "prediction of ")
            offers[f"error: {task.name}"] = partial(colors.of_label, table, number, error, "error of ")
    split = "split of the model"
    found = {split: colors.of_column(split, known["split"])} if known is not None and "split" in known else {}
    found |= _columns(data, table.digest)
    offers |= {name: partial(_same, made) for name, made in found.items() if made and name not in offers}
    offers |= {f"disagreement with {other}": made for other, made in _others(model_name, data, view).items()}
    offers |= {f"descriptor: {name}": partial(_descriptor, table, name) for name in molecules.DESCRIPTORS}
    return offers | ({"cluster": partial(colors.of_clusters, clusters)} if clusters is not None else {})


def _others(model_name: str, data: str, view: str) -> dict[str, Callable[[], Colour]]:
    """Views to compare the neighbours of this one with, once the model has embedded the data set."""
    here, large = Panel(model_name, view), len(dataset(data)) > contributions.MOST_COMPARED
    if large or model_name == BASELINE or spaces.lacking([here], data):
        return {}
    others = [spaces.ECFP, *(Panel(model_name, other) for other in model(model_name).views if other != view)]
    return {other.view: partial(_disagreement, here, other, data, spaces.space_stamp(here, data)) for other in others}


@lru_cache(maxsize=8)
def _disagreement(here: Panel, other: Panel, data: str, stamp: str) -> Colour:  # noqa: ARG001
    label = f"disagreement of {here.view} with {other.view}, 10 neighbours"
    return Colour(label, fusion.disagreement(here, other, data))


@lru_cache(maxsize=2)
def _columns(data: str, digest: str) -> dict[str, Colour | None]:  # noqa: ARG001
    """The source's other columns as colours; texts of many rows are not read twice."""
    table = dataset(data)
    return {str(name): colors.of_column(str(name), table.extra[name]) for name in table.extra}


def _same(made: Colour) -> Colour:
    return made


def _descriptor(table: Dataset, name: str) -> Colour:
    return Colour(name, colors.descriptors(table)[name].to_numpy(np.float32))


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


def table_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> "pd.DataFrame":
    """Rows of a data set as a table: name, SMILES, labels, predictions, other columns."""
    import pandas as pd

    table = dataset(data)
    rows = np.asarray(rows, np.int64)
    frame = pd.DataFrame({"name": table.names[rows], "smiles": table.smiles[rows]}, index=rows)
    for number, task in enumerate(table.tasks):
        frame[task.name] = table.labels[rows, number]
    known = predictions(model_name, data) if model_name else None
    for column in map(str, known.columns) if known is not None else ():
        assert known is not None
        frame["split of the model" if column == "split" else f"{column}, predicted"] = known[column].to_numpy()[rows]
    for column in map(str, table.extra):
        frame[column if column not in frame else f"{column} (source)"] = table.extra[column].to_numpy()[rows]
    return frame


def sdf_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> str:
    """The same rows as SDF text with the table's columns as properties."""
    return molecules.to_sdf(table_of(data, rows, model_name))


def common_scaffold(data: str, rows: Sequence[int] | np.ndarray, most: int = 500) -> tuple[str, int]:
    """The most frequent scaffold among (at most ``most`` of) the rows, and how many share it; ("", 0) if acyclic."""
    import pandas as pd

    names = pd.Series(
        [molecules.scaffold(s) for s in dataset(data).smiles[np.asarray(rows, np.int64)[:most]]], dtype=str
    )
    counts = names[names != ""].value_counts()
    return (str(counts.index[0]), int(counts.iloc[0])) if len(counts) else ("", 0)


def has_kinship(model_name: str) -> bool:
    """Whether the model has hyperedges and a memory to show."""
    return kin.has_kinship(model(model_name))


def kinship(model_name: str, data: str, row: int) -> Kinship | None:
    """A molecule's hyperedge and memory anchors among a data set; None before the model has embedded it."""
    return kin.kinship(model(model_name), dataset(data), row)
