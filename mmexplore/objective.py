"""What a training minimises, how large its steps are, and which score chooses the weights that are kept."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.predictor import Predictor
from mmexplore.recipe import Training
from mmexplore.training_data import Prepared


def learning_rate(training: Training, step: int, steps_per_epoch: int) -> float:
    """Rate of a step (from 0). ``noam`` is chemprop's: from a tenth linearly up, then exponentially down to a tenth."""
    highest = training.learning_rate
    if training.schedule == "constant":
        return highest
    warm = int(training.warmup_epochs * steps_per_epoch)
    if step < warm:
        return highest * (0.1 + 0.9 * step / warm)
    cooling = max(1, training.epochs * steps_per_epoch - warm)
    return float(highest * 0.1 ** min(1.0, (step - warm) / cooling))


def loss_of(predictor: Predictor, outputs: Tensor, labels: Tensor) -> Tensor:
    """Mean over the labels that are there: cross entropy of logits, or squared error of z-scores."""
    known = torch.isfinite(labels)
    target = predictor.scale(torch.where(known, labels, predictor.label_mean))
    if predictor.tasks[0].kind == "classification":
        each = functional.binary_cross_entropy_with_logits(outputs.float(), target, reduction="none")
    else:
        each = functional.mse_loss(outputs.float(), target, reduction="none")
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)


def criterion(prepared: Prepared) -> str:
    """The validation score that chooses the weights; "" where the validation part has no labels."""
    labels = prepared.labels[prepared.parts["validation"]]
    if not np.isfinite(labels).any():
        return ""
    if prepared.kind == "regression":
        return "rmse"
    both = (labels == 1).any(0) & (labels == 0).any(0)
    return "roc_auc" if both.any() else "cross_entropy"
