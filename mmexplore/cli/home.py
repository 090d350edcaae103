"""The verb ``home``: where everything is kept, what it holds in bytes, and copies of it in a zip."""

from pathlib import Path
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import Json, Values, answer
from mmexplore.runtime.home import version_of

app = typer.Typer(invoke_without_command=True)
Zip = Annotated[Path, typer.Argument(metavar="ZIP")]


@app.callback()
def home(context: typer.Context, as_json: Json = False) -> None:
    """Say where everything is kept, and how many bytes of what. Back it up, or bring it back."""
    if context.invoked_subcommand:
        return

    def work(_: object) -> Values:
        place = studio.home()
        return {"home": str(place.path), "version": version_of(place), "bytes": studio.count_bytes()}

    def shown(values: Values) -> Values:
        held = [{"what": kind, "MB": round(size / 1e6, 2)} for kind, size in values["bytes"].items() if size]
        return values | {"bytes": held}

    answer(work, as_json, shown=shown)


@app.command()
def backup(
    file: Zip,
    data: Annotated[list[str] | None, typer.Option("--data", help="a data set of yours, repeatable")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", help="a trained model, repeatable")] = None,
    as_json: Json = False,
) -> None:
    """Write your data sets and models to a zip, all where none is named; what can be computed anew is left out."""
    answer(lambda _: _told(studio.backup(file, data or [], model or [])), as_json)


@app.command()
def restore(file: Zip, as_json: Json = False) -> None:
    """Bring back what a backup holds; what has the name of something that is here is skipped, and said."""
    answer(lambda _: _told(studio.restore(file)), as_json)


def _told(copied: studio.Copied) -> Values:
    skipped = [{"name": name, "why": why} for name, why in copied.skipped.items()]
    values = {"datasets": list(copied.datasets), "models": list(copied.models), "skipped": skipped}
    return {"file": str(copied.file)} | values
