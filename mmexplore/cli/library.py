"""The verb ``library``: collections too large for one table, built shard by shard, added to, searched."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.runtime.jobs.reporters import Listener

app = typer.Typer(invoke_without_command=True)
Name = Annotated[str, typer.Argument(metavar="LIBRARY", help="name of a library, or its folder")]
Engine = Annotated[str, typer.Option("--engine", help="local (processes here) or ray")]
Workers = Annotated[int, typer.Option("--workers", min=0, help="processes at once; default: the processors")]
Address = Annotated[str, typer.Option("--address", help="of a Ray cluster; default: one is started here for this")]
Device = Annotated[str, typer.Option("--device", help="cpu or cuda")]


@app.callback()
def library(context: typer.Context, as_json: Json = False) -> None:
    """List libraries. Build one of a folder of tables, add to it, search it."""
    if context.invoked_subcommand:
        return
    answer(lambda _: {"libraries": [_about(one) for one in studio.libraries()]}, as_json)


@app.command()
def build(
    source: Annotated[
        str, typer.Argument(metavar="[SOURCE]", help="file, folder or pattern, here or by URL; default: as before")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="what the library is called")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="its folder; default: in the home")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", help="whose views and predictions; repeatable")] = None,
    view: Annotated[
        list[str] | None, typer.Option("--view", metavar="MODEL@VIEW", help="repeatable; default: the first of each")
    ] = None,
    on_map: Annotated[str, typer.Option("--map", metavar="DATA", help="place molecules on the map of this set")] = "",
    method: Annotated[str, typer.Option("--method", help=", ".join(studio.METHODS))] = "umap",
    shard_rows: Annotated[int, typer.Option("--shard-rows", min=1)] = 100_000,
    salts: Annotated[str, typer.Option("--salts", help="strip (the parent, neutral) or keep")] = "strip",
    smiles: Annotated[str, typer.Option("--smiles", help="column of structures")] = "",
    vectors: Annotated[
        str, typer.Option("--vectors", help="float32, float16 or int8, at a half or a quarter")
    ] = "float32",
    device: Device = "cpu",
    engine: Engine = "local",
    workers: Workers = 0,
    address: Address = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Build a library, or go on with it: what is there and unchanged is left alone.

    Without SOURCE the library goes on with what was asked for before.
    """

    def work(progress: Listener) -> Values:
        options: dict[str, Any] = {"models": model or (), "views": view or (), "map_data": on_map, "method": method}
        options |= {"shard_rows": shard_rows, "salts": salts, "smiles": smiles, "vectors": vectors, "device": device}
        return studio.build_library(source, name, out, **options, **_engine(engine, workers, address, progress))

    answer(work, as_json, job)


@app.command()
def status(
    name: Name,
    verify: Annotated[bool, typer.Option("--verify", help="read all of every shard, not its footer alone")] = False,
    as_json: Json = False,
) -> None:
    """How far a library is: shards, rows, rate and what is left of each stage, failures, damage, bytes."""
    answer(lambda _: studio.library_status(name, verify=verify), as_json)


@app.command()
def predict(
    name: Name,
    model: Annotated[list[str], typer.Option("--model", help="a model or an ensemble; repeatable")],
    device: Device = "cpu",
    engine: Engine = "local",
    workers: Workers = 0,
    address: Address = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Predict a library's molecules by more models, kept as columns of their own beside its shards."""

    def work(progress: Listener) -> Values:
        by = _engine(engine, workers, address, progress)
        return studio.library_predict(name, model, device=device, **by)

    answer(work, as_json, job)


@app.command()
def search(
    name: Name,
    query: Annotated[str, typer.Option("--query", help="a SMILES or an InChI")],
    view: Annotated[str, typer.Option("--view", metavar="MODEL@VIEW", help="default: fingerprints, by Tanimoto")] = "",
    k: Annotated[int, typer.Option("--k", min=1, help="how many hits")] = 10,
    smarts: Annotated[str, typer.Option("--smarts", help="only hits that contain this pattern")] = "",
    within: Annotated[
        list[str] | None, typer.Option("--within", metavar="NAME:LOWEST:HIGHEST", help="as logP:1:3, repeatable")
    ] = None,
    index: Annotated[
        str, typer.Option("--index", help="exact, lance (vectors), fpsim2 (fingerprints), or auto: by the size")
    ] = "auto",
    probes: Annotated[int, typer.Option("--probes", min=1, help="lance: partitions that are looked into")] = 16,
    refine: Annotated[int, typer.Option("--refine", min=1, help="lance: candidates a hit scored in full")] = 20,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """The molecules of a library most like one, with the recall of such a search beside them.

    Up to two million molecules are searched exactly. The first search through an index makes it.
    """

    def work(progress: Listener) -> Values:
        about: dict[str, Any] = {"smarts": smarts, "within": within or (), "index": index, "probes": probes}
        return studio.search_library(name, query, view, k, refine=refine, progress=progress, **about)

    answer(work, as_json, job, shown=_hits)


def _hits(values: Values) -> Values:
    """For people: what fits a line."""
    kept = ("row", "similarity", "name", "smiles", "source", "line")
    return values | {"hits": [{name: hit[name] for name in kept} for hit in values["hits"]]}


@app.command("map")
def make_map(
    name: Name,
    view: Annotated[str, typer.Option("--view", metavar="MODEL@VIEW", help="default: the first")] = "",
    method: Annotated[str, typer.Option("--method", help=", ".join(studio.METHODS))] = "umap",
    sample: Annotated[int, typer.Option("--sample", min=5, help="so many molecules are laid out")] = 50_000,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    engine: Engine = "local",
    workers: Workers = 0,
    address: Address = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """A library's own map: a sample laid out, the rest placed, and its tiles, which the Map page draws.

    Coordinates are kept beside the shards.
    """

    def work(progress: Listener) -> Values:
        by = _engine(engine, workers, address, progress)
        return studio.library_map(name, view, method, sample=sample, seed=seed, **by)

    answer(work, as_json, job)


@app.command()
def push(
    name: Name,
    place: Annotated[str, typer.Argument(metavar="URL", help="where, as fsspec says it: s3://bucket/folder")],
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Bring a library to an object store, or what has changed since it was brought there."""
    answer(lambda progress: studio.push_library(name, place, progress), as_json, job)


@app.command()
def pull(
    place: Annotated[str, typer.Argument(metavar="URL", help="where it was pushed to")],
    name: Annotated[str, typer.Option("--name", help="what it is called here; default: the URL's last part")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="its folder; default: in the home")] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Bring a library from an object store to this disk, where it is searched and added to."""
    answer(lambda progress: studio.pull_library(place, name, out, progress), as_json, job)


@app.command()
def tiles(
    name: Name,
    on_map: Annotated[str, typer.Option("--map", metavar="MAP", help="default: the last one made")] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Make the tiles of a library's map anew where its shards are others; map and build --map do that themselves."""

    def work(progress: Listener) -> Values:
        return studio.make_library_tiles(name, on_map, progress)

    answer(work, as_json, job)


def _engine(name: str, workers: int, address: str, progress: Listener) -> dict[str, Any]:
    """By what shards are made, as studio takes it."""
    return {"engine": name, "workers": workers, "address": address, "progress": progress}


def _about(one: "studio.Library") -> Values:
    card = one.card
    rows = sum(part.rows for part in one.parts)
    about: Values = {"library": one.name, "rows": rows, "shards": len(one.done()), "of": len(one.parts)}
    return about | {"models": [model["name"] for model in card["work"]["models"]], "source": card["source"]}
