"""The one loop for CPU, GPU and several GPUs: a Lightning module over our own batches, without loggers or checkpoints.

Lightning moves the model, casts, synchronises gradients and steps; what makes a training resumable and repeatable is
here: batches and dropout from (seed, epoch), learning rate from the step, the state written after every epoch.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from mmexplore import __version__, metrics, training_state
from mmexplore.batching import Batch, batches
from mmexplore.datasets import Dataset
from mmexplore.errors import BadRecipe
from mmexplore.numerics import Policy, exactly
from mmexplore.objective import criterion, learning_rate, loss_of
from mmexplore.predictor import Predictor
from mmexplore.progress import Progress
from mmexplore.recipe import Recipe
from mmexplore.training_data import Prepared
from mmexplore.training_state import Found, State

_REPORT_EVERY_SECONDS = 0.5
_SMALLEST_EVALUATION_BATCH = 256


def predict_rows(predictor: Predictor, prepared: Prepared, rows: np.ndarray, size: int, policy: Policy) -> np.ndarray:
    """Probabilities or values in original units of these rows, float32 ``(rows, tasks)``; leaves evaluation mode on."""
    predictor.eval()
    found = [np.empty((0, len(prepared.tasks)), np.float32)]
    with torch.inference_mode(), exactly(policy):
        for batch in batches(prepared.features, prepared.labels, rows, max(size, _SMALLEST_EVALUATION_BATCH)):
            found.append(predictor.predict(batch).cpu().numpy())
    return np.concatenate(found)


@dataclass(frozen=True)
class Plan:
    """All that a training is given; ``key`` tells its interrupted state from that of another."""

    recipe: Recipe
    dataset: Dataset
    prepared: Prepared
    policy: Policy
    resume: Path
    progress: Progress

    @property
    def key(self) -> str:
        """Changes with the recipe, the data and the version."""
        return f"{self.recipe.digest} {self.dataset.digest} {__version__}"


class Fit(LightningModule):  # type: ignore[misc]  # Lightning is not followed by mypy
    """One training of a predictor; ``state`` is its outcome so far and the best weights."""

    def __init__(self, predictor: Predictor, plan: Plan, found: Found | None) -> None:
        super().__init__()
        self.predictor, self.plan, self.found = predictor, plan, found
        self.training_options, self.prepared = plan.recipe.training, plan.prepared
        self.state = found.state if found else State([], {})
        self.first = self.epoch = len(self.state.history)
        self.criterion = criterion(plan.prepared)
        self._reported = 0.0

    # ---- what Lightning asks for

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, or AdamW where weights decay."""
        training = self.training_options
        if training.weight_decay:
            return torch.optim.AdamW(
                self.predictor.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
            )
        return torch.optim.Adam(self.predictor.parameters(), training.learning_rate, fused=True)

    def transfer_batch_to_device(self, batch: Batch, *_: Any) -> Batch:
        """Nothing: the predictor takes a batch from anywhere."""
        return batch

    def on_fit_start(self) -> None:
        """Weights and moments of an interrupted training go back where they were."""
        if self.found:
            self.found.restore(self.predictor, self.trainer.optimizers[0])

    def on_train_epoch_start(self) -> None:
        """Randomness of this epoch, whatever came before it."""
        self.epoch = self.first + self.trainer.current_epoch
        words = (self.training_options.seed, self.epoch, self.trainer.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))
        self._loss = torch.zeros((), device=self.device)
        self._molecules, self._started = 0, time.perf_counter()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch; the learning rate is that of the step."""
        rate = learning_rate(self.training_options, self.epoch * len(self.batches) + batch_idx, len(self.batches))
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        loss = loss_of(self.predictor, self.predictor(batch).outputs, batch.labels.to(self.device))
        self._loss += loss.detach() * len(batch.rows)
        self._molecules += len(batch.rows)
        return loss

    def on_train_batch_end(self, _outputs: Any, _batch: Batch, batch_idx: int) -> None:
        """Say where we are, twice a second."""
        if time.monotonic() - self._reported > _REPORT_EVERY_SECONDS:
            self._reported = time.monotonic()
            self._report(self.epoch, step=batch_idx + 1, steps=len(self.batches))

    def on_train_epoch_end(self) -> None:
        """Validate, keep the best weights, write the state, then report: a listener may stop us here."""
        seconds = time.perf_counter() - self._started
        loss = float(self._loss) / max(self._molecules, 1)
        if not math.isfinite(loss):
            rate = self.training_options.learning_rate
            raise BadRecipe(f"the loss became {loss} in epoch {self.epoch + 1}; try a learning rate below {rate:g}")
        values = {"train_loss": loss, "molecules_per_second": self._molecules / max(seconds, 1e-9)}
        values |= self._validated()
        self._note(values)
        self.state.seconds += time.perf_counter() - self._started
        if self.trainer.is_global_zero:
            training_state.write(
                self.plan.resume, self.plan.key, self.state, self.predictor, self.trainer.optimizers[0]
            )
        self._report(self.epoch + 1, **values, seconds_left=self._seconds_left())
        self.trainer.should_stop = self.finished

    # ---- our own part

    @property
    def batches(self) -> "Batches":
        """The training part in batches, shuffled anew each epoch."""
        return Batches(self)

    @property
    def finished(self) -> bool:
        """Whether every epoch was run, or patience ended."""
        training, done = self.training_options, len(self.state.history)
        stale = bool(training.patience and self.criterion) and done - self.state.best_epoch >= training.patience
        return stale or done >= training.epochs

    def _validated(self) -> dict[str, float]:
        if not self.criterion:
            return {}
        rows = self.prepared.parts["validation"]
        guess = predict_rows(self.predictor, self.prepared, rows, self.training_options.batch_size, self.plan.policy)
        self.predictor.train()
        found = metrics.scores(self.prepared.kind, self.prepared.labels[rows], guess)
        return {f"validation_{name}": value for name, value in found.items() if name != "tasks"}

    def _note(self, values: dict[str, float]) -> None:
        """Append the epoch to the history; without validation the last weights are the best."""
        history, best = self.state.history, self.state.best_epoch
        history.append({"epoch": float(len(history) + 1)} | values)
        name = f"validation_{self.criterion}"
        if best and self.criterion:
            gain = values[name] - history[best - 1][name]
            if not (gain < 0 if self.criterion in metrics.LOWER_IS_BETTER else gain > 0):
                return
        self.state.best_epoch = len(history)
        self.state.best = {k: v.detach().cpu().clone() for k, v in self.predictor.state_dict().items()}

    def _seconds_left(self) -> float:
        done = len(self.state.history)
        return self.state.seconds / done * (self.training_options.epochs - done)

    def _report(self, done: int, **values: float) -> None:
        self.plan.progress("train", done, self.training_options.epochs, **values)


class Batches:
    """What Lightning iterates over: this process's share of the training part in the order of the current epoch."""

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        rows, world = fit.prepared.parts["train"], int(fit.trainer.world_size)
        self.rows: np.ndarray = np.resize(rows, math.ceil(len(rows) / world) * world)[fit.trainer.global_rank :: world]
        self.size: int = max(1, fit.training_options.batch_size // world)

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.size)

    def __iter__(self) -> Iterator[Batch]:
        fit = self.fit
        seed = fit.training_options.seed
        yield from batches(
            fit.prepared.features, fit.prepared.labels, self.rows, self.size, shuffle=True, seed=seed, epoch=fit.epoch
        )
