"""A small network over MiniMol's fingerprint, standardised on the training part."""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from mmexplore.features.modalities.foundation import WIDTH
from mmexplore.nn.dataloader import Records
from mmexplore.nn.signals.vectors import ColumnMoments, VectorEncoder
from mmexplore.runtime.registry import OneOf, Range


class FoundationMLP(VectorEncoder):
    """Encoder of a foundation model's fingerprint: standardised, then hidden layers."""

    reads: ClassVar[str] = "foundation"
    on_one_scale: ClassVar[bool] = True

    def __init__(
        self,
        *,
        layers: Annotated[
            int, Field(ge=0, le=4, description="hidden layers; 0: the scaled numbers themselves"), Range(1, 3)
        ] = 2,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of hidden layers and embedding"), OneOf((64, 128, 256, 512))
        ] = 128,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before each layer"), Range(0.0, 0.6)] = 0.0,
    ) -> None:
        super().__init__(WIDTH, layers, dimension, dropout)
        self.scale = ColumnMoments(WIDTH)

    def begin(self, records: Records) -> None:
        """Take the moments of the training molecules."""
        self.scale.fit(records.columns["values"])

    def scaled(self, records: Records) -> Tensor:
        """Standardised values ``(n, 512)``."""
        found: Tensor = self.scale(records.columns["values"])
        return found
