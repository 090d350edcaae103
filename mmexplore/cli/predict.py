"""The verbs ``predict`` (new molecules through a trained model, one row out for each row in) and ``evaluate``.

``evaluate`` gives scores of trained models with intervals, beside the baseline's on the same split.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.chem.file_endings import FORMATS
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.runtime.progress import Progress
from mmexplore.studio.scores.evaluation import ModelEvaluation


def predict(
    model: Annotated[
        list[str], typer.Option("--model", help="a model or an ensemble; repeatable, or with commas: side by side")
    ],
    data: Annotated[str, typer.Option("--data", help=f"a {FORMATS} file, or the name of a data set")],
    out: Annotated[Path | None, typer.Option("--out", help=".csv, .tsv, .parquet, .xlsx or .sdf")] = None,
    interval: Annotated[float, typer.Option("--interval", help="level of intervals and sets")] = studio.LEVEL,
    salts: Annotated[str, typer.Option("--salts", help="strip (the parent, neutral) or keep")] = "strip",
    smiles: Annotated[str | None, typer.Option("--smiles", help="column of structures")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="of an Excel workbook")] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Predict new molecules: every row of a file in its order, with intervals, the domain and a status.

    Without --out the table is written to the present folder, as NAME-predictions.csv. The same command goes on after a
    stop.
    """

    def work(progress: Listener) -> Values:
        names = _names(model)
        if salts not in ("strip", "keep"):
            raise BadRecipe(f"--salts takes strip, keep, and {salts!r} came")
        target = out or Path(f"{Path(data).name.partition('.')[0]}-predictions.csv")
        options: dict[str, Any] = {"salts": salts, "smiles": smiles, "sheet": sheet}
        made = studio.predict(names, data, target, interval=interval, progress=progress, **options)
        several = len(names) > 1
        tasks = [
            {"name": task.name, "unit": task.unit, "column": task.column} | ({"model": task.model} if several else {})
            for task in made.tasks
        ]
        counts = {"n": made.n, "predicted": made.predicted, "not_predicted": made.n - made.predicted}
        found: Values = {"model": ",".join(names)} | counts | {"file": str(made.file), "tasks": tasks}
        beside = [name for task in made.tasks for name in task.beside]
        return found | {"columns": asdict(made.row) | {"beside": beside}, "notes": list(made.notes)}

    answer(work, as_json, job, shown=lambda values: {key: held for key, held in values.items() if key != "columns"})


def _names(given: list[str]) -> list[str]:
    """Names of models; a comma stands between two of them, unless it is part of one's name."""
    names: list[str] = []
    for text in given:
        try:
            studio.model(text)
            names.append(text)
        except UnknownName:
            if "," not in text:
                raise
            names += [name.strip() for name in text.split(",") if name.strip()]
    return names


Models = Annotated[str, typer.Option("--model", help="name of a model or its folder, or several with commas between")]
Data = Annotated[str, typer.Option("--data", help="name of a data set, or a file; default: the model's own")]
Part = Annotated[str, typer.Option("--split", help="part of the model's own split: train, validation or test")]


def evaluate(
    model: Models, data: Data = "", split: Part = "test", as_json: Json = False, job: JobFolder = None
) -> None:
    """Score trained models on molecules that they were not trained on, with intervals, beside the baseline."""

    def work(progress: Progress) -> Values:
        names = [name.strip() for name in model.split(",") if name.strip()]
        return _values(studio.evaluate(names, data, split, progress))

    answer(work, as_json, job, shown=_shown)


def _values(found: ModelEvaluation) -> Values:
    """What the verb answers: the scores of the whole, then those of each of several models."""
    beside = found.baseline
    baseline: Values = {"model": beside.model, "metrics": beside.metrics, "intervals": _lists(beside.intervals)}
    baseline |= {"missing": beside.missing, "command": beside.command}
    values: Values = {
        "model": found.model,
        "data": found.data,
        "part": found.part,
        "n": found.n,
        "metrics": found.metrics,
        "intervals": _lists(found.intervals),
        "per_task": dict(found.per_task),
        "per_task_intervals": {task: _lists(ends) for task, ends in found.per_task_intervals.items()},
        "baseline": baseline,
        "paired": asdict(found.paired) if found.paired else None,
        "nearest_training": asdict(found.nearest) if found.nearest else None,
        "notes": list(found.notes),
    }
    values |= {"against_first": asdict(found.against_first)} if found.against_first else {}
    return values | ({"models": [_values(one) for one in found.members]} if found.members else {})


def _lists(ends: Mapping[str, tuple[float, float]]) -> dict[str, list[float]]:
    return {name: list(pair) for name, pair in ends.items()}


def _shown(values: Values) -> Values:
    """For people: a line a score, with the baseline's beside it."""
    baseline = values["baseline"]
    rows = [_row(name, value, values, baseline) for name, value in values["metrics"].items()]
    found: Values = {
        "model": values["model"],
        "judged on": f"{values['part']} of {values['data']}, {values['n']:,} labelled",
    }
    found |= {"scores": rows}
    if baseline["model"]:
        found["baseline"] = baseline["model"]
    if values["paired"]:
        found["against the baseline"] = _test(values["paired"])
    if baseline["missing"]:
        found["baseline is missing"] = baseline["missing"]
    if baseline["command"]:
        found["train it with"] = baseline["command"]
    for other in values.get("models", ())[1:]:
        if other.get("against_first"):
            found[f"{other['model']} against the first"] = _test(other["against_first"])
    return found | ({"notes": values["notes"]} if values["notes"] else {})


def _row(name: str, value: float, values: Values, baseline: Values) -> dict[str, Any]:
    low, high = values["intervals"].get(name, (None, None))
    ends = "" if low is None else f"{low:.4g} to {high:.4g}"
    return {"score": name, "value": value, "95 %": ends, "baseline": baseline["metrics"].get(name)}


def _test(paired: Mapping[str, Any]) -> str:
    gap = f"{paired['metric']} {paired['difference']:+.3g} ({paired['low']:.3g} to {paired['high']:.3g})"
    return f"{gap}, p {paired['p']:.2g}, better on {paired['wins']:,} of {paired['n']:,} {paired['over']}"
