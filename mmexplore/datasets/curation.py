"""Curation of raw rows to a data set.

Every structure standardised, duplicates merged or counted, and a report of every row.

Merging goes by canonical SMILES. Numbers are averaged; classes that agree are kept, and where they contradict each
other the label is left empty, because no honest vote can be taken between two. MoleculeNet's sets are not merged, so
that scores stay comparable with published ones; their report says what would have been.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.chem.molecules import Salts
from mmexplore.chem.standardize import Standardized, standardised, standardize_all
from mmexplore.datasets import Dataset, RawTable, Remark, Report, Spectra, Task
from mmexplore.datasets.readers.cells import listed, unique
from mmexplore.datasets.readers.columns import numbers
from mmexplore.datasets.spectra import best_rows, kept_spectra
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.progress import Progress, silent

_SHOWN = 200  # characters of a cell that a report repeats


def curate(raw: RawTable, name: str, title: str, progress: Progress = silent) -> Dataset:
    """Standardise, merge, report. Raises BadTable where no row is left, or a label column holds no number."""
    return curated(raw, name, title, progress)[0]


def curated(raw: RawTable, name: str, title: str, progress: Progress = silent) -> tuple[Dataset, pd.DataFrame]:
    """The data set, and what became of each row that was read, in order: see :func:`row_columns`. Raises BadTable."""
    texts = [t if "\n" in t else t.strip() for t in raw.frame[raw.smiles_column].fillna("").astype(str)]
    shown = _shown(raw, texts)
    outcomes = standardize_all(texts, raw.salts, progress)
    rejected = [*raw.rejected, *_refusals(shown, texts, raw.lines, outcomes)]
    kept = np.array([i for i, outcome in enumerate(outcomes) if not outcome.refused], dtype=np.int64)
    if not len(kept):
        why = f"; line {rejected[0].line}: {rejected[0].text!r}: {rejected[0].reason}" if rejected else ""
        raise BadTable(f"no row of {title!r} holds a readable molecule{why}")
    labels, notes = _labels(raw, kept)
    notes += _told(outcomes, raw.lines)
    smiles = np.array([outcomes[i].smiles for i in kept], dtype=object)
    first, group, told = _groups(raw, kept, outcomes)
    notes += told
    merged: list[Remark] = []
    spectra, lost = _spectra(raw, kept, texts, progress)
    notes += lost
    every = kept
    if raw.duplicates == "merge":
        spectra = spectra and spectra.take(best_rows(spectra, group))
        labels, merged = _merged(raw, kept, shown, labels, first, group)
        kept, smiles = kept[first], smiles[first]
    else:
        notes += _duplicates(smiles, labels, first, group)
    done = tuple(Remark(int(raw.lines[i]), shown[i], o.done) for i, o in enumerate(outcomes) if o.done)
    if raw.salts == "keep":
        notes += _salts(smiles)
    report = Report(
        read=len(texts) + len(raw.rejected),
        kept=len(kept),
        merged=tuple(merged),
        standardised=done,
        rejected=tuple(sorted(rejected, key=lambda remark: remark.line)),
        notes=(*raw.notes, *notes),
        smiles_column=raw.smiles_column,
        name_column=raw.name_column,
    )
    labels = labels.astype(np.float32)
    dataset = Dataset(
        name=name,
        title=title,
        digest=digest(smiles, labels, raw.tasks, spectra),
        smiles=smiles,
        names=_names(raw, kept),
        lines=raw.lines[kept].astype(np.int64),
        labels=labels,
        tasks=raw.tasks,
        extra=_extra(raw, kept),
        report=report,
        spectra=spectra,
    )
    return dataset, _rows(raw, texts, outcomes, report, set(every.tolist()) - set(kept.tolist()))


def row_columns(tasks: Sequence[Task]) -> list[str]:
    """Columns of the table of rows: line, status (kept, merged or rejected), reason, smiles, name, then each label.

    >>> row_columns([Task("y", "regression"), Task("name", "regression")])
    ['line', 'status', 'reason', 'smiles', 'name', 'y', 'name (2)']
    """
    return unique(["line", "status", "reason", "smiles", "name", *(task.name for task in tasks)])


def _rows(
    raw: RawTable, texts: list[str], outcomes: list[Standardized], report: Report, merged: set[int]
) -> pd.DataFrame:
    """One row a row read, with its own name and labels as it was read, not those that it was merged to."""
    status = ["merged" if i in merged else "rejected" if o.refused else "kept" for i, o in enumerate(outcomes)]
    reasons = {(kind, r.line): r.reason for kind in ("merged", "rejected") for r in getattr(report, kind)}
    lines = raw.lines.tolist()
    columns: dict[str, Any] = {
        "line": lines,
        "status": status,
        "reason": [reasons.get((s, line), o.done) for s, line, o in zip(status, lines, outcomes, strict=True)],
        "smiles": [o.smiles or ("" if "\n" in t else t) for t, o in zip(texts, outcomes, strict=True)],
        "name": _names(raw, np.arange(len(texts))),
    }
    names = row_columns(raw.tasks)
    for name, task in zip(names[5:], raw.tasks, strict=True):
        columns[name] = numbers(raw.frame[task.name])[0]
    read = pd.DataFrame(columns)
    never = pd.DataFrame({"line": [r.line for r in raw.rejected], "reason": [r.reason for r in raw.rejected]})
    if len(never):
        never = never.assign(status="rejected", smiles="", name="").reindex(columns=names)
        never[names[5:]] = never[names[5:]].astype(np.float64)
        read = pd.concat([read, never], ignore_index=True) if len(read) else never
    return read.sort_values("line", kind="stable", ignore_index=True)


def digest(smiles: np.ndarray, labels: np.ndarray, tasks: Sequence[Task], spectra: Spectra | None = None) -> str:
    """Content digest: sixteen hex digits that change with any molecule, label, task or spectrum."""
    content = hashlib.sha256("\n".join(smiles).encode())
    content.update(np.ascontiguousarray(labels, dtype="<f4").tobytes())
    content.update(repr([(task.name, task.kind) for task in tasks]).encode())
    for array in (spectra.ppm, spectra.atom, spectra.counts) if spectra else ():
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:16]


def _spectra(
    raw: RawTable, kept: np.ndarray, texts: list[str], progress: Progress
) -> tuple[Spectra | None, tuple[str, ...]]:
    if raw.spectra is None:
        return None, ()
    return kept_spectra(raw.spectra.take(kept), [texts[row] for row in kept], raw.salts, progress)


def _refusals(shown: list[str], texts: list[str], lines: np.ndarray, outcomes: list[Standardized]) -> list[Remark]:
    return [
        Remark(int(line), words, _without_text(outcome.refused) if text else "no SMILES in this row")
        for words, text, line, outcome in zip(shown, texts, lines, outcomes, strict=True)
        if outcome.refused
    ]


def _shown(raw: RawTable, texts: list[str]) -> list[str]:
    """What a report repeats of each row: its cell, and of a mol block its title."""
    if not any("\n" in text for text in texts):
        return [text[:_SHOWN] for text in texts]
    names = _names(raw, np.arange(len(texts)))
    return [(str(name) if "\n" in text else text)[:_SHOWN] for text, name in zip(texts, names, strict=True)]


def _told(outcomes: list[Standardized], lines: np.ndarray) -> list[str]:
    """What is to be known of rows that were read, each kind with its count and lines."""
    found: dict[str, list[int]] = {}
    for outcome, line in zip(outcomes, lines.tolist(), strict=True):
        for words in filter(None, outcome.told.split("|")):
            found.setdefault(words, []).append(line)
    return [f"{len(at):,} row{'s' * (len(at) > 1)}: {words} ({listed('line', at)})" for words, at in found.items()]


def _without_text(reason: str) -> str:
    """The reason without the SMILES, which stands beside it in a report."""
    return reason.rpartition("': ")[2] if reason.startswith("cannot read SMILES") else reason


def _labels(raw: RawTable, kept: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Float64 (kept, tasks) and notes on cells that are no numbers."""
    labels = np.full((len(kept), len(raw.tasks)), np.nan)
    notes: list[str] = []
    for place, task in enumerate(raw.tasks):
        cells = raw.frame[task.name].iloc[kept]
        labels[:, place], odd = numbers(cells)
        if np.isnan(labels[:, place]).all():
            first = next(iter(odd), "")
            raise BadTable(f"column {task.name!r} holds no numbers{f'; the first cell says {first!r}' * bool(first)}")
        for text, places in list(odd.items())[:10]:
            lines = [str(raw.lines[kept[p]]) for p in places[:10]]
            more = f" and {len(places) - 10:,} more" if len(places) > 10 else ""
            notes.append(f"{task.name!r}: {text[:40]!r} in line {', '.join(lines)}{more} was read as a missing label")
    return labels, notes


