"""How long does a whole fine-tuning process take beside chemprop's command line?

    MMEXPLORE_DATA_DIR=... python benchmarks/finetune.py [--repeats 2] [--epochs 30]

BACE, the same split, D-MPNN of 300 with depth 3, one hidden layer of 300, batch 64, Noam schedule, one thread. Both are
processes that start cold from the table: imports, curation, featurising, training, test. Ours gets an empty home each
time, so nothing is remembered. They take turns; medians of wall and of CPU seconds.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import chemprop_cli
import numpy as np
import pandas as pd
from moleculenet import score
from record import Asked, record

from mmexplore.datasets import Dataset, catalog, splits
from mmexplore.datasets.splits import Split
from mmexplore.runtime.home import default_home


def ours(dataset: Dataset, split: Split, folder: Path, epochs: int) -> np.ndarray:
    words = f"train dmpnn --data {dataset.name} --split scaffold_balanced --seed 0 --json".split()
    for setting in (f"training.epochs={epochs}", "training.batch_size=64"):
        words += ["--set", setting]
    surroundings = os.environ | {"OMP_NUM_THREADS": "1", "MMEXPLORE_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "mmexplore", *words, "--out", str(folder / "run")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=surroundings)
    table = pd.read_parquet(folder / "run" / "predictions.parquet")
    guess = np.asarray(table[dataset.tasks[0].name], np.float64)
    return np.asarray(guess[split.test])


def theirs(dataset: Dataset, split: Split, folder: Path, epochs: int) -> np.ndarray:
    return chemprop_cli.train(dataset, split, folder, epochs=epochs, seed=0)[0][:, 0]


def timed(work: Callable[[Path], np.ndarray], judged: Callable[[np.ndarray], float]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and test score of one cold process."""
    folder = Path(tempfile.mkdtemp())
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    guess = work(folder)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(folder)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, judged(guess)


def main() -> None:
    chosen = command_line().parse_args()
    dataset = catalog.load(chosen.data, home=default_home())
    split = splits.split(list(dataset.smiles), "scaffold_balanced", 0)
    found: dict[str, list[tuple[float, float, float]]] = {"chemprop train": [], "mmexplore train dmpnn": []}
    for _ in range(chosen.repeats):
        for name, run in zip(found, (theirs, ours), strict=True):
            work = partial(run, dataset, split, epochs=chosen.epochs)
            found[name].append(timed(work, lambda guess: score(dataset, split.test, guess[:, None])))
            print(name, found[name][-1], flush=True)
    reference = np.median(found["chemprop train"], 0)
    rows = []
    for name, runs in found.items():
        wall, cpu, area = np.median(runs, 0)
        row = {"process": name, "seconds": float(wall), "CPU seconds": float(cpu), "test score": float(area)}
        rows.append(row | {"times as fast": float(reference[0] / wall), "by CPU seconds": float(reference[1] / cpu)})
    question = f"whole process of fine-tuning a D-MPNN on {dataset.title}, {chosen.epochs} epochs, one thread"
    record("finetune", question, f"python benchmarks/finetune.py --data {chosen.data} --epochs {chosen.epochs}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--data", "bace", "freesolv")
    asked.option("--repeats", 2, 1)
    asked.option("--epochs", 30, 3)
    return asked


if __name__ == "__main__":
    main()
