"""GAT with bond features: an atom attends to its neighbours and itself (MMSA, table VIII).

Veličković et al. 2018, arXiv:1710.10903, equations 1-4 and 6 (heads averaged), with the bond's embedding added to the
neighbour, in the attention too, as Hu et al. 2020, arXiv:1905.12265, do. PyG's ``GATConv`` adds bonds to the attention
alone; without bonds the two are equal. Departs from Hu et al.: heads share the bond embeddings; the atom's own part has
none; no bias (batch normalisation follows).
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.utils import softmax

from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.message_passing import MessagePassing
from mmexplore.runtime.registry import OneOf, Range

_SLOPE = 0.2


class GAT(MessagePassing, Encoder):
    """Graph attention network.

    ``h_v = BN(mean over heads of sum_u a_uv (W h_u + e_uv))`` over ``u`` in ``N(v)`` and ``v`` itself (``e_vv = 0``),
    ``a`` the softmax over ``u`` of ``LeakyReLU(p . W h_v + q . (W h_u + e_uv))``, ReLU between layers; ``e`` the sum
    of the embeddings of the bond's codes, each layer's own.
    """

    reads: ClassVar[str] = "graph2d"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=12, description="rounds of message passing"), Range(2, 6)] = 5,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of atoms and embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        heads: Annotated[int, Field(ge=1, le=16, description="attentions of each layer, averaged"), Range(1, 4)] = 2,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout after each layer"), Range(0.0, 0.6)] = 0.5,
    ) -> None:
        super().__init__(lambda: _GATLayer(hidden_size, heads), layers, hidden_size, dropout)


class _GATLayer(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, heads * size, bias=False)
        self.attention = nn.Parameter(nn.init.xavier_uniform_(torch.empty(2, heads, size)))

    def forward(self, h: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        to_target, to_source = self.attention
        sources, targets = edges
        h = self.linear(h).view(-1, *to_source.shape)
        values = torch.cat([h.index_select(0, sources) + bonds.unsqueeze(1), h])
        targets = torch.cat([targets, torch.arange(len(h), device=h.device)])
        scores = (h * to_target).sum(2).index_select(0, targets) + (values * to_source).sum(2)
        shares = softmax(functional.leaky_relu(scores, _SLOPE), targets, num_nodes=len(h))
        weighed = shares.unsqueeze(2) * values
        summed: Tensor = weighed.new_zeros(h.shape).index_add_(0, targets, weighed)
        return summed.mean(1)
