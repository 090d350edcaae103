"""Trainer module: one loop for CPU, GPU and the GPUs of several machines.

A Lightning module over our own batches, without loggers or checkpoints.

Lightning moves the model, casts, synchronises gradients and steps; what makes a training resumable and repeatable is
here: batches and dropout from (seed, epoch), learning rate from the step, the state written after every epoch.
"""

import math
import signal
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from mmexplore.models import metrics
from mmexplore.nn import precise_norms, shares
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.runtime.devices import exactly
from mmexplore.runtime.errors import BadRecipe, Cancelled
from mmexplore.training import resume
from mmexplore.training.objective import Objective, learning_rate
from mmexplore.training.resume import Resumed, ResumeState

TOLD_TO_STOP = "the training was told to stop by SIGTERM; started again it goes on"
_REPORT_EVERY_SECONDS = 0.5


class TrainerModule(LightningModule):  # type: ignore[misc]  # Lightning is not followed by mypy
    """Trainer module: one training of a predictor; ``state`` is its outcome so far and the best weights."""

    def __init__(self, predictor: Predictor, objective: Objective, found: Resumed | None) -> None:
        super().__init__()
        self.predictor, self.objective, self.found = predictor, objective, found
        self.plan = plan = objective.plan
        self.training_options, self.prepared = plan.recipe.training, plan.prepared
        self.state = found.state if found else ResumeState([], {})
        self.first = self.epoch = len(self.state.history)
        self.criterion = objective.criterion
        self._reported = 0.0

    # ---- what Lightning asks for

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, or AdamW where weights decay."""
        training = self.training_options
        if training.weight_decay:
            return torch.optim.AdamW(
                self._learning(), training.learning_rate, weight_decay=training.weight_decay, fused=True
            )
        return torch.optim.Adam(self._learning(), training.learning_rate, fused=True)

    def transfer_batch_to_device(self, batch: Batch, *_: Any) -> Batch:
        """Nothing: the predictor takes a batch from anywhere."""
        return batch

    def on_fit_start(self) -> None:
        """Weights and moments of an interrupted training go back where they were.

        Of several ranks one may be told alone to stop: Lightning's handler would wait for the others for ever.
        """
        if shares.count() > 1 and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _stop)
        if self.found:
            self.found.restore(self.predictor, self.trainer.optimizers[0])

    def on_train_epoch_start(self) -> None:
        """Randomness of this epoch, whatever came before it."""
        self.epoch = self.first + self.trainer.current_epoch
        words = (self.training_options.seed, self.epoch, 0)
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))
        self._sums: dict[str, Tensor] = {}
        self._molecules, self._started = 0, time.perf_counter()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch; the learning rate is that of the step."""
        rate = learning_rate(self.training_options, self.epoch * len(self.batches) + batch_idx, len(self.batches))
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        with shares.of_step(self.training_options.seed, self.epoch, batch_idx):
            losses = self.objective.losses(self.predictor, batch)
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value.detach() * len(batch.rows)
        self._molecules += len(batch.rows)
        return losses["loss"]

    def on_train_batch_end(self, _outputs: Any, _batch: Batch, batch_idx: int) -> None:
        """Say where we are, twice a second."""
        if time.monotonic() - self._reported > _REPORT_EVERY_SECONDS:
            self._reported = time.monotonic()
            self._report(self.epoch, step=batch_idx + 1, steps=len(self.batches))

    def on_train_epoch_end(self) -> None:
        """Validate, keep the best weights, write the state, then report: a listener may stop us here."""
        seconds = time.perf_counter() - self._started
        means = {f"train_{name}": float(total) / max(self._molecules, 1) for name, total in self._sums.items()}
        if not math.isfinite(loss := means["train_loss"]):
            rate = self.training_options.learning_rate
            raise BadRecipe(f"the loss became {loss} in epoch {self.epoch + 1}; try a learning rate below {rate:g}")
        values = means | {"molecules_per_second": self._molecules / max(seconds, 1e-9)}
        self._settle()
        values |= {f"validation_{name}": value for name, value in self.objective.validated(self.predictor).items()}
        self.predictor.train()
        values = {name: value for name, value in values.items() if math.isfinite(value)}  # others are left out
        values = shares.from_first(values)  # ranks that disagree in the last digit would stop in different epochs
        self._note(values)
        self.state.seconds += time.perf_counter() - self._started
        if shares.first():
            resume.write(self.plan.resume, self.plan.key, self.state, self.predictor, self.trainer.optimizers[0])
        self._report(self.epoch + 1, **values, seconds_left=self._seconds_left())
        self.trainer.should_stop = self.finished

    # ---- our own part

    def _learning(self) -> list[torch.nn.Parameter]:
        return [p for p in self.predictor.parameters() if p.requires_grad]

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

    def _note(self, values: dict[str, float]) -> None:
        """Append the epoch to the history; without validation the last weights are the best."""
        history, best = self.state.history, self.state.best_epoch
        history.append({"epoch": float(len(history) + 1)} | values)
        name = f"validation_{self.criterion}"
        if best and self.criterion and name in history[best - 1]:
            gain = values.get(name, math.nan) - history[best - 1][name]
            if not (gain < 0 if self.criterion in metrics.LOWER_IS_BETTER else gain > 0):
                return
        self.state.best_epoch = len(history)
        self.state.best = {k: v.detach().cpu().clone() for k, v in self.predictor.state_dict().items()}

    def _settle(self) -> None:
        """Batch normalisation as of these weights, from full batches of molecules spread over the training part."""
        rows, size = self.prepared.parts["train"], self.training_options.batch_size
        rows = rows[:: math.ceil(len(rows) / precise_norms.MOLECULES)]
        full = rows[: max(len(rows) // size, 1) * size]
        with exactly(self.plan.policy):
            precise_norms.settle(self.predictor, batches(self.prepared.features, self.prepared.labels, full, size))

    def _seconds_left(self) -> float:
        done = len(self.state.history)
        return self.state.seconds / done * (self.training_options.epochs - done)

    def _report(self, done: int, **values: float) -> None:
        self.plan.progress("train", done, self.training_options.epochs, **values)


def _stop(*_: Any) -> None:
    raise Cancelled(TOLD_TO_STOP)


class Batches:
    """Data loader for Lightning: the training part in the order of the current epoch, on every rank."""

    def __init__(self, fit: TrainerModule) -> None:
        self.fit = fit
        self.rows: np.ndarray = fit.prepared.parts["train"]
        self.size: int = fit.training_options.batch_size

    def __len__(self) -> int:
        """A last batch too small to learn from, or to be shared, is left out, unless it is the only one."""
        rest, fewest = len(self.rows) % self.size, max(self.fit.objective.fewest, shares.count())
        return max(1, len(self.rows) // self.size + (rest >= fewest and rest > 0))

    def __iter__(self) -> Iterator[Batch]:
        fit = self.fit
        seed = fit.training_options.seed
        made = batches(
            fit.prepared.features, fit.prepared.labels, self.rows, self.size, shuffle=True, seed=seed, epoch=fit.epoch
        )
        yield from islice(made, len(self))
