"""Curation of spectra: of raw rows to those of the molecules that a data set keeps.

Atoms followed, one spectrum a molecule.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmexplore.chem.atom_maps import followed
from mmexplore.chem.molecules import Salts
from mmexplore.datasets import Spectra
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.progress import Progress, silent


def kept_spectra(
    spectra: Spectra, texts: Sequence[str], salts: Salts, progress: Progress = silent
) -> tuple[Spectra, tuple[str, ...]]:
    """Curated spectra.

    Spectra of rows whose SMILES are ``texts``, atoms as the kept SMILES number them; and notes on what was lost.
    """
    atom, lost = spectra.atom.copy(), 0
    assigned = np.flatnonzero(np.bincount(_owners(spectra), spectra.atom >= 0, minlength=len(spectra)))
    for done, row in enumerate(assigned.tolist()):
        peaks = spectra.of(row)
        atom[peaks] = _moved(spectra.atom[peaks], texts[row], salts)
        lost += int((atom[peaks] < 0).sum() - (spectra.atom[peaks] < 0).sum())
        if done % 500 == 0:
            progress("follow atoms", done, len(assigned))
    note = f"{lost:,} peaks lost their atom, which standardising made anew or removed"
    return replace(spectra, atom=atom), (note,) if lost else ()


def best_rows(spectra: Spectra, group: np.ndarray) -> np.ndarray:
    """Of each molecule's rows, numbered by ``group``, the one with most assigned peaks, then most peaks, then first."""
    assigned = np.bincount(_owners(spectra), spectra.atom >= 0, minlength=len(spectra))
    order = np.lexsort((np.arange(len(group)), -spectra.counts, -assigned, group))
    return order[np.unique(group[order], return_index=True)[1]]


def _owners(spectra: Spectra) -> np.ndarray:
    return np.repeat(np.arange(len(spectra)), spectra.counts)


def _moved(atoms: np.ndarray, text: str, salts: Salts) -> np.ndarray:
    try:
        _, origins = followed(text, salts)
    except BadMolecule:
        return np.full_like(atoms, -1)
    place = {origin: now for now, origin in enumerate(origins) if origin >= 0}
    return np.array([place.get(int(a), -1) for a in atoms], atoms.dtype)
