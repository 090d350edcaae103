"""Molecule search: what a chemist types into one box, alike on every page: a name, a SMILES, an InChI or a SMARTS.

The whole of a name comes first; then a structure, in any spelling; then a part of names. Whether a structure is one
molecule or a pattern, :func:`structure` alone decides. The Map shows all that is meant, pages that ask about one
molecule take the one that is (:func:`one_of`). Substructures are matched by RDKit's ``SubstructLibrary``.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from rdkit.Chem import Mol

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset
from mmexplore.runtime import processes
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import within
from mmexplore.runtime.errors import BadMolecule, TooLong
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.workers import WORKERS, Died

_AT_ONCE = 5_000
_CHUNK = 500


@dataclass(frozen=True)
class Meaning:
    """Parsed query: rows of the data set by ``names``, one ``molecule`` (canonical SMILES), or a ``pattern``."""

    text: str
    names: np.ndarray
    molecule: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class ParsedStructure:
    """Parsed structure: one ``molecule`` (canonical SMILES, "" for a pattern), and the ``pattern`` that finds it."""

    molecule: str
    pattern: str


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
    try:
        meant, mistake = structure(text), None
    except TooLong:
        raise
    except BadMolecule as problem:
        meant, mistake = ParsedStructure("", ""), problem
    if meant.molecule:
        return Meaning(text, none, meant.molecule)
    if len(part := np.flatnonzero(np.char.find(names, text.lower()) >= 0)):
        return Meaning(text, part)
    if mistake:
        raise _unread(dataset, text, mistake) from None
    return Meaning(text, none, pattern=meant.pattern)


ATOM_BY_NUMBER = re.compile(r"\[[^\]]*#\d")
"""An atom by its number, which is SMARTS whatever else it reads as."""
_WORD = re.compile(r"[A-Za-z][a-z]+(?:[ -][A-Za-z]+)*")


def structure(text: str) -> ParsedStructure:
    """Parsed structure of a typed or drawn text: a molecule as SMILES or InChI, or a pattern as SMARTS.

    Raises BadMolecule for a reaction and for junk, TooLong at the deadline.
    """
    return ParsedStructure(*within(molecule_and_pattern, text))


def molecule_and_pattern(text: str) -> tuple[str, str]:
    """Members of a :class:`ParsedStructure`, without a deadline.

    RDKit's SMILES parser takes more than SMILES: ``[#6]`` for carbon, ``~`` for a bond, ``*`` for an atom. What holds
    one of these leaves something open, which makes it a pattern. Raises BadMolecule for a reaction and for junk.

    >>> molecule_and_pattern("OCC"), molecule_and_pattern("[#6]S(=O)(=O)N")
    (('CCO', 'CCO'), ('', '[#6]S(=O)(=O)N'))
    """
    text = text.strip()
    arrows = text.replace("->", "").replace("<-", "")  # dative bonds are none
    if arrows.count(">") >= 2 and "<" not in arrows and not text.lower().startswith("inchi="):
        raise BadMolecule(f"{_shown(text)} is a reaction, and a molecule is asked for; one side of it alone would do")
    try:
        mol = molecules.parse_line(text)
    except BadMolecule as mistake:
        try:
            molecules.pattern(text)
        except BadMolecule as other:
            raise other if "cannot take" in str(other) else mistake from None
        return "", text
    if "~" in text or ATOM_BY_NUMBER.search(text) or any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        molecules.pattern(text)
        return "", text
    smiles = molecules.canonical(mol)
    return smiles, smiles


def _unread(dataset: Dataset, text: str, mistake: BadMolecule) -> BadMolecule:
    """The sentence about a text that is no name and no structure."""
    if "is a reaction" in str(mistake):
        return mistake
    words = f"{_shown(text)} is in no name of this data set and reads neither as SMILES nor as SMARTS"
    if _WORD.fullmatch(text) and len(text) <= 80:
        return BadMolecule(f"{words}; names are looked up in {dataset.name} alone, so its SMILES or InChI would do")
    return BadMolecule(f"{words}: {str(mistake).rpartition(': ')[2]}")


def _shown(text: str) -> str:
    return repr(_cut(text))


def _cut(text: str) -> str:
    """What a sentence repeats of a typed text."""
    return text if len(text) <= 80 else text[:77] + "..."


def search(dataset: Dataset, text: str) -> SearchResult:
    """Molecule search: all that a typed text means; of a structure those that contain it, too. Raises BadMolecule."""
    if not text.strip():
        return SearchResult(np.empty(0, np.int64), "nothing was typed")
    meant = read(dataset, text)
    if len(meant.names):
        return SearchResult(meant.names, _of_names(dataset, meant))
    if meant.pattern:
        rows = matches(dataset, meant.pattern)
        return SearchResult(rows, f"{len(rows):,} molecules match the SMARTS {_cut(meant.text)}", meant.pattern)
    same = np.flatnonzero(dataset.smiles == meant.molecule)
    try:
        rows = matches(dataset, meant.molecule)
    except BadMolecule as mistake:  # too large to be sought in others
        what = f"this molecule (row {same[0] + 1}); " if len(same) else ""
        return SearchResult(same, f"{what}{mistake}", "", meant.molecule)
    what = f"this molecule (row {same[0] + 1}) and " if len(same) else ""
    how = f"{what}{len(rows):,} molecules contain {_cut(meant.text)}"
    return SearchResult(np.union1d(rows, same), how, meant.molecule, meant.molecule)


def _of_names(dataset: Dataset, meant: Meaning) -> str:
    """The sentence about names that were found: whole ones, where there are some, else those that hold the text."""
    n, held = len(meant.names), lowered(dataset)
    one = n == 1
    text = meant.text.lower()
    if str(held[meant.names[0]]) != text:
        return f"{n:,} {'name holds' if one else 'names hold'} {_shown(meant.text)}"
    more = sum(text in str(name) for name in held) - n
    others = f"; {more:,} more {'holds' if more == 1 else 'hold'} it" if more > 0 else ""
    return f"{n:,} {'name is' if one else 'names are'} {_shown(meant.text)}{others}"


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
    told = f"{len(rows):,} {fit.format(dataset.name, _shown(meant.text))}" + (f" ({some}, ...)" if len(rows) else "")
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


def holders(smiles: Sequence[str], patterns: Sequence[str], progress: Progress = silent) -> np.ndarray:
    """Substructure search of many patterns (SMARTS): which molecules hold each, bool (patterns, n); in processes."""
    held = np.zeros((len(patterns), len(smiles)), bool)
    if not patterns:
        return held
    chunks, done = [list(smiles[start : start + _CHUNK]) for start in range(0, len(smiles), _CHUNK)], 0
    progress("substructures", 0, len(smiles))
    settings = {"patterns": list(patterns)}
    with closing(WORKERS.ask(f"{__name__}:holding", chunks, settings, processes.cores())) as results:
        for number, answers in results:
            nothing = bytes(len(patterns))  # of the one molecule that brings RDKit down
            rows = b"".join(nothing if isinstance(answer, Died) else answer for answer in answers)
            part = np.frombuffer(rows, bool).reshape(-1, len(patterns))
            held[:, number * _CHUNK : number * _CHUNK + len(part)] = part.T
            done += len(part)
            progress("substructures", done, len(smiles))
    return held


def holding(smiles: Sequence[str], patterns: Sequence[str]) -> bytes:
    """A worker's share: a byte for each molecule and pattern, 1 where it is held; nothing is held by what is odd."""
    from rdkit import Chem
    from rdkit.Chem import rdSubstructLibrary

    held = rdSubstructLibrary.SubstructLibrary(rdSubstructLibrary.MolHolder(), rdSubstructLibrary.PatternHolder())
    rows = []
    for row, text in enumerate(smiles):
        if molecules.readable(text):
            held.AddMol(Chem.MolFromSmiles(text))
            rows.append(row)
    found = np.zeros((len(smiles), len(patterns)), bool)
    for number, smarts in enumerate(patterns):
        matched = held.GetMatches(
            molecules.pattern(smarts), useChirality=False, numThreads=1, maxResults=max(len(rows), 1)
        )
        found[np.array(rows, np.int64)[list(matched)], number] = True
    return found.tobytes()


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
