"""Comparison of two data sets: which molecules are new, which are gone, and whose labels changed.

Molecules are matched by canonical SMILES, what is left by InChIKey, which sees past spellings of one structure (Heller
et al. 2015, doi:10.1186/s13321-015-0068-4). Where a set holds a molecule several times, its labels are averaged;
classes that contradict each other count as missing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem.inchi_keys import inchi_keys
from mmexplore.datasets import Dataset
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

MOST_KEYS = 20_000
"""InChIKeys are made where no more molecules than these have no match by SMILES; a second has some thousand."""
_SAME = 1e-5  # relative: labels are kept as float32


@dataclass(frozen=True)
class Comparison:
    """Comparison of data sets ``a``, the earlier, and ``b``.

    ``table``: a row for each molecule that is ``new`` (in b alone), ``gone`` (in a alone) or ``changed``, with its
    SMILES, name, lines, what differs in words, and each label in both. ``same`` molecules differ in nothing.
    """

    a: str
    b: str
    table: "pd.DataFrame"
    new: int
    gone: int
    changed: int
    same: int
    notes: tuple[str, ...] = ()


def compare(a: Dataset, b: Dataset, progress: Progress = silent) -> Comparison:
    """Comparison of two data sets."""
    import pandas as pd

    rows_a, rows_b = _rows(a), _rows(b)
    pairs = {text: text for text in rows_b if text in rows_a}
    left_a, left_b = [s for s in rows_a if s not in pairs], [s for s in rows_b if s not in pairs]
    drawn, notes = _by_key(left_a, left_b, progress)
    shared = [t.name for t in b.tasks if t.name in {u.name for u in a.tasks}]
    lines: list[dict[str, object]] = []
    same = 0
    for other, text in (pairs | drawn).items():
        before, after = _labels(a, rows_a[text], shared), _labels(b, rows_b[other], shared)
        words = [
            f"{task}: {_word(before[task])} \u2192 {_word(after[task])}"
            for task in shared
            if _differ(before[task], after[task])
        ]
        words += ["drawn differently"] * (text != other)
        if words:
            lines.append(_line("changed", other, a, rows_a[text], b, rows_b[other], before, after, words))
        else:
            same += 1
    matched = set(drawn.values())
    new = [text for text in left_b if text not in drawn]
    gone = [text for text in left_a if text not in matched]
    changed = len(lines)
    lines += [_line("new", text, a, [], b, rows_b[text], {}, _labels(b, rows_b[text], shared), []) for text in new]
    lines += [_line("gone", text, a, rows_a[text], b, [], _labels(a, rows_a[text], shared), {}, []) for text in gone]
    columns = ["status", "smiles", "name", "line before", "line after", "difference"]
    columns += [f"{task} {when}" for task in shared for when in ("before", "after")]
    apart = sorted({t.name for t in a.tasks} ^ {t.name for t in b.tasks})
    if apart:
        notes += (f"labels of one of the two alone, which are not compared: {', '.join(apart[:10])}",)
    table = pd.DataFrame(lines, columns=columns)
    return Comparison(a.name, b.name, table, len(new), len(gone), changed, same, notes)


def _rows(dataset: Dataset) -> dict[str, list[int]]:
    """Rows of each molecule by its SMILES, in order of first appearance."""
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(map(str, dataset.smiles)):
        rows.setdefault(text, []).append(row)
    return rows


def _by_key(left_a: list[str], left_b: list[str], progress: Progress) -> tuple[dict[str, str], tuple[str, ...]]:
    """SMILES of b and of a that are one structure drawn in two ways."""
    if not left_a or not left_b:
        return {}, ()
    if len(left_a) + len(left_b) > MOST_KEYS:
        return {}, (f"more than {MOST_KEYS:,} molecules have no match: they were compared by SMILES, not by InChIKey",)
    keys_a = inchi_keys(left_a, progress, "compare")
    keys_b = inchi_keys(left_b, progress, "compare")
    known = {key: text for text, key in reversed(list(zip(left_a, keys_a, strict=True))) if key}
    found: dict[str, str] = {}
    for text, key in zip(left_b, keys_b, strict=True):
        if key in known:
            found[text] = known.pop(key)
    return found, ()


def _labels(dataset: Dataset, rows: list[int], tasks: list[str]) -> dict[str, float]:
    """Mean of the known labels of a molecule's rows by task, NaN where none is known or classes contradict."""
    names = [task.name for task in dataset.tasks]
    values = dataset.labels[rows].astype(np.float64)
    found: dict[str, float] = {}
    for task in tasks:
        known = values[:, names.index(task)]
        known = known[np.isfinite(known)]
        torn = dataset.tasks[names.index(task)].kind == "classification" and len(np.unique(known)) > 1
        found[task] = float(known.mean()) if len(known) and not torn else float("nan")
    return found


def _differ(before: float, after: float) -> bool:
    if np.isnan(before) or np.isnan(after):
        return bool(np.isnan(before) != np.isnan(after))
    return abs(before - after) > _SAME * max(abs(before), abs(after))


def _word(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.4g}"


def _line(
    status: str,
    smiles: str,
    a: Dataset,
    rows_a: list[int],
    b: Dataset,
    rows_b: list[int],
    before: dict[str, float],
    after: dict[str, float],
    words: list[str],
) -> dict[str, object]:
    name = str(b.names[rows_b[0]]) if rows_b else str(a.names[rows_a[0]])
    line: dict[str, object] = {"status": status, "smiles": smiles, "name": name, "difference": "; ".join(words)}
    line["line before"] = int(a.lines[rows_a[0]]) if rows_a else None
    line["line after"] = int(b.lines[rows_b[0]]) if rows_b else None
    line |= {f"{task} before": value for task, value in before.items()}
    return line | {f"{task} after": value for task, value in after.items()}
