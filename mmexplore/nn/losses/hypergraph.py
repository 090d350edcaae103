"""MMSA's structure-awareness: hypergraph convolution over molecules (arXiv paper's section IV-B, equation 9).

Each molecule and its K - 1 nearest others make one hyperedge. The paper prints equation 9 with the incidence and the
edge weights swapped; with incidence ``H`` (molecules x hyperedges) and unit weights it is HGNN's convolution (Feng et
al. 2019, arXiv:1809.09401): ``Z = ReLU(D_v^-1/2 H D_e^-1 H^T D_v^-1/2 C W)``. That is not PyG's ``HypergraphConv``,
whose rows are normalised to one (the HGNN+ form).
"""

from typing import Literal

import torch
from torch import Tensor, nn

Metric = Literal["euclidean", "inner"]
_BLOCK_ELEMENTS = 64_000_000


def hyperedges(c: Tensor, neighbours: int, metric: Metric = "euclidean") -> Tensor:
    """Hyperedge members of each molecule: itself, then its nearest others in ``c`` (n, d), int64 ``(n, K)``.

    ``K`` is ``neighbours`` or, among fewer molecules, all of them. Large sets are searched block by block.
    """
    with torch.no_grad():
        c, width = c.float(), min(neighbours, len(c))
        starts = range(0, len(c), max(1, _BLOCK_ELEMENTS // max(1, len(c))))
        blocks = [_nearest(c, start, start + starts.step, width, metric) for start in starts]
        return torch.cat(blocks) if blocks else torch.empty(0, width, dtype=torch.int64)


def _nearest(c: Tensor, start: int, stop: int, width: int, metric: Metric) -> Tensor:
    distances = torch.cdist(c[start:stop], c) if metric == "euclidean" else -(c[start:stop] @ c.T)
    distances.diagonal(start).fill_(-torch.inf)
    return distances.topk(width, dim=1, largest=False).indices


def smoothed(c: Tensor, edges: Tensor) -> Tensor:
    """Hypergraph smoothing.

    ``D_v^-1/2 H D_e^-1 H^T D_v^-1/2 C`` for hyperedges of equal size, ``edges`` (n, K) members; shape of ``c``.

    >>> smoothed(torch.eye(2), torch.tensor([[0, 1], [1, 0]]))
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    scale = edges.new_zeros(len(c)).index_add_(0, edges.flatten(), torch.ones_like(edges).flatten())
    scale = scale.to(c.dtype).rsqrt().unsqueeze(1)
    return scale * _scattered(_gathered(scale * c, edges).mean(1), edges)


def graph_smoothed(c: Tensor, edges: Tensor) -> Tensor:
    """Graph smoothing.

    The same neighbours as an undirected graph under GCN's ``D^-1/2 (A + I) D^-1/2 C`` (arXiv:1609.02907).
    """
    adjacency = c.new_zeros(len(c), len(c)).scatter_(1, edges, 1.0)
    adjacency = torch.maximum(adjacency, adjacency.T).fill_diagonal_(1.0)
    scale = adjacency.sum(1).rsqrt()
    return scale[:, None] * (adjacency @ (scale[:, None] * c))


class StructureAwareness(nn.Module):
    """Structure-awareness layer (MMSA eq. 9).

    Equation 9 with bias-free weights ``W`` (d, d); ``kind`` "graph" puts a GCN over the same neighbours instead.
    """

    def __init__(
        self, dimension: int, kind: Literal["hypergraph", "graph"], neighbours: int, metric: Metric = "euclidean"
    ) -> None:
        super().__init__()
        self.neighbours, self.metric = neighbours, metric
        self.smooth = smoothed if kind == "hypergraph" else graph_smoothed
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(dimension, dimension)))

    def forward(self, c: Tensor, edges: Tensor | None = None) -> Tensor:
        """``Z`` (n, d), not negative, of molecules ``c`` (n, d); ``edges`` (n, K) where they are known already."""
        if edges is None:
            edges = hyperedges(c, self.neighbours, self.metric)
        return (self.smooth(c, edges) @ self.weight).relu()


def _gathered(x: Tensor, edges: Tensor) -> Tensor:
    return x.index_select(0, edges.flatten()).view(*edges.shape, -1)


def _scattered(x: Tensor, edges: Tensor) -> Tensor:
    """Each molecule's sum over the hyperedges that it belongs to."""
    return torch.zeros_like(x).index_add_(0, edges.flatten(), x.repeat_interleave(edges.shape[1], 0))
