"""Batch prediction: models at work on a table of molecules, one row out for each row in, in its order.

Rows are read, predicted and kept in parts, each a file that is written whole; a run that was killed goes on after the
last one, and no more than a part is in memory. A row without a prediction says why in its ``status``.
"""

import hashlib
import io
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmexplore import __version__
from mmexplore.chem import molecules, salts
from mmexplore.chem.standardize import POOL_FROM, Standardized, standardize_all
from mmexplore.datasets import Task, search, tables
from mmexplore.explore.neighbors.applicability import Domain
from mmexplore.features.store import features
from mmexplore.models.calibration import FEWEST, Calibration
from mmexplore.models.predict import Inference, Predicted
from mmexplore.runtime import processes, seals
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.files import claimed, sweep
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.datasets.readers.rows import Read, Rows

FOLDER, PARTS = "predictions", "parts"
KEPT_SECONDS = 7 * 86_400.0
SDF = ".sdf"
ENDINGS = (*tables.ENDINGS, SDF)
PREDICTED = "predicted"
"""What the status of a predicted row begins with."""
NO_STRUCTURE = "no structure in this row"
MIXTURE = "a mixture of molecules of the same size, of which none is the one that is meant; give one of them"
QUERY = "a pattern, whose atoms or bonds may be any of several; give one molecule"
OPEN_END = "* stands for any atom, and was predicted as an atom without an element"
_FORMAT = 2
_PART_ROWS, _PART_CELLS = 4_096, 400_000
_DOMAIN = ("nearest_training", "nearest_similarity", "in_domain")


@dataclass(frozen=True)
class Forecaster:
    """Forecaster: a model by the name that it was asked for, what calibrates it, and where it applies.

    ``calibration`` and ``domain`` are None where nothing is known of them.
    """

    name: str
    inference: Inference
    calibration: Calibration | None = None
    domain: Domain | None = None


@dataclass(frozen=True)
class TaskColumns:
    """Columns of one task: the prediction, its spread, and an interval (``low``, ``high``) or a ``set`` of classes."""

    task: Task
    value: str
    std: str
    low: str = ""
    high: str = ""
    set: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that there are, in their order."""
        return tuple(filter(None, (self.value, self.low, self.high, self.set, self.std)))


@dataclass(frozen=True)
class Layout:
    """Columns that predictions add to a table: by model those of its tasks and of its domain, then two of the row."""

    tasks: tuple[tuple[TaskColumns, ...], ...]
    domains: tuple[tuple[str, str, str], ...]
    status: str
    smiles: str

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in their order."""
        tasks = (name for columns in self.tasks for task in columns for name in task.names)
        return (*tasks, *itertools.chain(*self.domains), self.status, self.smiles)


@dataclass(frozen=True)
class Outcome:
    """Batch prediction's outcome: rows, how many were predicted, and the file, or the ``table`` where there is none.

    The frame has the user's own columns first, numbers as numbers.
    """

    rows: int
    predicted: int
    layout: Layout
    file: Path | None = None
    table: "pd.DataFrame | None" = None


def layout(own: Sequence[str], models: Sequence[tuple[str, Sequence[Task]]]) -> Layout:
    """Names of the columns; one that the user's table has already gets ``predicted_`` before it.

    >>> layout(["smiles", "y"], [("m", [Task("y", "regression")])]).names[:4]
    ('predicted_y', 'y_low', 'y_high', 'y_std')
    """
    taken = set(own)

    def free(name: str) -> str:
        while name in taken:
            name = f"predicted_{name}"
        taken.add(name)
        return name

    def columns(prefix: str, task: Task) -> TaskColumns:
        value = free(f"{prefix}{task.name}")
        if task.kind == "classification":
            one = free(f"{prefix}{task.name}_set")
            return TaskColumns(task, value, free(f"{prefix}{task.name}_std"), set=one)
        low, high = free(f"{prefix}{task.name}_low"), free(f"{prefix}{task.name}_high")
        return TaskColumns(task, value, free(f"{prefix}{task.name}_std"), low, high)

    prefixes = [f"{name}:" if len(models) > 1 else "" for name, _ in models]
    by_model = tuple(
        tuple(columns(prefix, task) for task in tasks) for prefix, (_, tasks) in zip(prefixes, models, strict=True)
    )
    domains = [tuple(free(f"{prefix}{name}") for name in _DOMAIN) for prefix in prefixes]
    return Layout(by_model, tuple((a, b, c) for a, b, c in domains), free("status"), free("smiles_used"))


