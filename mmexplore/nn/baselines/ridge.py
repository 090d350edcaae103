"""Ridge regression, and logistic regression with the same penalty for classes (scikit-learn)."""

from collections.abc import Collection
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from mmexplore.datasets import Kind
from mmexplore.nn.baselines import REACH, FittedBaseline, State
from mmexplore.runtime.registry import OneOf

_STRENGTHS = np.logspace(-2, 5, 15)


class Ridge(FittedBaseline):
    """Ridge regression: a linear map with squared weights penalised."""

    reach: ClassVar[float] = REACH

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        on_one_scale: Collection[str] = (),
        *,
        alpha: Annotated[
            float,
            Field(ge=0, le=1e9, description="penalty; 0: chosen by leaving out training molecules"),
            OneOf((0.0, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)),
        ] = 0.0,
    ) -> None:
        super().__init__(dimensions, tasks, on_one_scale)
        self.alpha = alpha

    def fit_task(self, x: np.ndarray, y: np.ndarray, kind: Kind, seed: int, weight: np.ndarray | None = None) -> State:
        """``coefficients`` (width,) and ``intercept`` (1,)."""
        from sklearn.linear_model import LogisticRegression, RidgeCV
        from sklearn.model_selection import StratifiedKFold, cross_val_score

        x, strengths = x.astype(np.float64), np.array([self.alpha]) if self.alpha else _STRENGTHS
        if kind == "regression":
            fitted = RidgeCV(alphas=strengths).fit(x, y, sample_weight=weight)
        else:
            models = [LogisticRegression(C=1 / strength, max_iter=500) for strength in strengths]
            fewest = int(min((y == 0).sum(), (y == 1).sum()))
            scores = np.zeros(len(models))
            if len(models) > 1 and fewest > 1:
                folds = StratifiedKFold(min(3, fewest), shuffle=True, random_state=seed)
                about = {
                    "cv": folds,
                    "scoring": "neg_log_loss",
                    "params": None if weight is None else {"sample_weight": weight},
                }
                scores = np.array([cross_val_score(m, x, y, **about).mean() for m in models])
            fitted = models[int(scores.argmax())].fit(x, y, sample_weight=weight)
        return {"coefficients": np.ravel(fitted.coef_), "intercept": np.atleast_1d(fitted.intercept_)}

    def predict_task(self, x: np.ndarray, state: State) -> np.ndarray:
        """The linear map."""
        found: np.ndarray = x.astype(np.float64) @ state["coefficients"] + state["intercept"][0]
        return found
