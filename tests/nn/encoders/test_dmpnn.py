"""Our D-MPNN is chemprop's: same weights, same molecules, same embeddings and gradients."""

import numpy as np
import pytest
import torch
from chemprop.nn import Aggregation, BondMessagePassing, MeanAggregation, NormAggregation, SumAggregation
from packed_records import graphs_of

from mmexplore.datasets import catalog
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.dmpnn import DMPNN
from mmexplore.runtime.home import default_home

ODD = ["C", "[Na+].[Cl-]", "[Xe]", "CC(=O)[O-].[K+]", "N#CC/C=C/[13CH3]", "FS(F)(F)(F)(F)c1ccccc1", "C[C@H](N)C(=O)O"]
READOUTS = {"mean": MeanAggregation(), "sum": SumAggregation(), "norm": NormAggregation()}


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    real = catalog.load("solubility", home=default_home()).smiles
    return [*ODD, *map(str, real[:: len(real) // 60])]


def records_of(smiles: list[str]) -> Records:
    return collate(features("graph2d", smiles, home=default_home()).take(np.arange(len(smiles))), "graph2d")


def pair(readout: str, depth: int = 3) -> tuple[BondMessagePassing, Aggregation, DMPNN]:
    torch.manual_seed(depth)
    theirs = BondMessagePassing(d_v=133, d_e=14, depth=depth)
    ours = DMPNN(depth=depth, readout=readout)  # type: ignore[arg-type]
    ours.load_state_dict(theirs.state_dict())
    return theirs, READOUTS[readout], ours


@pytest.mark.parametrize(("readout", "depth"), [("mean", 3), ("sum", 3), ("norm", 2), ("mean", 1), ("mean", 5)])
def test_embeddings_and_gradients_equal_chemprops(smiles: list[str], readout: str, depth: int) -> None:
    torch.set_float32_matmul_precision("highest")
    theirs, pool, ours = pair(readout, depth)
    graphs = graphs_of(smiles)
    expected, found = pool(theirs(graphs), graphs.batch), ours(records_of(smiles))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)
    weights = torch.randn_like(expected) / len(smiles)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    for (name, one), (other_name, other) in zip(theirs.named_parameters(), ours.named_parameters(), strict=True):
        assert name == other_name
        if depth > 1 or name != "W_h.weight":
            assert one.grad is not None
            torch.testing.assert_close(other.grad, one.grad, atol=1e-6 * float(one.grad.abs().max()), rtol=1e-5)


def test_edge_by_edge_is_the_same(smiles: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What dropout asks for, each edge for itself, against what is computed once for equal surroundings."""
    model, records = DMPNN(dropout=0.5), records_of(smiles)
    monkeypatch.setattr(model.dropout, "forward", lambda h: h)
    each = model._each(records)
    torch.testing.assert_close(model.eval().by_atom(records), each, rtol=1e-5, atol=1e-6)


def test_dropout_acts_in_training_alone() -> None:
    model, records = DMPNN(dropout=0.5), records_of(["CCO", "c1ccccc1"])
    assert not torch.equal(model(records), model(records))
    model.eval()
    assert torch.equal(model(records), model(records))
