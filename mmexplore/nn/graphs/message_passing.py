"""Message passing layers along bonds, which GIN, GCN, GAT and GraphSAGE share.

As Hu et al. 2020, arXiv:1905.12265, stack them: atoms and bonds are embedded from their codes, bonds anew for each
layer; after each layer come batch normalisation, ReLU (not after the last) and dropout; the atoms of the last layer are
averaged. Departs from Hu et al.: all seven atom codes and four bond codes in place of two each.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn import shares
from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.graphs.features import (
    ATOM_CODES,
    BOND_CODES,
    bond_kinds,
    code_table,
    directed_edges,
    embedded_atoms,
    kind_embeddings,
)


class MessagePassing(nn.Module):
    """A stack of ``layers`` modules that ``layer`` makes, each called with atoms, directed edges and their bonds.

    A layer takes ``(atoms, size)``, int64 ``(2, edges)`` of sources and targets, and ``(edges, size)``, the embedding
    of each edge's bond, and gives ``(atoms, size)``.
    """

    def __init__(self, layer: Callable[[], nn.Module], layers: int, size: int, dropout: float) -> None:
        super().__init__()
        self.dimension = size
        self.atoms = nn.Parameter(code_table(ATOM_CODES, size))
        self.bonds = nn.Parameter(torch.stack([code_table(BOND_CODES, size) for _ in range(layers)]))
        self.layers = nn.ModuleList(layer() for _ in range(layers))
        self.norms = nn.ModuleList(Norm(size) for _ in range(layers))
        self.dropout = dropout

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, size)`` of a batch of molecular graphs."""
        h = embedded_atoms(records, self.atoms)
        edges, _ = directed_edges(records)
        kinds = bond_kinds(records).repeat_interleave(2)
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True), 1):
            h = norm(layer(h, edges, functional.embedding(kinds, kind_embeddings(self.bonds[number - 1]))))
            h = self._dropped(h if number == len(self.layers) else h.relu_())
        return mean_of_atoms(h, records)

    def _dropped(self, h: Tensor) -> Tensor:
        return dropped(h, self.dropout) if self.training else h


class Norm(nn.BatchNorm1d):
    """Batch normalisation of all ranks' rows, also of a single one: it has no variance, so the running one serves."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalised rows ``(atoms, size)``."""
        if (found := shares.normalized(x, self)) is not None:
            return found
        if self.training and len(x) < 2:
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(x)


def dropped(h: Tensor, share: float) -> Tensor:
    """Dropout of a share of the values; on a CPU torch's own draws five times as slowly."""
    return h * torch.rand_like(h).ge_(share).div_(1 - share) if share else h


def mean_of_atoms(h: Tensor, records: Records) -> Tensor:
    """Mean readout over each molecule's atoms, ``(n, size)``."""
    return owned_sums(h, records.owner["atoms"], records.n) / records.counts["atoms"].unsqueeze(1)
