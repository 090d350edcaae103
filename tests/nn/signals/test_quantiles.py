"""Quantile normalization is scikit-learn's, and holds on rows that it was not fitted to."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.preprocessing import QuantileTransformer

from mmexplore.nn.signals.quantiles import CLIP, LEVELS, QuantileNormal


def columns(seed: int, n: int) -> np.ndarray:
    """What descriptors are like: continuous, counts with ties, mostly zero, constant, huge."""
    rng = np.random.default_rng(seed)
    rare = rng.random(n) < 0.02
    kinds = [rng.normal(size=n), rng.poisson(2, n), rare * 1.0, np.full(n, 3.0), rng.lognormal(3, 3, n)]
    return np.stack(kinds, 1).astype(np.float32)


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 2**31))
def test_scores_are_scikit_learns_clipped(seed: int) -> None:
    training, others = columns(seed, 300), columns(seed + 1, 200)
    theirs = QuantileTransformer(n_quantiles=LEVELS, output_distribution="normal", subsample=None)
    theirs.fit(training.astype(np.float64))
    ours = QuantileNormal(training.shape[1])
    ours.fit(torch.from_numpy(training))
    for values in (training, others):
        expected = np.clip(theirs.transform(values.astype(np.float64)), -CLIP, CLIP)
        np.testing.assert_allclose(ours(torch.from_numpy(values)), expected, atol=2e-3)


def test_a_row_does_not_depend_on_its_neighbors_and_order_is_kept() -> None:
    ours = QuantileNormal(5)
    before = ours(torch.from_numpy(columns(3, 50)))
    assert before.abs().max() <= CLIP, "unfitted it keeps the range"
    ours.fit(torch.from_numpy(columns(0, 100)))
    values = torch.from_numpy(columns(1, 40))
    torch.testing.assert_close(ours(values[7:8])[0], ours(values)[7])
    ordered = ours(values.sort(0).values)
    assert (ordered.diff(dim=0) >= 0).all()
