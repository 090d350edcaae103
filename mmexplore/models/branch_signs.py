"""Signs of the branches of a late fusion, which are free: (w, p) and (-w, -p) are one model.

They are fixed so that a branch's p rises with the label over the training part: after a training in the weights
themselves (:mod:`mmexplore.training.fit`), and of models from before that when they are read. No torch.
"""

import numpy as np

from mmexplore.recipes.recipe import Recipe


def are_free(recipe: Recipe) -> bool:
    """Whether a recipe's branches have signs to choose: coefficients that are positive by their making leave none."""
    late = recipe.predicts_by_fusion and recipe.fusion.name == "late"
    return late and recipe.fusion.options["gates"] == "free"


def signs(p: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Signs (branches,), 1 or -1, float64: that of the correlation of ``p`` (n, branches, tasks) with ``labels``.

    ``labels`` (n, tasks), NaN where missing; Pearson's correlation, mean over the tasks that have one. A branch that
    goes neither way keeps its sign.

    >>> signs(np.array([[[1.0], [1.0]], [[2.0], [0.5]]]), np.array([[0.0], [1.0]]))
    array([ 1., -1.])
    """
    total = np.zeros(p.shape[1])
    for task, column in enumerate(labels.T):
        known = np.isfinite(column)
        if known.sum() > 1:
            y = column[known].astype(np.float64)
            x = p[known, :, task].astype(np.float64)
            y, x = y - y.mean(), x - x.mean(0)
            lengths = np.linalg.norm(x, axis=0) * np.linalg.norm(y)
            total += np.divide(y @ x, lengths, out=np.zeros(len(total)), where=lengths > 0)
    return np.where(total < 0, -1.0, 1.0)
