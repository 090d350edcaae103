"""A convolution over a measured 13C spectrum, then residual layers: MMFRL's NMR branch (its table C.1 names a 1D CNN).

The sizes are those of its published code: 32 channels of 400 bins (40 ppm) every 200 bins, 21 places, 672 numbers, two
residual layers. How these are wired is our reading: ``x + ReLU(W x + b)``.
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from mmexplore.features.modalities.nmr_spectrum import BINS
from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.signals.spectra import bins
from mmexplore.runtime.registry import OneOf, Range

_WINDOW, _STEP = 400, 200  # bins
_PLACES = BINS // _STEP + 1


class SpectrumCNN(Encoder):
    """Spectrum encoder: a convolutional network.

    ``z = W x + b`` of the residual layers' ``x``, which begins as ``ReLU(conv(bins))`` laid end to end.
    """

    reads: ClassVar[str] = "nmr_spectrum"

    def __init__(
        self,
        *,
        channels: Annotated[
            int, Field(ge=1, le=512, description="channels of the convolution"), OneOf((16, 32, 64))
        ] = 32,
        layers: Annotated[int, Field(ge=0, le=8, description="residual layers"), Range(1, 4)] = 2,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout after each residual layer"), Range(0.0, 0.6)
        ] = 0.0,
    ) -> None:
        super().__init__()
        self.dimension, width = dimension, channels * _PLACES
        self.convolution = nn.Conv1d(1, channels, _WINDOW, _STEP, _WINDOW // 2)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(width, dimension)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)`` of a batch of spectra."""
        x = self.convolution(bins(records).unsqueeze(1)).relu().flatten(1)
        for layer in self.layers:
            x = self.dropout(x + layer(x).relu())
        found: Tensor = self.last(x)
        return found
