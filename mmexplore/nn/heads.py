"""Feed-forward heads.

Feed-forward networks that end models and their parts: ``[dropout, linear, ReLU] * hidden layers, dropout, linear``.

With no hidden layer it is linear, as in MMSA's downstream models (Hu et al. 2020, arXiv:1905.12265); with one it is
chemprop's (Yang et al. 2019, arXiv:1904.01561).
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def feed_forward(widths: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """A network through layers of these widths, input first, outputs last; nothing follows the last linear map."""
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [nn.Dropout(dropout), nn.Linear(wide, narrow), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
