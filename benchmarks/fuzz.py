"""Does anything odd that comes in bring out a traceback, an answer after its deadline, or another number in silence?

    python benchmarks/fuzz.py [--share 0.1] [--seed 0] [--only files] [--case 0] [--work FOLDER]

1,000 mutated files are imported, 1,000 SMILES and SMARTS go through the doors that a visitor reaches, 500 requests to a
real server, 200 small homes are asked in which one file was hurt, and long work is killed 100 times and done again.
``--share`` takes the first of each, ``--only`` one of files, smiles, urls, home and kills. A case is drawn from the
seed and its number alone: what failed is kept below ``--work``, and comes again by ``--seed S --only KIND --case N``.
Exits with 1 where anything failed. A kind that is run alone replaces its own row of the result.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from fuzzing import addresses, homes, kills, structures, tables  # noqa: E402
from fuzzing.crew import TRACEBACK, Came, Tally, each  # noqa: E402
from record import RESULTS, Asked, record, smallest  # noqa: E402

from mmexplore.runtime import provenance  # noqa: E402

QUESTION = (
    "What comes of odd files, structures, requests, damaged homes and kills: tracebacks, late answers, other numbers?"
)
NUMBERS = {"files": 1_000, "smiles": 1_000, "urls": 500, "home": 200, "kills": 100}


class Run:
    """One run: which cases of each kind, where its work lies, and where the inputs that failed are kept."""

    def __init__(self, seed: int, share: float, case: int, work: Path, found: Path) -> None:
        self.seed, self.share, self.case, self.work, self.found = seed, share, case, work, found

    def numbers(self, kind: str) -> list[int]:
        """Numbers of the cases: a share are the first ones."""
        if self.case >= 0:
            return [self.case]
        count = max(1, round(NUMBERS[kind] * self.share))
        return list(range(count))

    def place(self, name: str) -> Path:
        """A folder for work."""
        (made := self.work / name).mkdir(parents=True, exist_ok=True)
        return made

    def kept(self, kind: str) -> Path:
        """The folder of inputs that failed."""
        (made := self.found / kind).mkdir(parents=True, exist_ok=True)
        return made


def files(run: Run, tally: Tally) -> None:
    cases = ((run.seed, number) for number in run.numbers("files"))
    for (seed, number), came in each(tables.begin, cases, run.place("files"), patience=tables.PATIENCE):
        tally.add(came, str(number), partial(tables.keep, seed, number, run.kept("files")))


def smiles(run: Run, tally: Tally) -> None:
    cases = ((run.seed, number) for number in run.numbers("smiles"))
    for (seed, number), came in each(structures.begin, cases, run.place("smiles"), patience=structures.PATIENCE):
        tally.add(came, str(number), partial(structures.keep, seed, number, run.kept("smiles")))


def urls(run: Run, tally: Tally) -> None:
    with addresses.server(run.place("urls")) as (url, secret, log):
        cases = ((run.seed, number, url, str(secret)) for number in run.numbers("urls"))
        for (seed, number, *_), came in each(addresses.begin, cases, run.place("urls"), patience=addresses.PATIENCE):
            tally.add(came, str(number), partial(addresses.keep, seed, number, run.kept("urls")))
        if traces := addresses.tracebacks(log):
            (kept := run.kept("urls") / "server.txt").write_bytes(log.read_bytes())
            tally.counts[TRACEBACK] += traces
            tally.faults.append(f"{traces} in {kept}")
            print(f"urls: the server wrote {traces} tracebacks: {kept}", flush=True)


def home(run: Run, tally: Tally) -> None:
    built = _built(homes.build, run.place("home"))
    cases = ((run.seed, number, str(built)) for number in run.numbers("home"))
    for (seed, number, _), came in each(homes.begin, cases, run.place("homes"), patience=homes.PATIENCE, anew=True):
        tally.add(came, str(number), partial(homes.keep, seed, number, run.kept("home"), built))


def killed(run: Run, tally: Tally) -> None:
    built, folder = _built(kills.build, run.place("kills")), run.place("killed")
    about = kills.healthy(built, folder)

    def one(number: int) -> tuple[int, Came]:
        started = time.perf_counter()
        came = kills.killed(run.seed, number, about, built, folder)
        return number, Came(came.what, came.words, time.perf_counter() - started)

    with ThreadPoolExecutor(2) as threads:
        for number, came in threads.map(one, run.numbers("kills")):
            tally.add(came, str(number), partial(_moved, folder / f"case-{number}", run.kept("kills")))


def _moved(folder: Path, place: Path) -> Path:
    """What a failed case left, out of the folder that is gone afterwards."""
    shutil.rmtree(place / folder.name, ignore_errors=True)
    return Path(shutil.move(folder, place))


def _built(build: Callable[[str], Callable[[], Came]], place: Path) -> Path:
    """A home, made by a process of its own; where that is none, nothing can be tried."""
    (_, came), *_ = _of_one(build, place)
    if came.what == TRACEBACK:
        raise RuntimeError(came.words)
    return place / "member-0"


def _of_one(build: Callable[[str], Callable[[], Came]], place: Path) -> Iterator[tuple[Any, Came]]:
    return each(build, iter([()]), place, patience=homes.PATIENCE, size=1)


KINDS: dict[str, Callable[[Run, Tally], None]] = {
    "files": files, "smiles": smiles, "urls": urls, "home": home, "kills": killed,
}  # fmt: skip


def main(seed: int, share: float, only: str, case: int, unrecorded: bool, work: Path) -> int:
    found = work / f"fuzz-{seed}"
    rows, failed = [], 0
    with tempfile.TemporaryDirectory(prefix="mmexplore-fuzz-") as temporary:
        run = Run(seed, share, case, Path(temporary), found)
        for kind in [only] if only else KINDS:
            started, tally = time.perf_counter(), Tally(kind)
            KINDS[kind](run, tally)
            minutes = round((time.perf_counter() - started) / 60, 2)
            rows.append(tally.row() | {"minutes": minutes, "commit": provenance.commit()})
            failed += len(tally.faults)
    command = f"python benchmarks/fuzz.py --share {share:g} --seed {seed}"
    if case >= 0 or unrecorded:
        for row in rows:
            print(", ".join(f"{key}: {value}" for key, value in row.items()))
    else:
        record("fuzz", QUESTION, command, _beside_others(rows), seed)
    if failed:
        print(f"{failed} failed; their inputs lie in {found}", file=sys.stderr)
    return int(failed > 0)


def _beside_others(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of this run, and of kinds that were not run now what is on record."""
    path = RESULTS / "fuzz.json"
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() and not smallest() else []
    found = {row["kind"]: row for row in (*known, *rows)}
    return [found[kind] for kind in KINDS if kind in found]


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--share", 1.0, 0.01)
    asked.option("--seed", 0, 0)
    asked.option("--only", "", "", choices=["", *KINDS])
    asked.option("--case", -1, -1)
    asked.add_argument("--unrecorded", action="store_true", help="write no result, as where the tree is only checked")
    asked.work_folder()
    return asked


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    chosen = command_line().parse_args()
    raise SystemExit(main(chosen.seed, chosen.share, chosen.only, chosen.case, chosen.unrecorded, chosen.work))
