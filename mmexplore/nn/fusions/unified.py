"""MMSA's unified embedding with a head: all modalities of a molecule in one latent space, their mean predicts.

The paper fine-tunes the 2D graph alone (its section V-A); fine-tuning the unified embedding (its equation 8) is this
project's addition.
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.fusions import Fused, Fusion
from mmexplore.nn.losses.latent_space import LatentSpace
from mmexplore.runtime.registry import OneOf, Range


class Unified(Fusion):
    """Unified embedding with a linear head.

    ``outputs = W mean_i(c_i) + b``, with the latent space of :class:`mmexplore.nn.pretraining.mmsa.MMSA`.
    """

    views: ClassVar[tuple[str, ...]] = ("unified",)

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the unified embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        standardise: Annotated[bool, Field(description="batch-normalise the features, as in pre-training")] = False,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before the head"), Range(0.0, 0.6)] = 0.0,
    ) -> None:
        super().__init__()
        self.dimension = dimension
        self.latent = LatentSpace(dimensions, dimension, standardise)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(dimension, tasks))

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` and the view ``unified`` ``(n, dimension)``."""
        unified = self.latent.unified(embeddings)
        return Fused(self.head(unified), {"unified": unified})
