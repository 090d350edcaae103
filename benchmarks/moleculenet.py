"""Are our D-MPNN and GIN as good as chemprop's own command line on the same splits?

    MMEXPLORE_DATA_DIR=... python benchmarks/moleculenet.py --work FOLDER [--only bbbp ...]

Each model is a process of its own; finished ones in the work folder are not trained again, so it can be cut off.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import chemprop_cli
import numpy as np
import pandas as pd
from record import Asked, record
from sklearn.metrics import mean_squared_error, roc_auc_score

from mmexplore.datasets import Dataset, catalog, splits
from mmexplore.runtime.home import default_home

EPOCHS = {"bace": 30, "esol": 30, "bbbp": 15, "lipophilicity": 10}  # the same for every model: what two cores give
OURS = {"dmpnn": ["--set", "training.batch_size=64"], "gin": ["--set", "training.batch_size=64"]}


def score(dataset: Dataset, rows: np.ndarray, predictions: np.ndarray) -> float:
    """Mean test ROC-AUC over tasks (classification) or RMSE in the label's unit (regression)."""
    scores = []
    for task, truth, guess in zip(dataset.tasks, dataset.labels[rows].T, predictions.T, strict=True):
        known = ~np.isnan(truth)
        if task.kind == "classification":
            scores.append(roc_auc_score(truth[known], guess[known]))
        else:
            scores.append(mean_squared_error(truth[known], guess[known]) ** 0.5)
    return float(np.mean(scores))


def ours(recipe: str, dataset: Dataset, rows: np.ndarray, folder: Path, seed: int, epochs: int) -> tuple[float, float]:
    """Test score and seconds of ``python -m mmexplore train``."""
    done = folder / "seconds.json"
    if not done.is_file():
        started = time.monotonic()
        words = [recipe, "--data", dataset.name, "--split", "scaffold_balanced", "--seed", str(seed), *OURS[recipe]]
        words += ["--set", f"training.epochs={epochs}"]
        command = [sys.executable, "-m", "mmexplore", "train", *words, "--out", str(folder), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
        done.write_text(json.dumps(time.monotonic() - started))
    table = pd.read_parquet(folder / "predictions.parquet")
    predictions = table[[task.name for task in dataset.tasks]].to_numpy()
    return score(dataset, rows, predictions[rows]), float(json.loads(done.read_text()))


def rows_of(name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a model: mean and spread over the seeds."""
    dataset, epochs = catalog.load(name, home=default_home()), asked.epochs or EPOCHS[name]
    found: dict[str, list[tuple[float, float]]] = {"chemprop CLI": []} | {model: [] for model in asked.models}
    for seed in range(asked.seeds):
        split = splits.split(dataset.smiles, "scaffold_balanced", seed)
        folder = asked.work / name / str(seed)
        guess, seconds = chemprop_cli.train(dataset, split, folder / "chemprop", epochs=epochs, seed=seed)
        found["chemprop CLI"].append((score(dataset, split.test, guess), seconds))
        for recipe in asked.models:
            found[recipe].append(ours(recipe, dataset, split.test, folder / recipe, seed, epochs))
    metric = "ROC-AUC" if dataset.tasks[0].kind == "classification" else "RMSE"
    return [_row(name, epochs, metric, model, np.array(pairs)) for model, pairs in found.items()]


def _row(name: str, epochs: int, metric: str, model: str, pairs: np.ndarray) -> dict[str, Any]:
    scores, seconds = pairs.T
    row = {
        "data": name,
        "epochs": epochs,
        "metric": metric,
        "model": model,
        "mean": float(scores.mean()),
        "std": float(scores.std(ddof=1)) if len(scores) > 1 else None,
    }
    return row | {"seeds": [round(float(s), 4) for s in scores], "seconds a run": round(float(seconds.mean()), 1)}


def main() -> None:
    asked = command_line().parse_args()
    rows = [row for name in asked.only for row in rows_of(name, asked)]
    seeds = ", ".join(map(str, range(asked.seeds)))
    question = f"test score on scaffold_balanced splits, seeds {seeds} (mean and standard deviation over seeds)"
    record("moleculenet", question, "python benchmarks/moleculenet.py --work FOLDER", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--only", list(EPOCHS), ["freesolv"], nargs="+")
    asked.option("--epochs", 0, 3, help="for all sets; 0: what EPOCHS says")
    asked.option("--seeds", 3, 1)
    asked.option("--models", list(OURS), ["dmpnn"], nargs="+", choices=OURS)
    return asked


if __name__ == "__main__":
    main()
