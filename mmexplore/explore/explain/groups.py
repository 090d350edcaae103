"""Groups of molecules: a cluster of the map, a class of a label, or a file of SMILES."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.chem import molecules, row_by_row
from mmexplore.datasets import Dataset, Skipped
from mmexplore.explore.maps import colors
from mmexplore.explore.maps.compute import clusters
from mmexplore.explore.maps.quality import Classes, classes_of
from mmexplore.models.registry import Model
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadMolecule, BadRecipe, UnknownName
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent


@dataclass(frozen=True)
class Group:
    """Group of molecules: a cluster, a class, or a file.

    Which molecules: a k-means ``cluster`` of a ``view`` (default: the model's first) by its number on the map, the
    largest being 1; or a class, ``value``, of a ``label``; or a file of SMILES, one a line, names behind a blank.
    """

    cluster: int = 0
    view: str = ""
    label: str = ""
    value: str = ""
    smiles_file: str = ""

    @property
    def title(self) -> str:
        """Title of the group in words."""
        if self.cluster:
            return f"cluster {self.cluster}"
        return f"{self.label} {self.value}" if self.label or self.value else "the selection"


@dataclass(frozen=True)
class Members:
    """Members of a group.

    Its ``rows`` in its data set, and the ``smiles`` of all, those that are not in it included. What cannot be read is
    in no group: ``skipped`` names such rows of the data set, or such lines of a file of SMILES (row -1 where they stand
    in no row).
    """

    rows: np.ndarray
    smiles: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


def group_classes(dataset: Dataset, label: str = "") -> tuple[str, ...]:
    """The classes of a label (default: the first): 0 and 1, or low, middle and high thirds of a number, or texts."""
    return tuple(_short(name) for name in _classes(dataset, label).names)


def members(
    model: Model | None, dataset: Dataset | None, group: Group, progress: Progress = silent, *, home: Home
) -> Members:
    """The molecules of a group, those that can be read.

    Raises BadRecipe where none was named or it is empty, UnknownName for a class, BadMolecule where none can be read.

    Only a file of SMILES needs no data set.
    """
    if group.smiles_file:
        return _of_file(Path(group.smiles_file), dataset)
    if dataset is None:
        raise BadRecipe("a group without a data set is a file of SMILES; name one, or a data set")
    if group.cluster:
        if model is None:
            raise BadRecipe("a cluster is one of a model's map; name the model, too")
        shown = clusters(model.view(group.view), dataset, progress, home=home)
        rows = _of_cluster(shown, group.cluster)
    elif group.label or group.value:
        rows = _of_class(dataset, group)
    else:
        raise BadRecipe("name a group: a cluster of the map, a label and its class, or a file of SMILES")
    kept, skipped = np.intersect1d(rows, dataset.readable), dataset.skipped(dataset.unreadable)
    if len(rows) and not len(kept):
        raise BadMolecule(f"no molecule of the group can be read: line {skipped[0].line}: {skipped[0].reason}")
    return Members(kept, tuple(map(str, dataset.smiles[kept])), skipped)


def _of_cluster(found: np.ndarray, number: int) -> np.ndarray:
    """Numbered as the map's legend does, by size."""
    shown = colors.of_clusters(found)
    if not 1 <= number <= len(shown.categories):
        raise BadRecipe(f"this view has clusters 1 to {len(shown.categories)}, the largest first, and {number} came")
    return np.flatnonzero(shown.values == number - 1)


def _of_class(dataset: Dataset, group: Group) -> np.ndarray:
    classes = _classes(dataset, group.label, dataset.unreadable)
    names = [_short(name) for name in classes.names]
    wanted = names[-1] if not group.value and names else group.value
    if wanted not in names:
        raise UnknownName(f"class of {group.label or 'the first label'}", wanted, names)
    return np.flatnonzero(classes.codes == names.index(wanted))


def _classes(dataset: Dataset, label: str, absent: Iterable[int] = ()) -> Classes:
    """Classes of a label among the rows that are not ``absent``; those belong to none."""
    rows = list(absent)
    tasks = {task.name: number for number, task in enumerate(dataset.tasks)}
    if label in tasks or (not label and tasks):
        number = tasks[label] if label else 0
        task = dataset.tasks[number]
        labels = dataset.labels[:, number].copy()
        labels[rows] = np.nan
        return classes_of(labels, task.name, task.kind)
    if label not in dataset.extra:
        raise UnknownName(f"label of {dataset.name!r}", label, [*tasks, *map(str, dataset.extra)])
    texts = dataset.extra[label].to_numpy(object, copy=True)
    texts[rows] = None
    return classes_of(texts, label, "category")


def _short(name: str) -> str:
    return name.rpartition(" = ")[2]


def _of_file(path: Path, dataset: Dataset | None) -> Members:
    try:
        lines = seals.read(path.expanduser()).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}") from None
    typed = [(number, line.split()[0]) for number, line in enumerate(lines, 1) if line.strip()]
    if not typed:
        raise BadRecipe(f"{path} holds no SMILES; one a line is wanted")
    made, reasons = row_by_row.each((text for _, text in typed), molecules.canonical)
    smiles = tuple(text for text in made if text is not None)
    skipped = tuple(_left(typed[number], why, dataset) for number, why in reasons.items())
    if not smiles:
        raise BadMolecule(f"no molecule of {path} can be read: line {skipped[0].line}: {skipped[0].reason}")
    there = np.isin(dataset.smiles.astype(str), smiles) if dataset is not None else np.empty(0, bool)
    rows = np.flatnonzero(there)
    return Members(rows, smiles, skipped)


def _left(typed: tuple[int, str], why: str, dataset: Dataset | None) -> Skipped:
    """A line that cannot be read: a row of the data set where the same text stands in one."""
    line, text = typed
    rows = np.flatnonzero(dataset.smiles == text) if dataset is not None else np.empty(0, np.int64)
    return Skipped(int(rows[0]), int(dataset.lines[rows[0]]), why) if dataset and len(rows) else Skipped(-1, line, why)


def group_of_rows(dataset: Dataset, rows: np.ndarray, *, home: Home) -> Group:
    """Group of selected rows: their SMILES, kept in a file under the home that is named by its content."""
    content = "".join(f"{smiles}\n" for smiles in dataset.smiles[rows])
    path = home.folder("subgraphs", "groups") / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.smi"
    if not seals.is_sound(path):
        write_atomically(path, content)
    return Group(smiles_file=str(path))
