"""The only bridge from packed numpy arrays to torch: a batch is slices and one gather, never a loop over molecules."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Records:
    """One modality of a batch of ``n`` molecules.

    ``columns`` are the modality's columns, packed end to end, ``points_into`` columns shifted to batch-wide rows.
    ``counts[axis]`` ``(n,)`` says how many rows of an axis each molecule has, ``owner[axis]`` ``(rows,)`` which molecule
    each row belongs to.
    """

    n: int
    columns: dict[str, Tensor]
    counts: dict[str, Tensor]
    owner: dict[str, Tensor]

    def to(self, device: torch.device | str) -> "Records":
        """The same batch on another device."""
        moved = [{k: v.to(device, non_blocking=True) for k, v in d.items()} for d in (self.columns, self.counts, self.owner)]
        return Records(self.n, *moved)


@dataclass(frozen=True)
class Batch:
    """Molecules of a step: ``records`` by modality, ``labels`` ``(n, tasks)`` with NaN where missing, ``rows`` ``(n,)``."""

    records: dict[str, Records]
    labels: Tensor
    rows: Tensor
