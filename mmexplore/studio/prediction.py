"""Predictions of new molecules: a file, a data set, a table or one molecule, by a model, several, or an ensemble."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmexplore.chem.standardize import Standardized, standardised
from mmexplore.datasets import catalog, tables, yours
from mmexplore.datasets.tables import to_csv
from mmexplore.explore import batch_prediction
from mmexplore.explore.batch_prediction import FOLDER, KEPT_SECONDS, Forecaster, Outcome
from mmexplore.models.calibration import LEVEL
from mmexplore.models.predict import check
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import within
from mmexplore.runtime.errors import BadMolecule, BadRecipe, BadTable, MmexploreError, NotAvailable
from mmexplore.runtime.files import allowed, sweep
from mmexplore.runtime.home import Home, read_json, with_nan, write_json
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, training_data
from mmexplore.studio.training import intervals_in_words, models

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.datasets import Dataset
    from mmexplore.datasets.readers.rows import Rows, TableHead

Salts = Literal["strip", "keep"]
_RESULTS = "tables"


@dataclass(frozen=True)
class TaskColumn:
    """Task of a predicted table: whose it is, its unit, and the name of the column that holds the prediction.

    ``beside`` are the columns of its interval or set and of its spread.
    """

    model: str
    name: str
    kind: str
    unit: str
    column: str
    beside: tuple[str, ...]


@dataclass(frozen=True)
class RowColumns:
    """Columns of a predicted table that are about a row: its structure and name ("" where there is none), and ours.

    ``domains``: by model the nearest training molecule, its similarity, and whether that is in the domain.
    """

    structure: str
    name: str
    status: str
    smiles_used: str
    domains: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class PredictedTable:
    """Predicted table: ``n`` rows, so many of them ``predicted``, in ``file``, or as ``frame`` where there is none.

    ``notes`` are sentences on what is not known.
    """

    models: tuple[str, ...]
    n: int
    predicted: int
    tasks: tuple[TaskColumn, ...]
    row: RowColumns
    file: Path | None = None
    frame: "pd.DataFrame | None" = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskEstimate:
    """Prediction of one task, in the label's unit or as a probability; NaN where nothing is known.

    ``set``: of classes those that are possible, "" for neither; None where that is not known, and of numbers.
    """

    name: str
    kind: str
    unit: str
    value: float
    low: float
    high: float
    set: str | None
    std: float


@dataclass(frozen=True)
class MoleculePrediction:
    """Prediction of one molecule by one model.

    ``smiles`` is what was predicted; ``nearest`` the training molecule that is most like it by ``similarity``
    (Tanimoto, ECFP4), ``inside`` whether that is in the domain (None where nothing is known), which begins at ``edge``.
    ``refused``: why there is no prediction.
    """

    model: str
    smiles: str
    estimates: tuple[TaskEstimate, ...]
    nearest: str
    similarity: float
    inside: bool | None
    edge: float
    refused: str = ""


def predicting_models() -> list[Model]:
    """Models and ensembles that predict labels of a structure."""
    return [one for one in models() if _predicts(one)]


def predicts(model_name: str) -> bool:
    """Whether a model predicts labels of a structure. Raises UnknownName or BadCheckpoint."""
    return _predicts(model(model_name))


def _predicts(chosen: Model) -> bool:
    try:
        check(chosen)
    except MmexploreError:
        return False
    return True


def predict(
    model_names: str | Sequence[str],
    data: "str | Path | Sequence[str] | pd.DataFrame",
    out: Path | str | None = None,
    *,
    interval: float = LEVEL,
    salts: Salts = "strip",
    smiles: str | None = None,
    sheet: str | None = None,
    progress: Progress = silent,
) -> PredictedTable:
    """Predict molecules by a model or an ensemble, or by several side by side: one row out for each row in.

    ``data`` is the name of a data set, a file, SMILES, or a frame, whose columns and index stay as they are; ``smiles``
    and ``sheet`` choose a column and a sheet. ``interval`` is the level of intervals and sets; ``salts``: strip them
    from the rows of a file, or keep them. Written to ``out`` (.csv, .tsv, .parquet, .xlsx, .sdf), a run that was cut
    off goes on when it is called again.
    Imports torch. Raises UnknownName, BadTable, BadRecipe, and what a data set raises.
    """
    names = [model_names] if isinstance(model_names, str) else list(model_names)
    if not 0 < interval < 1:
        raise BadRecipe(f"the level of an interval lies between 0 and 1, as 0.9 does, and {interval} came")
    if not names or len(set(names)) < len(names):
        raise BadRecipe(f"a prediction takes models of different names, and {', '.join(names) or 'none'} came")
    target = None if out is None else Path(out).expanduser()
    if target is not None:
        batch_prediction.check(target)
    chosen = [model(name) for name in names]
    for one in chosen:
        check(one)
    rows, ready = _rows(data, smiles, sheet, progress)
    if not rows.count:
        raise BadTable(f"there is nothing to predict: {rows.called} came without a row")
    predictors = _predictors(tuple(names), tuple(chosen), _learned(chosen), home=home())
    outcome = batch_prediction.run(
        rows, predictors, target, level=interval, salt="ready" if ready else salts, progress=progress, home=home()
    )
    notes = [*rows.notes, *(words for one in predictors for words in _unknown(one))]
    return PredictedTable(
        tuple(names),
        outcome.rows,
        outcome.predicted,
        _columns(names, outcome),
        _of_row(rows, outcome),
        outcome.file,
        _beside(data, outcome),
        tuple(notes),
    )


def _beside(data: Any, outcome: Outcome) -> "pd.DataFrame | None":
    """The table of predictions; a frame's own columns and index are as they came, and no texts."""
    import pandas as pd

    if outcome.table is None or not isinstance(data, pd.DataFrame):
        return outcome.table
    return pd.concat([data, outcome.table[list(outcome.layout.names)].set_axis(data.index)], axis=1)


