"""Weights in half precision: half the bytes, and how much that changes what a model says, measured and written down."""

from collections.abc import Collection
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


def halve(folder: Path, data: str = "solubility") -> float:
    """Halve those parts of a model whose rounding nobody sees, in place; returns the largest change that is left.

    A part is a branch, or a module of the fusion or the pre-training; its change is in units of the spread.
    """
    predictor = checkpoints.load(folder)
    whole, (recipe, card) = load_file(folder / checkpoints.WEIGHTS), checkpoints.read(folder)
    before = _said(predictor, data)

    def change(parts: Collection[str]) -> float:
        predictor.load_state_dict({k: v.float() for k, v in _halved(whole, parts).items()})
        return max(_change(a, b) for a, b in zip(before, _said(predictor, data), strict=True))

    parts = sorted({_part(name) for name in whole})
    halved = [part for part in parts if change([part]) <= MOST_CHANGE]
    left = change(halved)
    if not halved or left > MOST_CHANGE:
        return 0.0
    but = f" but for {', '.join(kept)}" if (kept := [part for part in parts if part not in halved]) else ""
    note = f"weights in half precision{but}: no view or prediction changes by more than {left:.1g} of its spread"
    card = card.model_copy(update={"notes": (*card.notes, note)})
    checkpoints.write(folder, save(_halved(whole, halved)), recipe, card)
    return left


def _part(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _halved(whole: dict[str, Tensor], parts: Collection[str]) -> dict[str, Tensor]:
    return {
        k: v.half() if v.is_floating_point() and v.numel() > 256 and _part(k) in parts else v for k, v in whole.items()
    }


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
