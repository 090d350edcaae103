"""Column detection: structures, names, labels. A guess is shown to the user, who may choose."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmexplore.chem.molecules import readable
from mmexplore.datasets import Kind, Task

_WORDS = dict.fromkeys(("true", "yes", "active", "positive"), 1.0) | dict.fromkeys(
    ("false", "no", "inactive", "negative"), 0.0
)
_MISSING = frozenset(
    ("na", "n/a", "#n/a", "nan", "null", "none", "nd", "n.d.", "-", "--", "?", ".", "missing", "unknown")
)
_NAMES = (
    "name", "compound name", "molecule name", "pref_name", "title", "drug", "iupac", "compound", "molecule", "id",
    "compound id", "molecule id", "mol_id", "cmpd_chemblid", "molecule_chembl_id", "chembl_id", "cid", "cas",
)  # fmt: skip
_NUMBERING = frozenset({"", "id", "num", "index", "row", "no", "no.", "nr", "cid", "unnamed: 0", "column 1"})
_SAMPLE = 60
_MANY = 20


def smiles_column(frame: pd.DataFrame) -> str | None:
    """SMILES column: the one most of whose cells RDKit reads, a header that says SMILES before others.

    None where none does.
    """
    best, best_score = None, 0.5
    for column in frame.columns:
        cells = _sample(frame[column])
        said = bool(re.search(r"smiles|^smi$", column, re.IGNORECASE))
        structural = [c for c in cells if re.search(r"[A-Za-z*]", c) and readable(c)]
        part = len(structural) / len(cells) if cells else 0.0
        length = sum(map(len, structural)) / max(1, len(structural))
        score = part + 0.01 * min(length, 40) + (1.0 if said else 0.0)
        if (part >= 0.5 or said) and score > best_score:
            best, best_score = column, score
    return best


def name_column(frame: pd.DataFrame, smiles: str) -> str | None:
    """Name column: one called like a name, else the first of text that hardly repeats itself."""
    known = {column.lower(): column for column in frame.columns if column != smiles}
    for name in _NAMES:
        if name in known:
            return known[name]
    for column in frame.columns:
        cells = [c for c in _sample(frame[column]) if c]
        if column == smiles or len(cells) < 2 or np.isfinite(numbers(cells)[0]).mean() > 0.5:
            continue
        if len(set(cells)) >= 0.9 * len(cells) and sum(map(readable, cells)) < 0.5 * len(cells):
            return str(column)
    return None


def tasks(frame: pd.DataFrame, besides: Sequence[str | None]) -> tuple[Task, ...]:
    """Task detection: columns of numbers as label columns: 0 and 1 is classification, else regression.

    Row numbers are left out.

    Where more than twenty columns are regression (descriptors, mostly), the first of them stands for all.
    """
    found = []
    for column in frame.columns:
        if column in besides or column.lower() in _NUMBERING:
            continue
        values, odd = numbers(frame[column])
        known = values[np.isfinite(values)]
        unread = sum(len(places) for text, places in odd.items() if text.lower() not in _MISSING)
        if len(known) and unread <= 0.1 * len(known):
            found.append(Task(column, kind(known)))
    regressions = [task for task in found if task.kind == "regression"]
    return tuple(t for t in found if len(regressions) <= _MANY or t.kind == "classification" or t is regressions[0])


def kind(values: np.ndarray) -> Kind:
    """Task kind: classification where every known value is 0 or 1."""
    known = values[np.isfinite(values)]
    return "classification" if np.isin(known, (0.0, 1.0)).all() else "regression"


def numbers(cells: Sequence[str] | pd.Series) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Float64 (n,), NaN where missing, and the texts that are neither numbers nor empty, with their places.

    >>> values, odd = numbers(["1.5", "", "n/a", "yes", ">10"])
    >>> values.tolist(), odd
    ([1.5, nan, nan, 1.0, nan], {'n/a': [2], '>10': [4]})
    """
    texts = pd.Series(cells, dtype=object) if not isinstance(cells, pd.Series) else cells
    values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
    with np.errstate(over="ignore"):
        values[~np.isfinite(values.astype(np.float32))] = np.nan
    odd: dict[str, list[int]] = {}
    filled = (texts.notna() & (texts != "")).to_numpy()
    for place in np.flatnonzero(np.isnan(values) & filled).tolist():
        text = str(texts.iloc[place]).strip()
        if text.lower() in _WORDS:
            values[place] = _WORDS[text.lower()]
        elif text:
            odd.setdefault(text, []).append(place)
    return values, odd


def _sample(cells: pd.Series) -> list[str]:
    filled = cells[cells.str.strip() != ""]
    step = max(1, len(filled) // _SAMPLE)
    return [str(cell).strip() for cell in filled.iloc[::step][:_SAMPLE]]
