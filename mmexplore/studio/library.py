"""Libraries: built shard by shard, added to, searched; how far each is."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmexplore.explore.library import build
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.engines import engine as engine_of
from mmexplore.explore.library.shard import FINGERPRINT
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import dataset, home, model
from mmexplore.studio.hosts import VISITORS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mmexplore.explore.library.search import LibraryHits, LibraryQuery
    from mmexplore.explore.library.tiles import TileSet
    from mmexplore.explore.molecules import MoleculeCard


def libraries() -> list[Library]:
    """Libraries of the home, by name."""
    return build.libraries(home=home())


def _library(name: str) -> Library:
    """The library of that name, or in that folder. Raises UnknownName."""
    return build.library(name, home=home(), names_only=VISITORS.is_set())


def build_library(
    source: str,
    name: str,
    out: Path | None = None,
    *,
    models: Sequence[str] = (),
    views: Sequence[str] = (),
    map_data: str = "",
    method: str = "umap",
    shard_rows: int = 0,
    salts: str = "strip",
    smiles: str = "",
    vectors: str = "float32",
    device: str = "cpu",
    engine: str = "local",
    workers: int = 0,
    address: str = "",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Build a library of a folder or file of tables, or go on with it; how it stands then.

    Without a source the library of that name goes on with what was asked for. ``views`` are MODEL@VIEW, by default the
    first view of each model; ``map_data``: a data set on whose map by the first view molecules are placed. Raises
    BadRecipe, BadTable, NotAvailable, UnknownName, Taken.
    """
    from mmexplore.explore.library import planning

    mapped = engine_of(engine, workers, address)
    target = build.folder_for(name, out, home=home())
    if source:
        known = [*models, *(Path(one).name for one in models)]
        if stray := [view for view in views if view.rpartition("@")[0] not in known]:
            raise BadRecipe(f"a view is named MODEL@VIEW, of a model that is named too, and {stray[0]!r} came")
        parts = [planning.model_part(model(one), _views_of(one, views)) for one in models]
        on = None
        if map_data:
            if not parts:
                raise BadRecipe("a map is a model's; name one with its --model")
            view = model(models[0]).view(next(iter(parts[0].views)))
            on = planning.map_of_data(target, view, dataset(map_data), method, progress, home=home())
        work = planning.work(parts, on, salts=salts, smiles=smiles, vectors=vectors, device=device)
        rows = shard_rows or build.SHARD_ROWS
    else:
        target = _library(str(out) if out else name)
        source, work, rows = target.card["source"], target.work, target.card["shard_rows"]
    done = build.build(target, source, rows, work, mapped, progress)
    target = Library(target.name, target.folder)
    tiled = {"tiles": _tiled(target, work.map.name, progress)} if work.map else {}
    return asdict(done) | {"engine": engine} | tiled | build.status(target)


def _views_of(name: str, views: Sequence[str]) -> list[str]:
    return [view.rpartition("@")[2] for view in views if view.rpartition("@")[0] in (name, Path(name).name)]


def library_status(name: str, *, verify: bool = False) -> dict[str, Any]:
    """How a library stands: shards and rows of each stage, rate, what is left, failures, damage, bytes.

    ``verify`` reads all of every shard, and not only what its footer says.
    """
    return build.status(_library(name), verify=verify)


def library_rejected(name: str, stage: str = "build", most: int = 100_000) -> "pd.DataFrame":
    """Rows that a stage of a library rejected, with file, line and reason. Raises UnknownName, Damaged."""
    return build.rejected(_library(name), stage, most)


def push_library(name: str, place: str, progress: Progress = silent) -> dict[str, Any]:
    """Bring a library to an object store, by a URL of fsspec's. Raises NotAvailable, UnknownName, Damaged, Taken."""
    from mmexplore.explore.library import objects

    return {"library": name, "place": place} | asdict(objects.push(_library(name), place, progress))


def pull_library(place: str, name: str = "", out: Path | None = None, progress: Progress = silent) -> dict[str, Any]:
    """Bring a library from an object store to the home, or a folder. Raises BadRecipe, NotAvailable, Damaged, Taken."""
    from mmexplore.explore.library import objects

    target = build.folder_for(name or place.rstrip("/").rpartition("/")[2], out, home=home())
    return {"library": target.name, "place": place} | asdict(objects.pull(target, place, progress))


