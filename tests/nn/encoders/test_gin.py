"""GIN against the published equations, written out densely in numpy."""

import numpy as np
import torch
from torch import nn

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.gin import GIN, _GINLayer, _mlp
from mmexplore.runtime.home import default_home

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "[Na+].[Cl-]", "C/C=C/C#N", "C"]


def records_of(smiles: list[str]) -> Records:
    return collate(features("graph2d", smiles, home=default_home()).take(np.arange(len(smiles))), "graph2d")


def array(x: torch.Tensor) -> np.ndarray:
    return x.detach().double().numpy()


def dense_layer(h: np.ndarray, bonds: np.ndarray, ends: np.ndarray, mlp: nn.Sequential) -> np.ndarray:
    """``MLP(h_v + sum_u ReLU(h_u + e_uv))`` by loops."""
    total = h.copy()
    for (begin, end), e in zip(ends, bonds, strict=True):
        total[begin] += np.maximum(h[end] + e, 0)
        total[end] += np.maximum(h[begin] + e, 0)
    first, _, second = mlp
    wide = np.maximum(total @ array(first.weight).T + array(first.bias), 0)
    return wide @ array(second.weight).T + array(second.bias)


def test_one_layer_is_the_published_equation() -> None:
    torch.manual_seed(0)
    layer = _GINLayer(_mlp(8))
    ends = np.array([[0, 1], [1, 2], [2, 0], [3, 4]])
    h, bonds = torch.randn(6, 8), torch.randn(4, 8)
    edges = torch.from_numpy(np.stack([ends, ends[:, ::-1]], 1).reshape(-1, 2).T.copy())
    found = layer(h, edges, bonds.repeat_interleave(2, 0))
    np.testing.assert_allclose(array(found), dense_layer(array(h), array(bonds), ends, layer.nn), atol=1e-5)


def test_the_whole_network_is_what_its_docstring_says() -> None:
    torch.manual_seed(1)
    model, records = GIN(layers=3, hidden_size=16), records_of(SMILES)
    for norm in model.norms:
        nn.init.uniform_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2)
        nn.init.uniform_(norm.weight)
        nn.init.uniform_(norm.bias)
    model.eval()
    blocks = np.split(array(model.atoms), np.cumsum([101, 7, 6, 5, 6, 6]))
    codes = records.columns["atoms"].numpy().clip(max=[999] * 5 + [5, 1])  # later hybridisations are any other to v1
    h = np.sum([block[codes[:, i]] for i, block in enumerate(blocks)], 0)
    ends, bond_codes = records.columns["ends"].numpy(), records.columns["bonds"].numpy()
    for number, (layer, norm) in enumerate(zip(model.layers, model.norms, strict=True)):
        tables = np.split(array(model.bonds[number]), np.cumsum([5, 2, 2]))
        bonds = np.sum([table[bond_codes[:, i]] for i, table in enumerate(tables)], 0)
        h = dense_layer(h, bonds, ends, layer.nn)
        h = (h - array(norm.running_mean)) / np.sqrt(array(norm.running_var) + norm.eps)
        h = h * array(norm.weight) + array(norm.bias)
        h = np.maximum(h, 0) if number < 2 else h
    owner = records.owner["atoms"].numpy()
    expected = np.array([h[owner == molecule].mean(0) for molecule in range(len(SMILES))])
    np.testing.assert_allclose(array(model(records)), expected, atol=1e-4)


def test_dropout_keeps_the_mean_and_zeroes_its_share() -> None:
    torch.manual_seed(0)
    model = GIN(dropout=0.25).train()
    kept = model._dropped(torch.ones(2000, 50))
    assert abs(float((kept == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(kept.mean()) - 1) < 0.02
    assert torch.equal(model.eval()._dropped(kept), kept)
