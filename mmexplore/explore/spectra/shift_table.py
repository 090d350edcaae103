"""Shift table: the mean 13C shift of carbons with the same surroundings, and spectra predicted from it.

As by HOSE codes (Bremser 1978): the largest sphere that is known decides, four bonds before three, and so on. What it
is made of are carbons with an assigned peak; codes are those of modality ``carbon_environments``.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.datasets import Dataset, lines_of, lines_of_all
from mmexplore.features.modalities.carbon_environments import SPHERES
from mmexplore.features.packing import Source
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import write_atomically

ANY = -1
UNKNOWN = -1
"""The sphere of a carbon whose like was never seen: its shift is the mean of all."""


@dataclass(frozen=True)
class Shifts:
    """Predicted 13C spectra of ``n`` molecules, end to end, ascending within each.

    A line a shift, to a hundredth: carbons that no numbering tells apart have one. ``ppm`` float32 (lines,);
    ``hydrogens`` int8 (lines,) on each of its carbons, ANY where these differ; ``sphere`` int8 (lines,) how far its
    surroundings were known; ``counts`` int64 (n,) lines of each.
    """

    ppm: np.ndarray
    hydrogens: np.ndarray
    sphere: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    def of(self, molecule: int) -> slice:
        """Where the lines of a molecule lie."""
        return lines_of(self.counts, molecule)

    def take(self, molecules: np.ndarray) -> "Shifts":
        """The spectra of these molecules, in this order."""
        places = lines_of_all(self.counts, molecules)
        return Shifts(self.ppm[places], self.hydrogens[places], self.sphere[places], self.counts[molecules])

    def before(self, other: "Shifts") -> "Shifts":
        """These spectra, then the others."""
        both = zip((self.ppm, self.hydrogens, self.sphere, self.counts), vars(other).values(), strict=True)
        return Shifts(*(np.concatenate(pair) for pair in both))


@dataclass(frozen=True)
class ShiftTable:
    """Shift table.

    ``keys`` uint64 (environments,), ascending: sphere and code; ``mean`` float32 ppm; ``seen`` int32, in how
    many molecules; ``every`` the mean of all carbons; ``molecules`` that they stand in.
    """

    keys: np.ndarray
    mean: np.ndarray
    seen: np.ndarray
    every: float
    molecules: int

    def looked_up(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shift, float32, and sphere, int8, of carbons by their ``codes`` (carbons, 5): the largest sphere known."""
        ppm, sphere = np.full(len(codes), self.every, np.float32), np.full(len(codes), UNKNOWN, np.int8)
        for radius in range(SPHERES + 1):
            wanted = _keys(codes[:, radius], radius)
            place = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
            known = self.keys[place] == wanted if len(self.keys) else np.zeros(len(codes), bool)
            ppm[known], sphere[known] = self.mean[place[known]], radius
        return ppm, sphere

    def predicted(self, environments: Source) -> Shifts:
        """Predicted spectra; a molecule that could not be described, or holds no carbon, has no line."""
        counts, found = np.zeros(len(environments.ok), np.int64), np.flatnonzero(environments.ok)
        packed = environments.take(found)
        columns, owner = packed.columns, np.repeat(found, packed.counts["carbons"])
        both = np.stack([owner, columns["alike"].astype(np.int64)], 1)
        first = np.unique(both, axis=0, return_index=True)[1] if len(both) else np.empty(0, np.int64)
        ppm, sphere = self.looked_up(columns["codes"][first])
        hydrogens, owner = columns["hydrogens"][first].astype(np.int8), owner[first]
        _, places, which = np.unique(
            np.stack([owner, np.rint(ppm * 100).astype(np.int64)], 1), axis=0, return_index=True, return_inverse=True
        )
        told = hydrogens[places]
        told[np.unique(which[hydrogens != told[which]])] = ANY
        np.add.at(counts, owner[places], 1)
        return Shifts(ppm[places], told, sphere[places], counts)

    def save(self, path: Path, *, sealed: bool = True) -> None:
        """Write it as one file of plain arrays."""
        written = io.BytesIO()
        every, molecules = np.array(self.every), np.array(self.molecules)
        np.savez_compressed(written, keys=self.keys, mean=self.mean, seen=self.seen, every=every, molecules=molecules)
        write_atomically(path, written.getvalue(), sealed=sealed)


def read(path: Path) -> ShiftTable:
    """The shift table in a file. Raises OSError, ValueError for a damaged one."""
    with np.load(io.BytesIO(seals.read(path)), allow_pickle=False) as held:
        return ShiftTable(held["keys"], held["mean"], held["seen"], float(held["every"]), int(held["molecules"]))


def fit(dataset: Dataset, environments: Source, rows: np.ndarray, fewest: int = 1) -> ShiftTable:
    """Shift table of the assigned peaks of some molecules; environments of fewer molecules than ``fewest`` are out.

    Raises BadTable where no peak is assigned to an atom.
    """
    spectra = dataset.spectra
    if spectra is None or not (spectra.take(rows).atom >= 0).any():
        raise BadTable(f"{dataset.name!r} has no peak that is assigned to an atom, which a shift table is made of")
    rows = rows[environments.ok[rows]]
    own, packed = spectra.take(rows), environments.take(rows)
    most = 1 << 32
    peaks = np.repeat(np.arange(len(rows)), own.counts) * most + own.atom
    carbons = np.repeat(np.arange(len(rows)), packed.counts["carbons"]) * most + packed.columns["atom"]
    place = np.minimum(np.searchsorted(carbons, peaks), len(carbons) - 1)
    good = (own.atom >= 0) & (carbons[place] == peaks)
    codes, ppm = packed.columns["codes"][place[good]], own.ppm[good].astype(np.float64)
    keys = np.concatenate([_keys(codes[:, radius], radius) for radius in range(SPHERES + 1)])
    unique, which, carbons_of = np.unique(keys, return_inverse=True, return_counts=True)
    mean = np.bincount(which, np.tile(ppm, SPHERES + 1)) / carbons_of
    owners = np.tile(peaks[good] // most, SPHERES + 1)
    seen = np.bincount(np.unique(np.stack([which, owners], 1), axis=0)[:, 0], minlength=len(unique))
    kept = seen >= fewest
    molecules = len(np.unique(owners))
    return ShiftTable(unique[kept], mean[kept].astype(np.float32), seen[kept].astype(np.int32), ppm.mean(), molecules)


def _keys(codes: np.ndarray, radius: int) -> np.ndarray:
    return np.uint64(radius) << np.uint64(32) | codes.astype(np.uint64)
