"""Command line of mmexplore: ``mmexplore VERB ... --json``, or ``python -m mmexplore``.

Every verb prints a table for people, or with ``--json`` one JSON object on stdout and nothing else there; it exits 0,
or non-zero with one sentence on stderr. ``--job FOLDER`` is how the app runs a verb as a job of its own.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mmexplore import __version__, studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.cli.embeddings import app as embedding_verbs
from mmexplore.cli.embeddings import doubt, probe, retrieve
from mmexplore.cli.fusion import fusion
from mmexplore.cli.home import app as home_verbs
from mmexplore.cli.import_file import import_file
from mmexplore.cli.library import app as library_verbs
from mmexplore.cli.lists import covered, dataset_verbs, model_verbs
from mmexplore.cli.maps import cliffs, lens, make_map
from mmexplore.cli.mcp import mcp
from mmexplore.cli.open_app import open_app
from mmexplore.cli.predict import evaluate, predict
from mmexplore.cli.subgraphs import app as subgraph_verbs
from mmexplore.cli.tables import text
from mmexplore.cli.tune import recipe_named, tune
from mmexplore.recipes.presets import preset, preset_names, pretraining, pretraining_names
from mmexplore.recipes.recipe import SPLITS, Recipe, parse
from mmexplore.recipes.seeds import seeds
from mmexplore.runtime import files
from mmexplore.runtime.errors import BadRecipe, MmexploreError
from mmexplore.runtime.jobs import ranks
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.runtime.progress import Progress

_ABOUT = (__doc__ or "").replace("``", "")  # a terminal shows them as they are
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=_ABOUT)
app.add_typer(subgraph_verbs)

Settings = Annotated[list[str] | None, typer.Option("--set", help="section.field=value of the recipe, repeatable")]
Data = Annotated[str, typer.Option("--data", help="name of a data set, or a file")]
Seed = Annotated[int | None, typer.Option("--seed", help="seed of split and training")]
Out = Annotated[Path | None, typer.Option("--out", help="folder of the run; one that was cut off goes on")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="train over a finished model that lies in --out")]
Name = Annotated[str, typer.Option("--name", help="the model's display name")]
Devices = Annotated[
    int | None, typer.Option("--devices", help="processes that share each batch, one a GPU, on every node")
]
Nodes = Annotated[int | None, typer.Option("--nodes", help="machines, on which torchrun or srun starts this line")]
Mlflow = Annotated[
    str, typer.Option("--mlflow", help="address or folder of MLflow, to which what was trained is logged as a run")
]


app.add_typer(dataset_verbs, name="datasets")
app.add_typer(model_verbs, name="models")
app.add_typer(home_verbs, name="home")
app.add_typer(embedding_verbs, name="embeddings")
app.add_typer(library_verbs, name="library")
app.command()(evaluate)
app.command()(fusion)
app.command()(retrieve)
app.command()(doubt)
app.command()(predict)
app.command()(tune)
app.command()(mcp)
app.command()(probe)
app.command("map")(make_map)
app.command()(cliffs)
app.command()(lens)
app.command("app")(open_app)
app.command("import")(import_file)


@app.callback(invoke_without_command=True)
def _main(version: Annotated[bool, typer.Option("--version")] = False) -> None:
    if version:
        typer.echo(f"mmexplore {__version__}")
        raise typer.Exit


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="DATASET...")], as_json: Json = False, job: JobFolder = None
) -> None:
    """Download data sets with their checksums, or take them from MMEXPLORE_DATA_DIR."""
    answer(lambda p: {"fetched": [{"name": n, "file": str(studio.fetch(n, p))} for n in names]}, as_json, job)


@app.command(context_settings={"allow_extra_args": True})
def train(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help=f"{', '.join(preset_names())}, or a recipe.json")],
    data: Data = "",
    target: Annotated[list[str] | None, typer.Option("--target", help="label column, repeatable")] = None,
    split: Annotated[str, typer.Option("--split", help=f"how parts are made: {', '.join(SPLITS)}")] = "",
    split_seed: Annotated[int | None, typer.Option("--split-seed", help="seed of the split, apart from --seed")] = None,
    column: Annotated[str, typer.Option("--split-column", help="column of parts (column), or of dates (time)")] = "",
    file: Annotated[
        Path | None, typer.Option("--split-file", help="names or SMILES and the part of each (file)")
    ] = None,
    folds: Annotated[int | None, typer.Option("--folds", help="kfold: how many, each trained in turn")] = None,
    fold: Annotated[int | None, typer.Option("--fold", help="kfold: this one alone, from 0")] = None,
    folds_by: Annotated[
        str, typer.Option("--folds-by", help="kfold: molecule, scaffold or cluster, which stays in one fold")
    ] = "",
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=20, help="kfold: so many divisions")] = 1,
    settled: Annotated[bool, typer.Option("--settled", help="train until the validation score settles")] = False,
    seed: Seed = None,
    several: Annotated[
        str, typer.Option("--seeds", help="seeds of the weights, as 0 1 2 or 0-4: an ensemble on one split")
    ] = "",
    out: Out = None,
    name: Name = "",
    settings: Settings = None,
    devices: Devices = None,
    nodes: Nodes = None,
    overwrite: Overwrite = False,
    mlflow: Mlflow = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Train a recipe on a data set; with several seeds, to one ensemble."""
    if context.args and not (several and all(word[:1].isdigit() for word in context.args)):
        context.fail(f"Got unexpected extra argument ({' '.join(context.args)})")

    def chosen() -> Recipe:
        by_name = partial(preset, settled=settled)
        given: Values = {"targets": target, "split": split, "split_column": column, "folds": folds}
        given |= {"folds_by": folds_by}
        given |= {"split_file": str(file.expanduser().resolve()) if file else "", "fold": fold}
        found = recipe_named(recipe, by_name, preset_names(), data, seed, given)
        return found if split_seed is None else found.with_settings([f"data.split_seed={split_seed}"])

    settings = _together(settings, devices, nodes)
    typed = " ".join([several, *context.args])
    if split == "kfold" and fold is None:
        if typed.strip():
            raise BadRecipe("--seeds make one ensemble on one split, and each fold is a split: name one with --fold")
        answer(_logged(_in_folds(chosen, settings, out, name, overwrite, repeats), mlflow), as_json, job)
    else:
        answer(_logged(_training(chosen, settings, out, name, overwrite, typed.strip()), mlflow), as_json, job)