def _of_row(rows: "Rows", outcome: Outcome) -> RowColumns:
    structure = "" if rows.blocks else rows.structures
    made = outcome.layout
    return RowColumns(structure, rows.name, made.status, made.smiles, made.domains)


def _unknown(one: Forecaster) -> list[str]:
    found = []
    if one.domain is None:
        found.append(f"the training molecules of {one.name} are not known here: nothing is said of its domain")
    if one.calibration is None or not one.calibration.apart:
        found.append(f"{one.name}: {intervals_in_words(one.name)}")
    return found


def _columns(names: Sequence[str], outcome: Outcome) -> tuple[TaskColumn, ...]:
    return tuple(
        TaskColumn(name, one.task.name, one.task.kind, one.task.unit, one.value, one.names[1:])
        for name, tasks in zip(names, outcome.layout.tasks, strict=True)
        for one in tasks
    )


def _rows(data: Any, smiles: str | None, sheet: str | None, progress: Progress) -> "tuple[Rows, bool]":
    """Rows to predict, and whether their structures are standardised already."""
    import pandas as pd

    from mmexplore.datasets.readers import rows as reading
    from mmexplore.explore.molecules import table_of

    if isinstance(data, pd.DataFrame):
        return reading.of_frame(data, smiles or _structures(data), "the table"), False
    if not isinstance(data, str | Path):
        return reading.of_frame(pd.DataFrame({"smiles": list(data)}, dtype="str"), "smiles", "the SMILES"), False
    named = yours.current(str(data), home=home())
    if named in [entry.name for entry in catalog.entries(home=home())]:
        table = dataset(named)
        frame = table_of(table, np.arange(len(table)), home=home())
        return reading.of_frame(frame, "smiles", named, table.content), True
    if isinstance(data, str):
        check_names(data=data)
    path = catalog.path_of(str(data), home=home())
    return reading.rows_of(path, smiles, sheet, progress=progress), False


def _structures(frame: "pd.DataFrame") -> str:
    from mmexplore.datasets.readers import columns
    from mmexplore.datasets.readers.rows import names_of

    text = frame.head(1_000).astype("str").fillna("").set_axis(names_of(frame), axis=1)
    found = columns.structures(text)
    if found.chosen is None:
        raise columns.none_found(list(text.columns), text.iloc[0].tolist() if len(text) else [])
    return found.chosen


def _learned(chosen: Sequence[Model]) -> "tuple[Dataset | None, ...]":
    """Training data sets as they are here now; they come and go."""
    return tuple(training_data(one) for one in chosen)


@cached(4)
def _predictors(
    names: tuple[str, ...], chosen: tuple[Model, ...], learned: "tuple[Dataset | None, ...]", *, home: Home
) -> tuple[Forecaster, ...]:
    from mmexplore.explore.neighbors.applicability import domain
    from mmexplore.models.calibration import calibration
    from mmexplore.models.predict import Inference

    made = []
    for name, one, known in zip(names, chosen, learned, strict=True):
        near = None if known is None else domain(one, known, home=home)
        made.append(Forecaster(name, Inference(one, home=home), calibration(one, known), near))
    return tuple(made)


