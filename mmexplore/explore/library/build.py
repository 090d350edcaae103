"""Library on disk: planned, made shard by shard, added to; where it stands is read from its files at any time.

A library is a folder: ``library.json`` (what was asked for), ``input/`` (what came, cut), ``shards/`` (molecules),
``layers/NAME/`` (columns added later), ``rejected/``, ``index/``, and ``log.jsonl``, a line for each shard that was
made or failed. Nothing but the shards counts: whatever is killed, the same command makes what is not there.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmexplore.explore.library import shard, sources
from mmexplore.explore.library.engines import Engine
from mmexplore.explore.library.shard import REJECTED, Work, folder_of, is_done, rejected_of
from mmexplore.explore.library.sources import LibrarySource, Part
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home, as_json, json_text, read_json, write_json
from mmexplore.runtime.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

CARD, LOG, FOLDER = "library.json", "log.jsonl", "libraries"
SHARD_ROWS = 100_000
_SHOWN = 20


@dataclass(frozen=True)
class Library:
    """Library: its folder, and the name that it goes by."""

    name: str
    folder: Path

    @cached_property
    def card(self) -> dict[str, Any]:
        """What was asked for. Raises Damaged, OSError."""
        told: dict[str, Any] = read_json(self.folder / CARD)
        return told

    @property
    def work(self) -> Work:
        """How its shards are made."""
        return Work.of_plain(self.card["work"])

    @property
    def layers(self) -> dict[str, Work]:
        """What was added, by name."""
        return {name: Work.of_plain(told) for name, told in self.card["layers"].items()}

    @cached_property
    def parts(self) -> list[Part]:
        """Input shards, in order."""
        return sources.parts_of(self.folder / sources.INPUT)

    @property
    def digest(self) -> str:
        """Digest of what its shards are made of."""
        return json.dumps([self.work.digest, [part.digest for part in self.parts]], allow_nan=False)

    def done(self) -> list[str]:
        """Names of the shards that are there, in order; whether each is whole is seen when it is read."""
        there = {path.stem for path in folder_of(self.folder).glob("*.parquet")}
        return [part.name for part in self.parts if part.name in there]

    def columns(self, names: Sequence[str]) -> Iterator["pa.Table"]:
        """These columns, of shards and layers, a table a shard. Raises UnknownName, NotAvailable, Damaged."""
        where = self.places(names)
        if not (done := self.done()):
            raise NotAvailable(f"no shard of library {self.name!r} is made yet; library build goes on with it")
        return (self.shard(name, where) for name in done)

    def places(self, names: Sequence[str]) -> dict[str, str]:
        """Layer ("" for the shards) of each column. Raises UnknownName, NotAvailable."""
        held = self.schema()
        for name in names:
            if name not in held:
                raise UnknownName(f"column of library {self.name!r}", name, held)
        return {name: held[name] for name in names}

    def schema(self) -> dict[str, str]:
        """Layer of every column, as the first shard has them. Raises NotAvailable, Damaged."""
        import pyarrow.parquet as pq

        if not (done := self.done()):
            raise NotAvailable(f"no shard of library {self.name!r} is made yet; library build goes on with it")
        found: dict[str, str] = {}
        for layer in ("", *self.layers):
            path = folder_of(self.folder, layer) / f"{done[0]}.parquet"
            if path.is_file():
                found |= {name: layer for name in pq.read_schema(seals.verify(path)).names if name not in found}
        return found

    def shard(self, name: str, where: dict[str, str], rows: "np.ndarray | None" = None) -> "pa.Table":
        """Columns of one shard, each from its layer (:meth:`places`): whole, or some rows of it, in their order.

        Raises NotAvailable, Damaged.
        """
        import pyarrow as pa

        columns: dict[str, Any] = {}
        for layer in dict.fromkeys(where.values()):
            path = folder_of(self.folder, layer) / f"{name}.parquet"
            if not path.is_file():
                raise NotAvailable(f"layer {layer!r} of library {self.name!r} is not whole; the same command makes it")
            wanted = [column for column, place in where.items() if place == layer]
            table = _read(seals.verify(path), wanted, rows)
            columns |= {column: table[column] for column in wanted}
        return pa.table({column: columns[column] for column in where})


def _read(path: Path, columns: list[str], rows: "np.ndarray | None") -> "pa.Table":
    """Columns of a file; where rows are named, only what the groups of rows that hold them take."""
    import numpy as np
    import pyarrow.parquet as pq

    if rows is None:
        return pq.read_table(path, columns=columns)
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.cumsum([0, *sizes])
        group_of = np.searchsorted(starts, rows, "right") - 1
        groups, place = np.unique(group_of, return_inverse=True)
        moved = np.cumsum([0, *(sizes[group] for group in groups)])[:-1]
        table = file.read_row_groups(groups.tolist(), columns=columns)
    return table.take(moved[place] + rows - starts[group_of])


def library(name: str, *, home: Home, names_only: bool = False) -> Library:
    """The library of that name, or in that folder. Raises UnknownName."""
    known = home / FOLDER / name
    if Path(name).name == name and (known / CARD).is_file():
        return Library(name, known)
    folder = Path(name).expanduser()
    if not names_only and (folder / CARD).is_file():
        return Library(name, folder.resolve())
    raise UnknownName("library", name, [one.name for one in libraries(home=home)])


def libraries(*, home: Home) -> list[Library]:
    """Libraries of a home, by name."""
    place = home / FOLDER
    found = sorted(path.parent for path in place.glob(f"*/{CARD}")) if place.is_dir() else []
    return [Library(folder.name, folder) for folder in found]


@dataclass(frozen=True)
class Built:
    """What a run over the shards did: how many it made, how many were there, rows of input, of them rejected."""

    made: int
    kept: int
    rows: int
    rejected: int
    seconds: float


def build(target: Library, source: str, shard_rows: int, work: Work, engine: Engine, progress: Progress) -> Built:
    """Make a library of a source, or go on with it. Progress ``read``, then ``build`` by rows.

    Raises BadTable, BadRecipe, NotAvailable where shards failed (the same call tries them again), Taken, Cancelled.
    """
    if shard_rows < 1:
        raise BadRecipe(f"a shard has at least 1 row, and {shard_rows} were asked for")
    found = LibrarySource(source)
    with claim(target):
        card = {"format": 1, "source": source, "shard_rows": shard_rows, "work": work.plain(), "layers": {}}
        if (target.folder / CARD).is_file():
            card["layers"] = target.card["layers"]
        write_json(target.folder / CARD, card)
        parts = sources.cut(found, target.folder / sources.INPUT, shard_rows, work.smiles, progress)
        _sweep(target.folder, {part.name for part in parts})
        return _run(target, {part.name: part.digest for part in parts}, work, engine, "build", progress)


def add(target: Library, work: Work, engine: Engine, progress: Progress) -> Built:
    """Add a layer of columns to a library. Raises like :func:`build`."""
    with claim(target):
        done = target.done()
        if len(done) < len(target.parts) or not done:
            raise NotAvailable(f"{len(done)} of {len(target.parts)} shards of {target.name!r} are made; build it first")
        card = read_json(target.folder / CARD)
        write_json(target.folder / CARD, card | {"layers": card["layers"] | {work.layer: work.plain()}})
        identities = {name: shard.identity(folder_of(target.folder) / f"{name}.parquet") for name in done}
        return _run(target, identities, work, engine, work.layer, progress)


def claim(target: Library) -> Any:
    """Claim of a library: this process alone changes it inside. Raises Taken."""
    target.folder.mkdir(parents=True, exist_ok=True)
    return claimed(target.folder / ".lock", f"another process is at library {target.name!r}; wait for it")


def _run(target: Library, inputs: dict[str, str], work: Work, engine: Engine, stage: str, progress: Progress) -> Built:
    """Every shard whose input or work is another than before, those twice that a process died of."""
    started, place = time.monotonic(), folder_of(target.folder, work.layer)
    rows = {part.name: part.rows for part in sources.parts_of(target.folder / sources.INPUT)}
    refused = rejected_of(target.folder, work.layer)
    todo = [
        name
        for name, digest in inputs.items()
        if not (is_done(place / f"{name}.parquet", digest, work) and seals.is_sound(refused / f"{name}.parquet"))
    ]
    kept, total = len(inputs) - len(todo), sum(rows.values())
    done = total - sum(rows[name] for name in todo)
    before, rejected, made = done, 0, 0
    failed: dict[str, str] = {}
    progress(stage, done, total)
    for careful in (False, True) if todo else ():
        with closing(engine(todo, str(target.folder), work, careful)) as reports:
            for name, report in reports:
                if not name:
                    progress(stage, done, total)
                    continue
                if report is None or "refused" in report:
                    failed[name] = report["refused"] if report else "every process that tried it died"
                    _log(target, {"shard": name, "stage": stage, "failed": failed[name]})
                    if report:
                        raise NotAvailable(failed[name])
                else:
                    failed.pop(name, None)
                    made, rejected, done = made + 1, rejected + report["rejected"], done + rows[name]
                    _log(target, {"stage": stage} | report)
                rate = (done - before) / max(time.monotonic() - started, 1e-9)
                progress(stage, done, total, rows_per_second=rate, rejected=rejected, failed=len(failed))
        if not (todo := list(failed)):
            break
    if failed:
        raise NotAvailable(
            f"{len(failed)} of {len(inputs)} shards failed ({', '.join(list(failed)[:3])}: "
            f"{next(iter(failed.values()))}); the same command tries them again"
        )
    return Built(made, kept, total, rejected, time.monotonic() - started)


def _log(target: Library, told: dict[str, Any]) -> None:
    with (target.folder / LOG).open("ab", buffering=0) as file:
        file.write((json_text(told | {"time": time.time()}) + "\n").encode())


def _sweep(folder: Path, wanted: set[str]) -> None:
    """Delete shards of input that is no longer there."""
    for place in (f"{shard.SHARDS}/*.parquet", f"{shard.LAYERS}/*/*.parquet", f"{shard.REJECTED}/*/*.parquet"):
        for path in folder.glob(place):
            if path.stem not in wanted:
                seals.remove(path)


def status(target: Library, *, verify: bool = False) -> dict[str, Any]:
    """Where a library stands, from its files: shards and rows by stage, rate, what is left, failures, bytes.

    A shard counts where its footer says that it was made of this input by this work, and so does a table of what was
    rejected, which is small, once it is verified. Shards are verified whole when they are read or built on; here
    only with ``verify``, as all of a library is read for that. What is damaged is named, and made again by a build.
    """
    parts, seen = target.parts, _reports(target)
    stages = []
    for layer, work in {"": target.work, **target.layers}.items():
        place, stage = folder_of(target.folder, layer), layer or "build"
        damaged: list[str] = []
        done: list[Part] = []
        rejected = 0
        for part in parts:
            path, refused = (f / f"{part.name}.parquet" for f in (place, rejected_of(target.folder, layer)))
            source = part.digest if not layer else shard.identity_of(shard.made_of(_shard_of(target, part)))
            if shard.made_of(path) != {"input": source, "work": work.digest}:
                damaged += [path.name] if path.is_file() and not shard.made_of(path) else []
            elif (lost := _rejected(refused)) is None or (verify and not seals.is_sound(path)):
                damaged.append(path.name if lost is not None else f"{REJECTED}/{refused.name}")
            else:
                rejected, done = rejected + lost, [*done, part]
        there = {part.name for part in done}
        reports = [one for one in seen if one.get("stage") == stage and "seconds" in one]
        failures = {one["shard"]: one["failed"] for one in seen if one.get("stage") == stage and "failed" in one}
        rate = _rate(reports)
        left = sum(part.rows for part in parts) - sum(part.rows for part in done)
        stages.append(
            {
                "stage": layer or "build",
                "shards": len(done),
                "of": len(parts),
                "rows": sum(part.rows for part in done),
                "of_rows": sum(part.rows for part in parts),
                "rejected": rejected,
                "damaged": damaged,
                "rows_per_second": rate,
                "seconds_left": left / rate if rate and left else 0.0 if not left else None,
                "failed": {name: why for name, why in failures.items() if name not in there},
                "work": work.digest,
            }
        )
    took: dict[str, float] = {}
    for one in seen:
        for name, seconds in one.get("seconds", {}).items():
            took[name] = took.get(name, 0.0) + seconds
    made = sum(one["rows"] for one in seen if "seconds" in one and one.get("stage") == "build")
    each = {name: 1_000 * seconds / made if made else None for name, seconds in took.items()}
    size = sum(path.stat().st_size for path in target.folder.rglob("*") if path.is_file())
    about = {"library": target.name, "folder": str(target.folder), "source": target.card["source"]}
    about |= {"shard_rows": target.card["shard_rows"], "bytes": size, "stages": stages}
    plain: dict[str, Any] = as_json(about | {"seconds_a_thousand_rows": each})
    return plain | {"notes": sources.notes_of(target.folder / sources.INPUT)[:_SHOWN]}


def _shard_of(target: Library, part: Part) -> Path:
    return folder_of(target.folder) / f"{part.name}.parquet"


def _rejected(path: Path) -> int | None:
    """Rows of a table of what was rejected, None where it is not whole."""
    import pyarrow.parquet as pq

    return pq.read_metadata(path).num_rows if seals.is_sound(path) else None


def rejected(target: Library, stage: str, most: int) -> "pd.DataFrame":
    """Rows that a stage rejected, the first so many: file, line, name, structure, what refused it, and why.

    Raises UnknownName, Damaged.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    layer = "" if stage == "build" else stage
    if layer and layer not in target.layers:
        raise UnknownName(f"stage of library {target.name!r}", stage, ["build", *target.layers])
    frames: list[pd.DataFrame] = []
    for part in target.parts:
        path = rejected_of(target.folder, layer) / f"{part.name}.parquet"
        if path.is_file() and sum(map(len, frames)) < most:
            frame = pq.read_table(seals.verify(path)).to_pandas()
            frame.insert(0, "source", part.source.rpartition("/")[2])
            frames.append(frame)
    return pd.concat(frames, ignore_index=True).head(most) if frames else pd.DataFrame()


