"""GraphSAGE with bond features: an atom beside the mean of its neighbours (MMSA, table VIII).

Hamilton et al. 2017, arXiv:1706.02216, algorithm 1 with the mean of all neighbours, nothing sampled, and the bond's
embedding added to the neighbour as Hu et al. 2020, arXiv:1905.12265, do. PyG's ``SAGEConv`` knows no bonds; without
them the two are equal. Departs from Hu et al.: weights of its own for the atom, as Hamilton et al. have, in place of a
self loop; no bias (batch normalisation follows).
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.message_passing import MessagePassing
from mmexplore.runtime.registry import OneOf, Range


class GraphSAGE(MessagePassing, Encoder):
    """Sample-and-aggregate network.

    ``h_v = BN(g / |g|)`` with ``g = W_1 h_v + W_2 mean_{u in N(v)} (h_u + e_uv)``, ReLU between layers; ``e`` the sum
    of the embeddings of the bond's codes, each layer's own; the mean of no neighbours is 0.
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
        super().__init__(lambda: _GraphSAGELayer(hidden_size), layers, hidden_size, dropout)


class _GraphSAGELayer(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.own = nn.Linear(size, size, bias=False)
        self.neighbours = nn.Linear(size, size, bias=False)

    def forward(self, h: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        sources, targets = edges
        degrees = bonds.new_zeros(len(h)).index_add_(0, targets, bonds.new_ones(len(bonds)))
        messages = h.index_select(0, sources) + bonds
        mean = messages.new_zeros(h.shape).index_add_(0, targets, messages) / degrees.clamp(min=1).unsqueeze(1)
        return functional.normalize(self.own(h) + self.neighbours(mean))
