"""Fusion interface: turns the embeddings of the branches into predictions, and says what it made on the way."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor, nn


@dataclass(frozen=True)
class Fused:
    """Fusion output.

    ``outputs`` ``(n, tasks)``: logits for classification, z-scored values for regression. ``views``: named
    embeddings that the fusion itself makes, each ``(n, width)``; empty for ``single``. ``parts``: what else it made on
    the way and can be told, each with a row a molecule (``late``: coefficients ``w`` and predictions ``p``).
    """

    outputs: Tensor
    views: dict[str, Tensor] = field(default_factory=dict)
    parts: dict[str, Tensor] = field(default_factory=dict)


class Fusion(nn.Module, ABC):
    """Fusion base class. Built as ``Fusion(dimensions, tasks, **options)``.

    ``dimensions`` maps each branch's name to the width of its embedding, ``tasks`` is the number of outputs.
    Class attribute ``views`` lists the names of the embeddings that it adds to those of the branches.
    """

    @abstractmethod
    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Predictions from embeddings ``{branch: (n, dimension)}``."""