@app.command()
def pretrain(
    recipe: Annotated[str, typer.Argument(help=f"{', '.join(pretraining_names())}, or a recipe.json")],
    data: Data = "",
    version: Annotated[str, typer.Option("--version", help="of the recipe: paper, quick, ...")] = "paper",
    seed: Seed = None,
    out: Out = None,
    name: Name = "",
    settings: Settings = None,
    devices: Devices = None,
    nodes: Nodes = None,
    overwrite: Overwrite = False,
    mlflow: Mlflow = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Pre-train a recipe's encoders on molecules, without labels."""

    def chosen() -> Recipe:
        return recipe_named(recipe, partial(pretraining, version=version), pretraining_names(), data, seed, {})

    settings = _together(settings, devices, nodes)
    answer(_logged(_training(chosen, settings, out, name, overwrite), mlflow), as_json, job)


def _together(settings: list[str] | None, devices: int | None, nodes: int | None) -> list[str]:
    given = {"devices": devices, "nodes": nodes}
    return [*(settings or []), *(f"training.{name}={count}" for name, count in given.items() if count is not None)]


def _training(
    recipe: Callable[[], Recipe],
    settings: list[str] | None,
    out: Path | None,
    name: str,
    overwrite: bool,
    several: str = "",
) -> Callable[[Listener], Values]:
    def work(progress: Listener) -> Values:
        chosen = recipe().with_settings(settings or [])
        many = seeds(several) if several else ()
        rank = ranks.told(chosen.training.devices, chosen.training.nodes)
        if rank and (out is None or len(many) > 1):
            raise BadRecipe("torchrun and srun start one training, of one seed, whose folder --out names")
        if rank and rank.number:  # the first one says what there is to be said
            studio.train(chosen, out or Path(), name)
            raise typer.Exit
        warnings = _checked([chosen])
        folder = out or studio.new_run(name or f"{chosen.data.dataset} {chosen.name}")
        progress.goes_on = f"the same command with --out {folder} goes on with what was done"
        if len(many) > 1:
            model: studio.Model = studio.train_ensemble(chosen, many, folder, name, progress, overwrite=overwrite)
        else:
            values = chosen.model_dump(mode="json")
            values["training"]["seed"] = many[0] if many else chosen.training.seed
            model = studio.train(parse(values), folder, name, progress, overwrite=overwrite)
        assert model.card is not None
        about: Values = {"model": str(folder), "metrics": model.card.metrics, "warnings": warnings}
        if isinstance(model, studio.Ensemble):
            about |= {"members": [member.name for member in model.members]}
        about |= {"coverage": [covered(one) for one in model.card.coverage]}
        return about | {"skipped": [asdict(one) for one in studio.trained_without(str(folder))]}

    return work


def _in_folds(
    recipe: Callable[[], Recipe],
    settings: list[str] | None,
    out: Path | None,
    name: str,
    overwrite: bool,
    repeats: int,
) -> Callable[[Listener], Values]:
    """A model a fold, one after the other."""

    def work(progress: Listener) -> Values:
        chosen = recipe().with_settings(settings or [])
        if ranks.told(chosen.training.devices, chosen.training.nodes):
            raise BadRecipe("torchrun and srun start one training: name one fold with --fold")
        warnings = _checked(studio.folds_of(chosen, repeats))
        if out:
            progress.goes_on = f"the same command with --out {out} goes on with what was done"
        models = studio.train_folds(chosen, out, name, progress, repeats=repeats, overwrite=overwrite)
        mean, spread = studio.mean_scores(models)
        runs = [
            {"model": str(m.folder.parent), "fold": m.recipe.data.fold, "split_seed": m.recipe.data.split_seed}
            | {"metrics": m.card.metrics}
            for m in models
            if m.recipe and m.card
        ]
        return {"model": runs[0]["model"], "metrics": mean, "spread": spread, "runs": runs, "warnings": warnings}

    return work


def _logged(train: Callable[[Listener], Values], uri: str) -> Callable[[Listener], Values]:
    """The training, and then each model of it as a run of MLflow, where a place of that is named."""
    if not uri:
        return train
    studio.check_tracking()

    def work(progress: Listener) -> Values:
        values = train(progress)
        folders = [run["model"] for run in values.get("runs", [values])]
        return values | {"mlflow": [run for folder in folders for run in studio.log_run(folder, uri)]}

    return work


def _checked(recipes: Sequence[Recipe]) -> list[str]:
    """What is to be told of trainings before they start, each sentence once. Raises BadRecipe."""
    found = [studio.check_training(one) for one in recipes]
    if refusals := dict.fromkeys(text for check in found for text in check.refusals):
        raise BadRecipe("; ".join(refusals))
    warnings = list(dict.fromkeys(text for check in found for text in check.warnings))
    for warning in warnings:
        print(f"note: {warning}", file=sys.stderr)
    return warnings


@app.command()
def embed(
    model: ModelName,
    data: DataName,
    out: Annotated[Path | None, typer.Option("--out", help="parquet file; without it they are only kept")] = None,
    view: Annotated[str, typer.Option("--view", help="which embedding; default: the model's first")] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Make a model's embeddings of a data set, and write a view to a parquet file, one row a molecule."""

    def work(progress: Progress) -> Values:
        return studio.write_embedding(model, data, view, out, progress)

    answer(work, as_json, job)


@app.command()
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


@app.command("jobs")
def manage_jobs(
    action: Annotated[str, typer.Argument(help="list, follow ID or cancel ID")] = "list",
    job_id: Annotated[str, typer.Argument(metavar="ID")] = "",
    as_json: Json = False,
) -> None:
    """List, follow or cancel long work."""
    if action == "list":
        keys = ("id", "verb", "title", "state", "stage", "done", "total", "message")

        def listed(_: Progress) -> Values:
            bad = [{"name": name, "why": why} for name, why in studio.damaged_jobs().items()]
            found = {"jobs": [{k: getattr(j, k) for k in keys} for j in studio.list_jobs()]}
            return found | ({"damaged": bad} if bad else {})

        answer(listed, as_json)
    elif action == "cancel":
        answer(lambda _: {"cancelled": studio.cancel_job(job_id).id}, as_json)
    elif action == "follow":
        for event in studio.follow_job(job_id):
            print(f"{event.stage} {event.done}/{event.total}", text(event.values or ""), file=sys.stderr)
        answer(lambda _: {"id": job_id, "state": studio.job(job_id).state}, as_json)
    else:
        raise BadRecipe(f"jobs takes list, follow ID or cancel ID, and {action!r} came")


def main() -> None:
    """Run the CLI; a user's mistake is one sentence on stderr and exit code 1."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="replace")  # a console on Windows may not know every sign
    try:
        studio.migrate()
        app()
    except MmexploreError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        if not (words := files.disk_words(error)):
            raise
        print(words, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
