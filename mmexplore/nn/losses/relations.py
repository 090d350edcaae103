"""Relational loss of molecules, or atoms: MMFRL's targets, what is learned, and the loss between them.

"Multimodal fusion with relational learning for molecular property prediction", section 3.1 and appendix C. Relations of
n instances are a matrix ``(n, n)`` whose rows sum to one; an instance is related to itself, too.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class _Gram(torch.autograd.Function):
    """``u u^T``: as both factors are one, a single product gives the gradient where autograd would take two."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        ctx.save_for_backward(u)
        return u @ u.T

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (u,) = ctx.saved_tensors
        both: Tensor = (gradient + gradient.T) @ u
        return both


def cosines(z: Tensor) -> Tensor:
    """Cosine similarity of each pair of rows of ``z`` (n, d), float32 ``(n, n)`` (equations C.2 to C.4)."""
    return _gram(functional.normalize(z.float(), dim=1))


def _gram(u: Tensor) -> Tensor:
    found: Tensor = _Gram.apply(u)  # type: ignore[no-untyped-call]
    return found


def tanimoto(fingerprints: Tensor) -> Tensor:
    """Tanimoto similarity, shared bits over bits of either, float32 ``(n, n)`` (equation C.1).

    Reads packed bits, uint8 ``(n, bytes)``.

    >>> tanimoto(torch.tensor([[0b11000000], [0b10000000]], dtype=torch.uint8))
    tensor([[1.0000, 0.5000],
            [0.5000, 1.0000]])
    """
    places = torch.arange(8, dtype=torch.uint8, device=fingerprints.device)
    bits = (fingerprints.unsqueeze(2) >> places & 1).flatten(1).float()
    size = bits.sum(1)
    bits = bits[:, bits.sum(0) > 1]  # a bit of one molecule alone, as most are, is shared with none but itself
    shared = (bits @ bits.T).diagonal_scatter(size)
    return shared / (size[:, None] + size - shared).clamp(min=1)


def peak_similarity(ppm: Tensor, tau_1: float = 1e-5, tau_2: float = 10.0) -> Tensor:
    """Peak similarity ``tau_2 / (|ppm_a - ppm_b| + tau_1)`` of atoms' shifts ``(k,)``, ``(k, k)`` (equation C.5).

    The constants are those of the published code; with them, only atoms of the very same shift are related.
    """
    return (ppm[:, None] - ppm).abs_().add_(tau_1).reciprocal_().mul_(tau_2)


def target(similarity: Tensor, temperature: float = 1.0) -> Tensor:
    """Target similarities ``t_ij = softmax_j(sim_ij / T)`` (equation 3); the paper has T = 1."""
    return (similarity if temperature == 1 else similarity / temperature).softmax(1)


def log_learned(z: Tensor, temperature: float = 1.0) -> Tensor:
    """Learned similarities ``log d_ij``, ``d_ij = softmax_j(cos(z_i, z_j) / T)`` (equation 2)."""
    unit = functional.normalize(z.float(), dim=1)
    return _gram(unit / temperature**0.5).log_softmax(1)


def cross_entropy(t: Tensor, log_d: Tensor) -> Tensor:
    """Cross entropy ``-1/n sum_i sum_j t_ij log d_ij`` (equations 1 and 4); least where ``d = t`` (equation 5)."""
    found: Tensor = -torch.tensordot(t, log_d, dims=2) / max(len(t), 1)
    return found


def entropy(t: Tensor) -> Tensor:
    """Entropy of the target similarities.

    ``-1/n sum_i sum_j t_ij log t_ij``: what no ``d`` can undercut (equation 5). Less it, :func:`cross_entropy` is
    ``KL(t || d)``, 0 where ``d = t``."""
    return cross_entropy(t, t.clamp(min=torch.finfo(t.dtype).tiny).log_())
