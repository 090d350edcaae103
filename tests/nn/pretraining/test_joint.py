"""Joint pre-training: the loss by hand, views made apart, and what it learns of spectra that structures decide."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from mmexplore.nn.pretraining.joint import Joint


def test_the_loss_is_cross_entropy_both_ways() -> None:
    torch.manual_seed(0)
    joint = Joint({"structure": 5, "spectrum": 7}, dimension=4, temperature=0.2)
    given = {"structure": torch.randn(6, 5), "spectrum": torch.randn(6, 7)}
    one, other = (joint.shared(name, z) for name, z in given.items())
    logits = 5 * one @ other.T
    each = [float(-side.log_softmax(1).diagonal().mean()) for side in (logits, logits.T)]
    found = joint.losses(given, {})
    assert float(found["loss"]) == pytest.approx(np.mean(each), rel=1e-5)
    assert float(found["first"]) == float((logits.argmax(1) == torch.arange(6)).float().mean())


def test_the_order_of_molecules_does_not_matter() -> None:
    joint = Joint({"structure": 5, "spectrum": 5}, dimension=4)
    given = {"structure": torch.randn(6, 5), "spectrum": torch.randn(6, 5)}
    turned = {name: z.flip(0) for name, z in given.items()}
    assert float(joint.losses(given, {})["loss"]) == pytest.approx(float(joint.losses(turned, {})["loss"]), rel=1e-5)


def test_a_view_is_made_of_its_own_branch_alone() -> None:
    joint = Joint({"structure": 5, "spectrum": 5}, dimension=4)
    z = torch.randn(3, 5)
    alone = joint({"structure": z})
    both = joint({"structure": z, "spectrum": torch.randn(3, 5)})
    assert alone.keys() == {"structure"}
    torch.testing.assert_close(alone["structure"], both["structure"])
    torch.testing.assert_close(alone["structure"].norm(dim=1), torch.ones(3))
    torch.testing.assert_close(alone["structure"], functional.normalize(alone["structure"], dim=1))
