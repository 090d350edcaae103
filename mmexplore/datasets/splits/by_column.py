"""Split by a column of the user's: a part for each row, or a date or a number to sort them by."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.runtime.errors import BadRecipe

if TYPE_CHECKING:
    import pandas as pd

Parts = tuple[list[int], list[int], list[int]]
PARTS = ("train", "valid", "test")
_SPELT = {
    "train": 0, "training": 0, "valid": 1, "validation": 1, "validate": 1, "val": 1, "dev": 1, "test": 2, "testing": 2,
}  # fmt: skip
_MISSING = frozenset({"", "nan", "na", "n/a", "none", "null", "-", "nat", "?"})
_DAY_OR_MONTH = re.compile(r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b.*")
_SHOWN = 40


def part_of(text: str) -> int | None:
    """Part that a cell names, 0 train, 1 validation, 2 test; None where it names none.

    >>> part_of(" Train"), part_of("val"), part_of("holdout")
    (0, 1, None)
    """
    return _SPELT.get(text.strip().lower())


def is_empty(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in _MISSING


def choosable(dataset: Dataset, *, dates: bool) -> list[str]:
    """Columns that a data set can be split by: all that are not structures or names, with ``dates`` labels, too."""
    return [*map(str, dataset.extra), *((task.name for task in dataset.tasks) if dates else ())]


def by_part(dataset: Dataset, column: str) -> tuple[Parts, dict[int, str]]:
    """Rows of train, validation and test as a column says, and why the others are in none, by row.

    Raises BadRecipe for a column that is not there, says something else, or names no molecule for a part.
    """
    cells = [str(cell) for cell in _column(dataset, column, "column", dates=False)]
    called = f"column {column!r} of {dataset.name!r}"
    unknown = [row for row, cell in enumerate(cells) if part_of(cell) is None and not is_empty(cell)]
    if unknown:
        raise BadRecipe(said_otherwise(called, cells, unknown, f"line {dataset.lines[unknown[0]]}"))
    found = [[row for row, cell in enumerate(cells) if part_of(cell) == number] for number in range(3)]
    refuse_missing(called, [len(rows) for rows in found])
    left_out = {row: f"no part in column {column!r}" for row, cell in enumerate(cells) if is_empty(cell)}
    return (found[0], found[1], found[2]), left_out


def said_otherwise(called: str, cells: Sequence[str], unknown: Sequence[int], where: str) -> str:
    """Refusal of cells that name no part."""
    first, count = cells[unknown[0]].strip()[:_SHOWN], len(unknown)
    rows = "a row" if count == 1 else f"{count:,} rows"
    return f"{called} says {first!r} ({rows} with no part's name, first {where}); the parts are {', '.join(PARTS)}"


def refuse_missing(called: str, sizes: Sequence[int]) -> None:
    """Raise BadRecipe where a part has no molecule."""
    if missing := [name for name, rows in zip(PARTS, sizes, strict=True) if not rows]:
        raise BadRecipe(f"{called} names no molecule for {' and '.join(missing)}; a split has {', '.join(PARTS)}")


def by_time(
    dataset: Dataset, column: str, fractions: tuple[float, float, float], readable: np.ndarray
) -> tuple[Parts, dict[int, str]]:
    """Rows of train, validation and test, the oldest first, and why the others are in none, by row.

    ``readable`` rows are divided. A date, or number, is in one part alone: every molecule that is tested is later than
    every one before it; the parts' sizes are as near to ``fractions`` as dates allow. Raises BadRecipe.
    """
    cells = _column(dataset, column, "time", dates=True)
    times = _times(cells, column, dataset.name)
    known = readable[np.isfinite(times[readable])]
    left_out = {int(row): _undated(cells, int(row), column) for row in np.flatnonzero(~np.isfinite(times))}
    distinct, counts = np.unique(times[known], return_counts=True)
    if len(distinct) < 3:
        few = f"{len(distinct)} different date{'s' * (len(distinct) != 1)}"
        raise BadRecipe(
            f"column {column!r} of {dataset.name!r} has {few} or numbers in {len(known):,} of {len(dataset):,} rows, "
            "and a split by time needs three or more; choose another column or split"
        )
    first, second = _cuts(counts, fractions)
    part = np.searchsorted([distinct[first], distinct[second]], times[known], side="right")
    found = [known[part == number].tolist() for number in range(3)]
    return (found[0], found[1], found[2]), left_out


def _cuts(counts: np.ndarray, fractions: tuple[float, float, float]) -> tuple[int, int]:
    """Places of the dates at which validation and test begin: those whose molecules before come nearest."""
    before, total = np.cumsum(counts), counts.sum()
    last = len(counts) - 1
    first = 1 + int(np.abs(before[: last - 1] - fractions[0] * total).argmin())
    second = first + 1 + int(np.abs(before[first:last] - (fractions[0] + fractions[1]) * total).argmin())
    return first, second


def _column(dataset: Dataset, column: str, rule: str, *, dates: bool) -> "pd.Series":
    import pandas as pd

    able = choosable(dataset, dates=dates)
    there = ", ".join(able[:20]) or "none"
    if not column:
        raise BadRecipe(f"split {rule!r} needs the name of a column (data.split_column); {dataset.name!r} has: {there}")
    if column not in able:
        raise BadRecipe(f"{dataset.name!r} has no column {column!r} to split by; there are: {there}")
    if column in dataset.extra:
        return dataset.extra[column]
    return pd.Series(dataset.labels[:, [task.name for task in dataset.tasks].index(column)], dtype=float)


def _times(cells: "pd.Series", column: str, name: str) -> np.ndarray:
    """Numbers as they are, dates as seconds, float64 (n,), NaN where neither can be read. Raises BadRecipe."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    texts = cells.astype(str).where(~cells.astype(str).map(is_empty))
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().sum() > texts.notna().sum() / 2:
        return numbers.to_numpy(np.float64)
    pairs = [(int(found[1]), int(found[2])) for text in texts.dropna() if (found := _DAY_OR_MONTH.fullmatch(text))]
    day_first, month_first = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
    if any(a != b for a, b in pairs) and day_first == month_first:
        text = next(text for text in texts.dropna() if _DAY_OR_MONTH.fullmatch(text))
        raise BadRecipe(
            f"column {column!r} of {name!r} has dates such as {text[:_SHOWN]!r}, in which day and month cannot be told "
            "apart; write them as 2021-04-03"
        )
    read = pd.to_datetime(texts, errors="coerce", format="mixed", dayfirst=day_first, utc=True)
    if not read.notna().any():
        shown = next(iter(texts.dropna()), "")
        said = f"the first cell says {shown[:_SHOWN]!r}" if shown else "all its cells are empty"
        raise BadRecipe(f"column {column!r} of {name!r} holds no dates or numbers: {said}; choose another column")
    seconds = (read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(np.float64)


def _undated(cells: "pd.Series", row: int, column: str) -> str:
    text = str(cells.iloc[row])
    said = "no date" if is_empty(text) else f"{text[:_SHOWN]!r} is no date that can be read"
    return f"{said} in column {column!r}"


def told_left_out(reasons: Mapping[int, str], lines: np.ndarray) -> list[str]:
    """Rows that a split leaves out, in a sentence."""
    if not reasons:
        return []
    rows = sorted(reasons)
    some = "; ".join(f"line {lines[row]}: {reasons[row]}" for row in rows[:3])
    more = f"; and {len(rows) - 3:,} more" if len(rows) > 3 else ""
    return [f"{len(rows):,} molecule{'s are' if len(rows) > 1 else ' is'} in no part: left out ({some}{more})"]
