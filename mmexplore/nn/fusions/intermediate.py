"""Intermediate fusion of MMFRL: embeddings side by side, reduced to one.

"Multimodal fusion with relational learning for molecular property prediction", section 3.2.2, equation 8.

With a linear head it is the published code's network, whose first layer is the reducing one.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.fusions import Fused, Fusion, present
from mmexplore.nn.heads import feed_forward
from mmexplore.runtime.registry import OneOf, Range


class Intermediate(Fusion):
    """Intermediate fusion: ``fused = ReLU(W concat(f_1, ..., f_n) + b)`` (8), as wide as one embedding; then a head."""

    views: ClassVar[tuple[str, ...]] = ("fused",)

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the fused embedding"), OneOf((64, 128, 256, 512))
        ] = 300,
        hidden_layers: Annotated[
            int, Field(ge=0, le=3, description="hidden layers of the head; 0: linear"), Range(0, 2)
        ] = 0,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of the head's hidden layers"), OneOf((64, 128, 256, 512))
        ] = 300,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before each layer"), Range(0.0, 0.6)] = 0.0,
        modality_dropout: Annotated[
            float, Field(ge=0, le=0.9, description="share of modalities missing in training, drawn for each molecule")
        ] = 0.0,
    ) -> None:
        super().__init__()
        self.dimension, self.missing = dimension, modality_dropout
        self.names = tuple(dimensions)
        self.reduce = nn.Sequential(feed_forward([sum(dimensions.values()), dimension], dropout), nn.ReLU())
        self.head = feed_forward([dimension, *[hidden_size] * hidden_layers, tasks], dropout)

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` and the view ``fused`` ``(n, dimension)``.

        In training with ``modality_dropout`` a missing modality's embedding is 0 and the others count for more, as
        :func:`mmexplore.nn.fusions.present` has it.
        """
        f = [embeddings[name] for name in self.names]
        if self.training and self.missing:
            factors = present(f[0].new_empty(len(f[0]), len(f)), self.missing).unbind(1)
            f = [x * factor.unsqueeze(1) for x, factor in zip(f, factors, strict=True)]
        fused = self.reduce(torch.cat(f, dim=1))
        return Fused(self.head(fused), {"fused": fused})
