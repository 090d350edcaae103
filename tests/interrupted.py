"""Trainings that are killed on the way, and what is left of them."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch

from mmexplore.datasets import Dataset, catalog
from mmexplore.models import checkpoints
from mmexplore.recipes.recipe import Recipe

ROOT = Path(__file__).parents[1]
PROGRAM = """
import json, sys
from pathlib import Path
from mmexplore.recipes.recipe import parse
from mmexplore.training.train import train
from interrupted import part

def heard(stage, done, total, /, **values):
    if "train_loss" in values:
        print("epoch", done, flush=True)

train(parse(json.loads(sys.argv[1])), part(), Path(sys.argv[2]), progress=heard)
"""


def part() -> Dataset:
    """A hundred molecules with one label."""
    whole = catalog.load("solubility")
    rows = slice(0, 100)
    return replace(
        whole, smiles=whole.smiles[rows], labels=whole.labels[rows, :1], tasks=whole.tasks[:1], digest="part"
    )


def killed_after(epoch: int, recipe: Recipe, folder: Path) -> None:
    """Train in a process of its own and kill it once it has told of this epoch."""
    command = [sys.executable, "-c", PROGRAM, recipe.model_dump_json(), str(folder)]
    path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    paths = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    with subprocess.Popen(command, env=os.environ | paths, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == f"epoch {epoch}":
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return checkpoints.load(folder / "model").state_dict()
