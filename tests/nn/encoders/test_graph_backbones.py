"""GCN, GAT and GraphSAGE against their published equations, written out densely in numpy, and against PyG's layers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch_geometric.nn import GATConv, GCNConv, SAGEConv

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders import gat, gcn, graphsage
from mmexplore.nn.graphs.message_passing import MessagePassing, Norm
from mmexplore.runtime.home import default_home
from mmexplore.runtime.registry import ENCODERS

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "[Na+].[Cl-]", "C/C=C/C#N", "C"]
ENDS = np.array([[0, 1], [1, 2], [2, 0], [3, 4], [1, 3]])  # atom 5 has no neighbour
ATOMS, SIZE = 6, 8


def records_of(smiles: list[str]) -> Records:
    return collate(features("graph2d", smiles, home=default_home()).take(np.arange(len(smiles))), "graph2d")


def array(x: torch.Tensor) -> np.ndarray:
    return x.detach().double().numpy()


def adjacency(ends: np.ndarray, atoms: int) -> np.ndarray:
    a = np.zeros((atoms, atoms))
    a[ends[:, 0], ends[:, 1]] = a[ends[:, 1], ends[:, 0]] = 1
    return a


def spread(bonds: np.ndarray, ends: np.ndarray, atoms: int) -> np.ndarray:
    """The bond between each two atoms, zeros elsewhere: ``(atoms, atoms, size)``."""
    e = np.zeros((atoms, atoms, bonds.shape[1]))
    e[ends[:, 0], ends[:, 1]] = e[ends[:, 1], ends[:, 0]] = bonds
    return e


def dense_gcn(layer: Any, h: np.ndarray, bonds: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """``D^-1/2 (A + I) D^-1/2`` over ``W h`` and bonds."""
    closed = adjacency(ends, len(h)) + np.eye(len(h))
    root = np.diag(closed.sum(1) ** -0.5)
    weights = root @ closed @ root
    return weights @ h @ array(layer.linear.weight).T + np.einsum("vu,vus->vs", weights, spread(bonds, ends, len(h)))


def dense_sage(layer: Any, h: np.ndarray, bonds: np.ndarray, ends: np.ndarray) -> np.ndarray:
    a = adjacency(ends, len(h))
    totals = a @ h + spread(bonds, ends, len(h)).sum(1)
    mean = totals / np.maximum(a.sum(1, keepdims=True), 1)
    g = h @ array(layer.own.weight).T + mean @ array(layer.neighbours.weight).T
    return g / np.linalg.norm(g, axis=1, keepdims=True)


def dense_gat(layer: Any, h: np.ndarray, bonds: np.ndarray, ends: np.ndarray) -> np.ndarray:
    closed, e = adjacency(ends, len(h)) + np.eye(len(h)), spread(bonds, ends, len(h))
    to_target, to_source = array(layer.attention)
    heads = []
    for head, weight in enumerate(np.split(array(layer.linear.weight), len(to_target))):
        x = h @ weight.T
        values = x[None] + e
        scores = (x @ to_target[head])[:, None] + values @ to_source[head]
        scores = np.where(closed > 0, np.where(scores > 0, scores, 0.2 * scores), -np.inf)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        heads.append(np.einsum("vu,vus->vs", shares, values))
    return np.mean(heads, 0)


LAYERS: dict[str, tuple[Callable[[], nn.Module], Callable[..., np.ndarray]]] = {
    "gcn": (lambda: gcn._GCNLayer(SIZE), dense_gcn),
    "graphsage": (lambda: graphsage._GraphSAGELayer(SIZE), dense_sage),
    "gat": (lambda: gat._GATLayer(SIZE, 3), dense_gat),
}


def graph() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Atoms, directed edges and bonds of a small graph."""
    edges = torch.from_numpy(np.stack([ENDS, ENDS[:, ::-1]], 1).reshape(-1, 2).T.copy())
    return torch.randn(ATOMS, SIZE), edges, torch.randn(len(ENDS), SIZE)


@pytest.mark.parametrize("name", LAYERS)
def test_one_layer_is_the_published_equation(name: str) -> None:
    torch.manual_seed(0)
    make, dense = LAYERS[name]
    layer, (h, edges, bonds) = make(), graph()
    found = layer(h, edges, bonds.repeat_interleave(2, 0))
    np.testing.assert_allclose(array(found), dense(layer, array(h), array(bonds), ENDS), atol=1e-5)


