"""What the tests of scores share: a data set in a home, and runs whose predictions are made up."""

from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore import studio
from mmexplore.datasets import Dataset
from mmexplore.datasets.splits import divide
from mmexplore.models import metrics
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.recipes import presets
from mmexplore.training.checks import split_rule

ENDS = ("O", "N", "c1ccccc1", "C1CCCC1", "C1CCNCC1", "c1ccncc1", "S(C)(=O)=O", "C(=O)O")
SMILES = [f"{'C' * n}{end}" for n in range(1, 16) for end in ENDS]


def a_table(folder: Path, kind: str = "both") -> Dataset:
    """A data set of 120 molecules: ``active`` 0 or 1, ``logP`` a number, or both; ``year`` and ``part`` beside."""
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {"smiles": SMILES}
    columns |= {"active": rng.integers(0, 2, len(SMILES))} if kind != "numbers" else {}
    columns |= {"logP": rng.normal(size=len(SMILES)).round(3)} if kind != "classes" else {}
    columns |= {"year": [f"{2000 + row % 20}-01-01" for row in range(len(SMILES))]}
    columns |= {"part": [("train", "train", "train", "valid", "test")[row % 5] for row in range(len(SMILES))]}
    path = folder / f"{kind}.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    targets = [name for name in ("active", "logP") if name in columns]
    return studio.add_dataset(path, f"table of {kind}", targets=targets)


def a_run(
    home: Path, name: str, data: Dataset, noise: float, *settings: str, preset: str = "dmpnn", seed: int = 0
) -> None:
    """A finished run whose predictions are the labels with noise."""
    made = presets.preset(preset).with_settings(
        [f"data.dataset={data.name}", "data.split=random", f"training.seed={seed}", *settings]
    )
    found = divide(data, split_rule(made.data)).split
    rng = np.random.default_rng(len(name) + seed)
    guess = data.labels + noise * rng.normal(size=data.labels.shape)
    classes = np.array([task.kind == "classification" for task in data.tasks])
    guess = np.where(classes, np.clip(0.5 + (guess - 0.5) / 2, 0.01, 0.99), guess).astype(np.float32)
    split = np.full(len(data), "", object)
    for part in ("train", "validation", "test"):
        split[getattr(found, part)] = part
    kinds = tuple(task.kind for task in data.tasks)
    told = {p: metrics.scores(kinds, data.labels[split == p], guess[split == p]) for p in ("validation", "test")}
    card = Card(
        name=name, seed=seed, epochs_run=1, best_epoch=1, seconds=1.0, metrics=told,
        data=DataUsed(name=data.name, digest=data.digest, rows=len(data), tasks=data.tasks),
        split=SplitUsed(
            rule=made.data.split, seed=made.data.split_seed, sizes=found.sizes, options=made.data.split_options
        ),
    )  # fmt: skip
    folder = home / "runs" / name / "model"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(card.model_dump_json())
    (folder / "recipe.json").write_text(made.model_dump_json())
    (folder / "weights.safetensors").write_bytes(f"{name} {noise} {seed}".encode())
    columns = {"row": np.arange(len(data)), "split": split}
    columns |= {task.name: guess[:, number] for number, task in enumerate(data.tasks)}
    columns |= {f"truth: {task.name}": data.labels[:, number] for number, task in enumerate(data.tasks)}
    pd.DataFrame(columns).to_parquet(folder.parent / "predictions.parquet", index=False)
