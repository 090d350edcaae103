"""The verb ``retrieve``: the molecules most like a query, by ECFP, an untrained model and each view of a model."""

from pathlib import Path
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import Values, answer
from mmexplore.runtime.progress import Progress


def retrieve(
    model: Annotated[str, typer.Option("--model", help="name of a model or its folder")],
    data: Annotated[str, typer.Option("--data", help="name of a data set, or a CSV, SDF or SMI file")],
    query: Annotated[str, typer.Option("--query", help="a SMILES, or a name in the data set")],
    k: Annotated[int, typer.Option("--k", min=1, help="how many hits")] = 4,
    target: Annotated[str, typer.Option("--target-data", help="search this data set instead")] = "",
    view: Annotated[list[str] | None, typer.Option("--view", help="which embedding, repeatable; default: all")] = None,
    smarts: Annotated[str, typer.Option("--smarts", help="only hits that contain this pattern")] = "",
    agreement: Annotated[
        int, typer.Option("--agreement", min=0, help="agreement with ECFP over so many molecules; 0: not asked")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout, nothing else")] = False,
    job: Annotated[Path | None, typer.Option("--job", hidden=True)] = None,
) -> None:
    """The molecules most like a query: by ECFP, by the model without training, and by each of its views."""

    def work(progress: Progress) -> Values:
        found = studio.retrieve(model, data, query, k, target, view or (), smarts, agreement, progress)
        return found if as_json or job else _as_tables(found)

    answer(work, as_json, job)


def _as_tables(found: Values) -> Values:
    """A table for each space instead of one object in another."""
    told = {key: value for key, value in found.items() if not isinstance(value, dict)}
    told |= {f"hits by {name}": rows for name, rows in found["hits"].items()}
    told |= {f"overlap of {name} with ECFP": value for name, value in found["overlap_with_ecfp"].items()}
    about = [{"view": name} | values for name, values in found.get("agreement", {}).items()]
    return told | ({"agreement with ECFP": about} if about else {})
