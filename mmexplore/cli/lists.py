"""``python -m mmexplore datasets`` and ``models``: what there is, a line each."""

from typing import Any

from mmexplore import studio
from mmexplore.cli.answer import Json, Values, answer
from mmexplore.cli.tables import listed


def datasets(as_json: Json = False) -> None:
    """List the data sets: name, rows of the source, molecules kept, tasks, where each comes from, whether here."""
    rows = [
        {
            "name": e.name,
            "rows": e.rows,
            "molecules": e.molecules,
            "tasks": _names(e.tasks),
            "source": e.source,
            "available": e.available,
        }
        for e in studio.datasets()
    ]
    answer(lambda _: {"datasets": rows}, as_json, shown=_counted)


def _counted(values: Values) -> Values:
    """For people: what the counts are of."""
    names = {"rows": "rows read", "molecules": "kept"}
    return {"datasets": [{names.get(key, key): value for key, value in row.items()} for row in values["datasets"]]}


def _names(tasks: Any) -> list[str]:
    return [task.name for task in tasks]


def models(as_json: Json = False) -> None:
    """List shipped and trained models with data, task, views, metrics and size."""

    def row(model: studio.Model) -> Values:
        tasks = sorted({t.kind for t in model.card.data.tasks}) if model.card else []
        metrics = model.card.metrics if model.card else {}
        size = round(model.megabytes, 2)
        about = {"name": model.name, "data": model.data, "task": ", ".join(tasks), "views": list(model.views)}
        return about | {"metrics": metrics, "megabytes": size, "shipped": model.shipped}

    answer(lambda _: {"models": [row(m) for m in studio.models()]}, as_json, shown=_scored)


def _scored(values: Values) -> Values:
    """What of the models fits a line each: one score, of the part that tells most, in place of all."""

    def score(metrics: Values) -> str:
        part = next((name for name in ("test", "validation") if metrics.get(name)), "")
        name = next(iter(metrics.get(part, ())), "")
        where = "validation " if part == "validation" else ""
        return f"{where}{name} {metrics[part][name]:.3g}" if name else ""

    def line(row: Values) -> Values:
        about = {"name": row["name"], "data": row["data"], "views": listed(row["views"], 16)}
        return about | {"test score": score(row["metrics"]), "MB": row["megabytes"], "shipped": row["shipped"]}

    return {"models": [line(row) for row in values["models"]]}
