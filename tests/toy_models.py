"""What the tests of embeddings share: a few dozen molecules and an untrained model with two tasks."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from interrupted import part
from rdkit import Chem
from screens import NASTY

from mmexplore.datasets import Dataset, Report, Task
from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.nn.model import Predictor
from mmexplore.recipes import presets, recipe

SMILES = [
    f"{'C' * (1 + i % 9)}{end}" for i, end in enumerate(["O", "N", "C(=O)O", "c1ccccc1", "Cl", "S(C)(=O)=O"] * 12)
]
TASKS = (Task("active", "classification"), Task("logS", "regression", "log mol/L"))


def a_dataset(smiles: list[str] | None = None) -> Dataset:
    smiles = [Chem.CanonSmiles(s) for s in SMILES] if smiles is None else smiles
    n = len(smiles)
    text = np.array(smiles, dtype=object)
    digest = hashlib.sha256("".join(smiles).encode()).hexdigest()
    empty = np.full((n, 2), np.nan, np.float32)
    names = np.full(n, "", dtype=object)
    return Dataset(
        "toy", "Toy", digest, text, names, np.arange(n), empty, TASKS, pd.DataFrame(index=range(n)), Report(n, n)
    )


def save_model(folder: Path, seed: int = 0, encoder: str = "dmpnn") -> Predictor:
    torch.manual_seed(seed)
    chosen = recipe.parse({"branches": [{"encoder": encoder, "options": {"hidden_size": 16}}]})
    predictor = Predictor(chosen, TASKS)
    predictor.label_mean[1], predictor.label_std[1] = -3.0, 2.0
    data, split = (
        DataUsed(name="toy", digest="0", rows=1, tasks=TASKS),
        SplitUsed(rule="random", seed=0, sizes=(1, 1, 1)),
    )
    card = Card(name="toy", data=data, split=split, seed=0, metrics={}, epochs_run=1, best_epoch=1, seconds=1.0)
    checkpoints.save(folder, predictor, chosen, card)
    return predictor.eval()


def few() -> Dataset:
    """Forty molecules."""
    whole = part()
    rows = slice(0, 40)
    return replace(
        whole,
        smiles=whole.smiles[rows],
        names=whole.names[rows],
        lines=whole.lines[rows],
        labels=whole.labels[rows],
        extra=whole.extra.iloc[rows],
        digest="few",
    )


def card(home: Path, name: str, *, seed: int = 0, split_seed: int = 0, rmse: float = 1.0, depth: int = 3) -> None:
    folder = home / "runs" / name / "model"
    folder.mkdir(parents=True)
    chosen = presets.preset("dmpnn").with_settings(
        [f"training.seed={seed}", f"data.split_seed={split_seed}", f"branches.0.options.depth={depth}"]
    )
    made = Card(
        name=f"{name} {NASTY}", seed=seed, epochs_run=2, best_epoch=1,
        data=DataUsed(name="solubility", digest="d", rows=9, tasks=(Task("SOL", "regression", "M"),)),
        split=SplitUsed(rule="scaffold_balanced", seed=split_seed, sizes=(7, 1, 1)),
        metrics={"validation": {"rmse": rmse}, "test": {"rmse": 2 * rmse, "tasks": 1.0}}, seconds=3.0,
        created="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    (folder / "card.json").write_text(made.model_dump_json())
    (folder / "recipe.json").write_text(chosen.model_dump_json())
    (folder / "weights.safetensors").write_bytes(b"")
    history = [{"epoch": epoch, "train_loss": 0.6 - epoch / 10, "validation_rmse": 3 - epoch} for epoch in (1.0, 2.0)]
    (folder.parent / "history.json").write_text(json.dumps(history))
