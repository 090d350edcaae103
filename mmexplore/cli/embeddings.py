"""The verbs ``embeddings`` (vectors of your own), ``probe`` (labels read from a view by a line) and ``retrieve``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.cli.lists import Yes, deleted
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.runtime.progress import Progress

app = typer.Typer(invoke_without_command=True)


@app.callback()
def embeddings(context: typer.Context, as_json: Json = False) -> None:
    """List imported embeddings. Import one from an .npy, .npz or Parquet file, rename or delete one."""
    if context.invoked_subcommand:
        return
    answer(lambda _: {"embeddings": [_about(one) for one in studio.imported_embeddings()]}, as_json, shown=_short)


@app.command("list")
def listed(as_json: Json = False) -> None:
    """List imported embeddings."""
    answer(lambda _: {"embeddings": [_about(one) for one in studio.imported_embeddings()]}, as_json, shown=_short)


@app.command("import")
def import_embedding(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".npy, .npz or Parquet with a vector a molecule")],
    data: DataName,
    name: Annotated[str, typer.Option("--name", help="what it is called beside the models")],
    ids: Annotated[str, typer.Option("--ids", help="column or array of the data set's names")] = "",
    smiles: Annotated[str, typer.Option("--smiles", help="column or array of SMILES")] = "",
    array: Annotated[
        str, typer.Option("--array", help="which vectors: an array, a list column, or what numbered columns begin with")
    ] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Import vectors of a data set's molecules as a view beside a model's.

    Rows are matched by --smiles or --ids, else by a column of a usual name, else by their order.
    """

    def work(progress: Listener) -> Values:
        return _about(studio.import_embedding(file, data, name, array=array, ids=ids, smiles=smiles, progress=progress))

    answer(work, as_json, job)


@app.command("rename")
def rename(name: str, title: str, as_json: Json = False) -> None:
    """Give an imported embedding another title; its name stays."""

    def work(_: Any) -> Values:
        studio.rename_model(_imported(name), title)
        return {"embedding": name, "title": title}

    answer(work, as_json)


@app.command("delete")
def delete(name: str, yes: Yes = False, as_json: Json = False) -> None:
    """Delete an imported embedding; its data set stays."""
    deleted(f"delete embedding {name!r}?", yes, lambda one: studio.delete_model(_imported(one)), name, as_json)


def _imported(name: str) -> str:
    if name in studio.damaged_models():
        return name
    if not isinstance(found := studio.model(name), studio.Imported):
        raise BadRecipe(f"{name!r} is a model and no imported embedding; 'models' renames and deletes those")
    return found.name


def _about(one: studio.Imported) -> Values:
    about: Values = {"embedding": one.name, "title": one.title, "data": one.data, "view": one.views[0]}
    counts = {"n": one.n, "with_vector": one.held, "without_vector": one.n - one.held, "dim": one.width}
    return about | counts | {"by": one.by, "notes": list(one.notes)}


def _short(values: Values) -> Values:
    """For people: what fits a line each."""
    kept = ("embedding", "data", "view", "n", "with_vector", "dim", "by")
    return {"embeddings": [{key: row[key] for key in kept} for row in values["embeddings"]]}


def probe(
    model: ModelName,
    data: DataName,
    view: Annotated[str, typer.Option("--view", help="which embedding; default: the model's first")] = "",
    task: Annotated[list[str] | None, typer.Option("--task", help="label, repeatable; default: the first 12")] = None,
    split: Annotated[str, typer.Option("--split", help="scaffold_balanced or random")] = "scaffold_balanced",
    seeds: Annotated[int, typer.Option("--seeds", help="so many seeds of the split")] = 5,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Linear probe: labels from a frozen view and from ECFP by ridge or logistic regression, on the same splits."""

    def work(progress: Listener) -> Values:
        chosen = studio.ViewRef(model, studio.view_of(model, view))
        found = studio.probe(chosen, data, task or (), split, seeds, progress)
        about: Values = {"model": found.model, "view": found.view, "data": found.data, "split": found.rule}
        about |= {"seeds": list(found.seeds), "tasks": [asdict(one) for one in found.tasks]}
        return about | {"notes": list(found.notes)}

    answer(work, as_json, job, shown=_probed)


def _probed(values: Values) -> Values:
    """For people: means over the seeds and the test, a line a task."""

    def line(one: Values) -> Values:
        mean = {name: sum(one[name]) / len(one[name]) if one[name] else None for name in ("view", "ecfp")}
        test = one["test"] or {}
        about = {"task": one["task"], "score": one["metric"], "n": one["n"]} | mean
        return about | {name: test.get(name) for name in ("difference", "low", "high", "p")}

    return values | {"tasks": [line(one) for one in values["tasks"]]}


def retrieve(
    data: DataName,
    model: Annotated[
        str,
        typer.Option("--model", help="name of a model or its folder; without --query ours by default"),
    ] = "",
    query: Annotated[str, typer.Option("--query", help="a name in the data set, a SMILES or an InChI")] = "",
    peaks: Annotated[
        str, typer.Option("--peaks", help="instead of --query: 13C shifts, such as '128.5 d, 77.2', or a file of them")
    ] = "",
    picture: Annotated[
        Path | None, typer.Option("--picture", help="instead of --query: a PNG of a drawn structure")
    ] = None,
    conformer: Annotated[
        Path | None, typer.Option("--conformer", help="instead of --query: an SDF with places in space")
    ] = None,
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
    """The molecules most like a query: by ECFP, by the model without training, and by each of its views.

    With --peaks those whose structures fit a measured 13C spectrum: by predicted shifts, by the joint model, by both.
    With --picture those whose drawings look alike, with --conformer those of a like shape.
    """

    def work(progress: Progress) -> Values:
        if sum(map(bool, (peaks.strip(), query.strip(), picture, conformer))) != 1:
            raise BadRecipe(
                "retrieve takes --query, --peaks, --picture or --conformer, one of them; --query CCO would do"
            )
        if picture:
            return studio.retrieve_by_shown("picture", picture, target or data, k, smarts, model, progress)
        if conformer:
            return studio.retrieve_by_shown("conformer", conformer, target or data, k, smarts, model, progress)
        if peaks.strip():
            return studio.retrieve_by_peaks(peaks, target or data, k, smarts, model, progress)
        if not model:
            raise BadRecipe("a --query is sought in the space of a model: name one with --model, or ecfp for none")
        return studio.retrieve(model, data, query, k, target, view or (), smarts, agreement, progress)

    answer(work, as_json, job)


def doubt(
    data: DataName,
    peaks: Annotated[str, typer.Option("--peaks", help="13C shifts of one molecule, or a file of them")] = "",
    query: Annotated[
        str, typer.Option("--query", help="that molecule: a name in the data set, a SMILES, an InChI")
    ] = "",
    k: Annotated[int, typer.Option("--k", min=1, help="how many of the most doubtful are told")] = 20,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Doubt whether spectra belong to their structures: a whole data set's, or one molecule's with --query and --peaks.

    Tells where a structure stands among decoys of the data set, isomers first, of how many its spectrum fits it better.
    """

    def work(progress: Progress) -> Values:
        if bool(peaks.strip()) != bool(query.strip()):
            raise BadRecipe("doubt takes --query and --peaks together, or none of them for a whole data set")
        if peaks.strip():
            return studio.doubt_one(data, query, peaks, progress)
        return studio.doubt_all(data, k, progress)

    answer(work, as_json, job)
