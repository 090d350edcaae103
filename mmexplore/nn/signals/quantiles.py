"""Quantile normalization of columns: each value's rank among the training molecules, as a standard normal number.

The same numbers as scikit-learn's ``QuantileTransformer(output_distribution="normal")``, clipped.
"""

import torch
from torch import Tensor, nn

LEVELS = 256
CLIP = 3.0
_EDGE = 1e-7


class QuantileNormal(nn.Module):
    """Quantile normalization of ``width`` columns; before :meth:`fit` a mere squashing onto the same range.

    ``knots`` (256, width): quantiles of the training molecules at evenly spaced levels; ``fitted`` (): whether.
    """

    knots: Tensor
    fitted: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("knots", torch.zeros(LEVELS, width))
        self.register_buffer("fitted", torch.tensor(False))

    def fit(self, values: Tensor) -> None:
        """Take the quantiles of these rows ``(n, width)``, linear between neighbors."""
        levels = torch.linspace(0, 1, LEVELS, dtype=torch.float64)
        ordered = values.double().cpu().sort(0).values
        place = levels * (len(ordered) - 1)
        below = place.floor().long()
        above = (below + 1).clamp(max=len(ordered) - 1)
        share = (place - below).unsqueeze(1)
        low, high = ordered[below], ordered[above]
        knots = torch.where(low == high, low, low + (high - low) * share)
        self.knots.copy_(knots.cummax(0).values)
        self.fitted.fill_(True)

    def forward(self, values: Tensor) -> Tensor:
        """Normal scores ``(n, width)`` between -3 and 3; equal values have the mean of their levels."""
        if not self.fitted:
            return (values.asinh() / 4).clamp(-CLIP, CLIP)
        x, knots = values.T.contiguous(), self.knots.T.contiguous()
        first = torch.searchsorted(knots, x).clamp(max=LEVELS - 1)
        last = torch.searchsorted(knots, x, right=True).sub(1).clamp(min=0)
        low, high = torch.minimum(first, last), torch.maximum(first, last)
        start, stop = knots.gather(1, low), knots.gather(1, high)
        wide = (stop > start) & (first > last)
        share = torch.where(wide, (x - start) / torch.where(wide, stop - start, 1), 0.5)
        level = (low + share * (high - low)) / (LEVELS - 1)
        level = torch.where(x >= knots[:, -1:], 1.0, level)
        level = torch.where(x <= knots[:, :1], 0.0, level)
        found: Tensor = torch.special.ndtri(level.clamp(_EDGE, 1 - _EDGE)).clamp(-CLIP, CLIP).T
        return found
