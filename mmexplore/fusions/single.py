"""No fusion: one branch, one head. The baseline that every fusion has to beat.

With no hidden layer the head is linear, as in MMSA's downstream models (Hu et al. 2020, arXiv:1905.12265); with one it
is chemprop's feed-forward network (Yang et al. 2019, arXiv:1904.01561).
"""

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from mmexplore.fusions import Fused, Fusion


class Single(Fusion):
    """Head over the only branch: ``[dropout, linear, ReLU] * hidden_layers, dropout, linear``."""

    views: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        hidden_layers: Annotated[int, Field(ge=0, le=3, description="hidden layers of the head; 0: linear")] = 1,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of the head's hidden layers")] = 300,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before each layer of the head")] = 0.0,
    ) -> None:
        super().__init__()
        (self.branch, dimension), *others = dimensions.items()
        assert not others, "a recipe lets fusion 'single' have one branch"
        widths = [dimension, *[hidden_size] * hidden_layers, tasks]
        layers: list[nn.Module] = []
        for wide, narrow in pairwise(widths):
            layers += [nn.Dropout(dropout), nn.Linear(wide, narrow), nn.ReLU()]
        self.head = nn.Sequential(*layers[:-1])

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` from the branch's embedding ``(n, dimension)``."""
        return Fused(self.head(embeddings[self.branch]))
