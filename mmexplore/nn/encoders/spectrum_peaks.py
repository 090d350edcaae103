"""A network over each peak of a measured 13C spectrum, and their sum: what a spectrum is made of, in no order.

Deep sets (Zaheer et al. 2017, arXiv:1703.06114). A shift is told as bells, so that peaks near each other look alike:
0.1 ppm apart they are the same carbon in another solvent.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.features.modalities.nmr_spectrum import BINS_PER_PPM, LOWEST_PPM
from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.signals.spectra import bins
from mmexplore.runtime.registry import OneOf, Range

_FROM, _TO = -20.0, 240.0
_WIDTHS = (2.0, 8.0)


class SpectrumPeaks(Encoder):
    """Spectrum encoder: a sum over peaks.

    ``z = V(s + ReLU(U s))`` of ``s = sum over peaks of f(bells(shift))``; ``f`` is linear, ReLU, linear, ReLU.
    """

    reads: ClassVar[str] = "nmr_spectrum"
    centers: Tensor
    widths: Tensor

    def __init__(
        self,
        *,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of a peak's network"), OneOf((128, 256, 512))
        ] = 256,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        jitter: Annotated[
            float, Field(ge=0, le=20, description="ppm by which peaks are moved in training"), Range(0.0, 2.0)
        ] = 0.5,
    ) -> None:
        super().__init__()
        self.dimension, self.jitter = dimension, jitter
        places = [torch.arange(_FROM, _TO + width, width) for width in _WIDTHS]
        self.register_buffer("centers", torch.cat(places), persistent=False)
        widths = [torch.full_like(at, width) for at, width in zip(places, _WIDTHS, strict=True)]
        self.register_buffer("widths", torch.cat(widths), persistent=False)
        self.first, self.second = nn.Linear(len(self.centers), hidden_size), nn.Linear(hidden_size, hidden_size)
        self.mixed, self.last = nn.Linear(hidden_size, hidden_size), nn.Linear(hidden_size, dimension)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)`` of a batch of spectra."""
        owner, places = bins(records).nonzero(as_tuple=True)
        ppm = places.float() / BINS_PER_PPM + LOWEST_PPM
        if self.training and self.jitter:
            ppm = ppm + self.jitter * torch.randn_like(ppm)
        bells = (-((ppm.unsqueeze(1) - self.centers) / self.widths).square() / 2).exp()
        each = self.second(self.first(bells).relu()).relu()
        s = owned_sums(each, owner, records.n)
        found: Tensor = self.last(s + self.mixed(s).relu())
        return found
