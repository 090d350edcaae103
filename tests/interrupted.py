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
from mmexplore.runtime.home import default_home

ROOT = Path(__file__).parents[1]
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import default_home
from mmexplore.training.train import train
from interrupted import part

def heard(stage, done, total, /, **values):
    if "train_loss" in values and done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

train(parse(json.loads(sys.argv[1])), part(), Path(sys.argv[2]), progress=heard, home=default_home())
"""


def part() -> Dataset:
    """A hundred molecules with one label."""
    whole = catalog.load("solubility", home=default_home())
    rows = slice(0, 100)
    return replace(
        whole, smiles=whole.smiles[rows], labels=whole.labels[rows, :1], tasks=whole.tasks[:1], digest="part"
    )


def killed_after(epoch: int, recipe: Recipe, folder: Path) -> None:
    """Train in a process of its own that kill -9 ends in the moment when it tells of this epoch."""
    command = [sys.executable, "-c", PROGRAM, recipe.model_dump_json(), str(folder), str(epoch)]
    path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    paths = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(command, env=os.environ | paths, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return checkpoints.load(folder / "model").state_dict()
