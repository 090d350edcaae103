"""The verb ``retrieve``: the molecules most like a query, by ECFP, an untrained model and each view of a model."""

from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, Values, answer
from mmexplore.runtime.progress import Progress


def retrieve(
    model: Annotated[str, typer.Option("--model", help="name of a model or its folder")],
    data: DataName,
    query: Annotated[str, typer.Option("--query", help="a name in the data set, a SMILES or an InChI")],
    k: Annotated[int, typer.Option("--k", min=1, help="how many hits")] = 4,
    target: Annotated[str, typer.Option("--target-data", help="search this data set instead")] = "",
    view: Annotated[list[str] | None, typer.Option("--view", help="which embedding, repeatable; default: all")] = None,
    smarts: Annotated[str, typer.Option("--smarts", help="only hits that contain this pattern")] = "",
    agreement: Annotated[
        int, typer.Option("--agreement", min=0, help="agreement with ECFP over so many molecules; 0: not asked")
    ] = 0,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """The molecules most like a query: by ECFP, by the model without training, and by each of its views."""

    def work(progress: Progress) -> Values:
        return studio.retrieve(model, data, query, k, target, view or (), smarts, agreement, progress)

    answer(work, as_json, job)
