"""Label reading: a column of a table as numbers or classes, with its qualifiers, unit, logarithm and threshold.

One function for the page, the command line and notebooks. What a step did to cells is told, and the cells as they were
given stay beside it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mmexplore.datasets import Kind, Task
from mmexplore.datasets.readers import columns, numbers
from mmexplore.datasets.readers.cells import bare, listed
from mmexplore.runtime.errors import BadRecipe, BadTable

Qualifiers = Literal["drop", "bound", "classes"]
UNITS = {"M": 1.0, "mM": 1e-3, "µM": 1e-6, "nM": 1e-9, "pM": 1e-12}
"""Molar units that a logarithm is taken of, in mol/L; uM is µM."""
UNDERSTOOD = "M, mM, µM (uM), nM, pM"
MOST_CLASSES = 20
_SPELLINGS = {
    "um": "µM", "μm": "µM", "µm": "µM", "micromolar": "µM", "nm": "nM", "nanomolar": "nM", "pm": "pM",
    "picomolar": "pM", "mmol/l": "mM", "µmol/l": "µM", "umol/l": "µM", "nmol/l": "nM", "mol/l": "M", "molar": "M",
    "millimolar": "mM",
}  # fmt: skip
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True)
class LabelRule:
    """Label rule: a column and how it is read; None and "" where the column shall show it.

    ``unit`` is that of the cells; ``log`` takes -log10 of the concentration in mol/L; ``threshold`` makes 1 of what is
    at least that (after the logarithm), 0 of the rest; ``qualifiers``: what becomes of ``>10``. ``relation`` and
    ``units`` name columns that hold the qualifier and the unit of each row.
    """

    column: str
    kind: Kind | None = None
    unit: str = ""
    log: bool = False
    threshold: float | None = None
    qualifiers: Qualifiers | None = None
    relation: str | None = None
    units: str | None = None


@dataclass(frozen=True)
class Label:
    """Label as read: the task, float64 values (NaN where missing), notes, and columns to keep beside it.

    ``plain``: the cells say just that, so that nothing has to be written in their place.
    """

    task: Task
    values: np.ndarray
    notes: tuple[str, ...]
    beside: dict[str, Sequence[str]]
    plain: bool = False


def unit_of(text: str) -> str:
    """A molar unit in its one spelling. Raises BadRecipe for another.

    >>> unit_of("uM"), unit_of("nm")
    ('µM', 'nM')
    """
    plain = text.strip()
    if plain in UNITS:
        return plain
    if plain.lower() in _SPELLINGS and plain not in ("mm", "MM"):
        return _SPELLINGS[plain.lower()]
    raise BadRecipe(f"the unit {text!r} is not one that a logarithm is taken of; understood are {UNDERSTOOD}")


def unit_in(column: str) -> str:
    """The molar unit that a column's name ends with, "" where it does not.

    >>> unit_in("IC50 (nM)"), unit_in("IC50_uM"), unit_in("film")
    ('nM', 'µM', '')
    """
    word = column.strip().rstrip(")]").replace("(", " ").replace("[", " ").replace("_", " ").replace("/", " ").split()
    if len(word) < 2 or word[-1] in ("nm", "pm", "um", "µm"):
        return ""
    try:
        return unit_of(word[-1])
    except BadRecipe:
        return ""


def undecided(cells: pd.Series) -> list[int]:
    """The few whole numbers of a column that may be classes or numbers, which only its owner knows; else none."""
    read = numbers.read(cells)
    known = read.values[np.isfinite(read.values)]
    if not len(known) or columns.guess(known, read.qualifiers) is not None:
        return []
    return [int(value) for value in np.unique(known)]


def question(column: str, values: Sequence[int]) -> str:
    """What is asked of the owner of such a column."""
    return (
        f"column {column!r} holds the whole numbers {', '.join(map(str, values))}: classes or numbers? Say it once: "
        f"mmexplore import FILE --label {column}:classification, or --label {column}:regression, or a --threshold that "
        "cuts it in two classes (more than two cannot be trained); other labels by --label alone leave it out. Then "
        "--data takes the name that the import gives"
    )


def read(frame: pd.DataFrame, rule: LabelRule, lines: np.ndarray) -> Label:
    """One label. Raises BadTable for a column without numbers, BadRecipe for a rule that cannot be followed."""
    _check(rule)
    cells = frame[rule.column]
    if rule.kind == "classification" and rule.threshold is None and _is_text(cells):
        return _categories(rule, cells)
    found = numbers.read(cells)
    values, signs, odd = found.values, found.qualifiers, _odd(rule.column, found.odd, lines)
    notes: list[str] = []
    if np.isnan(values).all():
        first = next(iter(found.odd), "")
        raise BadTable(f"column {rule.column!r} holds no numbers{f'; the first cell says {first!r}' * bool(first)}")
    if rule.relation is not None:
        related = [numbers.qualified(str(cell))[0] for cell in frame[rule.relation]]
        signs = np.array([sign or more for sign, more in zip(signs, related, strict=True)], dtype=object)
        signs[np.isnan(values)] = ""
    values, unit, told = _in_one_unit(frame, rule, values)
    notes += told
    if rule.log:
        values, signs, told = _logarithm(rule, values, signs, unit)
        unit = "-log10(mol/L)"
        notes += told
    beside: dict[str, Sequence[str]] = {}
    censored = signs != ""
    changed = rule.log or rule.threshold is not None
    if censored.any():
        beside[f"{rule.column} qualifier"] = [str(sign) for sign in signs]
    if censored.any() or changed:
        beside[f"{rule.column} (as given)"] = cells.astype(str).tolist()
    mode = rule.qualifiers or ("classes" if rule.threshold is not None else "drop")
    if censored.any():
        notes.append(_of_qualifiers(rule.column, mode, np.flatnonzero(censored), lines))
        if mode == "drop":
            values = np.where(censored, np.nan, values)
    if rule.threshold is not None:
        values = _cut(values, signs if mode == "classes" else np.full(len(signs), "", object), rule.threshold)
        ones, zeros = int((values == 1).sum()), int((values == 0).sum())
        notes.append(f"{rule.column!r}: 1 where at least {rule.threshold:g} ({ones:,}), 0 below ({zeros:,})")
        return Label(Task(rule.column, "classification"), values, (*odd, *notes), beside)
    if np.isnan(values).all():
        raise BadTable(f"column {rule.column!r} is left without a number: {'; '.join(notes)[:300]}")
    kind = rule.kind or columns.guess(found.values, signs) or "classification"
    if kind == "classification":
        values, told = _classes(rule.column, values)
        notes += told
    plain = not censored.any() and np.array_equal(values, found.values, equal_nan=True)
    task = Task(rule.column, kind, unit if kind == "regression" else "")
    return Label(task, values, tuple(notes) if plain else (*odd, *notes), beside, plain)


def relation_of(frame: pd.DataFrame, column: str) -> str | None:
    """The column that holds the qualifiers of another: called so, or beside it and nothing but such signs."""
    stem = bare(column).removesuffix("value")
    places = {name: place for place, name in enumerate(frame.columns)}
    of_signs = [name for name in frame.columns if name != column and _holds_signs(frame[name])]
    for name in of_signs:
        words = bare(name)
        if stem and words.startswith(stem) and words != stem:
            return str(name)
    near = [name for name in of_signs if abs(places[name] - places[column]) == 1]
    return str(near[0]) if near and not any(bare(n).startswith("standard") for n in near) else None


def units_of(frame: pd.DataFrame, column: str) -> str | None:
    """The column that holds the unit of each row of another, called like it."""
    stem = bare(column).removesuffix("value")
    wanted = {f"{stem}unit", f"{stem}units", f"{bare(column)}unit", f"{bare(column)}units"}
    if len([c for c in frame.columns if bare(c) in ("unit", "units")]) == 1 and stem in ("", "activity", "standard"):
        wanted |= {"unit", "units"}
    return next((str(name) for name in frame.columns if name != column and bare(name) in wanted), None)


def _check(rule: LabelRule) -> None:
    if rule.qualifiers == "classes" and rule.threshold is None:
        raise BadRecipe(
            f"qualifiers as classes of {rule.column!r} need a threshold that cuts it in two; give --threshold"
        )
    if rule.log and rule.kind == "classification" and rule.threshold is None:
        raise BadRecipe(f"a logarithm of classes was asked for ({rule.column!r}); say regression, or give --threshold")
    if rule.kind == "regression" and rule.threshold is not None:
        raise BadRecipe(f"{rule.column!r} is to be regression and cut at {rule.threshold:g}; leave one of the two away")
    if rule.threshold is not None and not np.isfinite(rule.threshold):
        raise BadRecipe(f"a threshold of {rule.threshold} cuts nothing; give a number")


def _holds_signs(cells: pd.Series) -> bool:
    filled = {str(cell).strip() for cell in cells if str(cell).strip()}
    signs = [numbers.qualified(text) for text in list(filled)[:20]]
    return 0 < len(filled) <= 12 and all(not rest for _, rest in signs)


def has_classes(cells: pd.Series) -> bool:
    """Whether a column holds two classes or words, of which no logarithm is taken and which nothing cuts."""
    return _is_text(cells) or columns.guess(numbers.read(cells).values) == "classification"


def _is_text(cells: pd.Series) -> bool:
    found = numbers.read(cells)
    odd = sum(len(places) for text, places in found.odd.items() if text.lower() not in numbers.MISSING)
    return odd > 0 and odd >= np.isfinite(found.values).sum()


def _categories(rule: LabelRule, cells: pd.Series) -> Label:
    texts = cells.astype(str).str.strip()
    known = texts[(texts != "") & ~texts.str.lower().isin(numbers.MISSING)]
    names = sorted(known.unique())
    if len(names) > MOST_CLASSES:
        raise BadTable(
            f"column {rule.column!r} holds {len(names):,} different words; classes are at most {MOST_CLASSES}"
        )
    places = {name: float(place) for place, name in enumerate(names)}
    values = np.array([places.get(text, np.nan) for text in texts])
    told = ", ".join(f"{name[:40]!r} is {place}" for place, name in enumerate(names))
    note = f"{rule.column!r}: classes of words: {told}"
    beside: dict[str, Sequence[str]] = {f"{rule.column} (as given)": cells.astype(str).tolist()}
    return Label(Task(rule.column, "classification"), values, (note,), beside)


def _classes(column: str, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Two values as 0 and 1; more stay as they are."""
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) > MOST_CLASSES:
        raise BadTable(
            f"column {column!r} holds {len(distinct):,} different numbers; classes are at most {MOST_CLASSES}: "
            f"give a threshold, or say {column}:regression"
        )
    if np.isin(distinct, (0.0, 1.0)).all():
        return values, []
    if len(distinct) == 2:
        low, high = distinct
        made = np.where(np.isnan(values), np.nan, (values == high).astype(np.float64))
        return made, [f"{column!r}: two classes: {low:g} was read as 0, {high:g} as 1"]
    if len(distinct) > 2:
        words = f"{column!r}: {len(distinct)} classes ({', '.join(f'{d:g}' for d in distinct)})"
        return values, [f"{words}; more than two cannot be trained: a threshold cuts them in two"]
    return values, []


