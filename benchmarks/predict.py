"""Does ``predict`` take a long file in constant memory and survive kill -9, and how fast is it beside chemprop's?

    python benchmarks/predict.py [--rows 200000] [--n 10000] [--rounds 1]

A file of ``--rows`` rows, copies of real SMILES, through a shipped D-MPNN by the command line: the peak of its resident
memory beside that for a tenth of the file, then the same command ended by kill -9 once it has done half, and given
again. Then ``--n`` different SMILES by both command lines with one checkpoint, which ours wrote: whole processes
that take turns, in a home where nothing is known of the molecules, with intervals and domain on our side.
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
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from chemprop_cli import CHEMPROP
from public import zinc
from record import Asked, record

from mmexplore import studio

MODEL = "solubility-dmpnn"
_DIFFERENT = 5_000


def environment(home: Path) -> dict[str, str]:
    """A home of its own, every core, and this very package wherever the work is done."""
    found = os.environ | {"MMEXPLORE_HOME": str(home), "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    found.pop("OMP_NUM_THREADS", None)
    return found


def ours(csv: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "mmexplore", "predict", "--model", MODEL, "--data", str(csv), "--out", str(out)]


def measured(command: list[str], home: Path, until: Path | None = None, parts: int = 0) -> dict[str, float]:
    """Seconds of a process, and the peak of its resident memory in MB; ``until`` so many parts lie there: kill -9."""
    started = time.perf_counter()
    log = home.with_suffix(".txt").open("a")
    process = subprocess.Popen(command, env=environment(home), stdout=log, stderr=log)
    ended = threading.Event()

    def kill() -> None:
        while until is not None and not ended.is_set():
            if len(list(until.glob("predictions/parts/*/[0-9]*.parquet"))) >= parts:
                process.send_signal(signal.SIGKILL)
                return
            time.sleep(0.02)

    watching = threading.Thread(target=kill)
    watching.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watching.join()
    if process.returncode != (-signal.SIGKILL if until else 0):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {Path(log.name).read_text()[-2000:]}")
    return {"seconds": time.perf_counter() - started, "MB": usage.ru_maxrss / 1024}


def long_file(folder: Path, rows: int) -> list[dict[str, Any]]:
    """A tenth of the file, the whole, and the whole once more with a kill on the way."""
    smiles, _ = zinc(min(_DIFFERENT, rows))
    files = {}
    for count in (max(1, rows // 10), rows):
        files[count] = folder / f"{count}.csv"
        texts = itertools.islice(itertools.cycle(smiles), count)
        pd.DataFrame({"smiles": list(texts), "id": range(count)}).to_csv(files[count], index=False)
    found: list[dict[str, Any]] = []
    made = {}
    for count, csv in files.items():
        out = folder / f"out-{count}.csv"
        took = measured(ours(csv, out), folder / f"home-{count}")
        made[count] = pd.read_csv(out)
        found.append({"what": "a tenth of the rows" if count < rows else "all rows", "rows": count} | took)
    csv, out, home = files[rows], folder / "resumed.csv", folder / "home-killed"
    half = max(1, -(-rows // 4_096) // 2)
    killed = measured(ours(csv, out), home, until=home, parts=half)
    assert not out.exists(), "a killed run leaves no file"
    again = measured(ours(csv, out), home)
    resumed = pd.read_csv(out)
    assert resumed["id"].tolist() == made[rows]["id"].tolist() == list(range(rows))
    pd.testing.assert_frame_equal(resumed, made[rows], check_exact=False, atol=1e-4)
    found.append({"what": "killed -9 half way", "rows": rows} | killed)
    found.append({"what": "the same command again", "rows": rows} | again)
    whole = found[1]["seconds"]
    return [row | {"times the whole run": row["seconds"] / whole} for row in found]


def beside_chemprop(folder: Path, n: int, rounds: int) -> list[dict[str, Any]]:
    """Both command lines with one checkpoint, in turns."""
    smiles, source = zinc(n)
    csv, checkpoint = folder / "different.csv", folder / "chemprop.pt"
    pd.DataFrame({"smiles": smiles}).to_csv(csv, index=False)
    studio.write_chemprop(MODEL, checkpoint)
    theirs = [*CHEMPROP, "predict", "-i", str(csv), "-s", "smiles", "-o", str(folder / "theirs.csv"), "--model-paths"]
    theirs += [str(checkpoint), "--multi-hot-atom-featurizer-mode", "V1", "--accelerator", "cpu", "--batch-size", "256"]
    turns: dict[str, list[float]] = {"chemprop predict": [], "mmexplore predict, cold": [], "features known": []}
    for number in range(rounds):
        home = folder / f"home-beside-{number}"
        turns["chemprop predict"].append(measured(theirs, folder / f"none-{number}")["seconds"])
        turns["mmexplore predict, cold"].append(measured(ours(csv, folder / "ours.csv"), home)["seconds"])
        for path in (home / "predictions" / "parts").glob("*/*"):
            path.unlink()
        turns["features known"].append(measured(ours(csv, folder / "ours.csv"), home)["seconds"])
    took = {way: statistics.median(seconds) for way, seconds in turns.items()}
    one, other = pd.read_csv(folder / "ours.csv"), pd.read_csv(folder / "theirs.csv")
    task = studio.model(MODEL).card.data.tasks[0].name  # type: ignore[union-attr]
    as_given = one["smiles_used"].isna() & one[task].notna()
    difference = float(np.abs(one[task] - other[task])[as_given].max())
    return [
        {
            "what": f"{way}, {source}",
            "rows": len(smiles),
            "seconds": seconds,
            "times chemprop": took["chemprop predict"] / seconds,
        }
        | ({"largest difference": difference} if way.endswith("cold") else {})
        for way, seconds in took.items()
    ]


def main(rows: int, n: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("MMEXPLORE_HOME", str(folder / "home"))
        found = [*long_file(folder, rows), *beside_chemprop(folder, n, rounds)]
    question = f"Does predict take {rows:,} rows in constant memory, survive kill -9, and keep pace with chemprop's?"
    record("predict", question, f"python benchmarks/predict.py --rows {rows} --n {n} --rounds {rounds}", found)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rows", 200_000, 9_000)
    asked.option("--n", 10_000, 30)
    asked.option("--rounds", 1, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.rows, chosen.n, chosen.rounds)
