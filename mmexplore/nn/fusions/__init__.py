"""Fusion interface: turns the embeddings of the branches into predictions, and says what it made on the way."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
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


def present(like: Tensor, rate: float) -> Tensor:
    """Modality dropout: what each modality of each molecule counts, drawn anew, ``(n, modalities)`` as ``like``.

    0 for one that is missing, by a chance of ``rate``; of each molecule at least one stays. The others count for so
    much more that the expectation of each is 1, as in any dropout. After Neverova et al. 2016, arXiv:1501.00102.
    """
    modalities = like.shape[1]
    kept = torch.rand_like(like) >= rate
    last = nn.functional.one_hot(torch.randint(modalities, (len(like),), device=like.device), modalities).bool()
    kept |= last & ~kept.any(1, keepdim=True)
    return kept.to(like) / (1 - rate + rate**modalities / modalities)
