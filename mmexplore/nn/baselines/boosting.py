"""Gradient boosting of trees by LightGBM (Ke et al. 2017), kept as LightGBM's own text.

The settings are fixed and tuned to no data set: what a chemist gets in seconds.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field

from mmexplore.datasets import Kind
from mmexplore.nn.baselines import FittedBaseline, State
from mmexplore.runtime.registry import Range


class Boosting(FittedBaseline):
    """Gradient boosting: a sum of small trees, each fitted to what those before it left."""

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        on_one_scale: Collection[str] = (),
        *,
        rounds: Annotated[
            int,
            Field(ge=1, le=10_000, description="trees of a regression"),
            Range(100, 1000, log=True, kind="regression"),
        ] = 300,
        rounds_of_classes: Annotated[
            int,
            Field(ge=1, le=10_000, description="trees of a classification"),
            Range(50, 1000, log=True, kind="classification"),
        ] = 200,
        rate: Annotated[
            float, Field(gt=0, le=1, description="share of each tree that is added"), Range(0.01, 0.3, log=True)
        ] = 0.05,
        leaves: Annotated[
            int, Field(ge=2, le=1024, description="leaves of a tree at most"), Range(7, 63, log=True)
        ] = 15,
        least_rows: Annotated[
            int, Field(ge=1, le=1000, description="molecules in a leaf at least"), Range(2, 40, log=True)
        ] = 5,
        rows: Annotated[
            float, Field(gt=0, le=1, description="share of the molecules that a tree sees"), Range(0.5, 1.0)
        ] = 0.8,
        columns: Annotated[
            float, Field(gt=0, le=1, description="share of the columns that a tree sees"), Range(0.1, 1.0)
        ] = 0.3,
    ) -> None:
        super().__init__(dimensions, tasks, on_one_scale)
        self.rounds, self.rounds_of_classes = rounds, rounds_of_classes
        self.settings: dict[str, Any] = {
            "learning_rate": rate,
            "num_leaves": leaves,
            "min_data_in_leaf": least_rows,
            "bagging_fraction": rows,
            "bagging_freq": 1,
            "feature_fraction": columns,
        }

    def fit_task(self, x: np.ndarray, y: np.ndarray, kind: Kind, seed: int, weight: np.ndarray | None = None) -> State:
        """The trees as LightGBM's text, bytes ``text``."""
        import lightgbm

        classes = kind == "classification"
        about = {"objective": "binary" if classes else "regression", "seed": seed, "verbose": -1}
        about |= {"deterministic": True, "force_col_wise": True, "num_threads": torch.get_num_threads()}
        rounds = self.rounds_of_classes if classes else self.rounds
        booster = lightgbm.train(self.settings | about, lightgbm.Dataset(x, y, weight=weight), rounds)
        return {"text": np.frombuffer(booster.model_to_string().encode(), np.uint8).copy()}

    def predict_task(self, x: np.ndarray, state: State) -> np.ndarray:
        """Sums over the trees."""
        found = _booster(state["text"].tobytes()).predict(x, raw_score=True, num_threads=1)
        return np.asarray(found, np.float64)


@lru_cache(256)
def _booster(text: bytes) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=text.decode())
