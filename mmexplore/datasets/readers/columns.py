"""Column detection: structures, names, labels. A guess is shown to the user, who may choose."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.chem.molecules import readable
from mmexplore.chem.structures import reads
from mmexplore.datasets import Kind, Task
from mmexplore.datasets.readers import numbers as _numbers
from mmexplore.datasets.readers.cells import STRUCTURES, bare
from mmexplore.runtime.errors import BadTable

_NAMES = (
    "name", "compoundname", "moleculename", "prefname", "moleculeprefname", "title", "drug", "drugname", "iupac",
    "iupacname", "compound", "molecule", "id", "compoundid", "moleculeid", "molid", "cmpdchemblid", "moleculechemblid",
    "chemblid", "pubchemcid", "cid", "cas", "casnumber",
)  # fmt: skip
_NUMBERING = frozenset({"", "id", "num", "index", "row", "no", "nr", "cid", "unnamed0", "column1"})
_LEFT = re.compile(r"precursor|react|reagent|solvent|product|catal|rxn|salt|counter|additive|fragment|scaffold|second")
_REACTION = re.compile(r"[^\s>]*>[^\s>]*>[^\s>]+|[^\s>]+>[^\s>]*>[^\s>]*")
_SAMPLE = 60
_MANY = 20


@dataclass(frozen=True)
class Structures:
    """Structure columns: the one of the molecules (None where there is none), the others, and those of reactions."""

    chosen: str | None
    others: tuple[str, ...]
    reactions: tuple[str, ...]


def structures(frame: pd.DataFrame, chosen: str | None = None) -> Structures:
    """Structure columns. The molecules' is one called SMILES, canonical SMILES or structure, most of whose cells are.

    Else the first, most of whose cells RDKit reads; of two called alike the first. ``chosen`` overrules it.
    """
    parts = {column: _part(frame[column]) for column in frame.columns}
    reactions = tuple(c for c in frame.columns if _mostly_reactions(frame[c]))
    found = [c for c, part in parts.items() if part >= 0.5 and c not in reactions]
    called = sorted((c for c in frame.columns if c not in reactions and _said(c)), key=_rank)
    best = next((c for c in called if c in found), None)
    if best is None:
        likely = sorted(found, key=lambda c: (_short(frame[str(c)]), _rank(c) > _ANY))
        best = likely[0] if likely else next((c for c in called if parts[c] or _rank(c) < _ANY), None)
    best = chosen or best
    others = tuple(c for c in found if c != best and (_said(c) or _LEFT.search(c.lower()) or not _short(frame[c])))
    return Structures(best, others, tuple(c for c in reactions if c != best))


def smiles_column(frame: pd.DataFrame) -> str | None:
    """SMILES column, None where there is none."""
    return structures(frame).chosen


def only_reactions(column: str) -> BadTable:
    """The mistake of a table that holds reactions alone."""
    return BadTable(f"the table holds reactions and no molecules (column {column!r}); give a table of molecules")


def none_found(
    columns: Sequence[str], first: Sequence[str], otherwise: str = "", notes: Sequence[str] = ()
) -> BadTable:
    """The mistake of a table without a structure column; ``first`` is its first row, ``notes`` what its reader says."""
    shown = " | ".join(first)[:80]
    why = f"; first row: {shown!r}" if shown else f"; {otherwise}" if otherwise else ""
    words = f"no column holds SMILES (columns: {', '.join(columns)[:200]}{why}); name the SMILES column"
    return BadTable("; ".join([words, *notes]))


def header_is_a_row(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a header is a molecule above a column of molecules; ``rows`` are the first ones below it."""
    if not rows:
        return any(len(name) > 1 and readable(name) for name in header)
    cells = zip(*rows, strict=True)
    guess = smiles_column(pd.DataFrame(dict(zip(header, map(list, cells), strict=True)), dtype=str))
    return guess is not None and readable(guess)


def name_column(frame: pd.DataFrame, smiles: str) -> str | None:
    """Name column: the first that is called like a name and mostly filled, else of text that hardly repeats itself."""
    known = {bare(column): column for column in reversed(frame.columns) if column != smiles}
    called = [known[name] for name in _NAMES if name in known]
    filled = {column: float((frame[column].str.strip() != "").mean()) if len(frame) else 0.0 for column in called}
    for least in (0.5, 0.0):
        for column in called:
            if filled[column] > least or (len(frame) == 0 and column in called):
                return column
    for column in frame.columns:
        cells = [c for c in _sample(frame[column]) if c]
        if column == smiles or len(cells) < 2 or np.isfinite(_numbers.read(cells).values).mean() > 0.5:
            continue
        if not any(_numbers.qualified(cell)[1] for cell in cells):
            continue  # a column of signs
        if len(set(cells)) >= 0.9 * len(cells) and sum(map(reads, cells)) < 0.5 * len(cells):
            return str(column)
    return None


