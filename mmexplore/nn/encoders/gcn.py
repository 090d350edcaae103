"""GCN with bond features: messages weighed by the degrees at both ends of a bond (MMSA, table VIII).

Kipf and Welling 2017, arXiv:1609.02907, equation 2, with the bond's embedding added to the neighbour as Hu et al. 2020,
arXiv:1905.12265, do. PyG's ``GCNConv`` knows no bonds; without them the two are equal. Departs from Hu et al.: the
atom's own part has no bond embedding, a layer no bias (batch normalisation follows, and has one).
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.message_passing import MessagePassing
from mmexplore.runtime.registry import OneOf, Range


class GCN(MessagePassing, Encoder):
    """Graph convolutional network.

    ``h_v = BN(W h_v / d_v + sum_{u in N(v)} (W h_u + e_uv) / sqrt(d_u d_v))``, ``d`` one more than the neighbours,
    ReLU between layers; ``e`` the sum of the embeddings of the bond's codes, each layer's own.
    """

    reads: ClassVar[str] = "graph2d"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=12, description="rounds of message passing"), Range(2, 6)] = 5,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of atoms and embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout after each layer"), Range(0.0, 0.6)] = 0.5,
    ) -> None:
        super().__init__(lambda: _GCNLayer(hidden_size), layers, hidden_size, dropout)


class _GCNLayer(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size, bias=False)

    def forward(self, h: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        sources, targets = edges
        degrees = bonds.new_ones(len(h)).index_add_(0, targets, bonds.new_ones(len(bonds)))
        scale = degrees.rsqrt()
        h = self.linear(h)
        messages = (h.index_select(0, sources) + bonds) * (scale[sources] * scale[targets]).unsqueeze(1)
        return (h / degrees.unsqueeze(1)).index_add_(0, targets, messages)