def library_predict(
    name: str,
    models: Sequence[str],
    *,
    engine: str = "local",
    workers: int = 0,
    address: str = "",
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Predictions of more models for a library, a layer each. Raises BadRecipe, NotAvailable, UnknownName, Taken."""
    from mmexplore.explore.library import planning

    target = _library(name)
    there = {one.name for one in target.work.models if one.tasks}
    found: dict[str, Any] = {}
    for one in models:
        if Path(one).name in there:
            raise BadRecipe(f"library {name!r} was built with {one!r} and has its predictions")
        part = planning.model_part(model(one), with_views=False)
        work = planning.work([part], device=device, layer=f"predict {Path(one).name}")
        found[one] = asdict(build.add(target, work, engine_of(engine, workers, address), progress))
    return {"library": name, "layers": found}


def library_map(
    name: str,
    view: str = "",
    method: str = "umap",
    *,
    sample: int = 50_000,
    seed: int = 0,
    engine: str = "local",
    workers: int = 0,
    address: str = "",
    progress: Progress = silent,
) -> dict[str, Any]:
    """A library's own map: a sample of it laid out, the rest placed, a layer of coordinates.

    ``view`` is MODEL@VIEW. Raises BadRecipe, NotAvailable, UnknownName, Taken.
    """
    from mmexplore.explore.library import planning

    target = _library(name)
    known = planning.vector_columns(target)
    if not known:
        raise BadRecipe(f"library {name!r} holds no view of a model; build it with --model")
    on = planning.map_of_sample(target, view or known[0], method, sample, seed, progress)
    work = planning.work((), on, layer=on.name)
    done = build.add(target, work, engine_of(engine, workers, address), progress)
    about = {"library": name, "view": on.column, "method": method, "layer": on.name} | asdict(done)
    return about | {"tiles": _tiled(Library(target.name, target.folder), on.name, progress)}


def library_maps(name: str) -> list[str]:
    """Names of a library's maps: that of its build, and its own; none where it has no map."""
    from mmexplore.explore.library import tiles

    return tiles.maps_of(_library(name))


def make_library_tiles(name: str, on: str = "", progress: Progress = silent) -> dict[str, Any]:
    """Tiles of a library's map, by default the last one made, which the Map page draws.

    Molecules that have no place yet, as when the map was stopped, are placed first. Raises NotAvailable, UnknownName,
    Taken.
    """
    from mmexplore.explore.library import tiles

    target = _library(name)
    chosen = tiles.named(target, on)
    if chosen in target.layers:
        build.add(target, target.layers[chosen], engine_of("local"), progress)
    return {"library": name, "map": chosen, "tiles": _tiled(target, chosen, progress)}


def _tiled(target: Library, on: str, progress: Progress) -> dict[str, Any]:
    """Tiles made, and what they are: molecules, tiles of each level of detail, bytes."""
    from mmexplore.explore.library import tiles

    made = tiles.make(target, on, progress)
    counts = [len(made.tiles(level)) for level in range(made.levels)]
    return {"key": made.key, "placed": made.n, "tiles": counts, "bytes": made.size()}


def start_library_tiles(name: str, on: str = "") -> Job:
    """Tiles job: have the tiles of a library's map made, or the job that is at it already."""
    arguments = ["tiles", name, *(["--map", on] if on else [])]
    return client.start_once("library", arguments, device="maps", title=f"tiles of library {name}", home=home())


def start_library_map(name: str) -> Job:
    """Library map job: have a library's own map laid out, or the job that is at it already."""
    return client.start_once("library", ["map", name], device="maps", title=f"map of library {name}", home=home())


def library_tiles(name: str, on: str = "", key: str = "") -> "TileSet | None":
    """Tiles of a library's map as its shards are now, or those of a ``key``; None where they are not made.

    Raises NotAvailable where the library has no map, UnknownName.
    """
    from mmexplore.explore.library import tiles

    target = _library(name)
    return tiles.by_key(target, key) if key else tiles.stored(target, on)


def library_rows(name: str, rows: "np.ndarray", made: "TileSet") -> "pd.DataFrame":
    """All that a library knows of some rows but vectors, in their order. Raises NotAvailable, Damaged."""
    from mmexplore.explore.library import search

    return search.take(_library(name), rows, made.shards)


def library_molecule(name: str, row: int, key: str) -> "MoleculeCard":
    """Card of one row of a library, as its tiles of that ``key`` number it. Raises NotAvailable, UnknownName."""
    import numpy as np

    from mmexplore.explore.molecules import MoleculeCard

    made = library_tiles(name, key=key)
    if made is None:
        raise NotAvailable(f"these tiles of library {name!r} are not here any more; reload the page")
    if row >= (n := made.shards[1][-1]):
        raise NotAvailable(f"library {name!r} has rows 0 to {n - 1}, and {row} came")
    from mmexplore.explore.maps.painting import short

    one = library_rows(name, np.array([row]), made).iloc[0]
    known = [(color, one[color]) for color in made.colors if np.isfinite(one[color])]
    facts = tuple((color, short(value)) for color, value in known)
    return MoleculeCard(row, str(one["name"]), str(one["smiles"]), int(one["line"]), facts)


def library_spaces(name: str) -> list[str]:
    """Spaces that a library can be searched in: fingerprints, and MODEL@VIEW of each view that it holds."""
    from mmexplore.explore.library import planning

    return planning.spaces_of(_library(name))


def library_is_ready(name: str, asked: "LibraryQuery") -> bool:
    """Whether a search waits for no index that is still to be made."""
    from mmexplore.explore.library import search

    return search.is_ready(_library(name), asked)


def library_hits(name: str, smiles: str, asked: "LibraryQuery", progress: Progress = silent) -> "LibraryHits":
    """The molecules of a library most like one, in one of its spaces; the first search through an index makes it.

    Raises BadMolecule, NotAvailable, UnknownName, Taken.
    """
    from mmexplore.explore.library import search

    target = _library(name)
    chosen = None if asked.space == FINGERPRINT else _model_of(target, asked.space)
    record = search.record_of(smiles, target, asked.space, chosen, home=home())
    return search.search(target, smiles, record, asked, progress)


def _model_of(target: Library, space: str) -> Model:
    """The model of a view, by its name, or where it lay as a folder."""
    from mmexplore.explore.library import search

    part = search.part_of(target, space)
    try:
        return model(part.name)
    except UnknownName:
        return model(part.members[0].folder)


def search_library(
    name: str,
    text: str,
    space: str = "",
    k: int = 10,
    *,
    smarts: str = "",
    within: Sequence[str] = (),
    index: str = "auto",
    probes: int = 16,
    refine: int = 20,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hits of a typed structure, as the command line gives them; ``within`` are NAME:LOWEST:HIGHEST."""
    from mmexplore.explore.library import search
    from mmexplore.explore.library.search import LibraryQuery
    from mmexplore.studio.prediction import read_structure

    used = read_structure(text)
    asked = LibraryQuery(space or FINGERPRINT, k, search.numbers(within), smarts, index, probes, refine)
    return {"library": name, "query": used.smiles} | search.plain(library_hits(name, used.smiles, asked, progress))
