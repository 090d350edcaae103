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
from record import record
from sklearn.metrics import mean_squared_error, roc_auc_score

from mmexplore.datasets import Dataset, catalog, splits

EPOCHS = {"bace": 30, "esol": 30, "bbbp": 15, "lipophilicity": 10}  # the same for every model: what two cores give
SEEDS = (0, 1, 2)
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


def ours(recipe: str, dataset: Dataset, rows: np.ndarray, folder: Path, seed: int) -> tuple[float, float]:
    """Test score and seconds of ``python -m mmexplore train``."""
    done = folder / "seconds.json"
    if not done.is_file():
        started = time.monotonic()
        words = [recipe, "--data", dataset.name, "--split", "scaffold_balanced", "--seed", str(seed), *OURS[recipe]]
        words += ["--set", f"training.epochs={EPOCHS[dataset.name]}"]
        command = [sys.executable, "-m", "mmexplore", "train", *words, "--out", str(folder), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
        done.write_text(json.dumps(time.monotonic() - started))
    table = pd.read_parquet(folder / "predictions.parquet")
    predictions = table[[task.name for task in dataset.tasks]].to_numpy()
    return score(dataset, rows, predictions[rows]), float(json.loads(done.read_text()))


def rows_of(name: str, work: Path) -> list[dict[str, Any]]:
    """One row a model: mean and spread over the seeds."""
    dataset = catalog.load(name)
    found: dict[str, list[tuple[float, float]]] = {"chemprop CLI": [], "dmpnn": [], "gin": []}
    for seed in SEEDS:
        split = splits.split(dataset.smiles, "scaffold_balanced", seed)
        folder = work / name / str(seed)
        guess, seconds = chemprop_cli.train(dataset, split, folder / "chemprop", epochs=EPOCHS[name], seed=seed)
        found["chemprop CLI"].append((score(dataset, split.test, guess), seconds))
        for recipe in OURS:
            found[recipe].append(ours(recipe, dataset, split.test, folder / recipe, seed))
    metric = "ROC-AUC" if dataset.tasks[0].kind == "classification" else "RMSE"
    return [_row(name, metric, model, np.array(pairs)) for model, pairs in found.items()]


def _row(name: str, metric: str, model: str, pairs: np.ndarray) -> dict[str, Any]:
    scores, seconds = pairs.T
    row = {
        "data": name,
        "epochs": EPOCHS[name],
        "metric": metric,
        "model": model,
        "mean": float(scores.mean()),
        "std": float(scores.std(ddof=1)),
    }
    return row | {"seeds": [round(float(s), 4) for s in scores], "seconds a run": round(float(seconds.mean()), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--only", nargs="+", default=EPOCHS)
    chosen = parser.parse_args()
    rows = [row for name in chosen.only for row in rows_of(name, chosen.work)]
    question = "test score on scaffold_balanced splits, seeds 0, 1, 2 (mean and standard deviation over seeds)"
    record("moleculenet", question, "python benchmarks/moleculenet.py --work FOLDER", rows)


if __name__ == "__main__":
    main()