def pyg(name: str, layer: Any) -> nn.Module:
    """PyG's layer with our weights."""
    if name == "gcn":
        theirs = GCNConv(SIZE, SIZE, bias=False)
        theirs.lin.weight = layer.linear.weight
    elif name == "graphsage":
        theirs = SAGEConv(SIZE, SIZE, normalize=True, bias=False)
        theirs.lin_l.weight, theirs.lin_r.weight = layer.neighbours.weight, layer.own.weight
    else:
        theirs = GATConv(SIZE, SIZE, heads=3, concat=False, bias=False)
        theirs.lin.weight = layer.linear.weight
        theirs.att_dst.data, theirs.att_src.data = layer.attention.data.split(1)
    return theirs


@pytest.mark.parametrize("name", LAYERS)
def test_without_bond_features_a_layer_is_pygs(name: str) -> None:
    torch.manual_seed(1)
    layer, (h, edges, bonds) = LAYERS[name][0](), graph()
    found = layer(h, edges, torch.zeros_like(bonds).repeat_interleave(2, 0))
    torch.testing.assert_close(found, pyg(name, layer)(h, edges))


@pytest.mark.parametrize("name", LAYERS)
def test_the_whole_network_is_what_its_docstring_says(name: str) -> None:
    torch.manual_seed(2)
    model, records = ENCODERS[name](layers=3, hidden_size=16), records_of(SMILES)
    for norm in model.norms:
        nn.init.uniform_(norm.running_mean, -0.2, 0.2)
        nn.init.uniform_(norm.running_var, 0.5, 2)
    model.eval()
    blocks = np.split(array(model.atoms), np.cumsum([101, 7, 6, 5, 6, 6]))
    codes, bond_codes = records.columns["atoms"].numpy(), records.columns["bonds"].numpy()
    codes = codes.clip(max=[999] * 5 + [5, 1])  # later hybridisations are any other to v1
    h = np.sum([block[codes[:, i]] for i, block in enumerate(blocks)], 0)
    for number, (layer, norm) in enumerate(zip(model.layers, model.norms, strict=True)):
        tables = np.split(array(model.bonds[number]), np.cumsum([5, 2, 2]))
        bonds = np.sum([table[bond_codes[:, i]] for i, table in enumerate(tables)], 0)
        h = LAYERS[name][1](layer, h, bonds, records.columns["ends"].numpy())
        h = (h - array(norm.running_mean)) / np.sqrt(array(norm.running_var) + norm.eps)
        h = np.maximum(h, 0) if number < 2 else h
    owner = records.owner["atoms"].numpy()
    expected = np.array([h[owner == molecule].mean(0) for molecule in range(len(SMILES))])
    np.testing.assert_allclose(array(model(records)), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["gin", "gcn", "gat", "graphsage", "graphormer"])
def test_bfloat16_is_near_and_trains(name: str) -> None:
    torch.manual_seed(3)
    model, records = ENCODERS[name](layers=2, hidden_size=32), records_of(SMILES)
    exact = model.eval()(records)
    with torch.autocast("cpu", torch.bfloat16):
        found = model(records)
        model.train()(records).float().square().sum().backward()
    assert (found.float() - exact).norm() < 0.05 * exact.norm()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_a_single_atom_is_normalised_by_the_running_statistics() -> None:
    norm, one = Norm(4).train(), torch.tensor([[3.0, -1.0, 0.5, 2.0]])
    nn.init.uniform_(norm.running_mean)
    torch.testing.assert_close(norm(one), (one - norm.running_mean) / (norm.running_var + norm.eps).sqrt())
    assert norm.num_batches_tracked == 0


def test_all_share_their_options() -> None:
    for name in ("gin", "gcn", "gat", "graphsage"):
        assert issubclass(ENCODERS[name], MessagePassing)
        options = ENCODERS.options(name)().model_dump()
        assert {k: options[k] for k in ("layers", "hidden_size", "dropout")} == {
            "layers": 5,
            "hidden_size": 256,
            "dropout": 0.5,
        }
