"""chemprop's own command line as the reference: the same rows, the same split, the same architecture and schedule."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.datasets import Dataset
from mmexplore.datasets.splits import Split

CHEMPROP = (sys.executable, "-c", "from chemprop.cli.main import main; main()")
_ARCHITECTURE = "--message-hidden-dim 300 --depth 3 --aggregation mean --ffn-hidden-dim 300 --ffn-num-layers 1"
_SCHEDULE = "--batch-size 64 --warmup-epochs 2 --init-lr 1e-4 --max-lr 1e-3 --final-lr 1e-4"
_MACHINE = "--accelerator cpu --num-workers 0 --multi-hot-atom-featurizer-mode V1"


def train(dataset: Dataset, split: Split, folder: Path, *, epochs: int, seed: int) -> tuple[np.ndarray, float]:
    """Train with ``chemprop train``; test-set predictions ``(len(split.test), tasks)`` and the seconds it took.

    A finished folder is not trained again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [task.name for task in dataset.tasks]
    kind = dataset.tasks[0].kind
    frame = pd.DataFrame({"smiles": dataset.smiles} | {n: dataset.labels[:, i] for i, n in enumerate(names)})
    frame.to_csv(folder / "data.csv", index=False)
    parts = [{"train": split.train.tolist(), "val": split.validation.tolist(), "test": split.test.tolist()}]
    (folder / "splits.json").write_text(json.dumps(parts))
    metric = "roc" if kind == "classification" else "rmse"
    words = f"train -t {kind} --epochs {epochs} --metrics {metric} --tracking-metric {metric} --pytorch-seed {seed}"
    command = [*CHEMPROP, *f"{words} {_ARCHITECTURE} {_SCHEDULE} {_MACHINE}".split()]
    command += ["-i", str(folder / "data.csv"), "-s", "smiles", "--target-columns", *names]
    command += ["--splits-file", str(folder / "splits.json"), "-o", str(folder / "out")]
    return _run(command, folder, names)


def _run(command: list[str], folder: Path, names: list[str]) -> tuple[np.ndarray, float]:
    done = folder / "seconds.json"
    if not done.is_file():
        started = time.monotonic()
        log = (folder / "log.txt").open("w")
        subprocess.run(command, check=True, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})
        done.write_text(json.dumps(time.monotonic() - started))
    found = next((folder / "out").rglob("test_predictions.csv"))
    return pd.read_csv(found)[names].to_numpy(), float(json.loads(done.read_text()))
