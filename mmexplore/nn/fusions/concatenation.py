"""Embeddings side by side under chemprop's head (Heid et al. 2024, doi:10.1021/acs.jcim.3c01250).

What a molecule's graph tells and descriptors that are known besides, end to end, through a feed-forward network with
any activation. With one branch it is chemprop's plain model; models that chemprop has trained come as this.
"""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.fusions import Fused, Fusion
from mmexplore.nn.heads import activation_layer
from mmexplore.runtime.registry import OneOf, Range


class Concatenation(Fusion):
    """Concatenation: ``linear, [activation, dropout, linear] * hidden_layers`` over ``concat(f_1, ..., f_n)``.

    Its view ``hidden`` is what chemprop calls the encoding: the outputs of the last hidden layer before its activation.
    """

    views: ClassVar[tuple[str, ...]] = ("hidden",)

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        hidden_layers: Annotated[
            int, Field(ge=0, le=12, description="hidden layers of the head; 0: linear"), Range(0, 3)
        ] = 1,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of the head's hidden layers"), OneOf((64, 128, 256, 512))
        ] = 300,
        activation: Annotated[
            Literal["relu", "leakyrelu", "prelu", "tanh", "elu", "selu", "gelu", "silu", "celu", "softplus", "mish"],
            Field(description="activation function of the head"),
        ] = "relu",
        slope: Annotated[
            float, Field(ge=-100, le=100, description="leakyrelu: negative slope; elu and celu: alpha")
        ] = 0.1,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout before each layer but the first"), Range(0.0, 0.6)
        ] = 0.0,
    ) -> None:
        super().__init__()
        self.names = tuple(dimensions)
        widths = [sum(dimensions.values()), *[hidden_size] * hidden_layers, tasks]
        self.dimension = widths[-2]
        self.layers = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(widths))
        self.tau, self.dropout = activation_layer(activation, slope), nn.Dropout(dropout)

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` and the view ``hidden`` ``(n, hidden_size)``."""
        hidden = torch.cat([embeddings[name] for name in self.names], 1)
        if len(self.layers) == 1:
            return Fused(self.layers[0](hidden), {"hidden": hidden})
        hidden = self.layers[0](hidden)
        for layer in self.layers[1:-1]:
            hidden = layer(self.dropout(self.tau(hidden)))
        return Fused(self.layers[-1](self.dropout(self.tau(hidden))), {"hidden": hidden})
