"""The verb ``evaluate``: scores of trained models with intervals, beside the baseline's on the same split."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.runtime.progress import Progress
from mmexplore.studio.evaluation import ModelEvaluation

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
