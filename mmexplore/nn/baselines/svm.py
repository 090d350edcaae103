"""Support vector machine with a Gaussian kernel (Cortes and Vapnik 1995), fitted by scikit-learn.

Kept are the support vectors, float32, and their coefficients; it predicts by itself. Distances of a class become
logits by Platt's line, fitted to training molecules that were left out.
"""

from collections.abc import Collection
from typing import Annotated

import numpy as np
from pydantic import Field

from mmexplore.datasets import Kind
from mmexplore.nn.baselines import FittedBaseline, State
from mmexplore.runtime.registry import Range

_FOLDS = 3
_FLATTEST = 1e-3


class SVM(FittedBaseline):
    """Support vector machine: ``sum_s a_s exp(-gamma |x - s|^2) + b`` over the support vectors."""

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

        wide = x.astype(np.float64)
        classes = kind == "classification"
        machine = SVC(C=self.cost_of_classes) if classes else SVR(C=self.cost, epsilon=self.tube)
        line = _platt(machine, wide, y, seed, weight) if classes else (1.0, 0.0)
        machine.fit(wide, y, sample_weight=weight)
        return {
            "rows": machine.support_.astype(np.int32),
            "coefficients": machine.dual_coef_[0],
            "intercept": np.atleast_1d(machine.intercept_),
            "gamma": np.array([machine._gamma]),
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
        apart = (wide**2).sum(1)[:, None] + (support**2).sum(1) - 2 * wide @ support.T
        found = np.exp(-state["gamma"][0] * np.maximum(apart, 0)) @ state["coefficients"] + state["intercept"][0]
        slope, offset = state["line"]
        return np.asarray(found * slope + offset)


def _platt(machine: object, x: np.ndarray, y: np.ndarray, seed: int, weight: np.ndarray | None) -> tuple[float, float]:
    """Slope and offset from distance to logit; a class of one molecule keeps distances as they are."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    fewest = int(min((y == 0).sum(), (y == 1).sum()))
    if fewest < 2:
        return 1.0, 0.0
    folds = StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=seed)
    about = {
        "cv": folds,
        "method": "decision_function",
        "params": None if weight is None else {"sample_weight": weight},
    }
    left_out = cross_val_predict(machine, x, y, **about)
    fitted = LogisticRegression(C=1e3).fit(left_out[:, None], y, sample_weight=weight)
    return max(float(fitted.coef_[0, 0]), _FLATTEST), float(fitted.intercept_[0])
