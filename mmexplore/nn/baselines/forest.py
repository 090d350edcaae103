"""Random forest (Breiman 2001) fitted by scikit-learn and kept as arrays; it predicts by itself."""

from collections.abc import Collection
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field

from mmexplore.datasets import Kind
from mmexplore.nn.baselines import FittedBaseline, State, logits
from mmexplore.runtime.registry import OneOf, Range


class Forest(FittedBaseline):
    """Random forest: the mean over trees, each grown on molecules drawn with repeats."""

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        on_one_scale: Collection[str] = (),
        *,
        trees: Annotated[int, Field(ge=1, le=10_000, description="how many trees")] = 500,
        columns: Annotated[
            float,
            Field(ge=0, le=1, description="share of the columns that a split sees; 0: their root, values: 1/3"),
            OneOf((0.0, 0.05, 0.1, 0.2, 0.33, 0.5, 1.0)),
        ] = 0.0,
        least_rows: Annotated[
            int, Field(ge=1, le=1000, description="molecules in a leaf at least"), Range(1, 20, log=True)
        ] = 1,
    ) -> None:
        super().__init__(dimensions, tasks, on_one_scale)
        self.trees, self.columns, self.least_rows = trees, columns, least_rows

    def fit_task(self, x: np.ndarray, y: np.ndarray, kind: Kind, seed: int, weight: np.ndarray | None = None) -> State:
        """Nodes of all trees end to end.

        ``roots``: each tree's first; ``feature`` (-1: a leaf), ``threshold``, ``left``, ``right``, ``value``: a node's.
        """
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        classes = kind == "classification"
        seen: Any = self.columns or ("sqrt" if classes else 1 / 3)
        about: dict[str, Any] = {"max_features": seen, "min_samples_leaf": self.least_rows}
        about |= {"random_state": seed, "n_jobs": torch.get_num_threads()}
        grown = (RandomForestClassifier if classes else RandomForestRegressor)(self.trees, **about).fit(
            x, y, sample_weight=weight
        )
        parts = [_tree(estimator.tree_) for estimator in grown.estimators_]
        roots = np.cumsum([0, *(len(part["feature"]) for part in parts[:-1])]).astype(np.int32)
        for root, part in zip(roots, parts, strict=True):
            part["left"] += root
            part["right"] += root
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return joined | {"roots": roots, "classes": np.array(classes)}

    def predict_task(self, x: np.ndarray, state: State) -> np.ndarray:
        """Mean of the leaves that a molecule falls into."""
        found = np.zeros(len(x))
        every = np.arange(len(x))
        for root in state["roots"].tolist():
            found += state["value"][_leaves(x, every, root, state)]
        found /= len(state["roots"])
        return logits(found) if state["classes"] else found


def _tree(tree: Any) -> State:
    value = tree.value[:, 0, :]
    return {
        "feature": np.maximum(tree.feature, -1).astype(np.int32),
        "threshold": tree.threshold.astype(np.float64),
        "left": tree.children_left.astype(np.int32),
        "right": tree.children_right.astype(np.int32),
        "value": (value[:, 1] / value.sum(1) if value.shape[1] > 1 else value[:, 0]).astype(np.float64),
    }


def _leaves(x: np.ndarray, rows: np.ndarray, root: int, state: State) -> np.ndarray:
    """The leaf of each molecule, by going down from the root, all molecules side by side."""
    at = np.full(len(rows), root)
    going = rows
    while len(going):
        feature = state["feature"][at[going]]
        going, feature = going[feature >= 0], feature[feature >= 0]
        here = at[going]
        down = x[going, feature] <= state["threshold"][here]
        at[going] = np.where(down, state["left"][here], state["right"][here])
    return at
