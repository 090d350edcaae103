"""Molecule search: what a chemist types into one box, alike on every page: a name, a SMILES, an InChI or a SMARTS.

The whole of a name comes first; then a SMILES or an InChI, in any spelling; then a part of names; then a SMARTS. The
Map shows all that is meant, pages that ask about one molecule take the one that is (:func:`one_of`). Substructures are
matched by RDKit's ``SubstructLibrary``.
"""

from dataclasses import dataclass

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import within
from mmexplore.runtime.errors import BadMolecule

_AT_ONCE = 5_000


@dataclass(frozen=True)
class Meaning:
    """Parsed query: rows of the data set by ``names``, one ``molecule`` (canonical SMILES), or a ``pattern``."""

    text: str
    names: np.ndarray
    molecule: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class SearchResult:
    """Search result.

    Rows of the data set (ascending), how they were found in words, and the atoms to highlight (a SMARTS or "").

    ``molecule``: the canonical SMILES of the one that was typed as a structure, "" for names and patterns.
    """

    rows: np.ndarray
    how: str
    smarts: str = ""
    molecule: str = ""


def read(dataset: Dataset, text: str) -> Meaning:
    """Parsed query of a typed text. Raises BadMolecule if it is neither a name nor readable as a structure."""
    text, none = text.strip(), np.empty(0, np.int64)
    if not text:
        raise BadMolecule("no name and no structure came: the text is empty")
    names = lowered(dataset)
    if len(exact := np.flatnonzero(names == text.lower())):
        return Meaning(text, exact)
    molecule, why, is_pattern = within(understood, text)
    if molecule:
        return Meaning(text, none, molecule=molecule)
    if len(part := np.flatnonzero(np.char.find(names, text.lower()) >= 0)):
        return Meaning(text, part)
    if is_pattern:
        return Meaning(text, none, pattern=text)
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    raise BadMolecule(f"{shown} is in no name of this data set and reads neither as SMILES nor as SMARTS: {why}")


def understood(text: str) -> tuple[str, str, bool]:
    """Parsed structure: the canonical SMILES of a SMILES or an InChI, else "", why, and whether it reads as SMARTS."""
    try:
        return molecules.canonical(molecules.parse_line(text)), "", False
    except BadMolecule as mistake:
        why = str(mistake).rpartition(": ")[2]
    try:
        return "", why, molecules.check_pattern(text)
    except BadMolecule as mistake:
        return "", str(mistake).rpartition(": ")[2] if "cannot take" in str(mistake) else why, False


def search(dataset: Dataset, text: str) -> SearchResult:
    """Molecule search: all that a typed text means; of a structure those that contain it, too. Raises BadMolecule."""
    if not text.strip():
        return SearchResult(np.empty(0, np.int64), "nothing was typed")
    meant = read(dataset, text)
    if len(meant.names):
        return SearchResult(meant.names, f"{len(meant.names):,} names hold {meant.text!r}")
    if meant.pattern:
        rows = matches(dataset, meant.pattern)
        return SearchResult(rows, f"{len(rows):,} molecules match the SMARTS {meant.text}", meant.pattern)
    same = np.flatnonzero(dataset.smiles == meant.molecule)
    try:
        rows = matches(dataset, meant.molecule)
    except BadMolecule as mistake:  # too large to be sought in others
        what = f"this molecule (row {same[0] + 1}); " if len(same) else ""
        return SearchResult(same, f"{what}{mistake}", "", meant.molecule)
    what = f"this molecule (row {same[0] + 1}) and " if len(same) else ""
    how = f"{what}{len(rows):,} molecules contain {meant.text}"
    return SearchResult(np.union1d(rows, same), how, meant.molecule, meant.molecule)


def one_of(dataset: Dataset, meant: Meaning) -> tuple[int, str]:
    """Query molecule: its row, -1 where it is in none, and its canonical SMILES.

    Of equal names, or rows of one structure, the first. Raises BadMolecule where several molecules fit.
    """
    if meant.molecule:
        rows = np.flatnonzero(dataset.smiles == meant.molecule)
        return (int(rows[0]), meant.molecule) if len(rows) else (-1, meant.molecule)
    if meant.pattern:
        rows, fit = matches(dataset, meant.pattern), "molecules of {} match the SMARTS {}"
    else:
        rows, fit = meant.names, "names of {} hold {}"
        whole = len(rows) and str(lowered(dataset)[rows[0]]) == meant.text.lower()
        rows = rows[:1] if whole else rows
    if len(rows) == 1:
        return int(rows[0]), str(dataset.smiles[rows[0]])
    some = ", ".join(str(dataset.names[row] or dataset.smiles[row]) for row in rows[:3])
    told = f"{len(rows):,} {fit.format(dataset.name, repr(meant.text))}" + (f" ({some}, ...)" if len(rows) else "")
    raise BadMolecule(f"{told}, and one molecule is asked for; a whole name or a SMILES would do")


def matches(dataset: Dataset, smarts: str) -> np.ndarray:
    """Substructure search of a typed pattern: rows whose molecule contains it (int64, ascending).

    The deadline is one of so many molecules, one after the other. Raises BadMolecule, TooLong.
    """
    smiles, found = dataset.smiles, [np.empty(0, np.int64)]
    for start in range(0, len(smiles), _AT_ONCE):
        rows = within(matching, smiles[start : start + _AT_ONCE].tolist(), smarts)
        found.append(np.asarray(rows, np.int64) + start)
    return np.concatenate(found)


def matching(smiles: list[str], smarts: str) -> list[int]:
    """Numbers of the molecules, ascending, that contain a pattern. Raises BadMolecule."""
    query = molecules.pattern(smarts)
    return sorted(_filled(smiles).GetMatches(query, useChirality=True, numThreads=0, maxResults=len(smiles)))


def containing(dataset: Dataset, query: Mol, *, chirality: bool = True) -> np.ndarray:
    """Substructure search: rows whose molecule contains another one or a pattern (int64, ascending)."""
    library = _library(dataset)
    found = library.GetMatches(query, useChirality=chirality, numThreads=0, maxResults=len(dataset))
    return np.sort(np.fromiter(found, np.int64))


@cached(2)
def _library(dataset: Dataset):  # type: ignore[no-untyped-def]
    return _filled(dataset.smiles.tolist())


def _filled(smiles: list[str]):  # type: ignore[no-untyped-def]
    from rdkit.Chem import rdSubstructLibrary

    holder = rdSubstructLibrary.CachedTrustedSmilesMolHolder()
    for one in smiles:
        holder.AddSmiles(one)
    return rdSubstructLibrary.SubstructLibrary(holder)


@cached(4)
def lowered(dataset: Dataset) -> np.ndarray:
    """Lowercase names, (n,) str."""
    names = dataset.names.tolist()
    return np.char.lower(np.array(names, dtype=str)) if names else np.empty(0, dtype="<U1")
