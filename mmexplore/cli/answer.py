"""How a verb of the command line answers: a table for people, or one JSON object, or the result of a job."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore.chem.file_endings import FORMATS
from mmexplore.cli.tables import printed
from mmexplore.runtime.home import json_text
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.runtime.jobs.worker import running

Values = dict[str, Any]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout, nothing else")]
JobFolder = Annotated[Path | None, typer.Option("--job", hidden=True)]
ModelName = Annotated[
    str, typer.Option("--model", help="name of a model or its folder; untrained:NAME: without training")
]
DataName = Annotated[str, typer.Option("--data", help=f"name of a data set, or a {FORMATS} file")]


def answer(
    work: Callable[[Listener], Values],
    as_json: bool,
    job: Path | None = None,
    shown: Callable[[Values], Values] | None = None,
) -> None:
    """Do the work under the job's (or the terminal's) progress and print what it returns; ``shown``: people's part."""
    with running(job) as task:
        task.result = values = work(task)
    if as_json:
        typer.echo(json_text(values))
    elif job is None:
        printed(shown(values) if shown else values)
