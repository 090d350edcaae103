"""What the tests of embeddings share: a few dozen molecules and an untrained model with two tasks."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rdkit import Chem

from mmexplore.datasets import Dataset, Report, Task
from mmexplore.models import checkpoints, embeddings
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.nn.model import Predictor
from mmexplore.recipes import recipe

SMILES = [
    f"{'C' * (1 + i % 9)}{end}" for i, end in enumerate(["O", "N", "C(=O)O", "c1ccccc1", "Cl", "S(C)(=O)=O"] * 12)
]
TASKS = (Task("active", "classification"), Task("logS", "regression", "log mol/L"))


def a_dataset(smiles: list[str] | None = None) -> Dataset:
    smiles = [Chem.CanonSmiles(s) for s in SMILES] if smiles is None else smiles
    n = len(smiles)
    text = np.array(smiles, dtype=object)
    digest = embeddings.hashlib.sha256("".join(smiles).encode()).hexdigest()
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
