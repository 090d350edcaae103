"""Supervised objective: masked multi-task cross entropy or z-scored squared error, and the field's scores."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.models import metrics
from mmexplore.models.metrics import Scores
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.runtime.devices import Policy, exactly
from mmexplore.runtime.errors import BadRecipe
from mmexplore.training.checks import PARTS
from mmexplore.training.data import Prepared
from mmexplore.training.objective import Objective, TrainingOutcome, TrainingPlan

_SMALLEST_EVALUATION_BATCH = 256


class Supervised(Objective):
    """Supervised objective: fine-tuning, or training from scratch."""

    def __init__(self, plan: TrainingPlan) -> None:
        super().__init__(plan)
        self.criterion = criterion(plan.prepared, plan.recipe.training.watch)

    def begin(self, predictor: Predictor) -> None:
        """Outputs of a regression are z-scores of the training labels."""
        predictor.label_mean.copy_(torch.from_numpy(self.prepared.mean))
        predictor.label_std.copy_(torch.from_numpy(self.prepared.std))

    def losses(self, predictor: Predictor, batch: Batch) -> dict[str, Tensor]:
        """``loss`` of a batch."""
        outputs = predictor(batch).outputs
        return {"loss": loss_of(predictor, outputs, batch.labels.to(outputs.device))}

    def validated(self, predictor: Predictor) -> Scores:
        """Scores of the validation part's rows that choose the epoch, means over its tasks."""
        if not self.criterion:
            return {}
        rows = self.prepared.choosing
        guess = predict_rows(predictor, self.prepared, rows, self.size, self.plan.policy)
        found = metrics.scores(self.prepared.kind, self.prepared.labels[rows], guess)
        return {name: value for name, value in found.items() if name != "tasks"}

    def outcome(self, predictor: Predictor) -> TrainingOutcome:
        """Scores and predictions of every part."""
        prepared, guess = self.prepared, self._predictions(predictor)
        truth = {part: prepared.labels[prepared.parts[part]] for part in guess}
        names = [task.name for task in prepared.tasks]
        scored = [part for part in ("validation", "test") if np.isfinite(truth[part]).any()]
        return TrainingOutcome(
            {part: metrics.scores(prepared.kind, truth[part], guess[part]) for part in scored},
            {part: metrics.named(names, metrics.per_task(prepared.kind, truth[part], guess[part])) for part in scored},
            self._notes(),
            guess,
        )

    def _predictions(self, predictor: Predictor) -> dict[str, np.ndarray]:
        guess: dict[str, np.ndarray] = {}
        for done, part in enumerate(PARTS):
            self.plan.progress("evaluate", done, len(PARTS))
            guess[part] = predict_rows(predictor, self.prepared, self.prepared.parts[part], self.size, self.plan.policy)
        self.plan.progress("evaluate", len(PARTS), len(PARTS))
        return guess

    def _notes(self) -> tuple[str, ...]:
        if not self.plan.recipe.predicts_by_fusion:
            return ()  # nothing was chosen by it
        if not self.criterion:
            return ("the validation part has no labels: the weights are the last epoch's",)
        if self.criterion == "cross_entropy" != self.plan.recipe.training.watch:
            return ("no task has both classes in the validation part: the weights have its lowest cross entropy",)
        return ()


def predict_rows(predictor: Predictor, prepared: Prepared, rows: np.ndarray, size: int, policy: Policy) -> np.ndarray:
    """Probabilities or values in original units of these rows, float32 ``(rows, tasks)``; leaves evaluation mode on."""
    predictor.eval()
    found = [np.empty((0, len(prepared.tasks)), np.float32)]
    with torch.inference_mode(), exactly(policy):
        for batch in batches(prepared.features, prepared.labels, rows, max(size, _SMALLEST_EVALUATION_BATCH)):
            found.append(predictor.predict(batch).cpu().numpy())
    return np.concatenate(found)


def loss_of(predictor: Predictor, outputs: Tensor, labels: Tensor) -> Tensor:
    """Masked loss over the labels that are there, mean: cross entropy of logits, or squared error of z-scores."""
    known = torch.isfinite(labels)
    target = predictor.scale(torch.where(known, labels, predictor.label_mean))
    if predictor.tasks[0].kind == "classification":
        each = functional.binary_cross_entropy_with_logits(outputs.float(), target, reduction="none")
    else:
        each = functional.mse_loss(outputs.float(), target, reduction="none")
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)


_WATCHED = {"classification": ("roc_auc", "pr_auc", "cross_entropy"), "regression": ("rmse", "mae")}


def criterion(prepared: Prepared, watch: str = "auto") -> str:
    """Selection criterion: the validation score that chooses the weights.

    "" where the validation part has no labels; cross entropy where no task has both classes there. Raises BadRecipe
    for a score that tasks of this kind do not have.
    """
    if watch != "auto" and watch not in (able := _WATCHED[prepared.kind]):
        raise BadRecipe(f"training.watch of a {prepared.kind} is auto, {' or '.join(able)}, and {watch!r} came")
    labels = prepared.labels[prepared.choosing]
    if not np.isfinite(labels).any():
        return ""
    chosen = watch if watch != "auto" else _WATCHED[prepared.kind][0]
    both = (labels == 1).any(0) & (labels == 0).any(0)
    return "cross_entropy" if prepared.kind == "classification" and not both.any() else chosen