def _in_one_unit(frame: pd.DataFrame, rule: LabelRule, values: np.ndarray) -> tuple[np.ndarray, str, list[str]]:
    """The values in one unit: the one that was said, else the commonest of the rows, else the one in the name."""
    said = rule.unit.strip()
    if rule.log and said:
        said = unit_of(said)
    if rule.units is None:
        return values, said or unit_in(rule.column), []
    rows = [_spelled(str(cell)) for cell in frame[rule.units]]
    known = Counter(unit for unit, value in zip(rows, values, strict=True) if unit and np.isfinite(value))
    if not known:
        return values, said or unit_in(rule.column), []
    target = _spelled(said) if said else known.most_common(1)[0][0]
    if rule.log and target not in UNITS and not said:
        target = next((unit for unit, _ in known.most_common() if unit in UNITS), target)
    made, other, converted = values.copy(), Counter[str](), 0
    for place, unit in enumerate(rows):
        if not np.isfinite(values[place]) or unit in (target, ""):
            continue
        if unit in UNITS and target in UNITS:
            made[place] = values[place] * UNITS[unit] / UNITS[target]
            converted += 1
        else:
            made[place] = np.nan
            other[unit] += 1
    notes = [f"{rule.column!r}: {converted:,} row(s) were converted to {target}"] if converted else []
    if other:
        told = ", ".join(f"{unit} ({count:,})" for unit, count in other.most_common(5))
        notes.append(f"{rule.column!r}: rows in other units than {target} were read as missing labels: {told}")
    return made, target, notes