def _rate(reports: Sequence[dict[str, Any]]) -> float | None:
    """Rows a second of the last run: from the second report of its end backwards, over what was made since."""
    last: list[dict[str, Any]] = []
    for one in reversed(reports):
        if last and last[-1]["time"] - one["time"] > 3 * max(sum(last[-1]["seconds"].values()), 60.0):
            break  # nobody was at it between these two
        last.append(one)
    if not last:
        return None
    began = min(one["time"] - sum(one["seconds"].values()) for one in last)
    return float(sum(one["rows"] for one in last) / max(last[0]["time"] - began, 1e-9))


def _reports(target: Library) -> list[dict[str, Any]]:
    """Lines of the log; one that a kill cut short is left out."""
    found: list[dict[str, Any]] = []
    try:
        lines = (target.folder / LOG).read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def folder_for(name: str, out: Path | None, *, home: Home) -> Library:
    """The library to be made under a name, in the home or in a folder of its own. Raises BadRecipe for no such name."""
    if out is not None:
        if ":/" in str(out):  # a Path has one slash where a URL has two
            raise BadRecipe(
                f"shards are written to a disk, and --out names {str(out).replace(':/', '://')}, in an object store; "
                "build in a folder, and library push brings it there"
            )
        return Library(name or out.name, out.expanduser().resolve())
    if not name or Path(name).name != name or name.startswith("."):
        raise BadRecipe(f"a library's name is that of a folder, such as enamine, and {name!r} came")
    return Library(name, home.folder(FOLDER) / name)