def check(out: Path, rows: int = 0) -> None:
    """Whether predictions of so many rows can be written there. Raises BadTable."""
    if out.suffix.lower() != SDF:
        if out.suffix.lower() not in tables.ENDINGS:
            raise BadTable(f"predictions are written as {', '.join(ENDINGS)}, and {out.name!r} came")
        tables.check(out)
        tables.check_rows(out, rows)
    elif not out.parent.is_dir():
        raise BadTable(f"there is no folder {str(out.parent)!r} to write {out.name!r} to")


def run(
    rows: "Rows",
    predictors: Sequence[Forecaster],
    out: Path | None = None,
    *,
    level: float = 0.9,
    salt: Literal["strip", "keep", "ready"] = "strip",
    part_rows: int = 0,
    progress: Progress = silent,
    home: Home,
) -> Outcome:
    """Predict a table, and write it to a .csv, .tsv, .parquet, .xlsx or .sdf file, or give it back as a frame.

    ``level`` of the intervals and sets; ``salt``: strip it, keep it, or take structures as they are, canonical SMILES.
    Progress ``predict``, then ``write``, by rows. Raises BadTable for a file that cannot be written, Taken where
    another process is at the same, and Cancelled: what is done then stays for the next run.
    """
    if out is not None:
        check(out, rows.count)
    found = layout(_own(rows), [(one.name, one.inference.tasks) for one in predictors])
    size = part_rows or max(64, min(_PART_ROWS, _PART_CELLS // len(rows.columns)))
    key = _key(rows, predictors, level, salt, size)
    work = _Work(rows, tuple(predictors), found, level, salt, home)
    with claimed(home.folder(FOLDER, ".locks") / f"{key}.lock", "another process predicts the same rows; wait for it"):
        _forget_old(home.folder(FOLDER, PARTS))
        return _written(_fill(home.folder(FOLDER, PARTS, key), work, size, progress), work, out, progress)


def _forget_old(place: Path) -> None:
    """Delete parts that nobody has asked for in a week: until then they are written in another format at once."""
    now = time.time()
    sweep([folder for folder in place.iterdir() if now - folder.stat().st_mtime > KEPT_SECONDS])


def few(predictor: Forecaster, smiles: Sequence[str], level: float, *, home: Home) -> Outcome:
    """Predictions of a few canonical SMILES that a visitor gave, of which nothing is kept but their features.

    Raises TooLong for one that is not described before the deadline.
    """
    from mmexplore.datasets.readers.rows import Read, Rows  # which imports pandas

    reads = [Read(number, [text]) for number, text in enumerate(smiles, 1)]
    found = layout(("smiles",), [(predictor.name, predictor.inference.tasks)])
    rows = Rows("typed", "", ("smiles",), len(reads), "smiles", {"smiles": "text"})
    table = _Work(rows, (predictor,), found, level, "ready", home, typed=True).part(reads, silent)
    return Outcome(len(table), int(table[found.status].str.startswith(PREDICTED).sum()), found, table=table)


@dataclass(frozen=True)
class _Work:
    """What is done with each part of a table."""

    rows: "Rows"
    predictors: tuple[Forecaster, ...]
    layout: Layout
    level: float
    salt: str
    home: Home
    typed: bool = False

    def part(self, reads: "Sequence[Read]", progress: Progress) -> "pd.DataFrame":
        """The rows with their own columns as text, and what is predicted of them."""
        import pandas as pd

        cells = zip(*(read.cells for read in reads), strict=True)
        own = pd.DataFrame(dict(zip(self.rows.columns, map(list, cells), strict=True)), dtype="str")
        place = self.rows.columns.index(self.rows.structures)
        texts = [text if "\n" in text else text.strip() for text in (read.cells[place] for read in reads)]
        outcomes = self._standardised(texts, progress)
        status = [refusal(*one) for one in zip(reads, texts, outcomes, strict=True)]
        good = np.array([number for number, words in enumerate(status) if not words], np.int64)
        each, at = np.unique([outcomes[number].smiles for number in good], return_inverse=True)
        columns: dict[str, Any] = {}
        domains: dict[str, Any] = {}
        refused: list[dict[int, str]] = []
        for predictor, tasks, domain in zip(self.predictors, self.layout.tasks, self.layout.domains, strict=True):
            made = predictor.inference(each.tolist(), progress, typed=self.typed) if len(each) else None
            columns |= _values(made, tasks, predictor.calibration, self.level, good, at, len(reads))
            domains |= self._near(predictor, domain, each, good, at, len(reads))
            refused.append(made.refused if made else {})
        for number, molecule in zip(good.tolist(), at.tolist(), strict=True):
            status[number] = self._told(outcomes[number], [one.get(molecule, "") for one in refused])
        used = [
            outcome.smiles if words.startswith(PREDICTED) and outcome.smiles != text else None
            for outcome, text, words in zip(outcomes, texts, status, strict=True)
        ]
        last = {self.layout.status: pd.array(status, "str"), self.layout.smiles: pd.array(used, "str")}
        return pd.concat([own, pd.DataFrame(columns | domains | last, index=own.index)], axis=1)

    def _standardised(self, texts: list[str], progress: Progress) -> list[Standardized]:
        if self.salt == "ready":
            return [Standardized(text, "", "") for text in texts]
        each = list(dict.fromkeys(texts))
        workers = processes.cores() if self.rows.count >= POOL_FROM else None
        found = standardize_all(each, "strip" if self.salt == "strip" else "keep", progress, workers)
        by_text = dict(zip(each, found, strict=True))
        return [by_text[text] for text in texts]

    def _told(self, outcome: Standardized, refused: Sequence[str]) -> str:
        """Status of a row that can be read: who refused it, or what was done to it first."""
        if all(refused):
            return refused[0]
        names = (one.name for one in self.predictors)
        without = [f"not by {name}: {why}" for name, why in zip(names, refused, strict=True) if why]
        open_end = OPEN_END if "*" in outcome.smiles else ""
        return "; ".join(filter(None, (PREDICTED, outcome.words, open_end, *without)))

    def _near(
        self, one: Forecaster, columns: Sequence[str], each: np.ndarray, good: np.ndarray, at: np.ndarray, n: int
    ) -> dict[str, Any]:
        """Nearest training molecule of each row, how near it is, and whether that is in the domain."""
        import pandas as pd

        nearest = np.full(n, None, object)
        similarity, inside = np.full(n, np.nan), np.full(n, None, object)
        if one.domain is not None and len(each):
            made = features("fingerprint", each.tolist(), home=self.home, typed=self.typed)
            rows, near = one.domain.nearest(made)
            names, there = one.domain.smiles[rows].astype(object), one.domain.inside(near).astype(object)
            names[rows < 0] = there[rows < 0] = None
            nearest[good], similarity[good], inside[good] = names[at], near[at], there[at]
        arrays = (pd.array(nearest, "str"), _plain(similarity), pd.array(inside, "boolean"))
        return dict(zip(columns, arrays, strict=True))


def refusal(read: "Read", text: str, outcome: Standardized) -> str:
    """Refusal of a row in words, "" where it can be read and names one molecule."""
    if read.refused or not text:
        return read.refused or NO_STRUCTURE
    if "~" in outcome.smiles or ("\n" not in text and search.ATOM_BY_NUMBER.search(text)):
        return QUERY
    return outcome.refused or (MIXTURE if salts.TIED in outcome.told.split("|") else "")


def _values(
    made: Predicted | None,
    tasks: Sequence[TaskColumns],
    calibration: Calibration | None,
    level: float,
    good: np.ndarray,
    at: np.ndarray,
    n: int,
) -> dict[str, Any]:
    """Columns of the tasks, whose rows ``good`` are the molecules ``at`` of those that were predicted."""
    import pandas as pd

    columns: dict[str, Any] = {}

    def spread_out(values: np.ndarray) -> np.ndarray:
        whole = np.full(n, np.nan)
        whole[good] = np.asarray(values, np.float64)[at]
        return _plain(np.where(np.isfinite(whole), whole, np.nan))

    for number, names in enumerate(tasks):
        empty = np.full(n, np.nan)
        columns |= dict.fromkeys(names.names, empty)
        if names.set:
            columns[names.set] = pd.array([None] * n, "str")
        if made is None:
            continue
        values = made.values[:, number].astype(np.float64)
        spread = None if made.spread is None else made.spread[:, number].astype(np.float64)
        columns[names.value] = spread_out(values)
        if spread is not None:
            columns[names.std] = spread_out(spread)
        if calibration is None or calibration.rows(number) < FEWEST:
            continue
        if names.set:
            found = np.array(calibration.sets(number, values, level), object)
            found[~np.isfinite(values)] = None
            whole = np.full(n, None, object)
            whole[good] = found[at]
            columns[names.set] = pd.array(whole, "str")
        else:
            low, high = calibration.interval(number, values, spread, level)
            columns[names.low], columns[names.high] = spread_out(low), spread_out(high)
    return columns


def _plain(values: np.ndarray) -> np.ndarray:
    """Float64 of the fewest digits that are the same float32: models compute no more of them."""
    return np.asarray(values, np.float32).astype(str).astype(np.float64)


def _own(rows: "Rows") -> list[str]:
    """The user's own columns as a table has them: mol blocks are for SD files."""
    return [name for name in rows.columns if not (rows.blocks and name == rows.structures)]


def _fill(folder: Path, work: _Work, size: int, progress: Progress) -> list[Path]:
    """All parts of the table, those that are there already left alone."""
    paths: list[Path] = []
    done, reads = 0, iter(work.rows)
    progress("predict", 0, work.rows.count)
    steps = 1 + sum(one.inference.steps for one in work.predictors)
    while batch := list(itertools.islice(reads, size)):
        path = folder / f"{len(paths):06d}.parquet"
        if not seals.is_sound(path):
            table = work.part(batch, _within(progress, done, len(batch), work.rows.count, steps))
            write_atomically(path, _bytes(table))
        paths.append(path)
        done += len(batch)
        progress("predict", done, work.rows.count)
    return paths


def _within(progress: Progress, done: int, size: int, total: int, steps: int) -> Progress:
    """Progress of the stages of one part as that of the whole, which never goes back."""
    stages: dict[str, float] = {}

    def report(stage: str, now: int, of: int, /, **_: float) -> None:
        stages[stage] = max(stages.get(stage, 0.0), now / of if of else 0.0)
        progress("predict", done + int(size * min(sum(stages.values()) / steps, 0.99)), total)

    return report


def _bytes(table: "pd.DataFrame") -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


def _written(paths: Sequence[Path], work: _Work, out: Path | None, progress: Progress) -> Outcome:
    import pandas as pd

    counted = [0, 0]

    def parts() -> Iterator["pd.DataFrame"]:
        for path in paths:
            part = tables.frame(seals.read(path))
            yield part
            counted[0] += len(part)
            counted[1] += int(part[work.layout.status].str.startswith(PREDICTED).sum())
            progress("write", counted[0], work.rows.count)

    table = None
    if out is None:
        table = pd.concat([_typed(part, work.rows) for part in parts()], ignore_index=True)
    elif out.suffix.lower() == SDF:
        with tables.written(out) as file:
            for part in parts():
                file.write(_records(part, work).encode())
    else:
        plain = _untyped if out.suffix.lower() in (".csv", ".tsv") else _typed
        tables.write_parts(out, (plain(part, work.rows) for part in parts()), work.rows.count)
    return Outcome(counted[0], counted[1], work.layout, out, table)


def _untyped(part: "pd.DataFrame", rows: "Rows") -> "pd.DataFrame":
    """A part as text has it: every cell of the user's as it stood."""
    return part.drop(columns=rows.structures) if rows.blocks else part


def _typed(part: "pd.DataFrame", rows: "Rows") -> "pd.DataFrame":
    """A part whose columns of numbers are numbers, of the same kind in every part."""
    import pandas as pd

    part = _untyped(part, rows)
    for name, kind in rows.kinds.items():
        if kind != "text" and name in part:
            cells = pd.to_numeric(part[name].where(part[name] != ""), errors="coerce")
            part[name] = cells.astype("Int64" if kind == "int" else "float64")
    return part


def _records(part: "pd.DataFrame", work: _Work) -> str:
    """SD records: mol blocks as they came, or drawn from what was predicted; every column is a field."""
    rows, made = work.rows, []
    fields = part.drop(columns=rows.structures) if rows.blocks else part
    if rows.blocks:
        blocks = part[rows.structures].tolist()
    else:
        used = part[work.layout.smiles]
        blocks = [block for block, _ in molecules.mol_blocks(used.fillna(part[rows.structures].str.strip()).tolist())]
    title = "title" if rows.blocks else rows.name
    for block, values in zip(blocks, fields.astype("object").to_dict("records"), strict=True):
        told = {str(name): _field(value) for name, value in values.items()}
        if rows.blocks:
            told.pop("title", None)
        made.append(molecules.sd_record(str(values.get(title) or ""), block, told))
    return "".join(made)


def _field(value: Any) -> str:
    import pandas as pd

    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124


def _key(rows: "Rows", predictors: Sequence[Forecaster], level: float, salt: str, size: int) -> str:
    """Key of all that the parts are made of."""
    told: list[Any] = [_FORMAT, __version__, rows.digest, level, salt, size]
    for one in predictors:
        told += [one.name, one.inference.model.digest, one.domain is not None]
        if one.calibration is not None:
            spread = one.calibration.spread
            held = [one.calibration.truth, one.calibration.prediction, *([] if spread is None else [spread])]
            told.append(hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in held)).hexdigest())
    return hashlib.sha256(json.dumps(told, allow_nan=False).encode()).hexdigest()[:32]