def tasks(frame: pd.DataFrame, besides: Sequence[str | None]) -> tuple[Task, ...]:
    """Task detection: columns of numbers as label columns: two values is classification, else regression.

    Row numbers are left out. Where more than twenty columns are regression (descriptors, mostly), the first of them
    stands for all.
    """
    found = []
    for column in frame.columns:
        if column in besides or bare(column) in _NUMBERING:
            continue
        read = _numbers.read(frame[column])
        known = read.values[np.isfinite(read.values)]
        unread = sum(len(places) for text, places in read.odd.items() if text.lower() not in _numbers.MISSING)
        if len(known) and unread <= 0.1 * len(known):
            found.append(Task(column, guess(known, read.qualifiers) or "classification"))
    regressions = [task for task in found if task.kind == "regression"]
    return tuple(t for t in found if len(regressions) <= _MANY or t.kind == "classification" or t is regressions[0])


def guess(values: np.ndarray, qualifiers: np.ndarray | None = None) -> Kind | None:
    """Task kind: classification for 0 and 1, 1 and 2, -1 and 1; None where few whole numbers may be classes or not.

    >>> guess(np.array([0, 1, 1.0])), guess(np.array([0.5, 1])), guess(np.array([0, 1, 2, 2, 1, 0]))
    ('classification', 'regression', None)
    """
    known = values[np.isfinite(values)]
    if qualifiers is not None and (qualifiers != "").any():
        return "regression"
    distinct = np.unique(known)
    if np.isin(distinct, (0.0, 1.0)).all():
        return "classification"
    if distinct.tolist() in ([1.0, 2.0], [-1.0, 1.0]) and len(known) > 2:
        return "classification"
    whole = (distinct == np.round(distinct)).all() and distinct[0] >= -10 and distinct[-1] <= 20
    few = 3 <= len(distinct) <= 10 and distinct[-1] - distinct[0] <= 10 and len(known) >= 2 * len(distinct)
    return None if whole and few else "regression"


def kind(values: np.ndarray) -> Kind:
    """Task kind, few whole numbers as classes."""
    return guess(values) or "classification"


def numbers(cells: Sequence[str] | pd.Series) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Float64 (n,), NaN where missing, and the texts that are neither numbers nor empty, with their places.

    >>> values, odd = numbers(["1.5", "", "n/a", "yes", ">10"])
    >>> values.tolist(), odd
    ([1.5, nan, nan, 1.0, nan], {'n/a': [2], '>10': [4]})
    """
    read = _numbers.read(cells)
    texts = pd.Series(cells, dtype=object) if not isinstance(cells, pd.Series) else cells
    for place in np.flatnonzero(read.qualifiers != "").tolist():
        read.values[place] = np.nan
        read.odd.setdefault(str(texts.iloc[place]).strip(), []).append(place)
    return read.values, dict(sorted(read.odd.items(), key=lambda item: item[1][0]))


_ANY = len(STRUCTURES)


def _said(column: str) -> bool:
    """Whether a column's name says that it holds structures."""
    return bare(column) in STRUCTURES or "smiles" in bare(column)


def _rank(column: str) -> int:
    name = re.sub(r"\d+$", "", bare(column)) if " (" in column else bare(column)
    if name in STRUCTURES:
        return STRUCTURES.index(name)
    return _ANY + (_LEFT.search(column.lower()) is not None and "product" not in column.lower())


def _part(cells: pd.Series) -> float:
    sample = _sample(cells)
    found = [c for c in sample if re.search(r"[A-Za-z*]", c) and reads(c)]
    return len(found) / len(sample) if sample else 0.0


def _short(cells: pd.Series) -> bool:
    """Codes such as C, N, CI, which RDKit would read, and which repeat themselves."""
    sample = _sample(cells)
    return sum(map(len, sample)) < 3 * len(sample) and len(set(sample)) <= 0.5 * len(sample)


def _mostly_reactions(cells: pd.Series) -> bool:
    sample = _sample(cells)
    return bool(sample) and sum(bool(_REACTION.fullmatch(c.split(" |")[0])) for c in sample) >= 0.5 * len(sample)


def _sample(cells: pd.Series) -> list[str]:
    filled = cells[cells.str.strip() != ""]
    step = max(1, len(filled) // _SAMPLE)
    return [str(cell).strip() for cell in filled.iloc[::step][:_SAMPLE]]
