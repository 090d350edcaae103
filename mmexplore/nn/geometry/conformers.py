"""Conformer tensors: one a molecule, its shape as a label, and how each was made, counted in words.

MMSA (section V-A) shows an encoder one of five conformers at a time; its geometric label (section IV-B.2) is that of
IEM (its appendix F): coordinates, normalised and flattened. Neither says which frame they stand in.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mmexplore.features.modalities.graph3d import MADE
from mmexplore.features.packing import Packed
from mmexplore.features.store import Features
from mmexplore.nn.dataloader import Records, owned_sums


def one_conformer(records: Records, random: bool) -> Records:
    """One conformer of each molecule: drawn by torch's global numbers, or number 0.

    ``positions`` become float32 ``(atoms, 3)`` in the order of ``atoms``; ``made`` stays; the only axis left is
    "atoms". Records already picked come back as they are.
    """
    if "points" not in records.counts:
        return records
    columns, atoms = records.columns, records.counts["atoms"]
    conformers = records.counts["points"] // atoms.clamp(min=1)
    drawn = torch.rand(records.n, device=atoms.device) if random else atoms.new_zeros(records.n)
    chosen = (drawn * conformers).long().index_select(0, records.owner["points"]) == columns["conformer"]
    positions = columns["positions"].new_zeros(len(columns["atoms"]) + 1, 3)  # the last row takes what is not chosen
    positions[torch.where(chosen, columns["atom"], len(columns["atoms"]))] = columns["positions"]
    kept = {"atoms": columns["atoms"], "made": columns["made"], "positions": positions[:-1]}
    about = {name: column for name, column in records.about.items() if name in kept}
    if about:
        about["positions"] = replace(about["positions"], axis="atoms")
    return Records(records.n, kept, {"atoms": atoms}, {"atoms": records.owner["atoms"]}, about=about)


def geometry_labels(records: Records, atoms: int = 20) -> tuple[Tensor, Tensor]:
    """MMSA's geometric label: coordinates of the first atoms, and which of them are known.

    Both ``(n, 3 * atoms)``, float32 and bool: x1, y1, z1, x2, ... along the principal axes, longest first, the
    molecule's largest coordinate 1; zeros, unknown, behind its last atom. The first two axes point where their third
    moment is positive and the third makes the frame right-handed, so that mirror images differ. Of records with
    several conformers number 0 counts. Rotation and translation change nothing, except where two principal moments
    are equal or a third moment is 0: such a shape has several frames, and one of them is taken.
    Departs from the paper: it names no frame, and the raw one would be noise.
    """
    device = records.columns["positions"].device
    records = one_conformer(records.to("cpu") if device.type == "mps" else records, False)  # mps knows no float64
    owner, counts = records.owner["atoms"], records.counts["atoms"]
    rank = _rank(owner, counts)
    turned = _along_axes(records.columns["positions"].double(), owner, counts)
    largest = turned.new_zeros(records.n).scatter_reduce_(0, owner, turned.abs().amax(1), "amax")
    scaled = turned / largest.clamp(min=1e-6)[owner, None]
    labels = scaled.new_zeros(records.n, max(int(counts.max()), atoms), 3)
    labels[owner, rank] = scaled
    known = torch.arange(atoms, device=owner.device) < counts[:, None]
    return labels[:, :atoms].flatten(1).float().to(device), known.repeat_interleave(3, 1).to(device)


def distance_histogram(records: Records, bins: int = 30, cutoff_angstrom: float = 15.0) -> tuple[Tensor, Tensor]:
    """A geometric label without a frame: the share of a molecule's atom pairs at each distance.

    ``(n, bins)`` float32 over equal bins from 0 to the cut-off, and as many bools, False for a molecule without pairs.
    Pairs beyond the cut-off are counted in no bin.
    """
    records = one_conformer(records, False)
    counts, owner = records.counts["atoms"], records.owner["atoms"]
    one, other = _pairs(owner, counts)
    distances = (records.columns["positions"][one] - records.columns["positions"][other]).norm(dim=1)
    bin_ = (distances * (bins / cutoff_angstrom)).long().clamp(max=bins)
    found = distances.new_zeros(records.n, bins + 1).index_put_((owner[one], bin_), distances.new_ones(()), True)
    shares = found[:, :bins] / (counts * (counts - 1) // 2).clamp(min=1)[:, None]
    return shares, (counts > 1)[:, None].expand(-1, bins)


def how_made(source: Features | Packed) -> dict[str, int]:
    """Conformer counts: molecules by how theirs were made, in the words of MADE, those that occur."""
    made = source.columns["made"][source.rows[source.ok]] if isinstance(source, Features) else source.columns["made"]
    found = np.bincount(made, minlength=len(MADE)).tolist()
    return {words: found[code] for code, words in MADE.items() if found[code]}


def _rank(owner: Tensor, counts: Tensor) -> Tensor:
    """The number of each atom within its molecule, ``(atoms,)``."""
    first = counts.cumsum(0) - counts
    return torch.arange(len(owner), device=owner.device) - first[owner]


def _pairs(owner: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Every two atoms of a molecule once, int64 ``(pairs,)`` each."""
    later = counts[owner] - 1 - _rank(owner, counts)
    one: Tensor = torch.arange(len(owner), device=owner.device).repeat_interleave(later)
    return one, one + 1 + _rank(one, later)


def _along_axes(positions: Tensor, owner: Tensor, counts: Tensor) -> Tensor:
    """Centred positions in each molecule's own frame, ``(atoms, 3)``; in float64 also where autocast is on."""
    n = len(counts)
    centered = positions - (owned_sums(positions, owner, n) / counts[:, None])[owner]
    spread = owned_sums(centered[:, :, None] * centered[:, None], owner, n)
    axes = torch.linalg.eigh(spread).eigenvectors.flip(2)
    turned: Tensor = (centered[:, :, None] * axes[owner]).sum(1)
    signs = owned_sums(turned**3, owner, n).sign()
    signs = torch.where(signs == 0, 1, signs)
    signs[:, 2] = signs[:, 0] * signs[:, 1] * torch.linalg.det(axes).sign()
    return turned * signs[owner]
