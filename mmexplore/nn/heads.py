"""Feed-forward heads.

Feed-forward networks that end models and their parts: ``[dropout, linear, ReLU] * hidden layers, dropout, linear``.

With no hidden layer it is linear, as in MMSA's downstream models (Hu et al. 2020, arXiv:1905.12265); with one it is
chemprop's (Yang et al. 2019, arXiv:1904.01561).
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def activation_layer(name: str, slope: float = 0.1) -> nn.Module:
    """Activation function by torch's name in lower case; ``slope`` is leakyrelu's negative slope, (c)elu's alpha."""
    if name in _WITH_SLOPE:
        return _WITH_SLOPE[name](slope)
    return _PLAIN[name]()


_WITH_SLOPE = {"leakyrelu": nn.LeakyReLU, "elu": nn.ELU, "celu": nn.CELU}
_PLAIN = {
    layer.__name__.lower(): layer
    for layer in (nn.ReLU, nn.PReLU, nn.Tanh, nn.SELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Mish)
}


def feed_forward(widths: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """A network through layers of these widths, input first, outputs last; nothing follows the last linear map."""
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [nn.Dropout(dropout), nn.Linear(wide, narrow), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
