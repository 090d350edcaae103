"""Graphormer: every atom attends to every atom of its molecule, told how far apart they are and what bonds lie between.

Ying et al. 2021, arXiv:2106.05234: centrality encoding (equation 5), spatial encoding by shortest path distance
(equation 6), edge encoding along shortest paths (equation 7), layer normalisation before attention and before the
feed-forward part (equations 8-9). One of MMSA's backbones (table VIII, there "Graphformer").
Departs from the paper: the edge encoding is the mean over the bonds of *all* shortest paths, whatever their place along
the path, where the paper takes one path and weights by place; distances stop at ``max_distance``, which also stands for
another part of a salt; the atoms' mean in place of a virtual node, as the other backbones have; atoms and bonds
embedded from all their codes.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.features import ATOM_CODES, BOND_CODES, embedded_atoms
from mmexplore.nn.graphs.message_passing import dropped, mean_of_atoms
from mmexplore.nn.graphs.shortest_paths import PathPairs, pairs_of_atoms
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.registry import OneOf, Range

MOST_PAIRS = 2**20
"""So many pairs of atoms, padding included, are held at once; a larger batch is encoded in two halves by size."""

_MOST_NEIGHBORS = 15


class Graphormer(Encoder):
    """Transformer over the atoms of a molecule.

    ``h0_v = x_v + z_deg(v)``; each layer ``h' = MHA(LN(h)) + h``, ``h = FFN(LN(h')) + h'``, the attention of head ``k``
    ``softmax_j(q_i . k_j / sqrt(d) + b_k(distance ij) + c_k(bonds ij))``, ``b`` and ``c`` shared by all layers; then
    ``LN`` and the mean over atoms. ``c`` is linear in the bonds' codes, averaged over those on shortest paths.
    """

    reads: ClassVar[str] = "graph2d"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=24, description="rounds of attention"), Range(2, 6)] = 5,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of atoms and embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        heads: Annotated[
            int, Field(ge=1, le=64, description="attentions a layer; they divide the width"), OneOf((2, 4, 8))
        ] = 8,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout after each half of a layer"), Range(0.0, 0.6)
        ] = 0.1,
        max_distance: Annotated[int, Field(ge=1, le=64, description="bonds; what lies further is just far")] = 20,
    ) -> None:
        super().__init__()
        if hidden_size % heads:
            raise BadRecipe(f"heads of a graphormer divide its hidden_size, and {heads} and {hidden_size} came")
        self.dimension, self.max_distance = hidden_size, max_distance
        spread = (len(ATOM_CODES) + 1) ** -0.5  # so that the sum over codes and degree begins with a variance of 1
        self.atoms = nn.Parameter(torch.randn(sum(ATOM_CODES), hidden_size) * spread)
        self.degrees = nn.Parameter(torch.randn(_MOST_NEIGHBORS + 1, hidden_size) * spread)
        self.distances = nn.Parameter(torch.zeros(max_distance + 1, heads))
        self.bonds = nn.Parameter(torch.zeros(sum(BOND_CODES), heads))
        self.layers = nn.ModuleList(_GraphormerLayer(hidden_size, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden_size)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, hidden_size)`` of a batch of molecular graphs."""
        counts = records.counts["atoms"]
        if records.n > 1 and records.n * int(counts.max()) ** 2 > MOST_PAIRS:
            return self._by_halves(records, counts.argsort().argsort() < records.n // 2)
        pairs = pairs_of_atoms(records, self.max_distance)
        bias = self._bias(pairs)
        h = embedded_atoms(records, self.atoms)
        h = h + functional.embedding(pairs.degrees.clamp(max=_MOST_NEIGHBORS), self.degrees)
        for layer in self.layers:
            h = layer(h, pairs, bias)
        return mean_of_atoms(self.norm(h), records)

    def _bias(self, pairs: PathPairs) -> Tensor:
        """What each head adds to the attention of each pair, ``(n, heads, widest, widest)``; padding is never seen."""
        bias = functional.embedding(pairs.distances, self.distances) + pairs.bonds @ self.bonds
        dense = pairs.padded(bias).view(len(pairs.here), pairs.widest, pairs.widest, -1)
        return dense.masked_fill(~pairs.here[:, None, :, None], -torch.inf).permute(0, 3, 1, 2)

    def _by_halves(self, records: Records, small: Tensor) -> Tensor:
        found = torch.cat([self(_part(records, small)), self(_part(records, ~small))])
        return found[torch.cat([small.nonzero(), (~small).nonzero()]).squeeze(1).argsort()]


class _GraphormerLayer(nn.Module):
    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm, self.projection, self.mixed = nn.LayerNorm(size), nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.forth = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, size), nn.GELU(), nn.Linear(size, size))

    def forward(self, h: Tensor, pairs: PathPairs, bias: Tensor) -> Tensor:
        h = h + self._dropped(self.mixed(self._attention(self.projection(self.norm(h)), pairs, bias)))
        return h + self._dropped(self.forth(h))

    def _attention(self, projected: Tensor, pairs: PathPairs, bias: Tensor) -> Tensor:
        size = projected.shape[1] // 3
        shape = (len(pairs.here), pairs.widest, 3, self.heads, size // self.heads)
        query, key, value = pairs.padded(projected).view(shape).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, bias.to(query.dtype))
        return seen.transpose(1, 2).reshape(-1, size).index_select(0, pairs.places)

    def _dropped(self, h: Tensor) -> Tensor:
        return dropped(h, self.dropout) if self.training else h


def _part(records: Records, kept: Tensor) -> Records:
    """Some molecules of a batch, in their order; ``kept`` bool ``(n,)``."""
    rows = {axis: kept[owner] for axis, owner in records.owner.items()}
    columns = {name: records.columns[name][rows[axis]] for name, axis in (("atoms", "atoms"), ("bonds", "bonds"))}
    columns["ends"] = (rows["atoms"].cumsum(0) - 1)[records.columns["ends"][rows["bonds"]]]
    owner = {axis: (kept.cumsum(0) - 1)[records.owner[axis][rows[axis]]] for axis in rows}
    return Records(int(kept.sum()), columns, {axis: c[kept] for axis, c in records.counts.items()}, owner)
