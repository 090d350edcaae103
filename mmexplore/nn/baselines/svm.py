"""Support vector machine with a Gaussian kernel (Cortes and Vapnik 1995), fitted by scikit-learn.

Kept are the support vectors, float32, and their coefficients; it predicts by itself. Distances of a class become
logits by Platt's line, fitted to training molecules that were left out.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from mmexplore.datasets import Kind
from mmexplore.nn.baselines import REACH, FittedBaseline, State
from mmexplore.runtime.registry import Range

_FOLDS = 3
_FLATTEST = 1e-3
_ROOM = 10_000
"""Molecules whose distances from each other are kept, 800 MB."""


class SVM(FittedBaseline):
    """Support vector machine: ``sum_s a_s exp(-gamma |x - s|^2) + b`` over the support vectors."""

    reach: ClassVar[float] = REACH

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        on_one_scale: Collection[str] = (),
        *,
        cost: Annotated[
            float,
            Field(gt=0, le=1e6, description="price of a regression's error (C)"),
            Range(0.1, 1000.0, log=True, kind="regression"),
        ] = 10.0,
        cost_of_classes: Annotated[
            float,
            Field(gt=0, le=1e6, description="price of a wrong class (C)"),
            Range(0.1, 1000.0, log=True, kind="classification"),
        ] = 1.0,
        tube: Annotated[
            float,
            Field(ge=0, le=10, description="free error, in deviations (epsilon)"),
            Range(0.01, 0.5, log=True, kind="regression"),
        ] = 0.1,
        shrink: Annotated[
            float,
            Field(gt=0, le=100, description="standardised embeddings are divided by it"),
            Range(0.5, 4.0, log=True),
        ] = 1.0,
    ) -> None:
        super().__init__(dimensions, tasks, on_one_scale)
        self.cost, self.cost_of_classes, self.tube, self.shrink = cost, cost_of_classes, tube, shrink

    def fit_task(self, x: np.ndarray, y: np.ndarray, kind: Kind, seed: int, weight: np.ndarray | None = None) -> State:
        """``rows`` of the support vectors, their ``coefficients``, ``intercept``, ``gamma``, Platt's ``line``."""
        from sklearn.svm import SVC, SVR

        kernel, everyone = Kernel(x.astype(np.float64)), np.arange(len(x))
        if kind == "classification":
            line = _platt(partial(SVC, C=self.cost_of_classes), kernel, y, seed, weight)
            machine, gamma = kernel.fit(SVC(C=self.cost_of_classes), everyone, y, weight)
        else:
            line = (1.0, 0.0)
            machine, gamma = kernel.fit(SVR(C=self.cost, epsilon=self.tube), everyone, y, weight)
        return {
            "rows": machine.support_.astype(np.int32),
            "coefficients": machine.dual_coef_[0],
            "intercept": np.atleast_1d(machine.intercept_),
            "gamma": np.array([gamma]),
            "line": np.array(line),
        }

    def joined(self, x: np.ndarray, rows: list[np.ndarray], states: list[State]) -> list[State]:
        """Tasks have most support vectors in common: each is kept once, and ``rows`` number them."""
        there = [rows[task][state["rows"]] for task, state in enumerate(states) if "rows" in state]
        every = np.unique(np.concatenate(there)) if there else np.empty(0, np.int64)
        for task, state in enumerate(states):
            if "rows" in state:
                state["rows"] = np.searchsorted(every, rows[task][state["rows"]]).astype(np.int32)
        return [*states, {"support": x[every]}]

    def predict_task(self, x: np.ndarray, state: State) -> np.ndarray:
        """The kernel's sum."""
        wide, support = x.astype(np.float64), state["support"][state["rows"]].astype(np.float64)
        found = np.exp(-state["gamma"][0] * _apart(wide, support)) @ state["coefficients"] + state["intercept"][0]
        slope, offset = state["line"]
        return np.asarray(found * slope + offset)


class Kernel:
    """Gaussian kernel ``exp(-gamma |x - s|^2)`` of some molecules, gamma one over the variance of those fitted to.

    The distances of all are one product of matrices, shared by the fits of all folds, where libsvm alone computes each
    by itself; molecules that have no room for them are left to it.
    """

    def __init__(self, x: np.ndarray) -> None:
        self.x = x
        self.apart = None if len(x) > _ROOM else _apart(x, x)

    def fit(self, machine: Any, rows: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> tuple[Any, float]:
        """The machine fitted to labels ``y`` of these ``rows``, and gamma."""
        spread = float(self.x[rows].var())
        gamma = 1 / (self.x.shape[1] * spread) if spread else 1.0
        machine.set_params(**{"kernel": "rbf", "gamma": gamma} if self.apart is None else {"kernel": "precomputed"})
        return machine.fit(self._between(rows, rows, gamma), y, sample_weight=weight), gamma

    def distance(self, machine: Any, gamma: float, rows: np.ndarray, fitted: np.ndarray) -> np.ndarray:
        """Distances of rows from the border of a machine that was ``fitted`` to others."""
        return np.asarray(machine.decision_function(self._between(rows, fitted, gamma)))

    def _between(self, rows: np.ndarray, others: np.ndarray, gamma: float) -> np.ndarray:
        return self.x[rows] if self.apart is None else np.asarray(np.exp(-gamma * self.apart[np.ix_(rows, others)]))


def _apart(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances of rows."""
    found: np.ndarray = (x**2).sum(1)[:, None] + (others**2).sum(1) - 2 * x @ others.T
    return found.clip(0)


def _platt(
    machine: Callable[[], Any], kernel: Kernel, y: np.ndarray, seed: int, weight: np.ndarray | None
) -> tuple[float, float]:
    """Slope and offset from distance to logit; a class of one molecule keeps distances as they are."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    fewest = int(min((y == 0).sum(), (y == 1).sum()))
    if fewest < 2:
        return 1.0, 0.0
    left_out = np.empty(len(y))
    for kept, rest in StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=seed).split(kernel.x, y):
        made, gamma = kernel.fit(machine(), kept, y[kept], None if weight is None else weight[kept])
        left_out[rest] = kernel.distance(made, gamma, rest, kept)
    fitted = LogisticRegression(C=1e3).fit(left_out[:, None], y, sample_weight=weight)
    return max(float(fitted.coef_[0, 0]), _FLATTEST), float(fitted.intercept_[0])
