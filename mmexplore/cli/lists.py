"""The verbs ``datasets`` and ``models``: what there is, a line each; another name for one, its end."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.cli.tables import listed
from mmexplore.datasets import tables
from mmexplore.runtime.home import as_json as plain
from mmexplore.runtime.progress import Progress

dataset_verbs = typer.Typer(invoke_without_command=True)
model_verbs = typer.Typer(invoke_without_command=True)
Yes = Annotated[bool, typer.Option("--yes", help="do not ask, as where no terminal is there to answer")]


@dataset_verbs.callback()
def datasets(context: typer.Context, as_json: Json = False) -> None:
    """List the data sets: name, rows, tasks, source, whether it is here; libraries. Compare, rename or delete one."""
    if context.invoked_subcommand:
        return
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
    large = [{"name": one.name, "rows": sum(part.rows for part in one.parts)} for one in studio.libraries()]
    found: Values = {"datasets": rows} | ({"libraries": large} if large else {})
    answer(lambda _: found | _damaged(studio.damaged_datasets()), as_json, shown=_counted)


@dataset_verbs.command("compare")
def compare_datasets(
    a: Annotated[str, typer.Argument(metavar="A", help="the earlier data set, or a file")],
    b: Annotated[str, typer.Argument(metavar="B", help="the later one")],
    out: Annotated[Path | None, typer.Option("--out", help="CSV file for what is found")] = None,
    as_json: Json = False,
) -> None:
    """What is new, gone or changed from one data set to another."""
    answer(lambda progress: compared(a, b, out, progress), as_json)


@dataset_verbs.command("describe")
def describe_dataset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="a data set, or a file")],
    croissant: Annotated[
        Path | None, typer.Option("--croissant", help="folder for its table (Parquet) and croissant.json, JSON-LD")
    ] = None,
    as_json: Json = False,
) -> None:
    """What a data set holds, a line a label; with --croissant written as other programs and hubs read it."""

    def work(progress: Progress) -> Values:
        table = studio.dataset(name, progress)
        labels = plain(studio.label_table(table).astype(object).to_dict("records"))
        about: Values = {"data": table.name, "title": table.title, "molecules": len(table), "digest": table.digest}
        about |= {"labels": labels}
        if croissant is not None:
            about |= dict(zip(("file", "croissant"), map(str, studio.write_croissant(name, croissant)), strict=True))
        return about

    answer(work, as_json)


@dataset_verbs.command("rename")
def rename_dataset(name: str, new: str, as_json: Json = False) -> None:
    """Give a data set of yours another name; what refers to it by the old one still finds it."""
    answer(lambda _: {"data": studio.rename_dataset(name, new), "was": name}, as_json)


@dataset_verbs.command("delete")
def delete_dataset(name: str, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a data set of yours, its file, and what was computed of it. Models trained on it stay."""
    deleted(f"delete data set {name!r} and its file?", yes, studio.remove_dataset, name, as_json)


def _counted(values: Values) -> Values:
    """For people: what the counts are of."""
    names = {"rows": "rows read", "molecules": "kept"}
    return values | {
        "datasets": [{names.get(key, key): value for key, value in row.items()} for row in values["datasets"]]
    }


def _names(tasks: Any) -> list[str]:
    return [task.name for task in tasks]


@model_verbs.callback()
def models(context: typer.Context, as_json: Json = False) -> None:
    """List shipped and trained models with data, task, views, metrics and size. Rename or delete one."""
    if context.invoked_subcommand:
        return

    def row(model: studio.Model) -> Values:
        tasks = sorted({t.kind for t in model.card.data.tasks}) if model.card else []
        metrics = model.card.metrics if model.card else {}
        size = round(model.megabytes, 2)
        about: Values = {"name": model.name, "data": model.data, "task": ", ".join(tasks), "views": list(model.views)}
        if isinstance(model, studio.Ensemble):
            about |= {"members": [member.name for member in model.members]}
        if model.card and model.card.coverage:
            about |= {"coverage": [covered(one) for one in model.card.coverage]}
        about |= {"metrics": metrics, "megabytes": size, "shipped": model.shipped, "title": model.title}
        return about | {"baseline": _baseline(model)}

    def work(_: Any) -> Values:
        return {"models": [row(m) for m in studio.models()]} | _damaged(studio.damaged_models())

    answer(work, as_json, shown=_scored)


def _baseline(model: studio.Model) -> Values | None:
    """The baseline on a model's split, its scores, and the paired test against it; None where there is none."""
    other = studio.baseline_of(model.name) if model.card else None
    if other is None or other.card is None:
        return None
    test = studio.baseline_test(model.name)
    return {"name": other.name, "metrics": other.card.metrics, "paired": asdict(test) if test else None}


def covered(one: studio.Coverage) -> Values:
    """How much of the test part a task's intervals or sets cover."""
    low, high = one.bounds()
    about = {"task": one.task, "level": one.level, "covered": one.share, "low": low, "high": high, "n": one.of}
    about |= {"width" if one.classes is None else "classes_in_a_set": one.width}
    shares = {f"covered_{name}": hits / of for name, (hits, of) in (one.classes or {}).items() if of}
    return about | shares


@model_verbs.command("ensemble")
def make_ensemble(
    names: Annotated[list[str], typer.Argument(metavar="MODEL...", help="models of one recipe, data set and split")],
    name: Annotated[str, typer.Option("--name", help="the ensemble's name")] = "ensemble",
    as_json: Json = False,
) -> None:
    """Make an ensemble of models that differ in the seed of their weights alone; they stay as they are."""

    def work(_: Any) -> Values:
        made = studio.make_ensemble(name, names)
        assert made.card is not None
        about: Values = {"model": made.name, "members": [member.name for member in made.members]}
        return about | {"metrics": made.card.metrics, "coverage": [covered(one) for one in made.card.coverage]}

    answer(work, as_json)


