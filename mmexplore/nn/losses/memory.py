"""MMSA's memory bank: typical molecules as anchors, and a molecule as a mixture of them (equations 10-12)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Similarity = Literal["inner", "cosine"]


class Memory(nn.Module):
    """Memory bank: ``L`` anchors of width ``d``, begun uniformly within ``1/sqrt(d)``, learned with the rest.

    ``s_j = S(z, a_j)`` (10), ``s' = softmax(s)``, ``z_hat = sum_j s'_j a_j`` (11). The paper calls ``S`` a distance;
    the softmax wants a similarity, so it is the inner product, or the cosine.
    """

    def __init__(self, anchors: int, dimension: int, similarity: Similarity = "inner") -> None:
        super().__init__()
        self.similarity = similarity
        bound = dimension**-0.5
        self.anchors = nn.Parameter(torch.empty(anchors, dimension).uniform_(-bound, bound))

    def activations(self, z: Tensor) -> Tensor:
        """``s'`` (n, L): how much each molecule ``z`` (n, d) is of each anchor; rows sum to one."""
        if self.similarity == "cosine":
            return (functional.normalize(z, dim=1) @ functional.normalize(self.anchors, dim=1).T).softmax(1)
        return (z @ self.anchors.T).softmax(1)

    def forward(self, z: Tensor) -> Tensor:
        """``z_hat`` (n, d)."""
        return self.activations(z) @ self.anchors


def memory_loss(aligned: Tensor, z: Tensor) -> Tensor:
    """Memory loss ``|z_hat - z|^2`` (12), mean over the batch; both sides learn."""
    return (aligned - z).square().sum(1).mean()
