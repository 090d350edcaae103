"""Ranks that share a batch have the gradient of one process, in float64 to its last digits, batch norms included."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, distributed

from mmexplore.features.store import features
from mmexplore.nn import shares
from mmexplore.nn.dataloader import Batch, collate
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import ranks
from mmexplore.runtime.jobs.ranks import Rank

SMILES = ["CCO", "CC(=O)Oc1ccccc1C(=O)O", "c1ccncc1", "CCN(CC)CC", "O=C(O)c1ccccc1", "CC(C)Cc1ccc(C)cc1", "ClCCl"]


def recipe(**options: object) -> Recipe:
    gin = {"encoder": "gin", "name": "graph2d", "options": {"layers": 2, "hidden_size": 8, "dropout": 0.0}}
    gcn = {"encoder": "gcn", "name": "other", "options": {"layers": 1, "hidden_size": 6, "dropout": 0.0}}
    options = {"dimension": 8, "neighbours": 3, "anchors": 4, "standardise": True, "prediction_loss": False} | options
    return parse({"branches": [gin, gcn], "pretraining": {"name": "mmsa", "options": options}})


def batch(chosen: Recipe) -> Batch:
    every = torch.arange(len(SMILES))
    records = {}
    for name, given in chosen.modalities.items():
        records[name] = collate(features(name, SMILES, given, home=default_home()).take(every.numpy()), name)
        for column, values in records[name].columns.items():
            if values.is_floating_point():
                records[name].columns[column] = values.double()
    return Batch(records, torch.empty(len(SMILES), 0), every)


def gradients(chosen: Recipe) -> dict[str, Tensor]:
    torch.manual_seed(0)
    predictor = Predictor(chosen, ()).double().train()
    with shares.of_step(0):
        predictor.losses(batch(chosen))["loss"].backward()
    found = {name: p.grad for name, p in predictor.named_parameters() if p.grad is not None}
    found |= {name: value for name, value in predictor.named_buffers() if "running" in name}
    for value in found.values() if shares.count() > 1 else ():
        distributed.all_reduce(value.div_(shares.count()))  # as DistributedDataParallel does
    return found


def work(rank: Rank, where: Path, chosen: Recipe) -> None:
    with shares.joined(rank):
        found = gradients(chosen)
        if shares.first():
            save_file({name: value.contiguous() for name, value in found.items()}, where)


@pytest.mark.release
@pytest.mark.parametrize("negatives", ["one", "all"])
def test_three_ranks_have_the_gradient_of_one(negatives: str, tmp_path: Path) -> None:
    """Seven molecules in shares of two, two and three."""
    chosen, where = recipe(negatives=negatives), tmp_path / "gradients.safetensors"
    alone = gradients(chosen)
    with ranks.started(3, work, where, chosen) as rank:
        work(rank, where, chosen)
    together = load_file(where)
    assert together.keys() == alone.keys()
    for name, value in alone.items():
        assert torch.allclose(together[name], value, atol=1e-10, rtol=1e-8), name


def test_a_part_of_a_batch_is_the_batch_of_that_part() -> None:
    for name, options in (("graph2d", {}), ("graph3d", {"conformers": 2, "mmff": "off"}), ("smiles", {})):
        found = features(name, SMILES, options, home=default_home())
        every = torch.arange(len(SMILES)).numpy()
        whole, wanted = collate(found.take(every), name).part(2, 5), collate(found.take(every[2:5]), name)
        assert whole.n == wanted.n
        for held in ("columns", "counts", "owner"):
            ours, theirs = getattr(whole, held), getattr(wanted, held)
            assert ours.keys() == theirs.keys()
            assert all(torch.equal(ours[key], theirs[key]) for key in ours)
