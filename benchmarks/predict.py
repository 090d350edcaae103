"""Does ``predict`` take a long file in constant memory and survive kill -9, and how fast is it beside chemprop's?

    python benchmarks/predict.py [--rows 200000] [--different 200000] [--n 10000] [--members 5] [--rounds 1]

A file of ``--rows`` rows, ``--different`` SMILES over and over, through a shipped D-MPNN by the command line, in a home
where nothing is known of them: the memory of all its processes over time, beside that for a tenth of the file; then the
same command ended by kill -9 once it has done half, and given again. Then ``--n`` different SMILES by both command
lines with ``--members`` models of one architecture, which ours trained for an epoch and wrote as chemprop's
checkpoints: whole processes that take turns, cold, with intervals, spread and domain on our side.
"""

import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from chemprop_cli import CHEMPROP
from public import zinc
from record import Asked, record

from mmexplore import studio
from mmexplore.explore import batch_prediction
from mmexplore.recipes.presets import preset

MODEL, TAUGHT = "solubility-dmpnn", "freesolv"
TARGET, LOOK_SECONDS, POINTS = 3, 0.25, 60
Memory = list[tuple[float, float]]


def environment(home: Path) -> dict[str, str]:
    """A home of its own, every core, and this very package wherever the work is done."""
    found = os.environ | {"MMEXPLORE_HOME": str(home), "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    found.pop("OMP_NUM_THREADS", None)
    return found


def ours(model: str, csv: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "mmexplore", "predict", "--model", model, "--data", str(csv), "--out", str(out)]


class Watched:
    """A process with the resident memory of itself and its children over time, ended by kill -9 at ``parts`` parts."""

    def __init__(self, command: list[str], home: Path, parts: int = 0) -> None:
        self.memory: Memory = []
        self._started, self._home, self._parts = time.perf_counter(), home, parts
        log = home.with_suffix(".txt").open("a")
        self._process = subprocess.Popen(command, env=environment(home), stdout=log, stderr=log)
        ended = threading.Event()
        watching = threading.Thread(target=self._watch, args=(ended,))
        watching.start()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = code = os.waitstatus_to_exitcode(status)
        ended.set()
        watching.join()
        self.seconds, self.peak = time.perf_counter() - self._started, usage.ru_maxrss / 1024
        if code != (-signal.SIGKILL if parts else 0):
            raise SystemExit(f"{' '.join(command)} ended with {code}: {Path(log.name).read_text()[-2000:]}")

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            with suppress(psutil.Error):  # one of them has ended meanwhile
                own = psutil.Process(self._process.pid)
                held = sum(one.memory_info().rss for one in (own, *own.children(recursive=True)))
                self.memory.append((time.perf_counter() - self._started, held / 2**20))
            if self._parts and self.parts >= self._parts:
                self._process.send_signal(signal.SIGKILL)
                return

    @property
    def parts(self) -> int:
        """Parts that lie there."""
        return len(list(self._home.glob("predictions/parts/*/[0-9]*.parquet")))

    def figures(self) -> dict[str, float]:
        """Seconds, the largest memory of one process, and of all together the median of each quarter of the time."""
        quarters = np.array_split([held for _, held in self.memory], 4)
        names = ("first", "second", "third", "last")
        return {"seconds": self.seconds, "MB, largest process": self.peak} | {
            f"MB, {name} quarter": float(np.median(held))
            for name, held in zip(names, quarters, strict=True)
            if len(held)
        }


def long_file(folder: Path, rows: int, different: int) -> tuple[list[dict[str, Any]], Memory]:
    """A tenth of the file, the whole, and the whole once more with a kill on the way; memory of the whole over time."""
    smiles, source = zinc(min(different, rows))
    files: dict[int, Path] = {}
    for count in (max(1, rows // 10), rows):
        files[count] = folder / f"{count}.csv"
        texts = itertools.islice(itertools.cycle(smiles), count)
        pd.DataFrame({"smiles": list(texts), "id": range(count)}).to_csv(files[count], index=False)
    found: list[dict[str, Any]] = []
    memory: Memory = []
    about = f"{source}, {len(smiles):,} different"
    for count, csv in files.items():
        done = Watched(ours(MODEL, csv, folder / f"out-{count}.csv"), folder / f"home-{count}")
        memory = done.memory[:: max(1, len(done.memory) // POINTS)]
        what = "a tenth of the rows" if count < rows else f"all rows, {about}"
        found.append({"what": what, "rows": count} | done.figures())
    csv, out, home = files[rows], folder / "resumed.csv", folder / "home-killed"
    half = max(1, -(-rows // batch_prediction._PART_ROWS) // 2)
    killed = Watched(ours(MODEL, csv, out), home, half)
    assert not out.exists(), "a killed run leaves no file"
    again = Watched(ours(MODEL, csv, out), home)
    whole = folder / f"out-{rows}.csv"
    equal = out.read_bytes() == whole.read_bytes()
    resumed, expected = pd.read_csv(out), pd.read_csv(whole)
    assert resumed["id"].tolist() == list(range(rows))
    pd.testing.assert_frame_equal(resumed, expected, check_exact=False, atol=1e-5)
    found.append({"what": "killed -9 half way", "rows": rows} | killed.figures())
    found.append({"what": "the same command again", "rows": rows, "the same bytes": equal} | again.figures())
    seconds = found[1]["seconds"]
    return [row | {"times the whole run": row["seconds"] / seconds} for row in found], memory


def taught(folder: Path, members: int) -> list[Path]:
    """An ensemble in a folder of its own, whatever the home, and chemprop's checkpoint of each of its members."""
    settings = [f"data.dataset={TAUGHT}", "training.epochs=1", "training.device=cpu", "training.precision=float32"]
    made = studio.train_ensemble(preset("dmpnn").with_settings(settings), range(members), folder / "ensemble", "D-MPNN")
    paths = [folder / "theirs" / f"{number}.pt" for number in range(members)]
    for member, path in zip(made.members, paths, strict=True):
        studio.write_chemprop(member.name, path)
    return paths


def beside_chemprop(folder: Path, n: int, members: int, rounds: int) -> list[dict[str, Any]]:
    """Both command lines with the same weights, in turns."""
    smiles, source = zinc(n)
    csv, model, there = folder / "different.csv", str(folder / "ensemble"), folder / "theirs.csv"
    pd.DataFrame({"smiles": smiles}).to_csv(csv, index=False)
    checkpoints = taught(folder, members)
    theirs = [*CHEMPROP, "predict", "-i", str(csv), "-s", "smiles", "-o", str(there), "--model-paths"]
    theirs += [*map(str, checkpoints), "--multi-hot-atom-featurizer-mode", "V1", "--accelerator", "cpu"]
    theirs += ["--batch-size", "256"]
    turns: dict[str, list[float]] = {"chemprop predict": [], "mmexplore predict, cold": [], "features known": []}
    for number in range(rounds):
        home = folder / f"home-beside-{number}"
        turns["chemprop predict"].append(Watched(theirs, folder / f"none-{number}").seconds)
        turns["mmexplore predict, cold"].append(Watched(ours(model, csv, folder / "ours.csv"), home).seconds)
        for path in (home / "predictions" / "parts").glob("*/*"):
            path.unlink()
        turns["features known"].append(Watched(ours(model, csv, folder / "ours.csv"), home).seconds)
    took = {way: statistics.median(seconds) for way, seconds in turns.items()}
    one, other = pd.read_csv(folder / "ours.csv"), pd.read_csv(there)
    task = studio.model(model).card.data.tasks[0].name  # type: ignore[union-attr]
    as_given = one["smiles_used"].isna() & one[task].notna()
    difference = float(np.abs(one[task] - other[task])[as_given].max())
    return [
        {
            "what": f"{way}, {members} models, {source}",
            "rows": len(smiles),
            "seconds": seconds,
            "times chemprop": took["chemprop predict"] / seconds,
        }
        | ({"budget": TARGET, "largest difference": difference} if way.endswith("cold") else {})
        for way, seconds in took.items()
    ]


def main(rows: int, different: int, n: int, members: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("MMEXPLORE_HOME", str(folder / "home"))
        found, memory = long_file(folder, rows, different)
        found += beside_chemprop(folder, n, members, rounds)
    question = f"Does predict take {rows:,} rows in constant memory, survive kill -9, and keep pace with chemprop's?"
    words = f"--rows {rows} --different {different} --n {n} --members {members} --rounds {rounds}"
    told = {"memory of all rows": [[round(at, 1), round(held)] for at, held in memory]}
    record("predict", question, f"python benchmarks/predict.py {words}", found, told=told)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rows", 200_000, 9_000)
    asked.option("--different", 200_000, 300)
    asked.option("--n", 10_000, 30)
    asked.option("--members", 5, 2)
    asked.option("--rounds", 1, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.rows, chosen.different, chosen.n, chosen.members, chosen.rounds)