def read_structure(smiles: str, salts: Salts = "strip") -> Standardized:
    """What is predicted of a typed structure: its parent, or all of it. Raises BadMolecule, TooLong at the deadline."""
    found = Standardized(*within(standardised, smiles, salts))
    if found.refused:
        raise BadMolecule(found.refused)
    return found


def predict_molecule(
    model_names: Sequence[str], smiles: str, interval: float = LEVEL
) -> tuple[MoleculePrediction, ...]:
    """Predictions of one canonical SMILES, one a model. Imports torch. Raises like :func:`predict`, and TooLong."""
    chosen = tuple(model(name) for name in model_names)
    if len(chosen) == 1 and chosen[0].shipped and (kept := _shipped(chosen[0], smiles, interval)):
        return (replace(kept, model=model_names[0]),)
    return _one(tuple(model_names), chosen, _learned(chosen), smiles, interval, home=home())


PREDICTED = "predicted.json"
"""File of a shipped model with predictions that came with it, so that a first visit waits for none."""


def ship_prediction(model_name: str, smiles: str, interval: float = LEVEL) -> None:
    """Keep the prediction of one canonical SMILES beside its model. Imports torch."""
    chosen = model(model_name)
    (made,) = _one((model_name,), (chosen,), _learned([chosen]), smiles, interval, home=home())
    told = {"digest": chosen.digest, "interval": interval, "made": asdict(made)}
    write_json(chosen.folder / PREDICTED, told, sealed=False)


def _shipped(chosen: Model, smiles: str, interval: float) -> MoleculePrediction | None:
    """A prediction that came with a model; None where none did, or it is of other weights."""
    try:
        told = read_json(chosen.folder / PREDICTED)
        made = told["made"]
        if (told["digest"], told["interval"], made["smiles"]) != (chosen.digest, interval, smiles):
            return None
        estimates = tuple(TaskEstimate(**with_nan(one, "value", "low", "high", "std")) for one in made["estimates"])
        return MoleculePrediction(**with_nan(made, "similarity", "edge") | {"estimates": estimates})
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cached(64)
def _one(
    names: tuple[str, ...],
    chosen: tuple[Model, ...],
    learned: "tuple[Dataset | None, ...]",
    smiles: str,
    interval: float,
    *,
    home: Home,
) -> tuple[MoleculePrediction, ...]:
    predictors = _predictors(names, chosen, learned, home=home)
    return tuple(_prediction(one, smiles, interval, home=home) for one in predictors)


def _prediction(one: Forecaster, smiles: str, interval: float, *, home: Home) -> MoleculePrediction:
    made = batch_prediction.few(one, [smiles], interval, home=home)
    assert made.table is not None
    (row,) = made.table.astype("object").to_dict("records")
    (tasks,), (domain,) = made.layout.tasks, made.layout.domains

    def number(column: str) -> float:
        return float("nan") if not column or _missing(row[column]) else float(row[column])

    def text(column: str) -> str:
        return "" if not column or _missing(row[column]) else str(row[column])

    estimates = tuple(
        TaskEstimate(
            each.task.name,
            each.task.kind,
            each.task.unit,
            number(each.value),
            number(each.low),
            number(each.high),
            str(row[each.set]) if each.set and not _missing(row[each.set]) else None,
            number(each.std),
        )
        for each in tasks
    )
    nearest, similarity, inside = domain
    return MoleculePrediction(
        one.name,
        smiles,
        estimates,
        text(nearest),
        number(similarity),
        None if _missing(row[inside]) else bool(row[inside]),
        one.domain.edge if one.domain else float("nan"),
        "" if made.predicted else text(made.layout.status),
    )


def _missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def table_head(path: Path, sheet: str | None = None) -> "TableHead":
    """Columns and sheets of a file, of which one may choose before it is predicted. Raises BadTable, UnknownName."""
    from mmexplore.datasets.readers.rows import head_of

    return head_of(path, sheet)


