"""Data loader: batches of packed records.

The only bridge from packed numpy arrays to torch: a batch is slices and one gather, never a loop over molecules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexplore.features.modalities import Column
from mmexplore.features.packing import Packed, Source
from mmexplore.runtime.registry import MODALITIES


@dataclass(frozen=True)
class Records:
    """Batched records: one modality of a batch of ``n`` molecules.

    ``columns`` are the modality's columns, packed end to end, ``points_into`` columns shifted to batch-wide rows.
    ``counts[axis]`` ``(n,)`` says how many rows of an axis each molecule has, ``owner[axis]`` ``(rows,)`` which
    molecule each row belongs to. ``made``: what encoders worked out of them and may need again, by name. ``about``:
    what a row of a column is; one without has a row a molecule.
    """

    n: int
    columns: dict[str, Tensor]
    counts: dict[str, Tensor]
    owner: dict[str, Tensor]
    made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    about: dict[str, Column] = field(default_factory=dict, repr=False, compare=False)

    def to(self, device: torch.device | str) -> "Records":
        """The same batch on another device."""
        columns, kind = self.columns, torch.device(device).type
        if kind == "mps":  # which is not sure of uint16
            columns = {k: v.int() if v.dtype == torch.uint16 else v for k, v in columns.items()}
        ahead = kind == "cuda"
        moved = [
            {k: v.to(device, non_blocking=ahead) for k, v in d.items()} for d in (columns, self.counts, self.owner)
        ]
        there, counts, owner = moved
        return Records(self.n, there, counts, owner, about=self.about)

    def part(self, start: int, stop: int) -> "Records":
        """Molecules ``start`` to ``stop``, without ``stop``."""
        rows = {axis: slice(int(c[:start].sum()), int(c[:stop].sum())) for axis, c in self.counts.items()}
        columns = {}
        for name, values in self.columns.items():
            column = self.about.get(name)
            part = values[rows[column.axis]] if column and column.axis else values[start:stop]
            columns[name] = part - rows[column.points_into].start if column and column.points_into else part
        counts = {axis: c[start:stop] for axis, c in self.counts.items()}
        owner = {axis: o[rows[axis]] - start for axis, o in self.owner.items()}
        return Records(stop - start, columns, counts, owner, about=self.about)


@dataclass(frozen=True)
class Batch:
    """Batch: the molecules of a step.

    ``records`` by modality, ``labels`` ``(n, tasks)`` with NaN where missing, ``rows`` ``(n,)`` in the data set.
    """

    records: dict[str, Records]
    labels: Tensor
    rows: Tensor


def owned_sums(values: Tensor, owner: Tensor, n: int) -> Tensor:
    """Segment sums of the rows ``values`` ``(rows, ...)`` that belong to each of ``n`` molecules, ``(n, ...)``."""
    return values.new_zeros(n, *values.shape[1:]).index_add_(0, owner, values)


def collate(packed: Packed, modality: str) -> Records:
    """Collation of packed arrays into a batch.

    Packed arrays of some molecules as tensors; columns that point into an axis become int64 rows of the batch.
    """
    owner = {axis: np.repeat(np.arange(packed.n), counts) for axis, counts in packed.counts.items()}
    columns = dict(packed.columns)
    about = _columns(modality)
    for name, column in about.items():
        if column.points_into:
            first = np.cumsum(packed.counts[column.points_into]) - packed.counts[column.points_into]
            shift = first[owner[column.axis]] if column.axis else first
            columns[name] = columns[name] + shift.reshape(-1, *[1] * (columns[name].ndim - 1))
    return Records(packed.n, _tensors(columns), _tensors(packed.counts), _tensors(owner), about=about)


@cache
def _columns(modality: str) -> dict[str, Column]:
    """None of a frozen model's embedding; kept, as looking a family up reads its folder."""
    return dict(MODALITIES[modality].columns) if modality in MODALITIES else {}


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def batches(
    features: Mapping[str, Source],
    labels: np.ndarray,
    rows: np.ndarray,
    batch_size: int,
    *,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
) -> Iterator[Batch]:
    """Batches over ``rows`` of a data set, the last one short.

    ``features`` by modality and ``labels`` (n, tasks) span the whole data set. The order of a shuffled epoch depends on
    ``(seed, epoch)`` alone, so that an interrupted training goes on with the same batches. Raises BadMolecule for a row
    that a modality cannot describe.
    """
    rows = np.asarray(rows, np.int64)
    if shuffle:
        rows = np.random.default_rng((seed, epoch)).permutation(rows)
    for start in range(0, len(rows), batch_size):
        chosen = rows[start : start + batch_size]
        records = {name: collate(f.take(chosen), name) for name, f in features.items()}
        yield Batch(records, torch.from_numpy(labels[chosen]), torch.from_numpy(chosen))
