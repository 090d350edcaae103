"""ComENet: complete and efficient message passing over a conformer (Wang et al. 2022, arXiv:2206.08515).

MMSA's encoder of the 3D graph (its section V-A: four layers). Each atom hears every atom within the cut-off, weighted
by functions of distance and angles that tell shapes apart, mirror images too, but not rotations and translations.

The weight of a pair is linear in its few basis functions, so that the sum over neighbours is one product a molecule,
``sum_j sum_r F_ijr (M_rc x_jc)``, and no array has an entry for each pair and channel.

Departs from the published code: negative angles stay as they are (it adds pi, which jumps where atoms lie in a plane);
angles that do not exist count as 0 (see :mod:`mmexplore.nn.geometry.atom_pairs`); all atoms within the cut-off are
heard; one or two atoms are not normalised (one would be the same vector for every element); mean readout by default.
"""

import math
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.geometry.atom_pairs import Block, blocks, pairs
from mmexplore.nn.geometry.conformers import one_conformer
from mmexplore.nn.geometry.spherical_basis import Basis
from mmexplore.runtime.registry import OneOf, Range

_ELEMENTS = 119  # with 0 for any atom


class ComENet(Encoder):
    """ComENet encoder.

    Layers of two graph convolutions, one weighted by ``(d, theta, phi)``, one by ``(d, tau)``; then the readout.

    In training a random conformer of each molecule is read, else the first.
    """

    reads: ClassVar[str] = "graph3d"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=12, description="rounds of message passing"), Range(2, 6)] = 4,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of atoms"), OneOf((64, 128, 256))] = 256,
        middle_size: Annotated[
            int, Field(ge=1, le=4096, description="width between basis and weights"), OneOf((32, 64, 128))
        ] = 64,
        cutoff_angstrom: Annotated[
            float, Field(gt=0, le=100, description="how far an atom hears"), Range(4.0, 10.0)
        ] = 8.0,
        num_radial: Annotated[int, Field(ge=1, le=16, description="radial functions of each degree")] = 3,
        num_spherical: Annotated[int, Field(ge=1, le=2, description="degrees of spherical harmonics, 1 or 2")] = 2,
        output_layers: Annotated[
            int, Field(ge=0, le=12, description="layers between messages and readout"), Range(1, 4)
        ] = 3,
        readout: Annotated[
            Literal["mean", "sum"], Field(description="over the atoms"), OneOf(("mean", "sum"))
        ] = "mean",
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
    ) -> None:
        super().__init__()
        self.dimension, self.readout, self.cutoff_angstrom = dimension, readout, cutoff_angstrom
        self.basis = Basis(num_radial, num_spherical, cutoff_angstrom)
        self.atoms = nn.Embedding(_ELEMENTS, hidden_size)
        nn.init.uniform_(self.atoms.weight, -math.sqrt(3), math.sqrt(3))
        self.layers = nn.ModuleList(_ComENetLayer(hidden_size, middle_size, self.basis.widths) for _ in range(layers))
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
        pooled = owned_sums(self.last(x), owner, records.n)
        return pooled / counts.unsqueeze(1) if self.readout == "mean" else pooled


class _ComENetLayer(nn.Module):
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
        weights = (self.wide.weight @ self.narrow.weight).t().to(x.dtype)
        found = []
        for part, f in zip(parts, functions, strict=True):
            heard: Tensor = _Heard.apply(x[part.rows], weights, f.to(x.dtype))  # type: ignore[no-untyped-call]
            found.append(heard[part.real])
        return torch.cat(found)


class _Heard(torch.autograd.Function):
    """``h_ic = sum_jr F_ijr M_rc x_jc`` of a block: ``x`` ``(b, j, c)``, ``M`` ``(r, c)``, ``F`` ``(b, i, r * j)``.

    The adjoint takes one function at a time: autograd's own writes arrays of all of them twice more.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, functions: Tensor) -> Tensor:
        ctx.save_for_backward(x, weights, functions)
        return torch.bmm(functions, _spoken(x, weights))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        (x, weights, functions), g = ctx.saved_tensors, gradients[0]
        back = torch.bmm(functions.transpose(1, 2), g).view(len(x), len(weights), -1, x.shape[2]).unbind(1)
        of_x = back[0] * weights[0]
        for one, weight in zip(back[1:], weights[1:], strict=True):
            of_x.addcmul_(one, weight)
        of_weights = torch.stack([(one * x).sum((0, 1)) for one in back])
        wanted = ctx.needs_input_grad[2]
        return of_x, of_weights, torch.bmm(g, _spoken(x, weights).transpose(1, 2)) if wanted else None


def _spoken(x: Tensor, weights: Tensor) -> Tensor:
    """``M_rc x_jc``, ``(b, r * j, c)``."""
    return (x[:, None] * weights[:, None]).flatten(1, 2)


class GraphNorm(nn.Module):
    """Graph normalization.

    ``w (x - a mean) / sqrt(mean of its square + eps) + b`` over a molecule (Cai et al. 2021, arXiv:2009.03294).

    Of a molecule of one or two atoms it would leave zeros or signs: there it is ``w x + b``.
    """

    def __init__(self, size: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))
        self.mean_scale = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor, owner: Tensor, counts: Tensor) -> Tensor:
        """Atoms ``(atoms, size)``, in float32 at least."""
        n, several = len(counts), (counts > 2)[:, None]
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        share = several / counts[:, None]
        x = x - (owned_sums(x, owner, n) * share * self.mean_scale)[owner]
        scale = torch.where(several, (owned_sums(x.square(), owner, n) * share + self.eps).rsqrt(), 1)
        return x * (scale * self.weight)[owner] + self.bias


def _linear(inputs: int, outputs: int, bias: bool = True) -> nn.Linear:
    linear = nn.Linear(inputs, outputs, bias)
    nn.init.xavier_uniform_(linear.weight)
    if bias:
        nn.init.zeros_(linear.bias)
    return linear
