"""Weights in half precision: half the bytes, and how much that changes what a model says, measured and written down."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from mmexplore.datasets import catalog
from mmexplore.features.of_dataset import features_of
from mmexplore.models import checkpoints
from mmexplore.nn.dataloader import batches
from mmexplore.nn.model import Predictor
from mmexplore.runtime.home import default_home

MOST_CHANGE = 0.01
"""Of a view or a prediction, in units of its spread over molecules; what changes more is left as it was."""
FEW = 256
"""Numbers of a tensor that is left as it is: nothing is won by halving it."""


def halve(folder: Path, data: str = "solubility") -> float:
    """Halve those weights of a model whose rounding nobody sees, in place; returns the largest change that is left.

    Branches and other modules are tried one by one beside what was halved before, those that change more than
    MOST_CHANGE by their own modules, down to a tensor; the change is in units of the spread.
    """
    predictor = checkpoints.load(folder)
    whole, (recipe, card) = load_file(folder / checkpoints.WEIGHTS), checkpoints.read(folder)
    before = _said(predictor, data)
    halved: set[str] = set()
    left = 0.0

    def seek(names: list[str], depth: int) -> None:
        nonlocal left
        found = _change_of({k: v.half().float() if k in halved or k in names else v for k, v in whole.items()})
        if found <= MOST_CHANGE:
            halved.update(names)
            left = found
        elif len(names) > 1:
            for part in _parts(names, depth + 1):
                seek(part, depth + 1)

    def _change_of(weights: dict[str, Tensor]) -> float:
        predictor.load_state_dict(weights)
        return max(_change(a, b) for a, b in zip(before, _said(predictor, data), strict=True))

    large = [k for k, v in whole.items() if v.is_floating_point() and v.numel() > FEW]
    for part in _parts(large, 2):
        seek(part, 2)
    if not halved:
        return 0.0
    but = sorted({".".join(name.split(".")[:2]) for name in large if name not in halved})
    said = f" but for some of {', '.join(but)}" if but else ""
    note = f"weights in half precision{said}: no view or prediction changes by more than {left:.1g} of its spread"
    card = card.model_copy(update={"notes": (*card.notes, note)})
    checkpoints.write(folder, save({k: v.half() if k in halved else v for k, v in whole.items()}), recipe, card)
    return left


def _parts(names: Iterable[str], depth: int) -> list[list[str]]:
    """Names by what they begin with, as many words as ``depth``."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(".".join(name.split(".")[:depth]), []).append(name)
    return list(found.values())


def _said(predictor: Predictor, data: str) -> list[np.ndarray]:
    """Views and predictions of 256 molecules; set views follow from them."""
    molecules = catalog.load(data, home=default_home())
    known = {
        m: features_of(molecules, m, options, home=default_home()) for m, options in predictor.recipe.modalities.items()
    }
    rows = np.flatnonzero(np.logical_and.reduce([f.ok for f in known.values()]))[:256]
    with torch.inference_mode():
        made = predictor(next(batches(known, np.empty((len(molecules), 0), np.float32), rows, len(rows))))
    return [*(v.numpy() for v in made.views.values()), *([made.outputs.numpy()] if predictor.tasks else [])]


def _change(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / one.std(0).max())
