"""MMSA's losses between modalities: contrast and reconstruction (equations 5 to 7)."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Negatives = Literal["one", "all"]


def contrastive_loss(embeddings: Sequence[Tensor], negatives: Negatives = "one") -> Tensor:
    """Contrastive loss (MMSA eq. 5) over the modalities' embeddings, M of ``(n, d)``.

    Zero for one modality or one molecule.

    ``-2/(M(M+1)) sum_{i != j} log(e^{c_i.c_j} / (e^{c_i.c_j} + e^{c_i.c'_i} + e^{c_i.c'_j}))`` with cosines and no
    temperature, ``c'`` another molecule of the batch: each molecule's next one after a random shuffle, or, with
    ``"all"`` (this project's addition), the sum over every other molecule. Perfect alignment against opposite
    negatives gives ``ln(1 + 2 e^-2)`` at M = 3, equal embeddings ``ln 3``.
    """
    count, n = len(embeddings), len(embeddings[0])
    unit = [functional.normalize(c, dim=1) for c in embeddings]
    other = _another(n, unit[0].device)
    total = unit[0].new_zeros(())
    for i in range(count):
        for j in range(count):
            if i != j and n > 1:
                total = total + _contrast(unit[i], unit[j], other, negatives)
    return total * 2 / (count * (count + 1))


def _contrast(anchor: Tensor, partner: Tensor, other: Tensor, negatives: Negatives) -> Tensor:
    positive = (anchor * partner).sum(1, keepdim=True)
    if negatives == "one":
        against = [(anchor * side[other]).sum(1, keepdim=True) for side in (anchor, partner)]
    else:
        itself = torch.eye(len(anchor), dtype=torch.bool, device=anchor.device)
        against = [(anchor @ side.T).masked_fill(itself, -torch.inf) for side in (anchor, partner)]
    return -(positive - torch.cat((positive, *against), 1).logsumexp(1, keepdim=True)).mean()


def _another(n: int, device: torch.device) -> Tensor:
    """For each molecule one other: the next in a random order, so that none is its own."""
    order = torch.randperm(n, device=device)
    other = torch.empty_like(order)
    other[order] = order.roll(1)
    return other


def reconstruction_loss(
    features: Sequence[Tensor],
    embeddings: Sequence[Tensor],
    decoders: Sequence[Callable[[Tensor], Tensor]],
    intra_weight: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """Reconstruction loss (MMSA eq. 6), its two parts already weighed with tau and 1 - tau.

    Within and across modalities.

    ``1/M sum_i sum_{j != i} (tau |x_i - psi_i(c_i)| + (1 - tau) |x_i - psi_i(c_j)|)``, Euclidean norms, not squared,
    mean over the batch. One modality alone has the first term once (section V-E).
    """
    count = len(features)
    zero = features[0].new_zeros(())
    within = [_missed(x, psi(c)) for x, c, psi in zip(features, embeddings, decoders, strict=True)]
    if count == 1:
        return within[0] * intra_weight, zero
    across = [_missed(features[i], decoders[i](embeddings[j])) for i in range(count) for j in range(count) if i != j]
    return torch.stack(within).sum() * (count - 1) * intra_weight / count, torch.stack(across).sum() * (
        1 - intra_weight
    ) / count


def _missed(x: Tensor, made: Tensor) -> Tensor:
    """Mean Euclidean distance of rows; the small square keeps its gradient finite where a row is met exactly."""
    return (x - made).square().sum(1).add(1e-12).sqrt().mean()
