"""Atom pairs of each conformer: distances and ComENet's angles (Wang et al. 2022, arXiv:2206.08515).

Molecules of about one size stand in one padded block, so that everything over pairs is a plane of a dense array: on a
CPU no list of edges comes near it. Angles come as their sines and cosines, which is all that spherical harmonics read,
and never as ``atan2``: nothing is undefined where atoms lie in a line, and no gradient is infinite.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

MOST_PLACES = 2048
"""Atoms of a block, padding included, unless a single molecule has more: bounds what a step holds at once."""
STRAIGHT = 0.01
"""Sine of an angle below which a dihedral angle over it fades out: about half a degree."""


@dataclass(frozen=True)
class Block:
    """Padded block: molecules, each with as many ``places``.

    ``rows`` int64 ``(molecules, places)``: rows of the atoms in the order of :func:`blocks` (padding: any); ``real``
    bool, as large: which places hold an atom.
    """

    rows: Tensor
    real: Tensor


@dataclass(frozen=True)
class AtomPairs:
    """Atom pairs, ordered, atom ``i`` with its neighbour ``j``: float32 planes ``(molecules, i, j)`` of a block.

    ``near``: closer than the cut-off, and not one atom; where it is false the others hold anything finite. ``n0`` and
    ``n1``: the nearest and second nearest atom of ``i``. ``theta``: between ``j -> i`` and ``i -> n0``. ``phi``: from
    the plane of ``i, j, n0`` to that of ``i, j, n1`` about ``i -> j``. ``tau``: dihedral angle of ``r_i, i, j, r_j``,
    each ``r`` the nearest of its atom that is not the other one. Angles that do not exist, for want of a neighbour or
    because atoms lie in a line, count as a sine and cosine of 0.
    """

    near: Tensor
    distance: Tensor
    cos_theta: Tensor
    sin_theta_cos_phi: Tensor
    sin_theta_sin_phi: Tensor
    cos_tau: Tensor


def blocks(counts: Tensor) -> tuple[Tensor, list[Block]]:
    """Blocks of molecules with so many atoms each, ``counts`` ``(n,)``, and the order they want the atoms in."""
    device, counts = counts.device, counts.cpu()
    first = counts.cumsum(0) - counts
    padded = _padded(counts)
    found, order, offset = list[Block](), list[Tensor](), 0
    for places in sorted(set(padded.tolist())):
        for molecules in (padded == places).nonzero()[:, 0].split(max(1, MOST_PLACES // places)):
            place = torch.arange(places)
            real = place < counts[molecules, None]
            order.append((first[molecules, None] + place)[real])
            rows = torch.zeros(real.shape, dtype=torch.int64)
            rows[real] = torch.arange(offset, offset := offset + len(order[-1]))
            found.append(Block(rows.to(device), real.to(device)))
    return torch.cat(order).to(device), found


def pairs(positions: Tensor, real: Tensor, cutoff_angstrom: float) -> AtomPairs:
    """Distances and angles of a block, ``positions`` ``(molecules, places, 3)`` in angstrom."""
    x = positions.movedim(2, 0)
    steps = x[:, :, None] - x[:, :, :, None]
    distance = steps.square().sum(0).clamp(min=1e-12).sqrt()
    same = torch.eye(real.shape[1], dtype=torch.bool, device=real.device)
    near = real[:, :, None] & real[:, None] & ~same & (distance < cutoff_angstrom)
    unit = steps / distance
    first, is_first = _nearest(unit, distance, near)
    second, _ = _nearest(unit, distance, near & ~is_first)
    along_first, along_second = (unit * first).sum(0), (unit * second).sum(0)
    tilt = _inverse_sine(along_second)
    over = torch.linalg.cross(first, second, dim=0)
    return AtomPairs(
        near,
        distance,
        -along_first,
        ((first * second).sum(0) - along_first * along_second) * tilt,
        (unit * over).sum(0) * tilt,
        _cos_tau(torch.where(is_first, second, first), torch.where(is_first, along_second, along_first)),
    )


def _padded(counts: Tensor) -> Tensor:
    """Counts rounded up to a multiple of 8, above 64 of 16, above 128 of 32, ..."""
    bits = counts.clamp(min=1).double().log2().floor().long()
    step = 2 ** (bits - 2).clamp(min=3)
    return ((counts + step - 1) // step).clamp(min=1) * step


def _nearest(unit: Tensor, distance: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
    """Direction to the nearest atom, ``(3, molecules, i, 1)``, 0 where there is none; and which pairs it makes."""
    closest, which = distance.detach().masked_fill(~near, torch.inf).min(2, keepdim=True)
    exists = closest.isfinite()
    towards = unit.gather(3, which.expand(3, *which.shape)) * exists
    chosen = torch.arange(near.shape[2], device=near.device) == which
    return towards, chosen & exists


def _inverse_sine(cosine: Tensor) -> Tensor:
    return ((1 - cosine.square()).clamp(min=0) + STRAIGHT**2).rsqrt()


def _cos_tau(reference: Tensor, along: Tensor) -> Tensor:
    """From the directions ``i -> r_i`` for each pair and their cosines with ``i -> j``."""
    back = along.transpose(1, 2)
    across = (reference * reference.transpose(2, 3)).sum(0) + along * back
    return across * _inverse_sine(along) * _inverse_sine(back)
