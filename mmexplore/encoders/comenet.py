"""ComENet: complete and efficient message passing over a conformer (Wang et al. 2022, arXiv:2206.08515).

MMSA's encoder of the 3D graph (its section V-A: four layers). Each atom hears every atom within the cut-off, weighted by
functions of distance and angles that together fix the shape up to rotation and translation, mirror images apart.

The weight of a pair is linear in its few basis functions, so that the sum over neighbours is one product a molecule,
``sum_j sum_r F_ijr (M_rc x_jc)``, and no array has an entry for each pair and channel.

Departs from the published code: negative angles stay as they are (it adds pi, which jumps where atoms lie in a plane);
angles that do not exist count as 0 (see :mod:`mmexplore.atom_pairs`); all atoms within the cut-off are heard; one or two
atoms are not normalised (one would be the same vector for every element); mean readout by default.
"""

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.atom_pairs import Block, Pairs, blocks, pairs
from mmexplore.batching import Records
from mmexplore.conformers import one_conformer
from mmexplore.encoders import Encoder

_ELEMENTS = 119  # with 0 for any atom
_Y00, _Y1 = math.sqrt(1 / (4 * math.pi)), math.sqrt(3 / (4 * math.pi))


class ComENet(Encoder):
    """Layers of two graph convolutions, one weighted by ``(d, theta, phi)``, one by ``(d, tau)``; then the readout.

    In training a random conformer of each molecule is read, else the first.
    """

    reads: ClassVar[str] = "graph3d"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=12, description="rounds of message passing")] = 4,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of atoms")] = 256,
        middle_size: Annotated[int, Field(ge=1, le=4096, description="width between basis and weights")] = 64,
        cutoff_angstrom: Annotated[float, Field(gt=0, le=100, description="how far an atom hears")] = 8.0,
        num_radial: Annotated[int, Field(ge=1, le=16, description="radial functions of each degree")] = 3,
        num_spherical: Annotated[int, Field(ge=1, le=2, description="degrees of spherical harmonics, 1 or 2")] = 2,
        output_layers: Annotated[int, Field(ge=0, le=12, description="layers between messages and readout")] = 3,
        readout: Annotated[Literal["mean", "sum"], Field(description="over the atoms")] = "mean",
        dimension: Annotated[int, Field(ge=1, le=4096, description="width of the embedding")] = 256,
    ) -> None:
        super().__init__()
        self.dimension, self.readout, self.cutoff_angstrom = dimension, readout, cutoff_angstrom
        self.basis = Basis(num_radial, num_spherical, cutoff_angstrom)
        self.atoms = nn.Embedding(_ELEMENTS, hidden_size)
        nn.init.uniform_(self.atoms.weight, -math.sqrt(3), math.sqrt(3))
        self.layers = nn.ModuleList(_Layer(hidden_size, middle_size, self.basis.widths) for _ in range(layers))
        self.outputs = nn.ModuleList(_linear(hidden_size, hidden_size) for _ in range(output_layers))
        self.last = _linear(hidden_size, dimension)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)`` of a batch of conformers."""
        records = one_conformer(records, self.training)
        counts = records.counts["atoms"]
        order, parts = blocks(counts)
        owner, positions = records.owner["atoms"][order], records.columns["positions"][order]
        functions = [self.basis(pairs(positions[b.rows], b.real, self.cutoff_angstrom)) for b in parts]
        x = functional.silu(self.atoms(records.columns["atoms"][order].int()))
        for layer in self.layers:
            x = layer(x, parts, functions, owner, counts)
        for output in self.outputs:
            x = functional.silu(output(x))
        pooled = _sums(self.last(x), owner, records.n)
        return pooled / counts.unsqueeze(1) if self.readout == "mean" else pooled


class Basis(nn.Module):
    """``j_l(z_ln d / c) Y_lm(theta, phi)`` and ``j_l(z_ln d / c) Y_l0(tau)``, ``z_ln`` the n-th zero of ``j_l``.

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

    def forward(self, of: Pairs) -> tuple[Tensor, Tensor]:
        """For each pair the first kind and the second, ``(molecules, i, functions * j)``, 0 for pairs not near."""
        even = self._radial(of, 0) * _Y00
        wide, narrow = [even], [even]
        if self.num_spherical > 1:
            odd = self._radial(of, 1) * _Y1
            wide += [odd * y[:, :, None] for y in (of.cos_theta, of.sin_theta_cos_phi, of.sin_theta_sin_phi)]
            narrow += [odd * of.cos_tau[:, :, None]]
        return torch.cat(wide, 2).flatten(2), torch.cat(narrow, 2).flatten(2)

    def _radial(self, of: Pairs, degree: int) -> Tensor:
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


