"""A small network over a Morgan fingerprint with chirality, as chemprop makes it; with no layer its numbers alone."""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from mmexplore.features.modalities.chiral_fingerprint import COLUMNS
from mmexplore.nn.dataloader import Records
from mmexplore.nn.signals.vectors import ColumnMoments, VectorEncoder
from mmexplore.runtime.registry import OneOf, Range


class ChiralFingerprintMLP(VectorEncoder):
    """Chiral fingerprint encoder: counts or whether there are any, standardised as in training, then hidden layers."""

    reads: ClassVar[str] = "chiral_fingerprint"
    on_one_scale: ClassVar[bool] = True

    def __init__(
        self,
        *,
        counts: Annotated[bool, Field(description="how often an environment stands there, or only whether")] = True,
        layers: Annotated[
            int, Field(ge=0, le=4, description="hidden layers; 0: the scaled numbers themselves"), Range(1, 3)
        ] = 2,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of hidden layers and embedding"), OneOf((64, 128, 256, 512))
        ] = 128,
        dropout: Annotated[float, Field(ge=0, lt=1, description="dropout before each layer"), Range(0.0, 0.6)] = 0.0,
    ) -> None:
        super().__init__(COLUMNS, layers, dimension, dropout)
        self.counts, self.scale = counts, ColumnMoments(COLUMNS)

    def begin(self, records: Records) -> None:
        """Take the moments of the training molecules."""
        self.scale.fit(self._numbers(records))

    def scaled(self, records: Records) -> Tensor:
        """Standardised numbers ``(n, 2048)``."""
        found: Tensor = self.scale(self._numbers(records))
        return found

    def _numbers(self, records: Records) -> Tensor:
        counts = records.columns["counts"].int().float()
        return counts if self.counts else counts.clamp(max=1)
