"""Pre-trainings and fine-tunings of MMSA for the benchmarks, each a process of its own; finished ones are kept."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

PAPER = json.loads((Path(__file__).parent / "papers" / "mmsa.json").read_text(encoding="utf-8"))
PERCENT = {name for name, metric in PAPER["metric"].items() if metric.endswith("%")}
SCRATCH = ""


def sample(name: str, count: int, work: Path, seed: int = 0) -> Path:
    """``count`` molecules of a SMILES file of ``MMEXPLORE_DATA_DIR`` as a file of their own."""
    path = work / f"{name}-{count}.smi"
    if not path.is_file():
        found = next(Path(os.environ["MMEXPLORE_DATA_DIR"]).rglob(f"{name}.smi.gz"))
        lines = gzip.decompress(found.read_bytes()).decode().split()
        chosen = np.sort(np.random.default_rng(seed).permutation(len(lines))[:count])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines[i] for i in chosen) + "\n")
    return path


def pretrained(data: Path, version: str, settings: list[str], work: Path) -> Path:
    """The folder of a pre-training, run unless it is there."""
    words = [f"--data={data}", f"--version={version}", *_flags(settings)]
    return _run("pretrain", "mmsa", words, work)


def finetuned(start: Path | str, encoder: str, data: str, seed: int, epochs: int, work: Path) -> float:
    """Test score of a graph encoder on the deterministic scaffold split: ROC-AUC in %, or RMSE."""
    branch = {"encoder": encoder, "name": "graph2d", "start": str(start)}
    settings = [f"branches={json.dumps([branch])}", f"training.epochs={epochs}", "training.batch_size=64"]
    words = [f"--data={data}", "--split=scaffold", f"--seed={seed}", *_flags(settings)]
    card = json.loads((_run("train", "gin", words, work) / "model" / "card.json").read_text())
    scores = card["metrics"]["test"]
    return float(scores["roc_auc"] * 100 if data in PERCENT else scores["rmse"])


def rows_beside_the_paper(table: str, found: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    """One row a variant and data set: mean and spread over seeds beside the paper's figure."""
    rows = []
    for variant, scores in found.items():
        for data, values in scores.items():
            paper = PAPER.get(table, {}).get(variant, {}).get(data)
            rows.append(
                {"variant": variant, "data": data, "metric": PAPER["metric"][data], "paper": paper}
                | {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else None}
                | {"seeds": [round(v, 4) for v in values]}
            )
    return rows


def _flags(settings: list[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _run(verb: str, recipe: str, words: list[str], work: Path) -> Path:
    """The run's folder, named by what was asked; a run that was cut off goes on."""
    name = hashlib.sha256(json.dumps([verb, recipe, words]).encode()).hexdigest()[:12]
    folder = work / f"{verb}-{name}"
    if not (folder / "model" / "card.json").is_file():
        command = [sys.executable, "-m", "mmexplore", verb, recipe, *words, "--out", str(folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        (folder / "asked.json").write_text(json.dumps([verb, recipe, *words], indent=1))
    return folder
