"""The verb ``predict``: new molecules through a trained model, one row out for each row in."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.chem.file_endings import FORMATS
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.jobs.reporters import Listener


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
