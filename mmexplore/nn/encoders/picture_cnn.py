"""A small convolutional network over RDKit's drawing in grey, where ResNet-18's eleven million weights are too many.

MMFRL's image branch is the CNN of Img2Mol (Clevert et al. 2021, doi:10.1039/D1SC01839F), a grey picture in, 512 numbers
out, whose weights were learned against a decoder that is not public. This one is ours: four convolutions that halve the
picture, a mean over each of 4 x 4 fields, one linear layer, 512 numbers.
"""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.signals.images import ink
from mmexplore.runtime.registry import OneOf

_FIELDS = 4  # a side


class PictureCNN(Encoder):
    """Image encoder: a small convolutional network.

    Four times ``ReLU(norm(conv(x)))`` of step 2, widths 1, 2, 4 and 4 times ``channels``; the mean of 16 fields;
    ``z = W x + b``.

    All channels of a picture are normalised together, so that neighbours in a batch do not matter in training either.
    """

    reads: ClassVar[str] = "image"

    def __init__(
        self,
        *,
        channels: Annotated[
            int, Field(ge=1, le=256, description="channels of the first layer"), OneOf((16, 32, 64))
        ] = 32,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the embedding"), OneOf((64, 128, 256, 512))
        ] = 512,
    ) -> None:
        super().__init__()
        self.dimension, layers, before = dimension, [], 1
        for width in (channels, 2 * channels, 4 * channels, 4 * channels):
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.GroupNorm(1, width), nn.ReLU()]
            before = width
        self.network = nn.Sequential(*layers)
        self.last = nn.Linear(before * _FIELDS**2, dimension)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)`` of a batch of drawings of one size. Raises BadRecipe for several sizes."""
        found: Tensor = self.last(functional.adaptive_avg_pool2d(self.network(ink(records)), _FIELDS).flatten(1))
        return found