class _Layer(nn.Module):
    def __init__(self, size: int, middle: int, widths: tuple[int, int]) -> None:
        super().__init__()
        self.entry = _linear(size, size)
        self.convolutions = nn.ModuleList(_Convolution(size, middle, width) for width in widths)
        self.joined = _linear(2 * size, size)
        self.residual = nn.ModuleList(_linear(size, size) for _ in range(3))
        self.norm = GraphNorm(size)
        self.exit = _linear(size, size)

    def forward(
        self, x: Tensor, parts: list[Block], functions: list[tuple[Tensor, Tensor]], owner: Tensor, counts: Tensor
    ) -> Tensor:
        """Atoms ``(atoms, size)`` after they heard each other."""
        x = functional.silu(self.entry(x))
        heard = [conv(x, parts, [f[kind] for f in functions]) for kind, conv in enumerate(self.convolutions)]
        h = self.joined(torch.cat(heard, 1)) + x
        for residual in self.residual:
            h = functional.silu(residual(h)) + h
        exit_: Tensor = self.exit(self.norm(h, owner, counts))
        return exit_


class _Convolution(nn.Module):
    """``swish(L (W_root x_i + W_rel sum_j g_ij x_j + b))``, the weights ``g`` linear in the basis functions.

    Maps that follow each other without an activation are multiplied first, which costs less than the atoms would.
    """

    def __init__(self, size: int, middle: int, width: int) -> None:
        super().__init__()
        self.narrow = _linear(width, middle, bias=False)
        self.wide = _linear(middle, size, bias=False)
        self.root = _linear(size, size, bias=False)
        self.rel = _linear(size, size)
        self.after = _linear(size, size)

    def forward(self, x: Tensor, parts: list[Block], functions: list[Tensor]) -> Tensor:
        """``(atoms, size)``."""
        heard = self._heard(x, parts, functions)
        after = self.after.weight
        bias = functional.linear(self.rel.bias, after, self.after.bias)
        return functional.silu(
            functional.linear(x, after @ self.root.weight, bias) + functional.linear(heard, after @ self.rel.weight)
        )

    def _heard(self, x: Tensor, parts: list[Block], functions: list[Tensor]) -> Tensor:
        """``sum_j g_ij x_j``."""
        weights = (self.wide.weight @ self.narrow.weight).t()[:, None]
        found = []
        for part, f in zip(parts, functions, strict=True):
            spoken = (x[part.rows][:, None] * weights).flatten(1, 2)
            found.append(torch.bmm(f, spoken)[part.real])
        return torch.cat(found)


class GraphNorm(nn.Module):
    """``w (x - a mean) / sqrt(mean of its square + eps) + b`` over a molecule (Cai et al. 2021, arXiv:2009.03294, eq. 4).

    Of a molecule of one or two atoms it would leave zeros or signs: there it is ``w x + b``.
    """

    def __init__(self, size: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))
        self.mean_scale = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor, owner: Tensor, counts: Tensor) -> Tensor:
        """Atoms ``(atoms, size)``, in float32."""
        x, n, several = x.float(), len(counts), (counts > 2)[:, None]
        share = several / counts[:, None]
        x = x - (_sums(x, owner, n) * share * self.mean_scale)[owner]
        scale = torch.where(several, (_sums(x.square(), owner, n) * share + self.eps).rsqrt(), 1)
        return x * (scale * self.weight)[owner] + self.bias


def _sums(x: Tensor, owner: Tensor, n: int) -> Tensor:
    return x.new_zeros(n, x.shape[1]).index_add_(0, owner, x)


def _linear(inputs: int, outputs: int, bias: bool = True) -> nn.Linear:
    linear = nn.Linear(inputs, outputs, bias)
    nn.init.xavier_uniform_(linear.weight)
    if bias:
        nn.init.zeros_(linear.bias)
    return linear
