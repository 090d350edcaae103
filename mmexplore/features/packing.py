"""Packed records of many molecules end to end, and any selection of them by one gather, no loop over molecules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmexplore.features.modalities import Column, Record


@dataclass(frozen=True)
class Packed:
    """Packed records of ``n`` molecules: ``columns`` end to end.

    ``counts[axis]`` ``(n,)``: rows of an axis by molecule.
    """

    n: int
    columns: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]


class Source(Protocol):
    """Record source: the molecules of a data set; ``ok`` (n,): which molecules have one."""

    @property
    def ok(self) -> np.ndarray: ...  # noqa: D102

    def take(self, indices: np.ndarray) -> Packed:
        """Records of these molecules. Raises BadMolecule for one without."""
        ...


def pack(columns: Mapping[str, Column], records: Sequence[Record]) -> Packed:
    """Records, at least one, end to end."""
    packed, counts = {}, {}
    for name, column in columns.items():
        values = [record[name] for record in records]
        packed[name] = np.asarray((np.concatenate if column.axis else np.stack)(values), column.dtype, order="C")
        if column.axis:
            counts[column.axis] = np.array([len(v) for v in values], np.int64)
    return Packed(len(records), packed, counts)


def nothing(columns: Mapping[str, Column]) -> Record:
    """Empty record, which keeps the place of a molecule without one: no rows, zeros where there must be a row."""
    return {
        name: np.zeros((0,) * bool(column.axis) + (column.width,) * bool(column.width), column.dtype)
        for name, column in columns.items()
    }


def gather(
    columns: Mapping[str, Column], values: Mapping[str, np.ndarray], stops: Mapping[str, np.ndarray], rows: np.ndarray
) -> Packed:
    """The records in ``rows``, in this order, of packed ``values`` whose rows of an axis stop at ``stops[axis]``."""
    counts, places = {}, {}
    for axis, stop in stops.items():
        last = stop[rows]
        counts[axis] = last - np.where(rows > 0, stop[rows - 1], 0)
        upto = np.cumsum(counts[axis])
        places[axis] = np.repeat(last - upto, counts[axis]) + np.arange(upto[-1] if len(upto) else 0)
    # the places are within bounds by construction; "clip" spares a second look at each
    taken = {n: values[n].take(places[c.axis] if c.axis else rows, axis=0, mode="clip") for n, c in columns.items()}
    return Packed(len(rows), taken, counts)
