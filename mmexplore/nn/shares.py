"""Shares of a batch: processes (ranks) that train one model together, each encoding a part of every batch's molecules.

What they make is gathered with its gradient, and the loss is computed by each over the whole batch, so that a molecule
is compared with those of all ranks. What is drawn at random for a batch is drawn by numbers that all ranks share; what
an encoder draws within a share, by the rank's own. Without dropout the weights are therefore those of one process.

A rank's loss depends on what every rank made: the gradient of a gathered or summed value is summed over the ranks, and
the mean that DistributedDataParallel takes is that of the one loss.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed
from torch.nn.modules.batchnorm import _BatchNorm

from mmexplore.nn.dataloader import Records
from mmexplore.runtime.jobs.ranks import Rank

_LONGEST = timedelta(days=7)  # one rank may featurize a library while the others wait


@dataclass
class _Group:
    """The ranks of this process: who it is among them, and the channels on which it hears the others."""

    rank: Rank
    values: distributed.ProcessGroup | None
    words: distributed.ProcessGroup | None
    draws: tuple[int, ...] | None = None
    within: bool = False


_groups: list[_Group] = []


@contextmanager
def joined(rank: Rank | None, device: str = "cpu") -> Iterator[None]:
    """Be a rank: inside, this process is one of those that train together; None: alone."""
    if rank is None:
        yield
        return
    before = {name: os.environ.get(name) for name in rank.environment}
    os.environ.update(rank.environment)
    if device == "cuda":
        torch.cuda.set_device(rank.local)
    backend = "nccl" if device == "cuda" else "gloo"
    distributed.init_process_group(backend, rank=rank.number, world_size=rank.count, timeout=_LONGEST)
    values = distributed.new_group(backend=backend, timeout=_LONGEST)  # apart from DDP's, whose order is its own
    _groups.append(_Group(rank, values, distributed.new_group(backend="gloo", timeout=_LONGEST)))
    try:
        yield
    finally:
        _groups.pop()
        distributed.destroy_process_group()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def count() -> int:
    """How many ranks train together, 1 where this process is alone."""
    return _groups[-1].rank.count if _groups else 1


def first() -> bool:
    """Whether this process is the one that reports and writes."""
    return not _groups or _groups[-1].rank.number == 0


def wait() -> None:
    """Go on when every rank has come here."""
    if _groups:
        distributed.barrier(_groups[-1].words)


@contextmanager
def first_before_others() -> Iterator[None]:
    """A block that rank 0 has left before the others enter it: they find what it made."""
    if not first():
        wait()
    yield
    if first():
        wait()


def from_first(value: Any) -> Any:
    """What rank 0 has, on every rank: plain values alone."""
    if not _groups:
        return value
    held = [value]
    distributed.broadcast_object_list(held, src=0, group=_groups[-1].words)
    return held[0]


@contextmanager
def of_step(*seeds: int) -> Iterator[None]:
    """Training step: inside, :func:`encoded` shares the batch; the seeds are those of what encoders draw."""
    if not _groups:
        yield
        return
    _groups[-1].draws = seeds
    try:
        yield
    finally:
        _groups[-1].draws = None


def encoded(
    encode: Callable[[dict[str, Records]], dict[str, Tensor]], records: Mapping[str, Records]
) -> dict[str, Tensor]:
    """What ``encode`` makes of a batch, rows in the molecules' order; in a training step each rank makes its share."""
    group = _groups[-1] if _groups else None
    if group is None or group.draws is None:
        return encode(dict(records))
    n, rank = next(iter(records.values())).n, group.rank
    start, stop = n * rank.number // rank.count, n * (rank.number + 1) // rank.count
    with _own_numbers((*group.draws, rank.number)):
        group.within = True
        try:
            made = encode({name: one.part(start, stop) for name, one in records.items()})
        finally:
            group.within = False
    return {name: _Gathered.apply(values) for name, values in made.items()}  # type: ignore[no-untyped-call]


@contextmanager
def _own_numbers(words: tuple[int, ...]) -> Iterator[None]:
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(gpus):
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))
        yield


def normalized(x: Tensor, norm: _BatchNorm) -> Tensor | None:
    """Batch normalization over the rows ``(rows, channels, ...)`` of all ranks; None where it is this process's own.

    The running averages are those of all ranks, too. torch's own layer for this takes a GPU.
    """
    if not _groups or not _groups[-1].within or not norm.training:
        return None
    over = [axis for axis in range(x.dim()) if axis != 1]
    shape = [-1 if axis == 1 else 1 for axis in range(x.dim())]
    size = _summed(torch.tensor(x.numel() / x.shape[1], dtype=_at_least_float32(x), device=x.device))
    if size < 2:
        return None
    wide = x.to(_at_least_float32(x))
    mean = _summed(wide.sum(over)) / size
    apart = wide - mean.view(shape)
    variance = _summed(apart.square().sum(over)) / size
    _remember(norm, mean.detach(), variance.detach() * size / (size - 1))
    found = apart * (variance + norm.eps).rsqrt().view(shape)
    if norm.affine:
        found = found * norm.weight.view(shape) + norm.bias.view(shape)
    return found.to(x.dtype)


def _remember(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked.add_(1)
    share = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(variance, share)


def _at_least_float32(values: Tensor) -> torch.dtype:
    return torch.promote_types(values.dtype, torch.float32)


class _Gathered(torch.autograd.Function):
    """Rows of all ranks, in the order of ranks; each rank may have another number of them."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        group, rank = _groups[-1].values, _groups[-1].rank
        mine = torch.tensor([len(own)], device=own.device)
        lengths = [torch.empty_like(mine) for _ in range(rank.count)]
        distributed.all_gather(lengths, mine, group)
        sizes = [int(length) for length in lengths]
        padded = own.new_zeros(max(sizes), *own.shape[1:])
        padded[: len(own)] = own
        every = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(every, padded, group)
        ctx.rows = slice(sum(sizes[: rank.number]), sum(sizes[: rank.number + 1]))
        return torch.cat([values[:size] for values, size in zip(every, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        summed = gradient.contiguous().to(_at_least_float32(gradient), copy=True)
        distributed.all_reduce(summed, group=_groups[-1].values)
        return summed[ctx.rows].to(gradient.dtype)


class _Summed(torch.autograd.Function):
    """Sum over ranks."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        del ctx
        total = own.clone()
        distributed.all_reduce(total, group=_groups[-1].values)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        del ctx
        summed = gradient.contiguous().clone()
        distributed.all_reduce(summed, group=_groups[-1].values)
        return summed


def _summed(own: Tensor) -> Tensor:
    found: Tensor = _Summed.apply(own)  # type: ignore[no-untyped-call]
    return found
