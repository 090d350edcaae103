"""Intermediate fusion of MMFRL: embeddings side by side, reduced to one.

"Multimodal fusion with relational learning for molecular property prediction", section 3.2.2, equation 8.

With a linear head it is the published code's network, whose first layer is the reducing one.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.fusions import Fused, Fusion
from mmexplore.nn.heads import feed_forward


class Intermediate(Fusion):
    """Intermediate fusion: ``fused = ReLU(W concat(f_1, ..., f_n) + b)`` (8), as wide as one embedding; then a head."""

    views: ClassVar[tuple[str, ...]] = ("fused",)

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        dimension: Annotated[int, Field(ge=1, le=4096, description="width of the fused embedding")] = 300,
        hidden_layers: Annotated[int, Field(ge=0, le=3, description="hidden layers of the head; 0: linear")] = 0,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of the head's hidden layers")] = 300,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before each layer")] = 0.0,
    ) -> None:
        super().__init__()
        self.dimension = dimension
        self.names = tuple(dimensions)
        self.reduce = nn.Sequential(feed_forward([sum(dimensions.values()), dimension], dropout), nn.ReLU())
        self.head = feed_forward([dimension, *[hidden_size] * hidden_layers, tasks], dropout)

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` and the view ``fused`` ``(n, dimension)``."""
        fused = self.reduce(torch.cat([embeddings[name] for name in self.names], dim=1))
        return Fused(self.head(fused), {"fused": fused})
