"""Fingerprints of many molecules, and Tanimoto's similarity of them, bit by bit.

ECFP4 is Morgan's fingerprint of radius 2 in 2048 bits (Rogers and Hahn 2010, doi:10.1021/ci100050t).

Tanimoto's similarity, ``|a & b| / |a | b|`` (Rogers and Tanimoto 1960), reads fingerprints word by word: word w of all
molecules lies end to end, so that one ``and`` and one ``np.bitwise_count`` serve thousands of molecules, and words in
which the query has no bit are not read.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from rdkit.Chem import Mol
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from mmexplore.chem import row_by_row

BITS = 2048
_SLACK = 1e-9
_AT_ONCE = 16_384  # molecules whose words of one number stay in the processor's cache


def ecfp4(molecule: Mol) -> np.ndarray:
    """ECFP4 of a molecule, uint8 (256,): bit ``i`` stands in byte ``i // 8``, as ``np.unpackbits`` reads them."""
    return np.packbits(_generator().GetFingerprintAsNumPy(molecule))


@cache
def _generator() -> Any:
    return GetMorganGenerator(radius=2, fpSize=BITS)


def tanimoto_of(smiles: Sequence[str]) -> "Tanimoto":
    """ECFP4 of some SMILES as a search space; those that cannot be read are not usable in it."""
    made, _ = row_by_row.each(smiles, ecfp4)
    usable = np.array([bits is not None for bits in made], bool)
    rows = np.zeros((len(made), BITS // 8), np.uint8)
    for row, bits in enumerate(made):
        if bits is not None:
            rows[row] = bits
    return Tanimoto(rows, usable)


class Tanimoto:
    """Tanimoto similarity of packed fingerprints ``bits`` (n, bytes) uint8, a whole number of 64-bit words each."""

    def __init__(self, bits: np.ndarray, usable: np.ndarray | None = None) -> None:
        rows = np.ascontiguousarray(bits).view(np.uint64)
        self.words = np.ascontiguousarray(rows.T)
        self.counts = np.bitwise_count(rows).sum(1, dtype=np.int32)
        self.usable: np.ndarray = np.ones(len(rows), bool) if usable is None else usable
        self._sizes = self.counts.astype(np.float32)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Words (m, words) uint64."""
        return np.ascontiguousarray(self.words[:, rows].T)

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Tanimoto similarities (m, n) float32 of queries (m, words)."""
        found = np.empty((len(queries), len(self.counts)), np.float32)
        for scores, query in zip(found, queries, strict=True):
            shared = self.shared(query).astype(np.float32)
            union = self._sizes - shared
            union += np.float32(np.bitwise_count(query).sum())
            np.divide(shared, np.maximum(union, 1, out=union), out=scores)
        if not self.usable.all():
            found[:, ~self.usable] = -np.inf
        return found

    def exact(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The same in float64."""
        shared = np.bitwise_count(self.words[:, rows] & query[:, None]).sum(0, dtype=np.int64)
        found: np.ndarray = shared / np.maximum(self.counts[rows] + int(np.bitwise_count(query).sum()) - shared, 1)
        return found

    def shared(self, query: np.ndarray, start: int = 0) -> np.ndarray:
        """Bits in common with every molecule from ``start`` on, unsigned integers."""
        n, told = len(self.counts) - start, np.flatnonzero(query)
        small = int(np.bitwise_count(query).sum()) < 256
        found: np.ndarray = np.zeros(n, np.uint8 if small else np.uint16)
        both, counts = np.empty(_AT_ONCE, np.uint64), np.empty(_AT_ONCE, np.uint8)
        for first in range(0, n, _AT_ONCE):
            part = found[first : first + _AT_ONCE]
            here, count = both[: len(part)], counts[: len(part)]
            begin = start + first
            for w in told:
                np.bitwise_and(self.words[w, begin : begin + len(part)], query[w], out=here)
                np.add(part, np.bitwise_count(here, out=count), out=part)
        return found

    def near(self, row: int, start: int, similarity: float) -> np.ndarray:
        """Which molecules from ``start`` on are at least so similar to one of them, bool; itself is.

        ``shared / (a + b - shared) >= t`` without a division.
        """
        shared = self.shared(self.words[:, row], start)
        least = (self.counts[row] + self.counts[start:]) * (similarity / (1 + similarity)) - _SLACK
        near: np.ndarray = (shared >= least) & self.usable[start:]
        if start <= row:
            near[row - start] = True
        return near
