"""Weights in half precision: half the bytes, and how much that changes what a model says, measured and written down."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save

from mmexplore import catalogue, checkpoints
from mmexplore.batching import batches
from mmexplore.dataset_features import features_of
from mmexplore.predictor import Predictor

MOST_CHANGE = 0.01
"""Of a view or a prediction, in units of its spread over molecules; a model that changes more is left as it was."""


def halve(folder: Path, data: str = "solubility") -> float:
    """Halve a model's weights in place unless it then differs; returns the largest change, in units of the spread."""
    before = _said(checkpoints.load(folder), data)
    whole, (recipe, card) = load_file(folder / checkpoints.WEIGHTS), checkpoints.read(folder)
    content = save({k: v.half() if v.is_floating_point() and v.numel() > 256 else v for k, v in whole.items()})
    kept = (folder / checkpoints.WEIGHTS).read_bytes()
    checkpoints.write(folder, content, recipe, card)
    change = max(_change(a, b) for a, b in zip(before, _said(checkpoints.load(folder), data), strict=True))
    if change > MOST_CHANGE:
        checkpoints.write(folder, kept, recipe, card)
        return change
    note = f"weights in half precision: no view or prediction changes by more than {change:.1g} of its spread"
    checkpoints.write(folder, content, recipe, card.model_copy(update={"notes": (*card.notes, note)}))
    return change


def _said(predictor: Predictor, data: str) -> list[np.ndarray]:
    """Views and predictions of 256 molecules; set views follow from them."""
    molecules = catalogue.load(data)
    known = {m: features_of(molecules, m, options) for m, options in predictor.recipe.modalities.items()}
    rows = np.flatnonzero(np.logical_and.reduce([f.ok for f in known.values()]))[:256]
    with torch.inference_mode():
        made = predictor(next(batches(known, np.empty((len(molecules), 0), np.float32), rows, len(rows))))
    return [*(v.numpy() for v in made.views.values()), *([made.outputs.numpy()] if predictor.tasks else [])]


def _change(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / one.std(0).max())
