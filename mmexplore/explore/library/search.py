"""Search in a library: exactly shard by shard, or through an index on disk, with what that costs said beside the hits.

Exact search serves two million molecules; beyond, or by choice, vectors go through LanceDB's IVF-PQ, whose candidates
are scored again by their full vectors (``refine``), and fingerprints through FPSim2's bounded scan, which is exact too.
FPSim2's own files hold pickles, so that its scan is given an array of ours. Filters by property are part of the search;
a substructure is looked for in ever more of the most similar molecules.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from mmexplore.chem.fingerprints import BITS, Tanimoto
from mmexplore.datasets import search as structures
from mmexplore.explore.library import planning, shard
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.shard import FINGERPRINT, PROPERTIES, ModelPart, matrix
from mmexplore.explore.neighbors.search import Cosine, Space, top
from mmexplore.explore.neighbors.spaces import through_model
from mmexplore.features.store import features
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.registry import Model
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import within as in_time
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home, read_json, write_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.thresholds import at_least, at_most

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

How = Literal["exact", "lance", "fpsim2"]
EXACT_ROWS = 2_000_000
INDEXES = ("auto", "exact", "lance", "fpsim2")
PROBES, REFINE = 16, 20
MOST_TRIED = 20_000
"""A filter by substructure looks at so many of the most similar molecules."""
_SAMPLED, _AMONG, _SPARE = 32, 2_000, 8
_CELL_ROWS = 4_096
_SCANNED = 1 << 18
_INDEX = "index"
Ranges = Mapping[str, tuple[float, float]]
Found = tuple[np.ndarray, np.ndarray]
"""Rows of the library and their similarities, most similar first, ties by row."""


@dataclass(frozen=True)
class LibraryQuery:
    """What is asked of a library: in which space (a view's column, or fingerprints), for how many, and what they hold.

    ``index``: auto, exact, lance or fpsim2; ``probes`` and ``refine`` are LanceDB's: partitions looked into, and how
    many candidates a hit are scored by their full vectors.
    """

    space: str = FINGERPRINT
    k: int = 10
    within: Ranges = field(default_factory=dict)
    smarts: str = ""
    index: str = "auto"
    probes: int = PROBES
    refine: int = REFINE


@dataclass(frozen=True)
class LibraryHits:
    """Hits, most similar first: a table with row, similarity and all that a library knows of them but vectors.

    ``recall``: the share of an exact search's hits that such a search finds, by a sample of queries, and ``words`` how
    that was found. ``tried``: how many of the most similar molecules a filter by substructure has looked at.
    """

    table: "pd.DataFrame"
    space: str
    how: How
    recall: float
    words: str
    seconds: float
    tried: int = 0


def record_of(smiles: str, target: Library, space: str, model: Model | None, *, home: Home) -> np.ndarray:
    """Query record (1, width) of canonical SMILES; ``model`` is that of the space, None for fingerprints.

    Raises BadMolecule, TooLong, NotAvailable where the model is another one than the library was made with.
    """
    if model is None:
        bits = features("fingerprint", [smiles], home=home, typed=True).take(np.array([0])).columns["bits"]
        return Tanimoto(bits).words.T
    part = part_of(target, space)
    each = model.members if isinstance(model, Ensemble) else (model,)
    if [one.digest for one in each] != [member.digest for member in part.members]:
        raise NotAvailable(
            f"model {model.name!r} is not what library {target.name!r} was made with; build the library again"
        )
    found: np.ndarray = through_model(model, smiles, home=home).views[space.removeprefix(f"{part.name}@")]
    return found


def part_of(target: Library, space: str) -> ModelPart:
    """The model's part that a space is of. Raises UnknownName for no view of the library."""
    views = {shard.vector_column(one.name, view): one for one in target.work.models for view in one.views}
    if space not in views:
        raise UnknownName(f"space of library {target.name!r}", space, planning.spaces_of(target))
    return views[space]


def search(
    target: Library, query: str, record: np.ndarray, asked: LibraryQuery, progress: Progress = silent
) -> LibraryHits:
    """The ``k`` molecules most like a query, which is no hit of its own.

    Raises UnknownName for a space, property or index, BadMolecule for the SMARTS, NotAvailable.
    """
    how = _chosen(target, asked)
    for name in asked.within:
        if name not in PROPERTIES:
            raise UnknownName(f"property of library {target.name!r}", name, PROPERTIES)
    if asked.k < 1:
        raise BadRecipe(f"a search has at least 1 hit, and {asked.k} were asked for")
    pattern = structures.structure(asked.smarts).pattern if asked.smarts.strip() else ""
    find = _finder(target, asked, how, progress)
    started = time.perf_counter()
    table, tried = _passing(target, query, lambda n: find(record, n), asked.k, pattern)
    seconds = time.perf_counter() - started
    recall, words = (1.0, "exact") if how != "lance" else _recall(target, asked, progress)
    if target.work.vectors != shard.VECTORS[0] and asked.space != FINGERPRINT:
        share, said = precision_recall(target, asked.space)
        recall, words = recall * share, f"{words}; {said}"
    if pattern and len(table) < asked.k and tried >= MOST_TRIED:
        words += f"; the pattern was looked for in the {tried:,} most similar molecules alone, others may hold it"
    return LibraryHits(table, asked.space, how, recall, words, seconds, tried if pattern else 0)


def is_ready(target: Library, asked: LibraryQuery) -> bool:
    """Whether a search needs no index that is still to be made, or has one."""
    how = _chosen(target, asked)
    return how == "exact" or (_place(target, how, asked.space) / "index.json").is_file()


def _chosen(target: Library, asked: LibraryQuery) -> How:
    spaces = planning.spaces_of(target)
    if asked.space not in spaces:
        raise UnknownName(f"space of library {target.name!r}", asked.space, spaces)
    if asked.index not in INDEXES:
        raise UnknownName("index", asked.index, INDEXES)
    fits: How = "fpsim2" if asked.space == FINGERPRINT else "lance"
    if asked.index == "auto":
        return "exact" if starts_of(target)[-1] <= EXACT_ROWS else fits
    if asked.index == "exact":
        return "exact"
    if asked.index != fits:
        raise BadRecipe(f"{asked.space} is searched by exact or {fits}, and index {asked.index!r} came")
    return fits


def _finder(target: Library, asked: LibraryQuery, how: How, progress: Progress) -> Callable[[np.ndarray, int], Found]:
    if how == "lance":
        return partial(_by_lance, lance_index(target, asked.space, progress), asked)
    if how == "fpsim2":
        return partial(_by_fpsim2, fpsim2_index(target, progress), asked.within)
    return partial(_exactly, target, asked.space, asked.within)


def _passing(
    target: Library, query: str, find: Callable[[int], Found], k: int, pattern: str
) -> tuple["pd.DataFrame", int]:
    """Table of the best ``k`` that are not the query and hold the pattern, and how many were looked at."""
    tried = k + _SPARE
    while True:
        rows, similarity = find(tried)
        table = take(target, rows)
        table.insert(1, "similarity", similarity)
        table = table[table["smiles"] != query]
        if pattern and len(table):
            table = table.iloc[in_time(structures.matching, table["smiles"].tolist(), pattern)]
        if len(table) >= k or len(rows) < tried or tried >= MOST_TRIED:
            return table.head(k).reset_index(drop=True), len(rows)
        tried = min(4 * tried, MOST_TRIED)


def starts_of(target: Library) -> list[int]:
    """Number of the first row of each shard that is there, and behind them the number of all rows."""
    return list(_starts(target, tuple(target.done())))


@cached(16)
def _starts(target: Library, names: tuple[str, ...]) -> tuple[int, ...]:
    import pyarrow.parquet as pq

    folder = shard.folder_of(target.folder)
    rows = [pq.read_metadata(seals.verify(folder / f"{name}.parquet")).num_rows for name in names]
    return tuple(np.cumsum([0, *rows]).tolist())


def take(target: Library, rows: np.ndarray, shards: tuple[list[str], list[int]] | None = None) -> "pd.DataFrame":
    """All that a library knows of some rows but vectors and fingerprints, in their order, with their files' names.

    ``shards``: their names and first rows, where these are known without looking into each.
    """
    import pandas as pd

    vectors = planning.vector_columns(target)
    left_out = {FINGERPRINT, *vectors, *(shard.scale_column(name) for name in vectors)}
    known = [name for name in target.schema() if name not in left_out]
    names, begins = shards or (target.done(), starts_of(target))
    where, starts = target.places(known), np.array(begins)
    sources = {part.name: part.source for part in target.parts}
    at = np.searchsorted(starts, rows, "right") - 1
    frames = []
    for number in np.unique(at).tolist():
        here = np.flatnonzero(at == number)
        frame = target.shard(names[number], where, rows[here] - starts[number]).to_pandas()
        frame.insert(0, "row", rows[here])
        frame["source"] = sources[names[number]].rpartition("/")[2]
        frames.append(frame.set_index(here))
    if not frames:
        return pd.DataFrame(columns=["row", *known, "source"])
    whole: pd.DataFrame = pd.concat(frames).sort_index()
    return whole


def _exactly(target: Library, space: str, within: Ranges, record: np.ndarray, k: int) -> Found:
    """Exact search, all shards; those of a library that fits are held between calls."""
    if starts_of(target)[-1] <= EXACT_ROWS:
        spaces: Iterator[Space] = iter(_held(target, space, tuple(target.done())))
    else:
        spaces = _spaces(target, space)
    masks = _masks(target, within) if within else iter(lambda: None, 0)
    found: Found = (np.empty(0, np.int64), np.empty(0))
    for start, there, keep in zip(starts_of(target)[:-1], spaces, masks, strict=False):
        if len(there.usable):
            hits = top(there, record, k, keep)
            found = _best(np.append(found[0], hits.rows[0] + start), np.append(found[1], hits.similarity[0]), k)
    return found


def _best(rows: np.ndarray, similarity: np.ndarray, k: int) -> Found:
    order = np.lexsort((rows, -similarity))[:k]
    return rows[order], similarity[order]


@cached(2)
def _held(target: Library, space: str, _names: tuple[str, ...]) -> tuple[Space, ...]:
    return tuple(_spaces(target, space))


def _spaces(target: Library, space: str) -> Iterator[Space]:
    for table in target.columns([space]):
        yield Cosine(matrix(table[space])) if space != FINGERPRINT else Tanimoto(*_bits(table[space]))


def _bits(column: "pa.ChunkedArray") -> tuple[np.ndarray, np.ndarray]:
    """Packed bits (n, 256) and which rows have some."""
    bits = np.zeros((len(column), BITS // 8), np.uint8)
    usable = np.asarray(column.is_valid())
    held = b"".join(one for one in column.to_pylist() if one is not None)
    bits[usable] = np.frombuffer(held, np.uint8).reshape(-1, BITS // 8)
    return bits, usable


def _masks(target: Library, within: Ranges) -> Iterator[np.ndarray]:
    for table in target.columns(list(within)):
        yield _inside({name: table[name].to_numpy() for name in within}, within)


def _inside(properties: Mapping[str, np.ndarray], within: Ranges) -> np.ndarray:
    """Which molecules lie in all ranges; one without the property lies in none."""
    each = [at_least(properties[name], low) & at_most(properties[name], high) for name, (low, high) in within.items()]
    return np.asarray(np.logical_and.reduce(each))


def _place(target: Library, kind: str, space: str) -> Path:
    """Folder of an index, another one once a shard is another."""
    told = f"{target.digest} {space} {target.done()}{' with properties' * (kind == 'fpsim2')}"
    return target.folder / _INDEX / f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _indexed(target: Library, kind: str, space: str, make: Callable[[Path], dict[str, Any]]) -> Path:
    """Folder of an index, made by one process alone where it is not there, whole or not at all."""
    place = _place(target, kind, space)
    if (place / "index.json").is_file():
        return place
    words = f"another process indexes library {target.name!r}; search again once it is done"
    with claimed(target.folder / _INDEX / f".{place.name}.lock", words):
        if not (place / "index.json").is_file():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            started = time.monotonic()
            about = make(place)
            write_json(place / "index.json", {"space": space, "seconds": time.monotonic() - started} | about)
    return place


def lance_index(target: Library, space: str, progress: Progress = silent) -> Path:
    """LanceDB's IVF-PQ of a view, made where it is not there. Raises NotAvailable without the package."""
    os.environ.setdefault("LANCE_LOG", "error")  # it says on stderr that a small table has few partitions
    try:
        import lancedb
        from lancedb.index import IvfPq
    except ImportError:
        raise NotAvailable(
            "an index of vectors needs lancedb: pip install 'mmexplore[scale]'; index exact does without it"
        ) from None

    def make(place: Path) -> dict[str, Any]:
        import pyarrow as pa

        total, width = starts_of(target)[-1], _width(target, space)
        kinds = [("row", pa.int64()), ("vector", pa.list_(pa.float32(), width))]
        schema = pa.schema([*kinds, *((name, pa.float32()) for name in PROPERTIES)])

        def batches() -> Iterator["pa.RecordBatch"]:
            for start, table in zip(starts_of(target)[:-1], target.columns([space, *PROPERTIES]), strict=False):
                progress("index", start, total)
                x = matrix(table[space])
                good = np.flatnonzero(np.isfinite(x).all(1))
                columns = [pa.array(good + start), shard.fixed_lists(x[good])]
                columns += [table[name].take(good).combine_chunks() for name in PROPERTIES]
                yield from pa.table(columns, schema=schema).to_batches()

        table = lancedb.connect(str(place / "lance")).create_table("vectors", data=batches(), schema=schema)
        rows = table.count_rows()
        cells = max(1, min(4_096, rows // _CELL_ROWS))
        parts = next(n for n in range(max(1, width // 4), 0, -1) if width % n == 0)
        about = {"rows": rows, "width": width, "partitions": cells, "sub_vectors": parts}
        if rows < 256:  # fewer than a quantizer's codes, and LanceDB scans them all
            return about | {"partitions": 0}
        table.create_index("vector", config=IvfPq(distance_type="cosine", num_partitions=cells, num_sub_vectors=parts))
        progress("index", total, total)
        return about

    return _indexed(target, "lance", space, make)


def _width(target: Library, space: str) -> int:
    part = part_of(target, space)
    return part.views[space.removeprefix(f"{part.name}@")]


def _by_lance(place: Path, asked: LibraryQuery, record: np.ndarray, k: int) -> Found:
    found = (
        _opened(str(place))
        .search(np.asarray(record[0], np.float32), vector_column_name="vector")
        .distance_type("cosine")
        .nprobes(asked.probes)
        .refine_factor(asked.refine)
        .limit(k)
        .select(["row", "_distance"])
    )
    if asked.within:
        found = found.where(_condition(asked.within), prefilter=True)
    table = found.to_arrow()
    return _best(table["row"].to_numpy(), 1 - table["_distance"].to_numpy().astype(np.float64), k)


@cached(4)
def _opened(place: str) -> Any:
    import lancedb

    return lancedb.connect(str(Path(place) / "lance")).open_table("vectors")


def _condition(within: Ranges) -> str:
    """Filter in SQL; names are ours, ends are numbers."""
    ends = []
    for name, (low, high) in within.items():
        ends += [f"`{name}` >= {float(np.float32(low))!r}"] if np.isfinite(low) else []
        ends += [f"`{name}` <= {float(np.float32(high))!r}"] if np.isfinite(high) else []
        ends += [f"`{name}` IS NOT NULL"]
    return " AND ".join(ends)


class ScanIndex(NamedTuple):
    """Fingerprints by their number of bits, mapped from disk, as FPSim2 scans them.

    ``rows`` (n, words + 2): row, words, number of bits; ``properties`` (n, 7) float32 of the same molecules; ``bins``:
    where each number of bits begins and ends.
    """

    rows: np.ndarray
    properties: np.ndarray
    bins: list[tuple[int, tuple[int, int]]]


def fpsim2_index(target: Library, progress: Progress = silent) -> ScanIndex:
    """FPSim2's index of a library, made where it is not there. Raises NotAvailable without the package."""
    try:
        import FPSim2.FPSim2lib  # noqa: F401
    except ImportError:
        raise NotAvailable(
            "an index of fingerprints needs FPSim2: pip install 'mmexplore[scale]'; index exact does without it"
        ) from None

    def make(place: Path) -> dict[str, Any]:
        """Counting sort, a shard in memory at a time."""
        total = starts_of(target)[-1]
        counts = [_counts(table) for table in target.columns([FINGERPRINT])]
        bins = np.zeros(BITS + 2, np.int64)
        for one in counts:
            bins[1:] += np.bincount(one[one >= 0], minlength=BITS + 1)
        stops = np.cumsum(bins)
        n, mapped = int(stops[-1]), np.lib.format.open_memmap
        rows = mapped(place / "fingerprints.npy", "w+", np.uint64, (n, BITS // 64 + 2))
        about = mapped(place / "properties.npy", "w+", np.float32, (n, len(PROPERTIES)))
        at, tables = stops.copy(), target.columns([FINGERPRINT, *PROPERTIES])
        for start, one, table in zip(starts_of(target)[:-1], counts, tables, strict=False):
            progress("index", start, total)
            bits, usable = _bits(table[FINGERPRINT])
            good = np.flatnonzero(usable)[np.argsort(one[usable], kind="stable")]
            values, first, many = np.unique(one[good], return_index=True, return_counts=True)
            places = np.repeat(at[values] - first, many) + np.arange(len(good))
            block = np.empty((len(good), BITS // 64 + 2), np.uint64)
            block[:, 0], block[:, 1:-1], block[:, -1] = good + start, bits[good].view("<u8"), one[good]
            rows[places] = block
            about[places] = np.stack([table[name].to_numpy()[good] for name in PROPERTIES], axis=1)
            at[values] += many
        rows.flush()
        about.flush()
        progress("index", total, total)
        return {"rows": len(rows), "stops": stops.tolist()}

    place = _indexed(target, "fpsim2", FINGERPRINT, make)
    stops = read_json(place / "index.json")["stops"]
    bins = [(n, (stops[n], stops[n + 1])) for n in range(BITS + 1) if stops[n + 1] > stops[n]]
    rows, properties = (
        np.load(place / name, mmap_mode="r", allow_pickle=False) for name in ("fingerprints.npy", "properties.npy")
    )
    return ScanIndex(rows, properties, bins)


def _counts(table: "pa.Table") -> np.ndarray:
    bits, usable = _bits(table[FINGERPRINT])
    return np.where(usable, np.bitwise_count(bits).sum(1, dtype=np.int64), -1)


def _by_fpsim2(index: ScanIndex, within: Ranges, record: np.ndarray, k: int) -> Found:
    """The best by ever lower bounds: a high one leaves most numbers of bits out."""
    from FPSim2.FPSim2lib import GenericSearch
    from FPSim2.io.chem import METRICS, get_bounds_range

    query = np.concatenate([[0], record[0], [np.bitwise_count(record[0]).sum()]]).astype(np.uint64)
    found: Found = (np.empty(0, np.int64), np.empty(0))
    for least in (0.7, 0.5, 0.3, 0.0):
        ends = get_bounds_range(query, least, None, None, index.bins, "tanimoto")
        blocks = _passing_rows(index, within, *ends) if ends else iter(())
        scans = [GenericSearch(query, rows, least, 0, METRICS["tanimoto"], 0, len(rows)) for rows in blocks]
        if scans:
            hits = np.concatenate(scans)
            found = _best(hits["mol_id"].astype(np.int64), hits["coeff"].astype(np.float64), k)
        if len(found[0]) >= k:
            break
    return found


def _passing_rows(index: ScanIndex, within: Ranges, start: int, stop: int) -> Iterator[np.ndarray]:
    """Fingerprints between two places whose molecules pass: as they are mapped, or copied a block at a time."""
    if not within:
        yield np.asarray(index.rows)[start:stop]
        return
    for first in range(start, stop, _SCANNED):
        here = slice(first, min(first + _SCANNED, stop))
        keep = _inside({name: index.properties[here, PROPERTIES.index(name)] for name in within}, within)
        if keep.any():
            yield index.rows[here][keep]


def _recall(target: Library, asked: LibraryQuery, progress: Progress) -> tuple[float, str]:
    """Recall at 10 of LanceDB's search with these settings, kept beside the index once it is measured."""
    place, key = _place(target, "lance", asked.space), f"{asked.probes}-{asked.refine}"
    file = place / f"recall-{key}.json"
    if not file.is_file():
        queries, rows = _sample(target, asked.space, _SAMPLED)
        plain = LibraryQuery(asked.space, probes=asked.probes, refine=asked.refine)
        shares = []
        for number, (query, row) in enumerate(zip(queries, rows, strict=True)):
            progress("recall", number, len(rows))
            exact = [one for one in _exactly(target, asked.space, {}, query[None], 11)[0].tolist() if one != row][:10]
            made = [one for one in _by_lance(place, plain, query[None], 11)[0].tolist() if one != row][:10]
            shares.append(len({*exact} & {*made}) / max(len(exact), 1))
        write_json(file, {"recall": float(np.mean(shares)), "queries": len(shares)})
    told = read_json(file)
    words = f"recall@10 against exact search by {told['queries']} molecules of the library"
    return told["recall"], f"{words}, {asked.probes} partitions, refined {asked.refine} times"


def _sample(target: Library, space: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (m, d) and rows of molecules drawn from all shards."""
    starts = starts_of(target)
    chosen = np.sort(np.random.default_rng(seed).choice(starts[-1], min(n, starts[-1]), replace=False))
    parts, kept = [], []
    for start, stop, name in zip(starts, starts[1:], target.done(), strict=False):
        here = chosen[(chosen >= start) & (chosen < stop)]
        if len(here):
            x = matrix(target.shard(name, target.places([space]))[space].take(here - start))
            good = np.isfinite(x).all(1)
            parts.append(x[good])
            kept.append(here[good])
    return np.concatenate(parts), np.concatenate(kept)


def precision_recall(target: Library, space: str) -> tuple[float, str]:
    """Recall at 10 of vectors as they are kept beside float32, among a sample that is embedded again; kept."""
    kind = target.work.vectors
    told = hashlib.sha256(f"{target.digest} {space}".encode()).hexdigest()[:16]
    file = target.folder / _INDEX / f"{kind}-{told}.json"
    if not file.is_file():
        kept, rows = _sample(target, space, _AMONG)
        part = part_of(target, space)
        whole = shard.embedded(part, take(target, rows)["smiles"].tolist())[space.removeprefix(f"{part.name}@")]
        each = [top(Cosine(x), x, min(11, len(x))).rows for x in (whole, kept)]
        shares = [
            len({*one.tolist()} & {*other.tolist()} - {row}) / max(len({*one.tolist()} - {row}), 1)
            for row, (one, other) in enumerate(zip(*each, strict=True))
        ]
        write_json(file, {"recall": float(np.mean(shares)), "among": len(shares)})
    told = read_json(file)
    return told["recall"], f"{kind} keeps {told['recall']:.3f} of float32's ten nearest among {told['among']:,}"


def rows_of(target: Library) -> int:
    """Molecules of a library that are there to be searched."""
    return starts_of(target)[-1] if target.done() else 0


def numbers(ranges: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Filters of texts like ``molecular weight:200:500``, an end left out where there is none. Raises BadRecipe."""
    found: dict[str, tuple[float, float]] = {}
    for text in ranges:
        try:
            name, low, high = text.split(":")
            found[name.strip()] = (float(low or "-inf"), float(high or "inf"))
        except ValueError:
            raise BadRecipe(f"a filter is NAME:LOWEST:HIGHEST, as in logP:1:3, and {text!r} came") from None
    return found


def plain(found: LibraryHits) -> dict[str, Any]:
    """Values that JSON can say."""
    hits = json.loads(found.table.to_json(orient="records"))
    about = {"space": found.space, "how": found.how, "recall": found.recall, "recall_of": found.words}
    return about | {"seconds": round(found.seconds, 4), "tried": found.tried, "hits": hits}
