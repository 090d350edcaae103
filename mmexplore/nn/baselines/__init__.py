"""Baseline interface: models that are fitted at once to frozen embeddings, not by gradient steps.

What they learned is arrays, kept in the model's safetensors file as those of a network are, and they predict by
themselves: nothing is pickled, and whatever takes a network's predictions takes theirs.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mmexplore.datasets import Kind
from mmexplore.nn.fusions import Fused, Fusion

State = dict[str, np.ndarray]
_CONSTANT = "constant"
REACH = 3.0
"""Deviations at which standardised numbers end for what extrapolates, as descriptors' normal numbers do."""
_CERTAIN = 1e-7


class FittedBaseline(Fusion):
    """Baseline base class. Built as ``FittedBaseline(dimensions, tasks, on_one_scale, **options)``.

    It reads ``features``, the branches' embeddings side by side; those of branches that are not in ``on_one_scale``
    are standardised over the training molecules, cut off at ``reach`` deviations, and divided by ``shrink``. A task
    without two different labels is answered by its one label.
    """

    views: ClassVar[tuple[str, ...]] = ("features",)
    shrink: float = 1.0
    reach: ClassVar[float] = math.inf
    center: Tensor
    spread: Tensor

    def __init__(self, dimensions: dict[str, int], tasks: int, on_one_scale: Collection[str] = ()) -> None:
        super().__init__()
        self.names, self.tasks = tuple(dimensions), tasks
        loose = [np.full(width, name not in on_one_scale) for name, width in dimensions.items()]
        self._loose = torch.from_numpy(np.concatenate(loose))
        self.register_buffer("center", torch.zeros(len(self._loose)))
        self.register_buffer("spread", torch.ones(len(self._loose)))

    @abstractmethod
    def fit_task(self, x: np.ndarray, y: np.ndarray, kind: Kind, seed: int, weight: np.ndarray | None = None) -> State:
        """Arrays learned from ``x`` (n, width) float32 and ``y`` (n,) float64: classes 0 and 1, or z-scores.

        ``weight`` (n,): how much each molecule counts, None where all count alike.
        """

    @abstractmethod
    def predict_task(self, x: np.ndarray, state: State) -> np.ndarray:
        """Logits, or z-scores, float64 (n,)."""

    def fit(
        self,
        embeddings: dict[str, Tensor],
        labels: np.ndarray,
        kinds: Kind | Sequence[Kind],
        seed: int,
        told: Callable[[int], None] = lambda _: None,
        weights: np.ndarray | None = None,
    ) -> None:
        """Learn each task by itself from the rows that have its label; ``labels`` (n, tasks), NaN where missing.

        ``kinds``: of all tasks, or one each; ``weights`` (n, tasks): how much each label counts.
        """
        joined = self._joined(embeddings).double()
        spread = joined.std(0, correction=0)
        steady = spread > 1e-6 * (1 + joined.mean(0).abs())
        self.center.copy_(torch.where(self._loose, joined.mean(0), 0.0))
        self.spread.copy_(torch.where(self._loose & steady, spread, 1.0) * torch.where(self._loose, self.shrink, 1.0))
        x = self.features(embeddings).cpu().numpy()
        rows = [np.flatnonzero(np.isfinite(column)) for column in labels.T]
        states = []
        for task, known in enumerate(rows):
            told(task)
            y = labels[known, task].astype(np.float64)
            taught = len(np.unique(y)) > 1
            kind: Kind = kinds if isinstance(kinds, str) else kinds[task]
            weight = None if weights is None else weights[known, task]
            states.append(self.fit_task(x[known], y, kind, seed, weight) if taught else _constant(y, kind))
        told(self.tasks)
        self._keep(self.joined(x, rows, states))

    def joined(self, x: np.ndarray, rows: list[np.ndarray], states: list[State]) -> list[State]:
        """Arrays of all tasks, then those that they share; ``rows`` are the molecules that each task has learned."""
        del x, rows
        return [*states, {}]

    def features(self, embeddings: dict[str, Tensor]) -> Tensor:
        """What it reads, float32 ``(n, width)``."""
        joined = self._joined(embeddings)
        found: Tensor = ((joined - self.center.to(joined)) / self.spread.to(joined)).float()
        if math.isinf(self.reach):
            return found
        most = self.reach / self.shrink
        return torch.where(self._loose.to(found.device), found.clamp(-most, most), found)

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)``, zeros where nothing was fitted, and the view ``features``."""
        seen = self.features(embeddings)
        x = seen.detach().cpu().numpy()
        columns = [self._predicted(x, self.state(task)) for task in range(self.tasks)]
        outputs = torch.from_numpy(np.stack(columns, 1).astype(np.float32)) if columns else torch.empty(len(x), 0)
        return Fused(outputs.to(seen.device), {"features": seen})

    def state(self, task: int) -> State:
        """Arrays of a task, with those that all tasks share."""
        return {
            name.partition("_")[2]: values.numpy()
            for name, values in self._buffers.items()
            if name.partition("_")[0] in (str(task), str(self.tasks)) and values is not None
        }

    def _predicted(self, x: np.ndarray, state: State) -> np.ndarray:
        if not state or _CONSTANT in state:
            return np.full(len(x), state[_CONSTANT][0] if state else 0.0)
        return self.predict_task(x, state)

    def _joined(self, embeddings: dict[str, Tensor]) -> Tensor:
        return torch.cat([embeddings[name] for name in self.names], dim=1)

    def _keep(self, states: list[State]) -> None:
        """Number ``tasks`` is what all tasks share."""
        for name in [name for name in self._buffers if name[0].isdigit()]:
            del self._buffers[name]
        for number, state in enumerate(states):
            for name, values in state.items():
                self.register_buffer(f"{number}_{name}", torch.from_numpy(np.ascontiguousarray(values)))

    def _apply(self, fn: Any, recurse: bool = True) -> "FittedBaseline":
        """Arrays stay on the CPU in their own precision, wherever the encoders go."""
        del fn, recurse
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """How large the arrays are is known from the file alone."""
        for key, values in state_dict.items():
            name = key.removeprefix(prefix)
            if key.startswith(prefix) and name[:1].isdigit():
                self.register_buffer(name, torch.empty_like(values))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _constant(y: np.ndarray, kind: Kind) -> State:
    value = y[:1] if len(y) else np.zeros(1)
    return {_CONSTANT: logits(value) if kind == "classification" and len(y) else value}


def logits(probabilities: np.ndarray) -> np.ndarray:
    """Logits of probabilities, which are kept 1e-7 away from certainty."""
    p = np.clip(probabilities, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(p) - np.log1p(-p))
