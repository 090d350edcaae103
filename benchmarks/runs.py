"""Trainings for the benchmarks, each a process of its own; finished ones are kept, and what they scored, in tables."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Scores = Mapping[str, Mapping[str, list[float]]]


def paper(name: str) -> dict[str, Any]:
    """What a paper prints: ``papers/NAME.json``."""
    values: dict[str, Any] = json.loads((Path(__file__).parent / "papers" / f"{name}.json").read_text(encoding="utf-8"))
    return values


def flags(settings: list[str]) -> list[str]:
    """Settings as words of the command line."""
    return [word for setting in settings for word in ("--set", setting)]


def run(verb: str, recipe: str, words: list[str], work: Path) -> Path:
    """The run's folder, named by what was asked; a run that was cut off goes on.

    The whole validation part chooses the epoch, as in the papers: none of it is kept for intervals.
    """
    name = hashlib.sha256(json.dumps([verb, recipe, words]).encode()).hexdigest()[:12]
    folder = work / f"{verb}-{name}"
    if not (folder / "model" / "card.json").is_file():
        whole = flags(["data.calibration=0"]) if verb == "train" else []
        command = [sys.executable, "-m", "mmexplore", verb, recipe, *whole, *words, "--out", str(folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        (folder / "asked.json").write_text(json.dumps([verb, recipe, *words], indent=1))
    return folder


def score_of(folder: Path, metric: str) -> float:
    """ROC-AUC in %, or RMSE, of a run's test part."""
    scores = json.loads((folder / "model" / "card.json").read_text())["metrics"]["test"]
    return float(scores["roc_auc"] * 100 if metric.endswith("%") else scores["rmse"])


def rows_beside(
    printed: Mapping[str, Any], table: Mapping[str, Mapping[str, float]], found: Scores
) -> list[dict[str, Any]]:
    """One row a variant and data set: mean and spread over seeds beside what a table of the paper prints."""
    rows = []
    for variant, scores in found.items():
        for data, values in scores.items():
            rows.append(
                {"variant": variant, "data": data, "metric": printed["metric"][data]}
                | {"paper": table.get(variant, {}).get(data), "mean": float(np.mean(values))}
                | {"std": float(np.std(values, ddof=1)) if len(values) > 1 else None}
                | {"seeds": [round(v, 4) for v in values]}
            )
    return rows