def _groups(raw: RawTable, kept: np.ndarray, outcomes: list[Standardized]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Rows at which a molecule first appears, ascending, for each row the number of its molecule in that list, notes.

    Rows of one SMILES that stereo groups tell apart are two molecules; so are those whose other structures differ.
    """
    keys = [f"{outcomes[i].smiles} {outcomes[i].apart}" for i in kept]
    notes: list[str] = []
    if raw.others:
        counts = Counter(keys)
        twice = [place for place, key in enumerate(keys) if counts[key] > 1]
        before = len(counts)
        for place in twice:
            cells = (str(raw.frame[column].iloc[kept[place]]).strip() for column in raw.others)
            keys[place] += "\0" + "\0".join(_same_structure(cell, raw.salts) for cell in cells)
        if (more := len(set(keys)) - before) > 0:
            names = ", ".join(map(repr, raw.others[:5]))
            notes.append(f"{more:,} row(s) share a molecule with an earlier row but not {names}: not merged")
    places: dict[str, int] = {}
    group = np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)
    return np.unique(group, return_index=True)[1], group, notes


def _same_structure(cell: str, salts: Salts) -> str:
    return (standardised(cell, salts).smiles or cell) if cell else ""


def _merged(
    raw: RawTable, kept: np.ndarray, shown: list[str], labels: np.ndarray, first: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, list[Remark]]:
    """Labels (molecules, tasks) and a remark for each row that went into an earlier one."""
    result = np.full((len(first), labels.shape[1]), np.nan)
    words: dict[int, list[str]] = {}
    for place, task in enumerate(raw.tasks):
        mean, spread = _mean_and_spread(labels[:, place], group, len(first))
        if task.kind == "classification":
            mean[spread > 0] = np.nan
        result[:, place] = mean
        done = "contradicts, label left empty" if task.kind == "classification" else "averaged"
        for molecule in np.flatnonzero(spread > 0).tolist():
            words.setdefault(molecule, []).append(f"{task.name!r} {done}")
    later = np.setdiff1d(np.arange(len(group)), first)
    remarks = []
    for row in later.tolist():
        told = words.get(int(group[row]), [])
        reason = "; ".join([f"same molecule as line {raw.lines[kept[first[group[row]]]]}", *told[:5]])
        remarks.append(Remark(int(raw.lines[kept[row]]), shown[kept[row]], reason))
    return result, remarks


def _mean_and_spread(values: np.ndarray, group: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the known labels of each molecule (NaN where none), and highest less lowest (0 where fewer than two)."""
    known = np.isfinite(values)
    count = np.bincount(group[known], minlength=n)
    mean = np.full(n, np.nan)
    total = np.bincount(group[known], weights=values[known], minlength=n)
    mean[count > 0] = total[count > 0] / count[count > 0]
    highest, lowest = np.full(n, -np.inf), np.full(n, np.inf)
    np.maximum.at(highest, group[known], values[known])
    np.minimum.at(lowest, group[known], values[known])
    return mean, np.where(count > 1, highest - lowest, 0.0)


def _duplicates(smiles: np.ndarray, labels: np.ndarray, first: np.ndarray, group: np.ndarray) -> list[str]:
    if len(first) == len(smiles):
        return []
    spreads = [_mean_and_spread(column, group, len(first))[1] > 0 for column in labels.T]
    differing = int(np.any(spreads, axis=0).sum()) if spreads else 0
    told = f"; labels differ for {differing:,} of these molecules" if differing else ""
    return [f"the molecule of an earlier row again, kept as published: {len(smiles) - len(first):,} rows{told}"]


def _salts(smiles: np.ndarray) -> list[str]:
    count = sum("." in text for text in smiles)
    return [f"more than one fragment (salts, mixtures), kept as published: {count:,} rows"] if count else []


def _names(raw: RawTable, kept: np.ndarray) -> np.ndarray:
    if raw.name_column is None:
        return np.full(len(kept), "", dtype=object)
    cells = raw.frame[raw.name_column].iloc[kept].fillna("").astype(str).str.strip()
    return cells.to_numpy(dtype=object)


def _extra(raw: RawTable, kept: np.ndarray) -> pd.DataFrame:
    """The source's other columns: numbers where every filled cell is one, else text."""
    used = {raw.smiles_column, raw.name_column, *(task.name for task in raw.tasks)}
    columns = {}
    for column in raw.frame.columns:
        if column in used:
            continue
        cells = raw.frame[column].iloc[kept].reset_index(drop=True)
        if pd.api.types.is_numeric_dtype(cells):
            columns[column] = cells
            continue
        values = pd.to_numeric(cells.where(cells.str.strip() != ""), errors="coerce")
        numeric = values.notna().any() and (values.notna() | (cells.str.strip() == "") | cells.isna()).all()
        columns[column] = values.astype(np.float64) if numeric else cells.fillna("").astype(str)
    return pd.DataFrame(columns, index=range(len(kept)), columns=pd.Index(list(columns), dtype="str"))
