"""GIN with bond features: the five-layer graph network of MMSA's downstream models (its section V-A).

Xu et al. 2019, arXiv:1810.00826, equation 4.1, in the form of Hu et al. 2020, arXiv:1905.12265: width 256, batch
normalisation after each layer, ReLU between layers, dropout 0.5, the last layer's atoms averaged.
Departs from Hu et al.: PyG's ``GINEConv`` (a ReLU over neighbour plus bond) in place of their sum without one; all
seven atom codes and four bond codes in place of two each; the atom itself (eps = 0) in place of a self loop.
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch_geometric.nn.conv.gin_conv import GINEConv

from mmexplore.nn.encoders import Encoder
from mmexplore.nn.graphs.message_passing import MessagePassing
from mmexplore.runtime.registry import OneOf, Range


class GIN(MessagePassing, Encoder):
    """Graph isomorphism network.

    ``h_v = BN(MLP(h_v + sum_{u in N(v)} ReLU(h_u + e_uv)))``, the MLP ``size -> 2 size -> size``, ``e``
    the sum of the embeddings of the bond's codes, each layer's own; ``h0`` the sum of those of the atom's codes.
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
        super().__init__(lambda: _GINLayer(_mlp(hidden_size)), layers, hidden_size, dropout)


class _GINLayer(GINEConv):  # type: ignore[misc]  # PyG is not followed by mypy
    """PyG's layer, its message written into the gathered neighbours in place of two arrays more."""

    def message(self, x_j: Tensor, edge_attr: Tensor) -> Tensor:
        """``ReLU(h_u + e_uv)`` for each directed edge."""
        return x_j.add_(edge_attr).relu_()


def _mlp(size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(size, 2 * size), nn.ReLU(inplace=True), nn.Linear(2 * size, size))
