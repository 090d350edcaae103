"""Neighbours, angles and the functions of them, against plain loops and scipy."""

import itertools
import math

import numpy as np
import pytest
import torch
from point_clouds import CUTOFF, clouds, looped
from scipy import special

from mmexplore.nn.geometry.atom_pairs import blocks, pairs
from mmexplore.nn.geometry.spherical_basis import Basis, bessel_zero, spherical_bessel

# ---- the basis ---------------------------------------------------------------------------------------------------


def test_bessel_functions_and_their_zeros_are_scipys() -> None:
    x = np.linspace(0.05, 40, 500)
    for degree in (0, 1, 2):
        found = spherical_bessel(torch.from_numpy(x), degree)
        np.testing.assert_allclose(found, special.spherical_jn(degree, x), atol=1e-9)
    for degree, n in itertools.product((0, 1), range(1, 8)):
        zero = bessel_zero(degree, n)
        assert abs(special.spherical_jn(degree, zero)) < 1e-12
        grid = np.linspace(0.1, zero + 0.1, 4000)
        assert (np.diff(np.sign(special.spherical_jn(degree, grid))) != 0).sum() == n


def test_the_basis_is_bessel_functions_times_spherical_harmonics() -> None:
    harmonic = getattr(special, "sph_harm_y", None) or (lambda n, m, theta, phi: special.sph_harm(m, n, phi, theta))
    shape = clouds()[3]
    of = pairs(torch.from_numpy(shape)[None], torch.ones(1, len(shape), dtype=torch.bool), CUTOFF)
    basis = Basis(3, 2, CUTOFF).double()
    wide, narrow = (f.view(len(shape), -1, len(shape)).numpy() for f in basis(of))
    assert (wide.shape[1], narrow.shape[1]) == basis.widths == (12, 6)
    for (i, j), (d, cos_theta, sin_cos, sin_sin, cos_tau) in looped(shape, CUTOFF).items():
        theta, phi, tau = math.acos(cos_theta), math.atan2(sin_sin, sin_cos), math.acos(np.clip(cos_tau, -1, 1))
        fades = math.hypot(sin_sin, sin_cos) / math.sin(theta)
        even, odd = ([bessel(d, degree, n) for n in (1, 2, 3)] for degree in (0, 1))
        complex_ = -math.sqrt(2) * harmonic(1, 1, theta, phi) * fades
        angular = [harmonic(1, 0, theta, phi).real, complex_.real, complex_.imag]
        first = np.array(even) * harmonic(0, 0, theta, phi).real
        expected = np.concatenate([first, *(np.array(odd) * y for y in angular)])
        np.testing.assert_allclose(wide[i, :, j], expected, atol=1e-5)
        twisted = np.concatenate([first, np.array(odd) * harmonic(1, 0, tau, 0).real])
        np.testing.assert_allclose(narrow[i, :, j], twisted, atol=1e-5)


def bessel(distance: float, degree: int, n: int) -> float:
    z = bessel_zero(degree, n)
    scale = math.sqrt(2) / abs(special.spherical_jn(degree + 1, z))
    return float(scale * special.spherical_jn(degree, z * distance / CUTOFF))


# ---- neighbours and angles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_and_angles_are_those_of_a_plain_loop(seed: int) -> None:
    for shape in clouds(seed):
        real = torch.arange(16)[None] < len(shape)
        padded = torch.zeros(1, 16, 3, dtype=torch.float64)
        padded[0, : len(shape)] = torch.from_numpy(shape)
        of, expected = pairs(padded, real, CUTOFF), looped(shape, CUTOFF)
        assert {tuple(place) for place in of.near[0].nonzero().tolist()} == expected.keys()
        planes = (of.distance, of.cos_theta, of.sin_theta_cos_phi, of.sin_theta_sin_phi, of.cos_tau)
        for (i, j), values in expected.items():
            np.testing.assert_allclose([float(p[0, i, j]) for p in planes], values, atol=1e-8, err_msg=f"{i} {j}")


def test_blocks_hold_every_atom_once_with_its_own_molecule() -> None:
    rng = np.random.default_rng(0)
    counts = torch.from_numpy(np.concatenate([rng.integers(1, 60, 300), [250, 900, 1]]))
    owner = torch.arange(len(counts)).repeat_interleave(counts)
    order, parts = blocks(counts)
    assert torch.equal(order.sort().values, torch.arange(len(owner)))
    seen = torch.cat([part.rows[part.real] for part in parts])
    assert torch.equal(seen, torch.arange(len(owner)))
    for part in parts:
        for rows, real in zip(part.rows, part.real, strict=True):
            molecule = owner[order[rows[real]]].unique()
            assert len(molecule) == 1
            assert real.sum() == counts[molecule]
    assert sum(part.real.numel() ** 2 / len(part.real) for part in parts) < 1.8 * (counts.double() ** 2).sum()
