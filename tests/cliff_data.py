"""A data set in which it is known what each part of a molecule does to the label."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rdkit import Chem

from mmexplore.datasets import Dataset, Report, Task

CORES = (
    "CCc1ccc(X)cc1",
    "CCCc1ccc(X)cc1",
    "CCCCc1ccc(X)cc1",
    "CCOc1ccc(X)cc1",
    "CC(=O)c1ccc(X)cc1",
    "N#Cc1ccc(X)cc1",
    "c1ccc(-c2ccc(X)cc2)cc1",
    "c1ccc2cc(X)ccc2c1",
    "Cc1cc(X)ncc1C",
    "O=C1CCC(X)CC1",
    "CC(=O)Nc1ccc(X)cc1",
    "CNC(=O)c1cccc(X)c1",
)
PARTS = {"F": 0.0, "Cl": -0.5, "O": 2.0, "OC": 0.1, "C": -0.1}


def made(smiles: Sequence[str], labels: np.ndarray, *tasks: Task) -> Dataset:
    """A data set of these molecules; ``labels`` (n, tasks)."""
    text, n = np.array([Chem.CanonSmiles(one) for one in smiles], object), len(smiles)
    digest = hashlib.sha256("".join(text).encode() + labels.tobytes()).hexdigest()
    names, lines = np.array([f"m{row}" for row in range(n)], object), np.arange(n) + 2
    extra = pd.DataFrame(index=range(n))
    return Dataset("planted", "Planted", digest, text, names, lines, labels, tasks, extra, Report(n, n))


def planted(noise: float = 0.05, seed: int = 0, *, classes: bool = False) -> Dataset:
    """Each core with each part: what the part adds is known (:data:`PARTS`), each core has a level of its own."""
    rng = np.random.default_rng(seed)
    smiles, values = [], []
    for core in CORES:
        level = rng.normal(0, 0.3)
        for part, effect in PARTS.items():
            smiles.append(core.replace("X", part))
            values.append(level + effect + rng.normal(0, noise))
    labels = np.array(values, np.float32)[:, None]
    if classes:
        return made(smiles, (labels > 1).astype(np.float32), Task("active", "classification"))
    return made(smiles, labels, Task("logS", "regression", "log mol/L"))
