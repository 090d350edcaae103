"""Supervised objective: masked multi-task cross entropy or z-scored squared error, and the field's scores.

Each task has the loss, the activation and the scores of its kind, whatever the other tasks are.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.models import metrics
from mmexplore.models.metrics import Scores
from mmexplore.nn import shares
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import Training
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
        self.weights = label_weights(plan.recipe.training, plan.prepared)

    def begin(self, predictor: Predictor) -> None:
        """Outputs of a regression are z-scores of the training labels."""
        predictor.label_mean.copy_(torch.from_numpy(self.prepared.mean))
        predictor.label_std.copy_(torch.from_numpy(self.prepared.std))

    def losses(self, predictor: Predictor, batch: Batch) -> dict[str, Tensor]:
        """``loss`` of a batch."""
        outputs = shares.encoded(lambda own: {"": predictor(replace(batch, records=own)).outputs}, batch.records)[""]
        weighed = {} if self.weights is None else {"weights": self.weights}
        return {"loss": loss_of(predictor, outputs, batch.labels.to(outputs.device), **weighed)}

    def validated(self, predictor: Predictor) -> Scores:
        """Scores of the validation part's rows that choose the epoch, means over its tasks."""
        if not self.criterion:
            return {}
        rows = self.prepared.choosing
        guess = predict_rows(predictor, self.prepared, rows, self.size, self.plan.policy)
        found = self._scores(self.prepared.labels[rows], guess)
        return {name: value for name, value in found.items() if name != "tasks"}

    def _scores(self, truth: np.ndarray, guess: np.ndarray) -> Scores:
        """Mean scores; tasks of both kinds have none in common but their loss, which comes first."""
        prepared = self.prepared
        found = metrics.scores(prepared.kinds, truth, guess)
        if not prepared.mixed:
            return found
        return {"loss": metrics.mean_loss(prepared.kinds, truth, guess, prepared.std)} | found

    def outcome(self, predictor: Predictor) -> TrainingOutcome:
        """Scores and predictions of every part."""
        prepared, guess = self.prepared, self._predictions(predictor)
        truth = {part: prepared.labels[prepared.parts[part]] for part in guess}
        names = [task.name for task in prepared.tasks]
        scored = [part for part in ("validation", "test") if np.isfinite(truth[part]).any()]
        return TrainingOutcome(
            {part: self._scores(truth[part], guess[part]) for part in scored},
            {part: metrics.named(names, self._per_task(truth[part], guess[part])) for part in scored},
            self._notes(),
            guess,
        )

    def _per_task(self, truth: np.ndarray, guess: np.ndarray) -> list[Scores]:
        return metrics.per_task(self.prepared.kinds, truth, guess)

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
        return (_MIXED,) if self.criterion == "loss" else ()


def predict_rows(predictor: Predictor, prepared: Prepared, rows: np.ndarray, size: int, policy: Policy) -> np.ndarray:
    """Probabilities or values in original units of these rows, float32 ``(rows, tasks)``; leaves evaluation mode on."""
    predictor.eval()
    found = [np.empty((0, len(prepared.tasks)), np.float32)]
    with torch.inference_mode(), exactly(policy):
        for batch in batches(prepared.features, prepared.labels, rows, max(size, _SMALLEST_EVALUATION_BATCH)):
            found.append(predictor.predict(batch).cpu().numpy())
    return np.concatenate(found)


_MIXED = (
    "tasks of both kinds: the weights are those of the lowest validation loss, the mean over tasks of cross entropy "
    "and of squared error in standard deviations"
)


@dataclass(frozen=True)
class LabelWeights:
    """Weights of labels in the loss, each float32 ``(tasks,)``: of a label 1, and of any other label."""

    ones: Tensor
    others: Tensor

    def of(self, labels: Tensor) -> Tensor:
        """Weights of labels ``(n, tasks)``."""
        return torch.where(labels == 1, self.ones.to(labels), self.others.to(labels))


def label_weights(training: Training, prepared: Prepared) -> LabelWeights | None:
    """Label weights that a recipe asks for; None where all weigh alike.

    Balanced: ``n / 2 n_1`` and ``n / 2 n_0`` over the training part, as scikit-learn's (a task of one class: 1);
    given: a label 1 counts so often as PyTorch's ``pos_weight`` says. Tasks' weights have a mean of one, so that the
    learning rate means what it meant.
    """
    if not training.weighs:
        return None
    ones, others = class_weights(training, prepared)
    if training.task_weights:
        weight = np.array(training.task_weights) / np.mean(training.task_weights)
        ones, others = ones * weight, others * weight
    return LabelWeights(torch.from_numpy(ones.astype(np.float32)), torch.from_numpy(others.astype(np.float32)))


def class_weights(training: Training, prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a label 1 and a label 0 of each task, float64 ``(tasks,)``; 1 of regressions."""
    ones, others = np.ones(len(prepared.tasks)), np.ones(len(prepared.tasks))
    classes = np.array([kind == "classification" for kind in prepared.kinds])
    if training.class_weights == "given":
        ones[classes] = np.resize(training.positive_weights, len(ones))[classes]
    if training.class_weights == "balanced":
        train = prepared.labels[prepared.parts["train"]]
        n1, n0 = (train == 1).sum(0), (train == 0).sum(0)
        both = classes & (n1 > 0) & (n0 > 0)
        ones[both], others[both] = ((n1 + n0) / 2)[both] / n1[both], ((n1 + n0) / 2)[both] / n0[both]
    return ones, others


def loss_of(predictor: Predictor, outputs: Tensor, labels: Tensor, weights: LabelWeights | None = None) -> Tensor:
    """Masked loss over the labels that are there, mean: cross entropy of logits, or squared error of z-scores."""
    known = torch.isfinite(labels)
    target = predictor.scale(torch.where(known, labels, predictor.label_mean))
    each = _losses(predictor, outputs.float(), target)
    if weights is not None:
        each = each * weights.of(labels)
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)


def _losses(predictor: Predictor, outputs: Tensor, target: Tensor) -> Tensor:
    """Loss of each label, by the kind of its task."""
    kinds = {task.kind for task in predictor.tasks}
    if kinds == {"regression"}:
        return functional.mse_loss(outputs, target, reduction="none")
    entropy = functional.binary_cross_entropy_with_logits(outputs, target, reduction="none")
    if kinds == {"classification"}:
        return entropy
    return torch.where(predictor.classify, entropy, functional.mse_loss(outputs, target, reduction="none"))


_WATCHED = {"classification": ("roc_auc", "pr_auc", "cross_entropy"), "regression": ("rmse", "mae")}


def criterion(prepared: Prepared, watch: str = "auto") -> str:
    """Selection criterion: the validation score that chooses the weights.

    "" where the validation part has no labels; cross entropy where no task has both classes there; the loss of tasks
    of both kinds. Raises BadRecipe for a score that no task has.
    """
    kinds = sorted(set(prepared.kinds))
    able = [name for kind in kinds for name in _WATCHED[kind]]
    if watch != "auto" and watch not in able:
        raise BadRecipe(f"training.watch of a {' and '.join(kinds)} is auto, {' or '.join(able)}, and {watch!r} came")
    labels = prepared.labels[prepared.choosing]
    if not np.isfinite(labels).any():
        return ""
    if prepared.mixed:
        return "loss" if watch == "auto" else watch
    chosen = watch if watch != "auto" else _WATCHED[kinds[0]][0]
    both = (labels == 1).any(0) & (labels == 0).any(0)
    return "cross_entropy" if kinds == ["classification"] and not both.any() else chosen
