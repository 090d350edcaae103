"""Whom a molecule is joined to: the members of its hyperedge are those that the training would choose."""

import numpy as np
import pytest
import torch

from mmexplore.explore.neighbors.hyperedges import _others
from mmexplore.nn.losses.hypergraph import Metric, hyperedges


@pytest.mark.parametrize("metric", ["euclidean", "inner"])
@pytest.mark.parametrize("count", [0, 1, 4])
def test_members_are_those_of_the_training_and_never_itself(metric: Metric, count: int) -> None:
    c = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    c[7] = c[3]  # equally near: either may be told
    wanted = hyperedges(torch.from_numpy(c), count + 1, metric)[:, 1:].numpy()
    found = _others(c, np.arange(len(c)), count, metric)
    nearness = -np.linalg.norm(c[:, None] - c, axis=2) if metric == "euclidean" else c @ c.T
    assert found.shape == (40, count)
    assert not (found == np.arange(40)[:, None]).any()
    assert all(len(set(row)) == count for row in found.tolist())
    told, chosen = (np.take_along_axis(nearness, members, 1) for members in (found, wanted))
    np.testing.assert_allclose(told, chosen, atol=1e-5)
