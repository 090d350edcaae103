"""``python -m mmexplore chemprop``: a D-MPNN branch of a model as a checkpoint that chemprop 2 reads."""

from pathlib import Path
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import Json, ModelName, Values, answer
from mmexplore.runtime.progress import Progress


def chemprop(
    model: ModelName,
    out: Annotated[Path, typer.Option("--out", help="checkpoint to write, such as replica.pt")],
    branch: Annotated[str, typer.Option("--branch", help="which one; default: the model's first")] = "",
    as_json: Json = False,
) -> None:
    """Write a D-MPNN branch for chemprop 2 (predict, or train --from-foundation, with V1 atom features)."""

    def work(_: Progress) -> Values:
        return {"model": model, "file": str(out), "holds": studio.write_chemprop(model, out, branch)}

    answer(work, as_json)
