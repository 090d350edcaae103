"""A small network over a Morgan fingerprint with counts."""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from mmexplore.features.modalities.fingerprint_counts import COLUMNS
from mmexplore.nn.dataloader import Records
from mmexplore.nn.signals.vectors import VectorEncoder
from mmexplore.runtime.registry import OneOf, Range


class FingerprintMLP(VectorEncoder):
    """Fingerprint encoder: counts, or whether there are any, then hidden layers."""

    reads: ClassVar[str] = "fingerprint_counts"
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
        self.counts = counts

    def scaled(self, records: Records) -> Tensor:
        """Counts, or zeros and ones, ``(n, 1024)``; under hidden layers the logarithm of one more."""
        found = records.columns["counts"].float()
        if not self.counts:
            return found.clamp(max=1)
        return found.log1p() if len(self.layers) else found
