"""Latent space shared by MMSA's modalities: outputs to one width, then one auto-encoder each (equation 4).

``x_i`` is the encoder's output, projected where its width is not ``d``; ``c_i = tanh(W x_i + b)``; the unified
embedding is the mean of the ``c_i`` (equation 8: the paper leaves the aggregation open, and a mean takes any subset).
"""

import torch
from torch import Tensor, nn

from mmexplore.nn.graphs.message_passing import Norm


class LatentSpace(nn.Module):
    """Shared latent space: branches ``{name: width}`` into one of ``dimension``.

    ``standardise``: each ``x_i`` is batch-normalised, so that features cannot shrink to be reconstructed easily, nor
    grow until the tanh is flat. Departs from the paper, which does not say so.
    """

    def __init__(self, dimensions: dict[str, int], dimension: int, standardise: bool = False) -> None:
        super().__init__()
        self.names = tuple(dimensions)
        self.projections = nn.ModuleList(
            nn.Identity() if width == dimension else nn.Linear(width, dimension) for width in dimensions.values()
        )
        self.norms = nn.ModuleList(Norm(dimension, affine=False) if standardise else nn.Identity() for _ in dimensions)
        self.encoders = nn.ModuleList(nn.Sequential(nn.Linear(dimension, dimension), nn.Tanh()) for _ in dimensions)

    def features(self, embeddings: dict[str, Tensor]) -> list[Tensor]:
        """``x_i`` of each modality, ``(n, dimension)``."""
        parts = zip(self.names, self.projections, self.norms, strict=True)
        return [norm(project(embeddings[name])) for name, project, norm in parts]

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """``c_i`` of each modality, ``(n, dimension)``."""
        return [encode(x) for x, encode in zip(features, self.encoders, strict=True)]

    def one(self, name: str, embedding: Tensor) -> Tensor:
        """``c_i`` of one modality by itself, ``(n, dimension)``."""
        i = self.names.index(name)
        found: Tensor = self.encoders[i](self.norms[i](self.projections[i](embedding)))
        return found

    def unified(self, embeddings: dict[str, Tensor]) -> Tensor:
        """``c`` (n, dimension): the mean of the modalities' embeddings."""
        return torch.stack(self(self.features(embeddings))).mean(0)
