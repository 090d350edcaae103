"""Pre-trainings and fine-tunings of MMSA for the benchmarks, each a process of its own; finished ones are kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from public import MANY, zinc
from runs import Scores, flags, paper, rows_beside, run, score_of

PAPER = paper("mmsa")
PAPER["metric"] |= {"freesolv": "RMSE"}  # not in the paper: it is here without a download, for the smallest scale
SCRATCH = ""


def protocol(epochs: int, data: str, molecules: int, pretraining_epochs: int) -> dict[str, Any]:
    """How MMSA's pre-trainings and fine-tunings here are made, in the words of the paper's."""
    return {
        "data": "MoleculeNet",
        "split": "scaffold, deterministic",
        "parts": "80/10/10",
        "fine-tuning epochs": epochs,
        "pre-training data": data,
        "pre-training molecules": molecules,
        "pre-training epochs": pretraining_epochs,
        "pre-training batch": 128,
        "pre-training conformers": 1,
        "pre-training picture encoder": "ResNet-18 from random weights, 64 px",
        "pre-training hyperedges of": 2,
    }


def sample(count: int, work: Path, seed: int = 0) -> Path:
    """``count`` molecules of ZINC250k as a file of their own, drawn by a seed."""
    path = work / f"zinc250k-{count}.smi"
    if not path.is_file():
        lines, _ = zinc(MANY)
        chosen = np.sort(np.random.default_rng(seed).permutation(len(lines))[:count])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines[i] for i in chosen) + "\n")
    return path


def pretrained(data: Path, version: str, settings: list[str], work: Path) -> Path:
    """The folder of a pre-training, run unless it is there."""
    words = [f"--data={data}", f"--version={version}", *flags(settings)]
    return run("pretrain", "mmsa", words, work)


def finetuned(start: Path | str, encoder: str, data: str, seed: int, epochs: int, work: Path) -> float:
    """Test score of a graph encoder on the deterministic scaffold split: ROC-AUC in %, or RMSE."""
    branch = {"encoder": encoder, "name": "graph2d", "start": str(start)}
    settings = [f"branches={json.dumps([branch])}", f"training.epochs={epochs}", "training.batch_size=64"]
    words = [f"--data={data}", "--split=scaffold", f"--seed={seed}", *flags(settings)]
    return score_of(run("train", "gin", words, work), PAPER["metric"][data])


def rows_beside_the_paper(table: str, found: Scores) -> list[dict[str, Any]]:
    """One row a variant and data set: mean and spread over seeds beside the paper's figure."""
    return rows_beside(PAPER, PAPER.get(table, {}), found)
