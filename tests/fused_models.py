"""Models of small branches with drawn weights, as if they had been trained on FreeSolv."""

from pathlib import Path

import torch

from mmexplore import studio
from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.nn.model import Predictor
from mmexplore.recipes import recipe

NAMES = ("smiles", "image", "fingerprint")
DATA = "freesolv"


def saved(home: Path, name: str, fusion: str, names: tuple[str, ...], seed: int = 0, rmse: float = 1.0) -> None:
    """A model of small branches with drawn weights, as if it had been trained on FreeSolv."""
    torch.manual_seed(seed)
    branches = [{"encoder": "dmpnn", "name": branch, "options": {"hidden_size": 16}} for branch in names]
    chosen = recipe.parse({"branches": branches, "fusion": {"name": fusion}})
    table = studio.dataset(DATA)
    predictor = Predictor(chosen, table.tasks)
    predictor.label_mean[0], predictor.label_std[0] = -3.8, 2.5
    data = DataUsed(name=DATA, digest=table.digest, rows=len(table), tasks=table.tasks)
    split = SplitUsed(rule="scaffold", seed=seed, sizes=(514, 64, 64))
    scores = {"test": {"rmse": rmse}}
    card = Card(name=name, data=data, split=split, seed=seed, metrics=scores, epochs_run=1, best_epoch=1, seconds=1.0)
    checkpoints.save(home / "runs" / name / "model", predictor, chosen, card)