def start_prediction(
    model_names: Sequence[str],
    data: str | Path,
    interval: float = LEVEL,
    salts: Salts = "strip",
    smiles: str = "",
    sheet: str = "",
) -> Job:
    """Have a data set, or a file that this app keeps, predicted by a job, or the job that is at it already.

    ``smiles`` and ``sheet`` choose a column and a sheet of a file, "" for the likeliest. The table lies where
    :func:`predicted_file` says. Tables of a week ago are deleted.
    """
    for name in model_names:
        check_names(model_name=name)
    if isinstance(data, str):
        check_names(data=data)
    called = data if isinstance(data, str) else data.name
    place = home().folder(FOLDER, _RESULTS)
    _forget_old(place)
    chosen = [f"{flag}={value}" for flag, value in (("--smiles", smiles), ("--sheet", sheet)) if value]
    asked = json.dumps([list(model_names), str(data), interval, salts, *chosen], allow_nan=False)
    name = f"{allowed(called.partition('.')[0])[:40]}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}.parquet"
    arguments = [word for one in model_names for word in ("--model", one)]
    arguments += ["--data", str(data), "--out", str(place / name), "--interval", str(interval), "--salts", salts]
    arguments += chosen
    title = f"predictions for {called}"
    return client.start_once("predict", arguments, device="predictions", title=title, home=home())


def _forget_old(place: Path) -> None:
    now = time.time()
    sweep([path for path in place.iterdir() if now - path.stat().st_mtime > KEPT_SECONDS])


def prediction_jobs() -> list[Job]:
    """Jobs that predict, or have predicted a table that is still here, the newest first."""
    found = [job for job in client.jobs(home=home()) if job.verb == "predict"]
    return [job for job in found if job.state != "done" or predicted_file(job) is not None]


def predicted_file(job: Job) -> Path | None:
    """The table that a job has made, None before it is whole or once it is gone."""
    path = Path((job.result or {}).get("file") or "")
    return path if path.suffix and path.is_file() else None


def write_predicted(job: Job, ending: str) -> Path:
    """The table of a job in another format (.csv, .xlsx, .sdf), written beside it. Raises BadTable, NotAvailable."""
    made = predicted_file(job)
    if made is None:
        raise NotAvailable(f"the table of job {job.id} is not here any more; predict the file again")
    path = made.with_suffix(ending)
    if not path.is_file() or path.stat().st_mtime < made.stat().st_mtime:
        asked = asked_of(job)
        data = Path(asked.data) if Path(asked.data).is_file() else asked.data
        of: dict[str, Any] = {"smiles": asked.smiles or None, "sheet": asked.sheet or None}
        predict(asked.models, data, path, interval=asked.interval, salts=asked.salts, **of)
    return path


def dataset_of_predictions(job: Job) -> tuple[str, dict[str, Any]]:
    """CSV of the predicted molecules of a job, and the choices that make a data set of it whose labels they are.

    Raises NotAvailable where the table is gone, BadTable where nothing was predicted.
    """
    import pandas as pd

    made = predicted_file(job)
    if made is None or job.result is None:
        raise NotAvailable(f"the table of job {job.id} is not here any more; predict the file again")
    told, tasks = job.result["columns"], [task["column"] for task in job.result["tasks"]]
    wanted = [*filter(None, (told["structure"], told["name"])), told["smiles_used"], told["status"], *tasks]
    table = tables.frame(made.read_bytes(), list(dict.fromkeys(wanted)))
    table = table[table[told["status"]].str.startswith(batch_prediction.PREDICTED)]
    if not len(table):
        raise BadTable("no row of this table was predicted, so there is nothing to map")
    used = table[told["smiles_used"]]
    smiles = used.fillna(table[told["structure"]]) if told["structure"] else used
    names = table[told["name"]] if told["name"] else pd.Series("", table.index)
    labels = {f"{name} predicted": table[name] for name in tasks}
    frame = pd.DataFrame({"smiles": smiles, "name": names} | labels)
    kinds = dict.fromkeys(labels, "regression")
    chosen = {"smiles": "smiles", "name": "name", "targets": list(labels), "kinds": kinds, "salts": "keep"}
    return to_csv(frame), chosen | {"duplicates": "merge"}


@dataclass(frozen=True)
class PredictionAsked:
    """What a job predicts; ``smiles`` and ``sheet`` of its file, "" for the likeliest."""

    models: tuple[str, ...]
    data: str
    interval: float
    salts: Salts
    smiles: str = ""
    sheet: str = ""


def asked_of(job: Job) -> PredictionAsked:
    """What a job of :func:`start_prediction` predicts, read from its arguments."""
    told: dict[str, list[str]] = {}
    words = iter(job.arguments)
    for word in words:
        flag, equals, value = word.partition("=")
        told.setdefault(flag, []).append(value if equals else next(words))
    salts: Salts = "keep" if told["--salts"] == ["keep"] else "strip"
    smiles, sheet = (told.get(flag, [""])[0] for flag in ("--smiles", "--sheet"))
    level = float(told["--interval"][0])
    return PredictionAsked(tuple(told["--model"]), told["--data"][0], level, salts, smiles, sheet)
