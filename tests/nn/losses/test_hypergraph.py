"""Equations 9 to 12 against dense numpy, and against the layer that is easily mistaken for equation 9."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch_geometric.nn import GCNConv, HypergraphConv

from mmexplore.nn.losses import hypergraph
from mmexplore.nn.losses.hypergraph import StructureAwareness, graph_smoothed, hyperedges, smoothed
from mmexplore.nn.losses.memory import Memory, memory_loss


def molecules(n: int = 128, width: int = 16, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def incidence(edges: torch.Tensor) -> np.ndarray:
    """``H`` (molecules, hyperedges): 1 where the hyperedge contains the molecule."""
    found = np.zeros((len(edges), len(edges)))
    for edge, members in enumerate(edges.tolist()):
        found[members, edge] = 1
    return found


def equation_9(c: np.ndarray, edges: torch.Tensor) -> np.ndarray:
    h = incidence(edges)
    vertex, edge = np.diag(h.sum(1) ** -0.5), np.diag(1 / h.sum(0))
    return vertex @ h @ edge @ h.T @ vertex @ c


@pytest.mark.parametrize("neighbours", [1, 2, 10, 128, 500])
def test_smoothing_is_the_dense_product(neighbours: int) -> None:
    c = molecules()
    edges = hyperedges(c, neighbours)
    np.testing.assert_allclose(smoothed(c, edges).numpy(), equation_9(c.numpy(), edges), atol=1e-12)


def test_a_layer_is_relu_of_the_dense_product_with_its_weights() -> None:
    c, layer = molecules().float(), StructureAwareness(16, "hypergraph", 10)
    expected = np.maximum(equation_9(c.numpy(), hyperedges(c, 10)) @ layer.weight.detach().numpy(), 0)
    np.testing.assert_allclose(layer(c).detach().numpy(), expected, atol=1e-5)


def test_equation_9_is_not_pyg_hypergraph_convolution() -> None:
    c = molecules().float()
    edges = hyperedges(c, 10)
    theirs = HypergraphConv(16, 16, bias=False)
    with torch.no_grad():
        theirs.lin.weight.copy_(torch.eye(16))
    index = torch.stack((edges.flatten(), torch.arange(len(c)).repeat_interleave(10)))
    h = incidence(edges)
    row_normalized = h / h.sum(1, keepdims=True) @ (h.T / 10) @ c.numpy()
    np.testing.assert_allclose(theirs(c, index).detach().numpy(), row_normalized, atol=1e-5)
    assert np.abs(smoothed(c, edges).numpy() - row_normalized).max() > 0.05


def test_hyperedges_are_the_centre_and_its_nearest() -> None:
    c = molecules()
    found = hyperedges(c, 10)
    expected = NearestNeighbors(n_neighbors=10).fit(c.numpy()).kneighbors(c.numpy(), return_distance=False)
    assert (found[:, 0] == torch.arange(128)).all()
    assert (np.sort(found.numpy(), 1) == np.sort(expected, 1)).all()


def test_inner_products_choose_other_hyperedges() -> None:
    c = molecules(20)
    found = hyperedges(c, 3, "inner")
    products = c.numpy() @ c.numpy().T
    np.fill_diagonal(products, np.inf)
    assert (np.sort(found.numpy(), 1) == np.sort(np.argsort(-products, 1)[:, :3], 1)).all()


def test_large_sets_are_searched_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    c = molecules(50)
    whole = hyperedges(c, 7)
    monkeypatch.setattr(hypergraph, "_BLOCK_ELEMENTS", 130)
    assert (hyperedges(c, 7) == whole).all()


def test_no_molecules_have_no_hyperedges() -> None:
    assert hyperedges(torch.empty(0, 4), 10).shape == (0, 0)


@given(st.integers(0, 10))
def test_the_order_of_molecules_does_not_matter(seed: int) -> None:
    c, layer = molecules(30).float(), StructureAwareness(16, "hypergraph", 5)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(layer(c[order]), layer(c)[order])


def test_the_graph_instead_is_gcn() -> None:
    c = molecules(40).float()
    edges = hyperedges(c, 4)
    source, target = edges.flatten(), torch.arange(40).repeat_interleave(4)
    pairs = torch.unique(torch.cat((torch.stack((source, target)), torch.stack((target, source))), 1), dim=1)
    theirs = GCNConv(16, 16, bias=False)
    with torch.no_grad():
        theirs.lin.weight.copy_(torch.eye(16))
    torch.testing.assert_close(graph_smoothed(c, edges), theirs(c, pairs[:, pairs[0] != pairs[1]]).detach())


def test_everything_receives_a_gradient() -> None:
    c, layer = molecules(20).float().requires_grad_(), StructureAwareness(16, "hypergraph", 5)
    memory = Memory(7, 16)
    z = layer(c)
    memory_loss(memory(z), z).backward()
    assert all((p.grad is not None and p.grad.abs().sum() > 0) for p in (c, layer.weight, memory.anchors))


# ---- memory ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("similarity", ["inner", "cosine"])
def test_memory_is_a_softmax_mixture_of_anchors(similarity: str) -> None:
    memory, z = Memory(12, 16, similarity), molecules(9).float()
    a, x = memory.anchors.detach().numpy().astype(np.float64), z.numpy().astype(np.float64)
    scores = x @ a.T
    if similarity == "cosine":
        scores /= np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(a, axis=1)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(memory.activations(z).detach().numpy(), weights, atol=1e-6)
    np.testing.assert_allclose(memory(z).detach().numpy(), weights @ a, atol=1e-6)


def test_anchors_begin_uniformly_within_one_over_root_d() -> None:
    anchors = Memory(400, 64).anchors.detach()
    assert anchors.abs().max() <= 1 / 8
    assert float(anchors.std()) == pytest.approx(1 / 8 / 3**0.5, rel=0.02)


def test_memory_loss_is_the_mean_squared_length() -> None:
    a, b = molecules(5), molecules(5, seed=1)
    expected = (np.linalg.norm(a.numpy() - b.numpy(), axis=1) ** 2).mean()
    assert float(memory_loss(a, b)) == pytest.approx(expected)
