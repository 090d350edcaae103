"""chemprop 2's message passing with all its choices (Heid et al. 2024, doi:10.1021/acs.jcim.3c01250), any of its files.

Along bonds it is :mod:`mmexplore.nn.encoders.dmpnn` (Yang et al. 2019, arXiv:1904.01561, equations 1-6), along atoms
their section 2.2's MPNN. It exists so that weights which chemprop 2 has learned compute here what they compute there;
parameters carry chemprop's names. Every edge is computed by itself: an own training is faster as a ``dmpnn``.
"""

from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.features import (
    ATOM_FEATURES,
    BOND_FEATURES,
    SCHEMES,
    atom_features,
    bond_features,
    directed_edges,
)
from mmexplore.nn.graphs.message_passing import Norm
from mmexplore.nn.heads import activation_layer
from mmexplore.runtime.registry import OneOf, Range


class MPNN(Encoder):
    """Message passing network of chemprop 2.

    ``h0 = act(W_i x)`` of each directed bond; ``depth - 1`` times ``h = act(h0 + W_h m)``; then
    ``h_v = act(W_o [x_v; m_v] + b)`` with ``m_v`` the sum of ``h`` into v; then the readout, and batch normalisation
    where it is on. Along bonds ``x = [x_v; e_vw]`` and ``m`` is the sum of ``h`` into v but the one from w; along atoms
    ``x = x_v`` and ``m`` is the sum of ``[h; e]`` into v.
    """

    reads: ClassVar[str] = "graph2d"
    tells_atoms: ClassVar[bool] = True

    def __init__(
        self,
        *,
        messages: Annotated[Literal["bonds", "atoms"], Field(description="what messages are passed along")] = "bonds",
        features: Annotated[
            Literal["v1", "v2", "organic", "rigr"], Field(description="chemprop's features of atoms and bonds")
        ] = "v2",
        depth: Annotated[
            int, Field(ge=1, le=24, description="rounds of message passing, the first one included"), Range(2, 6)
        ] = 3,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of messages and embedding"), OneOf((64, 128, 256, 512))
        ] = 300,
        bias: Annotated[bool, Field(description="a bias in the first and the repeated layer")] = False,
        activation: Annotated[
            Literal["relu", "leakyrelu", "prelu", "tanh", "elu", "selu", "gelu", "silu", "celu", "softplus", "mish"],
            Field(description="activation function"),
        ] = "relu",
        slope: Annotated[
            float, Field(ge=-100, le=100, description="leakyrelu: negative slope; elu and celu: alpha")
        ] = 0.1,
        undirected: Annotated[bool, Field(description="both directions of a bond carry their mean")] = False,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout after each update"), Range(0.0, 0.6)] = 0.0,
        readout: Annotated[
            Literal["mean", "sum", "norm", "attentive"], Field(description="over the atoms; norm: sum divided by norm")
        ] = "mean",
        norm: Annotated[float, Field(gt=0, le=1e9, description="norm: what the sum is divided by")] = 100.0,
        batch_norm: Annotated[bool, Field(description="batch normalisation of the embedding")] = False,
    ) -> None:
        super().__init__()
        self.choices: dict[str, Any] = {
            "messages": messages,
            "features": features,
            "depth": depth,
            "hidden_size": hidden_size,
        }
        self.choices |= {"bias": bias, "activation": activation, "slope": slope, "undirected": undirected}
        self.along_atoms, self.scheme, self.undirected = messages == "atoms", SCHEMES.get(features), undirected
        self.depth, self.readout, self.norm, self.dimension = depth, readout, norm, hidden_size
        atoms, bonds = (self.scheme.atoms, self.scheme.bonds) if self.scheme else (ATOM_FEATURES, BOND_FEATURES)
        self.W_i = nn.Linear(atoms if self.along_atoms else atoms + bonds, hidden_size, bias=bias)
        self.W_h = nn.Linear(hidden_size + bonds if self.along_atoms else hidden_size, hidden_size, bias=bias)
        self.W_o = nn.Linear(atoms + hidden_size, hidden_size)
        self.tau = activation_layer(activation, slope)
        self.dropout = nn.Dropout(dropout)
        self.W = nn.Linear(hidden_size, 1) if readout == "attentive" else None
        self.bn = Norm(hidden_size) if batch_norm else None

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, hidden_size)`` of a batch of molecular graphs."""
        return self.read_out(self.by_atom(records), records.owner["atoms"], records.counts["atoms"])

    def by_atom(self, records: Records) -> Tensor:
        """``h_v`` of every atom of the batch, ``(atoms, hidden_size)``."""
        if self.scheme:
            x, bonds = self.scheme.of_atoms(records), self.scheme.of_bonds(records)
        else:
            x, bonds = atom_features(records), bond_features(records)
        edges, reverse = directed_edges(records)
        return self.passed(x, bonds.repeat_interleave(2, 0), edges[0], edges[1], reverse)

    def passed(self, x: Tensor, bonds: Tensor, sources: Tensor, targets: Tensor, reverse: Tensor) -> Tensor:
        """``h_v`` ``(atoms, hidden_size)`` from features of atoms and of directed edges, and where these lead."""
        first = self.W_i(x[sources] if self.along_atoms else torch.cat((x[sources], bonds), 1))
        h = self.tau(first)
        for _ in range(self.depth - 1):
            if self.undirected:
                h = (h + h[reverse]) / 2
            if self.along_atoms:
                messages = owned_sums(torch.cat((h, bonds), 1), targets, x.shape[0])[sources]
            else:
                messages = owned_sums(h, targets, x.shape[0])[sources] - h[reverse]
            h = self.dropout(self.tau(first + self.W_h(messages)))
        found: Tensor = self.dropout(self.tau(self.W_o(torch.cat((x, owned_sums(h, targets, x.shape[0])), 1))))
        return found

    def read_out(self, atoms: Tensor, owner: Tensor, counts: Tensor) -> Tensor:
        """Embeddings ``(n, hidden_size)`` of atoms ``(atoms, hidden_size)``, each of the molecule ``owner``."""
        n = counts.shape[0]
        if self.W is not None:
            weights = self.W(atoms).exp()
            pooled = owned_sums(atoms * (weights / owned_sums(weights, owner, n)[owner]), owner, n)
        else:
            pooled = owned_sums(atoms, owner, n)
            pooled = pooled / counts.unsqueeze(1) if self.readout == "mean" else pooled
            pooled = pooled / self.norm if self.readout == "norm" else pooled
        return pooled if self.bn is None else self.bn(pooled)
