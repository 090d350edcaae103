"""How a verb of the command line answers: a table for people, or one JSON object, or the result of a job."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mmexplore.runtime.jobs import client
from mmexplore.runtime.progress import Progress

Values = dict[str, Any]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout, nothing else")]
JobFolder = Annotated[Path | None, typer.Option("--job", hidden=True)]
ModelName = Annotated[
    str, typer.Option("--model", help="name of a model or its folder; untrained:NAME: without training")
]
DataName = Annotated[str, typer.Option("--data", help="name of a data set, or a CSV, SDF or SMI file")]


def answer(work: Callable[[Progress], Values], as_json: bool, job: Path | None = None) -> None:
    """Do the work under the job's (or the terminal's) progress and print what it returns."""
    with client.running(job) as task:
        task.result = values = work(task)
    if as_json:
        typer.echo(json.dumps(values, allow_nan=False, default=_plain))
    elif job is None:
        _print(values)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _print(values: Values) -> None:
    console = Console()
    for key, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            table = Table(*value[0], title=key)
            for row in value:
                table.add_row(*(", ".join(map(str, v)) if isinstance(v, list) else _text(v) for v in row.values()))
            console.print(table)
        else:
            console.print(f"{key}: {_text(value)}", highlight=False, markup=False)


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
