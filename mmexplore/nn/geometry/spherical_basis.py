"""Spherical Bessel functions times spherical harmonics of degree 0 and 1, in closed form (DimeNet, arXiv:2003.03123).

ComENet (arXiv:2206.08515) describes a pair of atoms by them. No envelope: each is 0 at the cut-off.
"""

import math

import torch
from torch import Tensor, nn

from mmexplore.nn.geometry.atom_pairs import AtomPairs

_Y00, _Y1 = math.sqrt(1 / (4 * math.pi)), math.sqrt(3 / (4 * math.pi))


class Basis(nn.Module):
    """Spherical Bessel basis of distances and angles.

    ``j_l(z_ln d / c) Y_lm(theta, phi)`` and ``j_l(z_ln d / c) Y_l0(tau)``, ``z_ln`` the n-th zero of ``j_l``.

    Radial functions carry ``sqrt(2) / |j_l+1(z_ln)|``; all of them are 0 at the cut-off ``c``. In the order of ``l``,
    then ``m = 0, 1, -1``, then ``n``.
    """

    zeros: Tensor

    def __init__(self, num_radial: int, num_spherical: int, cutoff_angstrom: float) -> None:
        super().__init__()
        self.widths = (num_radial * num_spherical**2, num_radial * num_spherical)
        self.num_spherical, self.cutoff_angstrom = num_spherical, cutoff_angstrom
        zeros = [[bessel_zero(degree, n) for n in range(1, num_radial + 1)] for degree in range(2)]
        self.register_buffer("zeros", torch.tensor(zeros), persistent=False)

    def forward(self, of: AtomPairs) -> tuple[Tensor, Tensor]:
        """For each pair the first kind and the second, ``(molecules, i, functions * j)``, 0 for pairs not near."""
        even = self._radial(of, 0) * _Y00
        wide, narrow = [even], [even]
        if self.num_spherical > 1:
            odd = self._radial(of, 1) * _Y1
            wide += [odd * y[:, :, None] for y in (of.cos_theta, of.sin_theta_cos_phi, of.sin_theta_sin_phi)]
            narrow += [odd * of.cos_tau[:, :, None]]
        return torch.cat(wide, 2).flatten(2), torch.cat(narrow, 2).flatten(2)

    def _radial(self, of: AtomPairs, degree: int) -> Tensor:
        """``(molecules, i, num_radial, j)``."""
        z = self.zeros[degree, :, None]
        argument = (of.distance / self.cutoff_angstrom)[:, :, None] * z
        scale = math.sqrt(2) / spherical_bessel(z, degree + 1).abs()
        return spherical_bessel(argument, degree) * scale * of.near[:, :, None]


def spherical_bessel(x: Tensor, degree: int) -> Tensor:
    """``j_0``, ``j_1`` or ``j_2`` of positive numbers."""
    x = x.clamp(min=0.01)  # below, j_1 and j_2 lose themselves in rounding; no two atoms are so close
    sinc = x.sin() / x
    if degree == 0:
        return sinc
    first = (sinc - x.cos()) / x
    return first if degree == 1 else 3 * first / x - sinc


def bessel_zero(degree: int, n: int) -> float:
    """The n-th positive zero of ``j_0`` or ``j_1``, where ``tan x`` is 0 or ``x``.

    >>> round(bessel_zero(1, 1), 4)
    4.4934
    """
    x = n * math.pi
    for _ in range(50 * degree):
        x = n * math.pi + math.atan(x)
    return x
