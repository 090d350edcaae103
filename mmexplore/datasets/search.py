"""Finding molecules of a data set by name, SMILES or SMARTS: what a chemist types into one box.

A text that is part of a name finds names. A text that reads as SMILES finds that molecule, and all that contain it.
Anything else that reads as SMARTS finds its matches. Substructures are matched by RDKit's ``SubstructLibrary``.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset
from mmexplore.runtime.errors import BadMolecule


@dataclass(frozen=True)
class Found:
    """Rows of the data set (ascending), how they were found in words, and the atoms to highlight (a SMARTS or "")."""

    rows: np.ndarray
    how: str
    smarts: str = ""


def search(dataset: Dataset, text: str) -> Found:
    """Molecules that a typed text means. Raises BadMolecule if it is neither a name nor readable as a structure."""
    text = text.strip()
    if not text:
        return Found(np.empty(0, np.int64), "nothing was typed")
    named = np.flatnonzero(np.char.find(lowered(dataset), text.lower()) >= 0)
    if len(named):
        return Found(named, f"{len(named):,} names hold {text!r}")
    return _by_structure(dataset, text)


def _by_structure(dataset: Dataset, text: str) -> Found:
    try:
        molecule = molecules.parse(text)
    except BadMolecule:
        return _by_pattern(dataset, text)
    same = np.flatnonzero(dataset.smiles == molecules.canonical(molecule))
    rows = matches(dataset, molecules.canonical(molecule))
    what = f"this molecule (row {same[0] + 1}) and " if len(same) else ""
    return Found(np.union1d(rows, same), f"{what}{len(rows):,} molecules contain {text}", molecules.canonical(molecule))


def _by_pattern(dataset: Dataset, text: str) -> Found:
    try:
        molecules.pattern(text)
    except BadMolecule:
        words = f"{text!r} is in no name of this data set and reads neither as SMILES nor as SMARTS"
        raise BadMolecule(words) from None
    rows = matches(dataset, text)
    return Found(rows, f"{len(rows):,} molecules match the SMARTS {text}", text)


def matches(dataset: Dataset, smarts: str) -> np.ndarray:
    """Rows whose molecule contains the pattern (int64, ascending). Raises BadMolecule."""
    return containing(dataset, molecules.pattern(smarts))


def containing(dataset: Dataset, query: Mol, *, chirality: bool = True) -> np.ndarray:
    """Rows whose molecule contains another one or a pattern (int64, ascending)."""
    library = _library(dataset.digest, tuple(dataset.smiles.tolist()))
    found = library.GetMatches(query, useChirality=chirality, numThreads=0, maxResults=len(dataset))
    return np.sort(np.fromiter(found, np.int64))


@lru_cache(maxsize=2)
def _library(digest: str, smiles: tuple[str, ...]):  # type: ignore[no-untyped-def]  # noqa: ARG001
    from rdkit.Chem import rdSubstructLibrary

    holder = rdSubstructLibrary.CachedTrustedSmilesMolHolder()
    for one in smiles:
        holder.AddSmiles(one)
    return rdSubstructLibrary.SubstructLibrary(holder)


@lru_cache(maxsize=4)
def _lowered_names(digest: str, names: tuple[str, ...]) -> np.ndarray:  # noqa: ARG001
    return np.char.lower(np.array(names, dtype=str)) if names else np.empty(0, dtype="<U1")


def lowered(dataset: Dataset) -> np.ndarray:
    """Names in lower case, (n,) str."""
    return _lowered_names(dataset.digest, tuple(dataset.names.tolist()))
