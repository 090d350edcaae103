"""No fusion: one branch, one head. The baseline that every fusion has to beat.

With no hidden layer the head is MMSA's downstream one, with one it is chemprop's (:mod:`mmexplore.nn.heads`).
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from mmexplore.nn.fusions import Fused, Fusion
from mmexplore.nn.heads import feed_forward
from mmexplore.runtime.registry import OneOf, Range


class Single(Fusion):
    """Head over the only branch: ``[dropout, linear, ReLU] * hidden_layers, dropout, linear``."""

    views: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        hidden_layers: Annotated[
            int, Field(ge=0, le=3, description="hidden layers of the head; 0: linear"), Range(0, 2)
        ] = 1,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of the head's hidden layers"), OneOf((64, 128, 256, 512))
        ] = 300,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout before each layer of the head"), Range(0.0, 0.6)
        ] = 0.0,
    ) -> None:
        super().__init__()
        (self.branch, dimension), *others = dimensions.items()
        assert not others, "a recipe lets fusion 'single' have one branch"
        self.head = feed_forward([dimension, *[hidden_size] * hidden_layers, tasks], dropout)

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` from the branch's embedding ``(n, dimension)``."""
        return Fused(self.head(embeddings[self.branch]))