@model_verbs.command("import")
def import_model(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|FOLDER|ZIP", help="chemprop 2's .pt or .ckpt, a model's folder or zip, admet-ai"),
    ],
    name: Annotated[str, typer.Option("--name", help="the model's display name")] = "",
    descriptors: Annotated[
        list[str] | None,
        typer.Option("--descriptors", help="what chemprop gave it besides: rdkit_2d, morgan_binary, morgan_count"),
    ] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Take in a model of chemprop 2, an exported one, or those of the package admet-ai; nothing of a file is run."""

    def work(_: Any) -> Values:
        made = studio.import_model(source, name, descriptors or [])
        assert made.card is not None
        about: Values = {"model": made.name, "title": made.title, "views": list(made.views)}
        about |= {"tasks": [asdict(task) for task in made.card.data.tasks], "notes": list(made.card.notes)}
        if isinstance(made, studio.Ensemble):
            about |= {"members": [member.name for member in made.members]}
        return about

    answer(work, as_json, job)


@model_verbs.command("export")
def export_model(
    name: Annotated[str, typer.Argument(metavar="MODEL")],
    out: Annotated[Path, typer.Option("--out", help="file to write: .zip, .pt (chemprop 2) or .onnx")],
    branch: Annotated[str, typer.Option("--branch", help="chemprop: which D-MPNN; default: the first")] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Write a model as a zip, for chemprop 2 or as ONNX, by the file's ending."""
    answer(lambda _: {"model": name, "file": str(out), "holds": studio.write_model(name, out, branch)}, as_json, job)


@model_verbs.command("push")
def push_model(
    name: Annotated[str, typer.Argument(metavar="MODEL")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="of the hub")],
    public: Annotated[bool, typer.Option("--public", help="anybody may read a repository that is made")] = False,
    as_json: Json = False,
) -> None:
    """Push a model with its card to a hub (Hugging Face's, or HF_ENDPOINT's); "hf auth login" says who you are."""

    def work(_: Any) -> Values:
        return {"model": name, "url": studio.push_model(name, repository, private=not public)}

    answer(work, as_json)


@model_verbs.command("pull")
def pull_model(
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="of the hub")],
    name: Annotated[str, typer.Option("--name", help="the model's display name")] = "",
    revision: Annotated[str, typer.Option("--revision", help="branch, tag or commit; default: the newest")] = "",
    as_json: Json = False,
) -> None:
    """Take in a model from a hub; nothing of it is run."""

    def work(_: Any) -> Values:
        made = studio.pull_model(repository, name, revision)
        return {"model": made.name, "title": made.title, "views": list(made.views)}

    answer(work, as_json)


@model_verbs.command("rename")
def rename_model(name: str, title: str, as_json: Json = False) -> None:
    """Give a trained model another title, by which it can be asked for, too; its name stays."""

    def work(_: Any) -> Values:
        studio.rename_model(name, title)
        return {"model": name, "title": title}

    answer(work, as_json)


@model_verbs.command("delete")
def delete_model(name: str, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a trained model with its predictions and curves, or an ensemble, whose members stay."""
    deleted(f"delete model {name!r} with predictions and curves?", yes, studio.delete_model, name, as_json)


def deleted(question: str, sure: bool, delete: Callable[[str], object], name: str, as_json: bool) -> None:
    """Delete what is sure to be meant, and answer."""
    if not sure and sys.stdin.isatty():
        typer.confirm(question, abort=True, err=True)

    def work(_: Any) -> Values:
        delete(name)
        return {"deleted": name}

    answer(work, as_json)


def _damaged(found: dict[str, str]) -> Values:
    """Entries that are none, where there are any."""
    return {"damaged": [{"name": name, "why": why} for name, why in found.items()]} if found else {}


def _scored(values: Values) -> Values:
    """What of the models fits a line each: one score, of the part that tells most, in place of all."""

    def score(metrics: Values) -> str:
        part = next((name for name in ("test", "validation") if metrics.get(name)), "")
        name = next(iter(metrics.get(part, ())), "")
        where = "validation " if part == "validation" else ""
        return f"{where}{name} {metrics[part][name]:.3g}" if name else ""

    def line(row: Values) -> Values:
        about = {"name": row["name"], "data": row["data"], "views": listed(row["views"], 16)}
        about |= {"test score": score(row["metrics"]), "baseline": beside(row["name"], row["baseline"])}
        return about | {"MB": row["megabytes"], "shipped": row["shipped"]}

    def beside(name: str, baseline: Values | None) -> str:
        if baseline is None:
            return ""
        if baseline["name"] == name:
            return "is the baseline"
        told = f", p {baseline['paired']['p']:.2g}" if baseline["paired"] else ""
        return score(baseline["metrics"]) + told

    return values | {"models": [line(row) for row in values["models"]]}


def compared(a: str, b: str, out: Path | None, progress: Progress) -> Values:
    """What ``datasets compare A B`` answers."""
    found = studio.compare_datasets(a, b, progress)
    if out is not None:
        tables.write(out, found.table)
    about: Values = {"a": found.a, "b": found.b, "same": found.same, "notes": list(found.notes), "file": str(out or "")}
    counts = {"new": found.new, "gone": found.gone, "changed": found.changed}
    rows: list[dict[str, Any]] = plain(found.table.astype(object).to_dict("records"))
    lists = {status: [_without(row, "status") for row in rows if row["status"] == status] for status in counts}
    return about | {"counts": counts} | lists


def _without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}
