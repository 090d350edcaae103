"""GIN with bond features: the five-layer graph network of MMSA's downstream models (its section V-A).

Xu et al. 2019, arXiv:1810.00826, equation 4.1, in the form of Hu et al. 2020, arXiv:1905.12265: width 256, batch
normalisation after each layer, ReLU between layers, dropout 0.5, the last layer's atoms averaged.
Departs from Hu et al.: PyG's ``GINEConv`` (a ReLU over neighbour plus bond) in place of their sum without one; all
seven atom codes and four bond codes in place of two each; the atom itself (eps = 0) in place of a self loop.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn.conv.gin_conv import GINEConv

from mmexplore.batching import Records
from mmexplore.encoders import Encoder
from mmexplore.molecular_graph import directed_edges

_ATOM_CODES = (101, 7, 6, 5, 6, 6, 2)  # Z, degree, charge, chirality, hydrogens, hybridisation, aromatic
_BOND_CODES = (5, 2, 2, 7)  # type or none of them, conjugated, in a ring, stereo


class GIN(Encoder):
    """Graph isomorphism network.

    ``h_v = BN(MLP(h_v + sum_{u in N(v)} ReLU(h_u + e_uv)))``, the MLP ``size -> 2 size -> size``, ``e``
    the sum of the embeddings of the bond's codes, each layer's own; ``h0`` the sum of those of the atom's codes.
    """

    reads: ClassVar[str] = "graph2d"
    starts: Tensor

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=12, description="rounds of message passing")] = 5,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of atoms and embedding")] = 256,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout after each layer")] = 0.5,
    ) -> None:
        super().__init__()
        self.dimension = hidden_size
        self.atoms = nn.Parameter(_embeddings(sum(_ATOM_CODES), hidden_size))
        self.bonds = nn.Parameter(torch.stack([_embeddings(sum(_BOND_CODES), hidden_size) for _ in range(layers)]))
        self.layers = nn.ModuleList(_Layer(_mlp(hidden_size)) for _ in range(layers))
        self.norms = nn.ModuleList(_Norm(hidden_size) for _ in range(layers))
        self.dropout = dropout
        starts = torch.tensor(_ATOM_CODES).cumsum(0) - torch.tensor(_ATOM_CODES)
        self.register_buffer("starts", starts, persistent=False)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, hidden_size)`` of a batch of molecular graphs."""
        h = functional.embedding_bag(records.columns["atoms"].long() + self.starts, self.atoms, mode="sum")
        edges, _ = directed_edges(records)
        bonds = _combination(records.columns["bonds"].long()).repeat_interleave(2)
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True), 1):
            h = norm(layer(h, edges, functional.embedding(bonds, _combined(self.bonds[number - 1]))))
            h = self._dropped(h if number == len(self.layers) else h.relu_())
        pooled = h.new_zeros(records.n, self.dimension).index_add_(0, records.owner["atoms"], h)
        return pooled / records.counts["atoms"].unsqueeze(1)

    def _dropped(self, h: Tensor) -> Tensor:
        """Dropout; on a CPU torch's own draws five times as slowly."""
        if not self.training or not self.dropout:
            return h
        return h * torch.rand_like(h).ge_(self.dropout).div_(1 - self.dropout)


class _Layer(GINEConv):  # type: ignore[misc]  # PyG is not followed by mypy
    """PyG's layer, its message written into the gathered neighbours in place of two arrays more."""

    def message(self, x_j: Tensor, edge_attr: Tensor) -> Tensor:
        """``ReLU(h_u + e_uv)`` for each directed edge."""
        return x_j.add_(edge_attr).relu_()


class _Norm(nn.BatchNorm1d):
    """Batch normalisation that takes a single atom in training too: it has no variance, so the running one serves."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) < 2:
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(x)


def _mlp(size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(size, 2 * size), nn.ReLU(inplace=True), nn.Linear(2 * size, size))


def _embeddings(rows: int, size: int) -> Tensor:
    return nn.init.xavier_uniform_(torch.empty(rows, size))


def _combination(codes: Tensor) -> Tensor:
    """One number for the four codes of each bond, ``(bonds,)``."""
    kind, conjugated, ring, stereo = codes.unbind(1)
    return ((kind * 2 + conjugated) * 2 + ring) * 7 + stereo


def _combined(table: Tensor) -> Tensor:
    """Embeddings of every combination of bond codes, ``(140, size)``: one gather an edge instead of four."""
    kind, conjugated, ring, stereo = torch.split(table, list(_BOND_CODES))
    pairs = kind[:, None] + conjugated
    triples = pairs.flatten(0, 1)[:, None] + ring
    combined: Tensor = triples.flatten(0, 1)[:, None] + stereo
    return combined.flatten(0, 1)
