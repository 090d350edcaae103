"""Encoder of vectors: small networks over what is a row of numbers already: descriptors, counts, fingerprints."""

import torch
from torch import Tensor, nn

from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.heads import feed_forward


class VectorEncoder(Encoder):
    """Encoder of one column of numbers: brought to one scale, then ``layers`` times dropout, linear, ReLU.

    With no layer the embedding is the scaled numbers themselves, which a baseline reads.
    """

    def __init__(self, width: int, layers: int, dimension: int, dropout: float) -> None:
        super().__init__()
        self.dimension = dimension if layers else width
        self.layers = nn.Sequential()
        if layers:
            self.layers = nn.Sequential(feed_forward([width, *[dimension] * layers], dropout), nn.ReLU())

    def scaled(self, records: Records) -> Tensor:
        """The numbers on one scale, ``(n, width)`` float32."""
        raise NotImplementedError

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)``."""
        found: Tensor = self.layers(self.scaled(records))
        return found


class ColumnMoments(nn.Module):
    """Standardization of ``width`` columns: mean 0 and deviation 1 over the training molecules."""

    mean: Tensor
    std: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, values: Tensor) -> None:
        """Take mean and deviation of these rows; a column of one value keeps a deviation of 1."""
        values = values.double()
        spread = values.std(0, correction=0)
        self.mean.copy_(values.mean(0))
        self.std.copy_(spread.where(spread > 1e-6 * (1 + values.mean(0).abs()), spread.new_ones(())))

    def forward(self, values: Tensor) -> Tensor:
        """Rows ``(n, width)`` with these moments."""
        return (values - self.mean) / self.std
