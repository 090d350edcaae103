"""A small network over RDKit's descriptors, standardised on the training part, as chemprop does with ``rdkit_2d``."""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from mmexplore.features.modalities.rdkit_descriptors import NAMES
from mmexplore.nn.dataloader import Records
from mmexplore.nn.signals.vectors import ColumnMoments, VectorEncoder
from mmexplore.runtime.registry import OneOf, Range


class StandardDescriptorMLP(VectorEncoder):
    """Descriptor encoder: each number less the training molecules' mean, by their deviation, then hidden layers."""

    reads: ClassVar[str] = "rdkit_descriptors"
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
        super().__init__(len(NAMES), layers, dimension, dropout)
        self.scale = ColumnMoments(len(NAMES))

    def begin(self, records: Records) -> None:
        """Take the moments of the training molecules."""
        self.scale.fit(records.columns["values"])

    def scaled(self, records: Records) -> Tensor:
        """Standardised values ``(n, 217)``."""
        found: Tensor = self.scale(records.columns["values"])
        return found
