"""Does a library come out the same however it is made, how fast, and what survives kill -9? How good is its search?

    python benchmarks/library.py [--rows 249455] [--shard-rows 10000] [--kills 8] [--ray-kills 12] [--vectors 2000000]
    python benchmarks/library.py --only kills [--killed-rows 4000] [--kills 8] [--ray-kills 12]

``--rows`` molecules of ZINC250k through ``library build`` (standardised, fingerprint, properties, the view and the
predictions of a shipped D-MPNN, places on its map) in shards of ``--shard-rows``, by engine local and by engine ray on
this machine, ``--workers`` processes each; every shard of the one beside that of the other, byte by byte. Then
``--killed-rows`` molecules in small shards, a process of the run (a worker, whoever asked; of Ray also the raylet and
the head, its GCS) ended by kill -9 at a random moment, ``--kills`` and ``--ray-kills`` times, each kind in its turn,
beside the same undisturbed. What was built or measured stays in ``--work`` and is not done again; with ``--only kills``
everything else is left as it was recorded before.

Then ``--vectors`` vectors: the library's own and copies of them, jittered by about their distance to the nearest other
one, searched through LanceDB's IVF-PQ and exactly in numpy.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from public import zinc
from record import RESULTS, Asked, record

MODEL, DATA = "solubility-dmpnn", "solubility"
VIEW = f"{MODEL}@dmpnn"
Row = dict[str, Any]
RAYS_OWN = ("the raylet", "the head")
KINDS = {"local": ("a worker", "who asked"), "ray": ("a worker", *RAYS_OWN, "who asked")}


def main(asked: Any) -> None:
    work: Path = asked.work / "library"
    work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    if asked.only != "kills":
        rows += builds(work, asked.rows, asked.shard_rows, asked.workers)
    for engine, hits in (("local", asked.kills), ("ray", asked.ray_kills)):
        if hits and is_here(engine):
            measure = partial(kills, work, asked.killed_rows, engine, hits, asked.workers)
            rows += kept(work / f"kills-{engine}-{asked.killed_rows}-{hits}.json", measure)
    if asked.vectors and find_spec("lancedb") and asked.only != "kills":
        whole = work / f"local-{asked.rows}-{asked.shard_rows}"
        told = f"search-{asked.vectors}-{asked.queries}"
        rows += kept(work / f"{told}.json", lambda: searches(work, whole, asked.vectors, asked.queries))
    question = f"Is a library of {asked.rows:,} molecules the same by every engine, after kills, and searched well?"
    words = f"--rows {asked.rows} --shard-rows {asked.shard_rows} --workers {asked.workers}"
    words += f" --killed-rows {asked.killed_rows} --kills {asked.kills} --ray-kills {asked.ray_kills}"
    words += f" --vectors {asked.vectors} --queries {asked.queries}"
    others: Row = {}
    if asked.only and (RESULTS / "library.json").is_file():
        rows, others = among(json.loads((RESULTS / "library.json").read_text(encoding="utf-8")), rows)
    record("library", question, f"python benchmarks/library.py {words}", rows, told=others)


def among(before: Row, new: list[Row]) -> tuple[list[Row], Row]:
    """Rows of kills in the places of those that were recorded before, and of what code the others are."""
    places = [number for number, row in enumerate(before["rows"]) if " kills, " in row["what"]]
    left = [row for number, row in enumerate(before["rows"]) if number not in places]
    at = places[0] if places else len(left)
    others = before.get("others") or {name: before[name] for name in ("command", "commit", "date", "machine")}
    return [*left[:at], *new, *left[at:]], {"others": others}


def is_here(engine: str) -> bool:
    """Whether an engine can be tried: without the extra there is local alone."""
    return engine == "local" or find_spec("ray") is not None


def kept(path: Path, measure: Callable[[], list[Row]]) -> list[Row]:
    """What was measured before, or is now."""
    if not path.is_file():
        path.write_text(json.dumps(measure()), encoding="utf-8")
    found: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return found


def command(folder: Path, source: Path, engine: str, shard_rows: int, workers: int) -> list[str]:
    """One way to say it for every run."""
    words = [sys.executable, "-m", "mmexplore", "library", "build", str(source), "--out", str(folder), "--json"]
    words += ["--model", MODEL, "--map", DATA, "--method", "pca", "--shard-rows", str(shard_rows)]
    return [*words, "--engine", engine, "--workers", str(workers)]


def environment(work: Path) -> dict[str, str]:
    """A home beside the libraries, and this very package."""
    return os.environ | {"MMEXPLORE_HOME": str(work / "home"), "PYTHONPATH": str(Path(__file__).resolve().parents[1])}


def source_of(work: Path, rows: int) -> tuple[Path, str]:
    """A file of SMILES, written once."""
    path = work / f"zinc-{rows}.smi"
    smiles, told = zinc(rows)
    if not path.is_file():
        path.write_text("\n".join(smiles) + "\n", encoding="utf-8")
    return path, told


def builds(work: Path, rows: int, shard_rows: int, workers: int) -> list[Row]:
    """Both engines, undisturbed, and whether their shards are the same."""
    source, told = source_of(work, rows)
    found: list[Row] = []
    for engine in filter(is_here, ("local", "ray")):
        folder, answer = work / f"{engine}-{rows}-{shard_rows}", work / f"{engine}-{rows}-{shard_rows}.json"
        if not answer.is_file():
            done = subprocess.run(
                command(folder, source, engine, shard_rows, workers), env=environment(work), stdout=subprocess.PIPE,
                stdin=subprocess.DEVNULL, check=True,
            )  # fmt: skip
            answer.write_bytes(done.stdout)
        found.append({"what": f"build, {engine}, {told}"} | figures(folder, json.loads(answer.read_bytes())))
    if not is_here("ray"):
        return found
    same, of = equal(work / f"local-{rows}-{shard_rows}", work / f"ray-{rows}-{shard_rows}")
    return [*found, {"what": "shards whose bytes are the same by local and by ray", "rows": rows, "n": same, "of": of}]


def figures(folder: Path, answer: Row) -> Row:
    """Rate, processor time, memory of the workers after their second shard and their last, bytes a million rows."""
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    reports = [one for one in log if "seconds" in one]
    rows = sum(one["rows"] for one in reports)
    by_pid: dict[int, list[int]] = {}
    for one in reports:
        by_pid.setdefault(one["pid"], []).append(one["held_mb"])
    long = [held for held in by_pid.values() if len(held) > 2]
    parts = [folder / "shards", folder / "rejected"]
    size = sum(path.stat().st_size for part in parts for path in part.rglob("*.parquet"))
    made = answer["rows"] if answer["kept"] == 0 else 0
    about: Row = {"rows": answer["rows"], "rejected": answer["rejected"], "shards": len(reports)}
    about |= {"rows a second": made / answer["seconds"] if made else None}
    about |= {"rows a processor's second": rows / sum(one["processor_seconds"] for one in reports)}
    about |= {"MB, a worker after its 2nd shard": max((held[1] for held in long), default=None)}
    about |= {"MB, after its last": max((held[-1] for held in long), default=None)}
    return about | {"GB for 10^6 rows": size / rows / 1e3}


def equal(one: Path, other: Path) -> tuple[int, int]:
    """How many shards, and tables of what was rejected, are the same bytes in both folders, of how many."""
    files = sorted(p.relative_to(one) for part in ("shards", "rejected") for p in (one / part).rglob("*.parquet"))
    assert files == sorted(
        p.relative_to(other) for part in ("shards", "rejected") for p in (other / part).rglob("*.parquet")
    )
    return sum((one / file).read_bytes() == (other / file).read_bytes() for file in files), len(files)


def kills(work: Path, rows: int, engine: str, hits: int, workers: int) -> list[Row]:
    """Runs disturbed at random moments until so many kills hit, the last one left alone."""
    source, told = source_of(work, rows)
    size, drawn, whole = max(1, rows // 20), random.Random(0), work / f"undisturbed-{rows}"
    answer = run(command(whole, source, "local", size, workers), work)
    made = sorted(whole.glob("shards/*.parquet"), key=lambda path: path.stat().st_mtime)
    seconds = made[-1].stat().st_mtime - made[0].stat().st_mtime
    assert answer["rows"] == rows_of(whole) == rows
    folder = work / f"killed-{engine}-{rows}"
    hit, runs = dict.fromkeys(KINDS[engine], 0), 0
    ends: list[float] = []
    while sum(hit.values()) < hits:
        if is_whole(folder):
            for path in sorted((folder / "shards").glob("*.parquet"))[::2]:  # to be made again
                path.unlink()
        kind, moment = min(hit, key=lambda name: hit[name]), drawn.uniform(0, seconds / 2)
        took = disturbed(command(folder, source, engine, size, workers), work, folder, kind, moment, drawn)
        runs += 1
        if took is not None:
            hit[kind] += 1
            ends += [took] if kind in RAYS_OWN else []
    run(command(folder, source, engine, size, workers), work)
    same, of = equal(whole, folder)
    named = ", ".join(f"{n} of {name}" for name, n in hit.items() if n)
    about: Row = {"what": f"{hits} kills, {engine} ({named}), {told}", "rows": rows, "runs": runs}
    about |= {"rows lost": rows_of(whole) - rows_of(folder), "n": same, "of": of}
    return [about | {"s to end in words without Ray's own, at most": max(ends, default=None)}]


def run(words: Sequence[str], work: Path) -> Row:
    done = subprocess.run(
        words, env=environment(work), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
    )  # fmt: skip
    answer: Row = json.loads(done.stdout)
    return answer


def disturbed(
    words: Sequence[str], work: Path, folder: Path, kind: str, moment: float, drawn: random.Random
) -> float | None:
    """A run of which a process of a kind is killed so many seconds after its first shard.

    Seconds until the run ended then; None where it was over before. What it says of a lost raylet or head are words.
    """
    path = work / "killed.log"
    with path.open("w") as log:
        process = subprocess.Popen(words, env=environment(work), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    owner, before = psutil.Process(process.pid), lines(folder)
    while process.poll() is None and lines(folder) == before:
        time.sleep(0.1)
    time.sleep(moment)
    started: dict[psutil.Process, str] = {}
    with suppress(psutil.Error):  # it may end at this very moment
        started = {one: role(one) for one in owner.children(recursive=True)} | {owner: "who asked"}
    victims = sorted((one for one, name in started.items() if name == kind), key=lambda one: one.pid)
    if process.poll() is not None or not victims:
        process.wait()
        return None
    try:
        drawn.choice(victims).kill()
    except psutil.Error:
        process.wait()
        return None
    killed = time.monotonic()
    process.wait(600)
    took = time.monotonic() - killed
    for left, name in started.items():  # by a killed head or whoever asked; Ray's agents stay for a minute
        try:
            if not name:
                left.kill()
            left.wait(60)
        except psutil.TimeoutExpired:
            left.kill()
        except psutil.Error:
            continue
    said = path.read_text(encoding="utf-8", errors="replace")
    if kind in RAYS_OWN and process.returncode:
        assert "Ray ended on the way" in said, said[-2_000:]
        assert "Traceback" not in said, said[-2_000:]
    elif kind == "a worker":
        assert not process.returncode, said[-2_000:]
    return took


def role(process: psutil.Process) -> str:
    """What a process of a run is, "" for one whose end is no matter."""
    try:
        words = " ".join(process.cmdline())
    except psutil.Error:
        return ""
    for mark, name in (("ray::made", "a worker"), ("runtime.workers", "a worker"), ("raylet/raylet", "the raylet")):
        if mark in words:
            return name
    return "the head" if "gcs_server" in words.split(" ")[0] else ""


def lines(folder: Path) -> int:
    """Shards that a log tells of."""
    try:
        return (folder / "log.jsonl").read_bytes().count(b"\n")
    except OSError:
        return 0


def is_whole(folder: Path) -> bool:
    from mmexplore.explore.library.build import Library

    found = Library("", folder)
    return len(found.done()) == len(found.parts)


def rows_of(folder: Path) -> int:
    """Rows of a library, kept or rejected."""
    import pyarrow.parquet as pq

    return sum(
        pq.read_metadata(p).num_rows for part in ("shards", "rejected") for p in (folder / part).rglob("*.parquet")
    )


def jittered(x: np.ndarray, rows: int, seed: int = 0) -> np.ndarray:
    """Copies of vectors until there are so many, each but the first of a vector moved by its nearest one's distance."""
    from mmexplore.explore.neighbors.knn import nearest

    drawn = np.random.default_rng(seed)
    sample = drawn.choice(len(x), min(2_000, len(x)), replace=False)
    distance = float(np.median(nearest(x[sample], x, 2).distances[:, 1]))
    copies = np.concatenate([x] * -(-rows // len(x)))[:rows]
    noise = drawn.standard_normal((max(rows - len(x), 0), x.shape[1]), np.float32)
    noise *= distance / np.maximum(np.linalg.norm(noise, axis=1, keepdims=True), 1e-9)
    copies[len(x) :] += noise
    return copies


def searches(work: Path, whole: Path, rows: int, queries: int) -> list[Row]:
    """LanceDB beside exact numpy over the same vectors, one query at a time: recall@10 and times its speed."""
    from mmexplore.explore.library import search as ours
    from mmexplore.explore.library.build import Library
    from mmexplore.explore.library.shard import matrix

    os.environ["MMEXPLORE_HOME"] = str(work / "home")
    x = np.concatenate([matrix(table[VIEW]) for table in Library("", whole).columns([VIEW])])
    x = x[np.isfinite(x).all(1)]
    own, vectors = len(x), jittered(x, rows)
    target = library_of(work / f"vectors-{len(vectors)}", vectors, len(x))
    started = time.perf_counter()
    place = ours.lance_index(target, VIEW)
    seconds = time.perf_counter() - started
    about: Row = {"rows": len(vectors), "width": vectors.shape[1], "own": own}
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e9
    found: list[Row] = [{"what": "LanceDB's index", "seconds": seconds, "GB": size} | about]
    drawn = np.random.default_rng(1).choice(len(vectors), queries, replace=False)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    exact, took = timed(lambda row: best(unit @ unit[row], row), drawn)
    found.append({"what": "exact, numpy: one product with all unit vectors", "ms a query": 1e3 * took} | about)
    for probes, refine in ((8, 10), (16, 20), (32, 20), (64, 40)):
        asked = ours.LibraryQuery(VIEW, probes=probes, refine=refine)
        made, each = timed(
            lambda row, asked=asked: without(ours._by_lance(place, asked, vectors[[row]], 11)[0], row), drawn
        )
        recall = float(np.mean([len({*a} & {*b}) / 10 for a, b in zip(exact, made, strict=True)]))
        words = f"LanceDB, {probes} partitions, refined {refine} times"
        found.append({"what": words, "ms a query": 1e3 * each, "recall@10": recall, "times exact": took / each} | about)
    return found


def library_of(folder: Path, vectors: np.ndarray, size: int) -> Any:
    """A library that holds these vectors and nothing else, in shards of so many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mmexplore.explore.library.build import Library
    from mmexplore.explore.library.shard import PROPERTIES, ModelMember, ModelPart, Work, fixed_lists

    work = Work(models=(ModelPart(MODEL, (ModelMember("", ""),), {"dmpnn": vectors.shape[1]}),))
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    (folder / "input").mkdir(exist_ok=True)
    parts = []
    for number, start in enumerate(range(0, len(vectors), size)):
        block, name = vectors[start : start + size], f"part-{number:05d}"
        columns = {VIEW: fixed_lists(block)} | {one: pa.nulls(len(block), pa.float32()) for one in PROPERTIES}
        if not (folder / "shards" / f"{name}.parquet").is_file():
            pq.write_table(pa.table(columns), folder / "shards" / f"{name}.parquet")
        parts.append({"name": name, "rows": len(block), "digest": name})
    about = {"source": "", "work": work.plain(), "layers": {}, "shard_rows": size}
    (folder / "library.json").write_text(json.dumps(about))
    (folder / "input" / "part.json").write_text(json.dumps({"source": "", "parts": parts, "notes": []}))
    return Library("vectors", folder)


def timed(search: Any, rows: np.ndarray) -> tuple[list[list[int]], float]:
    """What a search finds for each row, and the median of its seconds."""
    found, took = [], []
    for row in rows.tolist():
        started = time.perf_counter()
        found.append(search(row))
        took.append(time.perf_counter() - started)
    return found, float(np.median(took))


def by_lance(place: Path, asked: Any, vectors: np.ndarray, row: int) -> list[int]:
    from mmexplore.explore.library import search as ours

    return without(ours._by_lance(place, asked, vectors[[row]], 11)[0], row)


def best(scores: np.ndarray, row: int) -> list[int]:
    near = np.argpartition(-scores, 11)[:11]
    return without(near[np.argsort(-scores[near])], row)


def without(rows: np.ndarray, row: int) -> list[int]:
    return [int(one) for one in rows if one != row][:10]


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rows", 249_455, 60)
    asked.option("--shard-rows", 10_000, 20)
    asked.option("--workers", 2, 1)
    asked.option("--killed-rows", 4_000, 40)
    asked.option("--kills", 8, 1)
    asked.option("--ray-kills", 12, 1)
    asked.option("--vectors", 2_000_000, 2_000)
    asked.option("--queries", 200, 20)
    asked.option("--only", "", "", choices=("", "kills"), help="kills: the rest stays as it was recorded")
    asked.work_folder()
    return asked


if __name__ == "__main__":
    main(command_line().parse_args())
