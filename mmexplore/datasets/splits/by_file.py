"""Split by a file of the user's: names or SMILES, and the part of each."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem.molecules import Salts
from mmexplore.chem.standardize import standardize_all
from mmexplore.datasets import Dataset
from mmexplore.datasets.splits.by_column import Parts, is_empty, part_of, refuse_missing, said_otherwise
from mmexplore.runtime.errors import BadRecipe, BadTable

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 60
_SALTS: tuple[Salts, ...] = ("strip", "keep")


def by_file(dataset: Dataset, path: Path) -> tuple[Parts, dict[int, str], list[str]]:
    """Rows of train, validation and test as a file says, why the others are in none, by row, and what else to tell.

    The file has a column of parts, and one of names, of another column's values, or of SMILES in any spelling: the one
    that meets most molecules of the data set. Raises BadRecipe.
    """
    from mmexplore.datasets import file

    called = f"split file {path.name!r}"
    try:
        frame = file.frame(path)
    except BadTable as error:
        raise BadRecipe(f"a split is read from a file with names or SMILES and parts: {error}") from None
    column = _parts_column(frame)
    cells = frame[column].astype(str).tolist()
    unknown = [row for row, cell in enumerate(cells) if part_of(cell) is None and not is_empty(cell)]
    if unknown:
        raise BadRecipe(said_otherwise(f"column {column!r} of {called}", cells, unknown, f"row {unknown[0] + 1}"))
    others = frame.drop(columns=column)
    keys, own = _keys(others, dataset)
    place = _chosen(keys, cells, called)
    parts = [place.get(key, -1) for key in own]
    found = [[row for row, part in enumerate(parts) if part == number] for number in range(3)]
    if not any(found):
        first = str(next(iter(place), ""))[:_SHOWN]
        raise BadRecipe(
            f"{called} names no molecule of {dataset.name!r}: it has {first!r}, and the data set "
            f"{str(own[0])[:_SHOWN]!r}; give names or SMILES of this data set"
        )
    refuse_missing(called, [len(rows) for rows in found])
    left_out = {row: f"not in {called}" for row, part in enumerate(parts) if part < 0}
    strange = len(place.keys() - set(own))
    notes = [f"{strange:,} of {len(place):,} molecules of {called} are not in {dataset.name!r}"] if strange else []
    return (found[0], found[1], found[2]), left_out, notes


def _parts_column(frame: "pd.DataFrame") -> str:
    """The column most of whose cells name a part; one called so, where none does. Raises BadRecipe."""
    shares = {str(c): float(frame[c].astype(str).map(lambda t: part_of(t) is not None).mean()) for c in frame.columns}
    best = max(shares, key=lambda name: shares[name], default="")
    if len(frame.columns) < 2 or not best or shares[best] == 0:
        called = ", ".join(map(str, frame.columns))[:200]
        raise BadRecipe(
            f"a split file has a column of names or SMILES and one that says train, valid or test; {called} came"
        )
    return best


def _keys(others: "pd.DataFrame", dataset: Dataset) -> tuple[list[str], list[str]]:
    """What tells molecules apart in the file, and the same of the data set: the pair that meets most often."""
    known: list[list[str]] = [list(map(str, dataset.names)), *(_texts(dataset.extra[c]) for c in dataset.extra)]
    best: tuple[int, list[str], list[str]] = (0, _texts(others.iloc[:, 0]), known[0])
    for column in others.columns:
        cells = _texts(others[column])
        told = set(cells) - {""}
        for own in known:
            if (met := len(told & set(own))) > best[0]:
                best = met, cells, own
    if best[0] < len(set(best[1])):
        own = list(map(str, dataset.smiles))
        for column, salts in ((c, salts) for c in others.columns for salts in _SALTS):
            cells = [found.smiles for found in standardize_all(_texts(others[column]), salts)]
            if (met := len((set(cells) - {""}) & set(own))) > best[0]:
                best = met, cells, own
    return best[1], best[2]


def _texts(cells: Iterable[object]) -> list[str]:
    return [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    """A cell as text; a whole number has no point, whoever read it.

    >>> _text(3.0), _text(" a ")
    ('3', 'a')
    """
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def _chosen(keys: list[str], cells: list[str], called: str) -> dict[str, int]:
    """Part of each key, -1 where its cell is empty. Raises BadRecipe where the file says two parts of one."""
    found: dict[str, int] = {}
    for key, cell in zip(keys, cells, strict=True):
        if not key:
            continue
        part = part_of(cell)
        number = -1 if part is None else part
        if found.setdefault(key, number) != number:
            raise BadRecipe(f"{called} puts {key[:_SHOWN]!r} into two parts; each molecule is in one")
    return found
