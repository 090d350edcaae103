"""Training objective: the loss, the learning rate schedule, and the score that selects the weights."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor

from mmexplore.datasets import Dataset
from mmexplore.models.metrics import Scores
from mmexplore.nn.dataloader import Batch
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import Recipe, Training
from mmexplore.runtime.devices import Policy
from mmexplore.runtime.progress import Progress
from mmexplore.training import checks
from mmexplore.training.data import Prepared

SINCE = "0.1.0"
"""The first release whose interrupted trainings go on: it moves on when a recipe no longer means the same steps."""


@dataclass(frozen=True)
class TrainingPlan:
    """Training plan: all that a training is given; ``key`` tells its interrupted state from that of another."""

    recipe: Recipe
    dataset: Dataset
    prepared: Prepared
    policy: Policy
    resume: Path
    progress: Progress

    @property
    def key(self) -> str:
        """Key of the training: of the recipe, whoever shares its batches, of the data and of what a recipe means."""
        apart = f" {len(self.prepared.calibration)} apart" if len(self.prepared.calibration) else ""
        by_file = f" {checks.digest_of(self.prepared.parts, self.dataset)}" if self.recipe.data.split == "file" else ""
        return f"{self.recipe.alone.digest} {self.dataset.digest} {SINCE}{apart}{by_file}"


@dataclass(frozen=True)
class TrainingOutcome:
    """Training outcome: ``metrics`` by part, ``per_task`` by part and task, ``notes`` on the selection.

    ``predictions`` by part, float32 ``(rows of the part, tasks)``; empty after a pre-training.
    """

    metrics: dict[str, Scores]
    per_task: dict[str, dict[str, Scores]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    predictions: dict[str, np.ndarray] = field(default_factory=dict)


class Objective(ABC):
    """Training objective: the part that depends on whether labels are learned or not.

    ``criterion`` names the validation score that chooses the weights, "" for the last ones; ``fewest`` molecules make
    a batch.
    """

    criterion: str
    fewest: int = 1

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan, self.prepared, self.size = plan, plan.prepared, plan.recipe.training.batch_size

    @abstractmethod
    def begin(self, predictor: Predictor) -> None:
        """Give a fresh model what the training molecules tell beforehand, such as the scale of their labels."""

    @abstractmethod
    def losses(self, predictor: Predictor, batch: Batch) -> dict[str, Tensor]:
        """``loss``, which is minimised, and any terms worth telling, each a number."""

    @abstractmethod
    def validated(self, predictor: Predictor) -> Scores:
        """Scores on the validation part; leaves evaluation mode on."""

    @abstractmethod
    def outcome(self, predictor: Predictor) -> TrainingOutcome:
        """Scores of the finished model."""


def learning_rate(training: Training, step: int, steps_per_epoch: int) -> float:
    """Learning rate schedule.

    Rate of a step (from 0). ``noam`` is chemprop's: from a tenth linearly up, then exponentially down to a tenth.
    """
    highest = training.learning_rate
    if training.schedule == "constant":
        return highest
    warm = int(training.warmup_epochs * steps_per_epoch)
    if step < warm:
        return highest * (0.1 + 0.9 * step / warm)
    cooling = max(1, training.epochs * steps_per_epoch - warm)
    return float(highest * 0.1 ** min(1.0, (step - warm) / cooling))
