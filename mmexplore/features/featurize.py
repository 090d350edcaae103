"""Featurization: canonical SMILES in, a packed chunk of records out.

What cannot be described is kept as a reason in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmexplore.chem.row_by_row import each
from mmexplore.features.modalities import Column, Modality
from mmexplore.features.packing import Packed, gather, nothing, pack


@dataclass(frozen=True)
class Chunk:
    """Records of some molecules. ``ok`` (n,): which could be described; ``reasons``: why the others could not."""

    packed: Packed
    ok: np.ndarray
    reasons: dict[int, str]

    def take(self, columns: Mapping[str, Column], kept: np.ndarray) -> "Chunk":
        """Only these molecules, in this order."""
        stops = {axis: np.cumsum(counts) for axis, counts in self.packed.counts.items()}
        packed = gather(columns, self.packed.columns, stops, kept)
        reasons = {new: self.reasons[old] for new, old in enumerate(kept.tolist()) if old in self.reasons}
        return Chunk(packed, self.ok[kept], reasons)


def featurize(modality: Modality, smiles: Sequence[str]) -> Chunk:
    """Records of canonical SMILES, at least one."""
    made, reasons = each(smiles, modality.record_as_read)
    records = [nothing(modality.columns) if record is None else record for record in made]
    return _chunk(pack(modality.columns, records), reasons)


def refused(columns: Mapping[str, Column], reason: str) -> Chunk:
    """The chunk of one molecule that cannot be described."""
    return _chunk(pack(columns, [nothing(columns)]), {0: reason})


def join(chunks: Sequence[Chunk]) -> Chunk:
    """Chunks, at least one, one after the other."""
    first = chunks[0].packed
    packed = Packed(
        sum(c.packed.n for c in chunks),
        {name: np.concatenate([c.packed.columns[name] for c in chunks]) for name in first.columns},
        {axis: np.concatenate([c.packed.counts[axis] for c in chunks]) for axis in first.counts},
    )
    before = np.cumsum([0, *(c.packed.n for c in chunks)]).tolist()
    reasons = {before[i] + k: why for i, c in enumerate(chunks) for k, why in c.reasons.items()}
    return Chunk(packed, np.concatenate([c.ok for c in chunks]), reasons)


def _chunk(packed: Packed, reasons: dict[int, str]) -> Chunk:
    ok = np.ones(packed.n, bool)
    ok[list(reasons)] = False
    return Chunk(packed, ok, reasons)
