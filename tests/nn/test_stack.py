"""Weights of a stack: not negative, the best there are, nothing for a member that knows nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import nnls

from mmexplore.nn.stack import Gates

SPACES = {"good": 6, "other": 3, "noise": 4}


def made_up(seed: int, classes: bool, n: int = 400) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    torch.manual_seed(seed)
    truth = torch.randn(n, 2)
    p = torch.stack([truth + 0.5 * torch.randn(n, 2), truth + torch.randn(n, 2), torch.randn(n, 2)], 1)
    labels = (truth + 0.3 * torch.randn(n, 2) > 0).float() if classes else truth
    labels[::5, 1] = torch.nan
    return p, labels, {name: torch.randn(n, width) for name, width in SPACES.items()}


def test_weights_of_values_are_least_squares_of_those_that_are_not_negative() -> None:
    p, labels, spaces = made_up(0, classes=False)
    gates = Gates(SPACES)
    gates.fit(p, labels, False, {})
    known = torch.isfinite(labels)
    expected, _ = nnls(p.transpose(1, 2)[known].double().numpy(), labels[known].double().numpy())
    np.testing.assert_allclose(gates.constant, expected, atol=1e-6)
    assert torch.equal(gates(spaces), gates.constant.expand(400, 3))


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 2**31), some.booleans())
def test_a_member_that_knows_nothing_counts_for_little(seed: int, classes: bool) -> None:
    p, labels, _ = made_up(seed, classes)
    gates = Gates(SPACES)
    gates.fit(p, labels, classes, {})
    good, _, noise = gates.constant.tolist()
    assert min(gates.constant.tolist()) >= 0
    assert noise < 0.25 * good


@pytest.mark.parametrize("classes", [False, True])
def test_shrinkage_leads_from_fitted_weights_to_the_best_equal_ones(classes: bool) -> None:
    p, labels, _ = made_up(1, classes)
    found = {}
    for shrinkage in (0.0, 0.5, 1.0):
        gates = Gates(SPACES, shrinkage=shrinkage)
        gates.fit(p, labels, classes, {})
        found[shrinkage] = gates.constant
    torch.testing.assert_close(found[0.5], (found[0.0] + found[1.0]) / 2)
    alone = Gates({"mean": 1})
    alone.fit(p.mean(1, keepdim=True), labels, classes, {})
    torch.testing.assert_close(found[1.0], alone.constant.expand(3) / 3)


@pytest.mark.parametrize("classes", [False, True])
def test_learned_gates_follow_where_a_member_is_right(classes: bool) -> None:
    """One member is right on one side of its space, another on the other side."""
    torch.manual_seed(0)
    n = 600
    truth, side = torch.randn(n, 1) * 2, torch.randn(n, 1)
    right = (side > 0).float()
    guess = torch.randn(n, 2)
    p = torch.stack([truth * right + guess[:, :1] * (1 - right), truth * (1 - right) + guess[:, 1:] * right], 1)
    labels = (truth > 0).float() if classes else truth
    spaces = {"left": side @ torch.ones(1, 3), "right": side @ torch.ones(1, 2)}
    widths = {"left": 3, "right": 2}
    learned, constant = Gates(widths, learned=True), Gates(widths)
    for gates in (learned, constant):
        gates.fit(p, labels, classes, spaces)
    w = learned(spaces)
    assert (w >= 0).all()
    assert w[side[:, 0] > 1, 0].mean() > w[side[:, 0] < -1, 0].mean()
    again = Gates(widths, learned=True)
    again.load_state_dict(learned.state_dict())
    assert torch.equal(again(spaces), w)
