"""Batch normalisation settled on a sample: against the moments of what reaches it, and leaving all else as it was."""

import numpy as np
import torch
from torch import nn

from mmexplore.datasets import Task
from mmexplore.features.store import features
from mmexplore.nn import precise_norms
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import preset
from mmexplore.runtime.home import default_home

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CCO", "C/C=C/C#N", "c1ccncc1", "OCC(O)CO", "CCCCCC"]


def predictor(recipe: str) -> Predictor:
    torch.manual_seed(0)
    return Predictor(preset(recipe), (Task("y", "regression"),))


def sample() -> list[Batch]:
    found = features("graph2d", SMILES, home=default_home())
    return list(batches({"graph2d": found}, np.zeros((len(SMILES), 1), np.float32), np.arange(len(SMILES)), 3))


def norms(model: nn.Module) -> list[nn.BatchNorm1d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm1d)]


def test_the_statistics_are_the_mean_over_batches_of_what_reaches_the_norm() -> None:
    model, seen = predictor("gin"), []
    for norm in norms(model):
        norm.running_mean.fill_(1e6)  # of weights long gone
        norm.running_var.fill_(1e6)
    first = norms(model)[0]
    hook = first.register_forward_hook(lambda module, given, made: seen.append(given[0].double().numpy().copy()))
    precise_norms.settle(model, sample())
    hook.remove()
    assert len(seen) == 2
    np.testing.assert_allclose(first.running_mean, np.mean([x.mean(0) for x in seen], 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first.running_var, np.mean([x.var(0, ddof=1) for x in seen], 0), rtol=1e-4, atol=1e-5)


def test_only_statistics_change_and_nothing_is_drawn() -> None:
    model = predictor("gin").train()
    before = {name: value.clone() for name, value in model.named_parameters()}
    momenta, state = [norm.momentum for norm in norms(model)], torch.get_rng_state()
    precise_norms.settle(model, sample())
    for name, value in model.named_parameters():
        assert torch.equal(value, before[name])
    assert torch.equal(torch.get_rng_state(), state)
    assert [norm.momentum for norm in norms(model)] == momenta
    assert not any(module.training for module in model.modules())
    again = {name: value.clone() for name, value in model.named_buffers()}
    precise_norms.settle(model, sample())
    for name, value in model.named_buffers():
        assert torch.equal(value, again[name])


def test_a_network_without_batch_normalisation_reads_nothing() -> None:
    precise_norms.settle(predictor("dmpnn"), (unread() for _ in range(1)))


def unread() -> Batch:
    raise AssertionError("a batch was read")