def _spelled(text: str) -> str:
    plain = text.strip().strip("'\"")
    try:
        return unit_of(plain)
    except BadRecipe:
        return plain


def _logarithm(
    rule: LabelRule, values: np.ndarray, signs: np.ndarray, unit: str
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    if not unit:
        raise BadRecipe(
            f"the unit of {rule.column!r} has to be said before a logarithm is taken ({UNDERSTOOD}); leave a column "
            "that is no concentration out of the labels"
        )
    factor = UNITS[unit_of(unit)]
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.where(values > 0, -np.log10(values * factor), np.nan)
    lost = int((np.isfinite(values) & ~np.isfinite(made)).sum())
    notes = [f"{rule.column!r}: -log10 of {unit_of(unit)} in mol/L was taken"]
    if lost:
        notes.append(
            f"{rule.column!r}: {lost:,} values that are not above zero have no logarithm: read as missing labels"
        )
    flipped = np.array([_FLIPPED.get(sign, sign) for sign in signs], dtype=object)
    flipped[np.isnan(made)] = ""
    return made, flipped, notes


def _cut(values: np.ndarray, signs: np.ndarray, threshold: float) -> np.ndarray:
    """1 where a value is at least the threshold, 0 where below, NaN where its qualifier leaves that open."""
    made = np.where(np.isnan(values), np.nan, (values >= threshold).astype(np.float64))
    above, below = np.isin(signs, (">", ">=")), np.isin(signs, ("<", "<="))
    made[above & (values < threshold)] = np.nan
    made[below & (values > threshold)] = np.nan
    made[(signs == "<=") & (values == threshold)] = np.nan
    made[(signs == "<") & (values == threshold)] = 0.0
    return made


def _of_qualifiers(column: str, mode: str, places: np.ndarray, lines: np.ndarray) -> str:
    count = (
        f"{len(places):,} value{'s' * (len(places) > 1)} with a qualifier ({listed('line', lines[places].tolist())})"
    )
    done = {
        "drop": "read as missing labels; taking the bound, or classes by a threshold, would use them",
        "bound": "the bound was taken as the number",
        "classes": "put in a class where the bound decides it, else read as missing labels",
    }[mode]
    return f"{column!r}: {count}: {done}"


def _odd(column: str, odd: dict[str, list[int]], lines: np.ndarray) -> list[str]:
    notes = []
    for text, places in list(odd.items())[:10]:
        where = listed("line", [int(lines[place]) for place in places]).removeprefix("lines ").removeprefix("line ")
        notes.append(f"{column!r}: {text[:40]!r} in line {where} was read as a missing label")
    if len(odd) > 10:
        rest = sum(map(len, list(odd.values())[10:]))
        notes.append(f"{column!r}: {rest:,} more cells were read as missing labels")
    return notes
