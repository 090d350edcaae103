"""Atom environments of a batch.

Which atoms and directed bonds of a batch have the same surroundings, and so the same messages.

Two rows whose surroundings up to k bonds are equal get equal messages after k rounds, whatever the weights: one of them
is computed, forwards and backwards. Fragments of one molecule share nearly all of theirs, other molecules many.
Surroundings are compared by Weisfeiler-Lehman colours of 64 bits: of a hundred thousand rows two that differ are taken
for equal once in some 10^9 batches.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.graphs.features import bond_kinds, directed_edges

_CODES = 8  # of an atom, its mass included
_KINDS = 256


@dataclass(frozen=True)
class EnvironmentClasses:
    """Environment classes, equal rows.

    ``of`` int64 ``(rows,)`` is the class of each row, ``one`` int64 ``(classes,)`` a row of each.
    """

    of: Tensor
    one: Tensor


@dataclass(frozen=True)
class Bags:
    """Rows to be summed: those of a sum end to end, ``starts`` says where each sum begins (as ``embedding_bag``)."""

    rows: Tensor
    starts: Tensor


@dataclass(frozen=True)
class Round:
    """Message passing round of edges, or atoms.

    Their classes, and the classes of edges before it that reach one of each.
    """

    classes: EnvironmentClasses
    reached: Bags


@dataclass(frozen=True)
class Environments:
    """Environment classes of a batch up to a number of rounds.

    ``atoms`` by what they are; ``edges`` (``2k`` and ``2k + 1`` being the directions of bond ``k``) by what they are,
    ``rounds`` by what reaches them, ``last`` the atoms by all that reaches them, with the classes of edges that do.
    """

    atoms: EnvironmentClasses
    edges: EnvironmentClasses
    sources: Tensor
    rounds: tuple[Round, ...]
    last: Round


def environments(records: Records, rounds: int) -> Environments:
    """Classes of a batch of ``graph2d`` records after 0 to ``rounds`` rounds; kept with the records."""
    if (key := f"environments {rounds}") not in records.made:
        records.made[key] = _compared(records, rounds)
    found: Environments = records.made[key]
    return found


def summed(h: Tensor, bags: Bags) -> Tensor:
    """The sum of the rows of ``h`` ``(classes, size)`` in each bag, ``(bags, size)``."""
    return functional.embedding_bag(bags.rows, h, bags.starts, mode="sum")


def _compared(records: Records, rounds: int) -> Environments:
    (sources, targets), reverse = directed_edges(records)
    atom = _atom_colors(records)
    edge = first = _mixed(
        atom[sources] + _numbers(atom.device)[_CODES:][bond_kinds(records).long()].repeat_interleave(2)
    )
    into = _Into(targets, len(atom))
    classes = edges = _classes(edge)
    found = []
    for _ in range(rounds):
        spread = _mixed(edge)
        arriving = owned_sums(spread, targets, len(atom))[sources]
        edge = _mixed(first + 3 * (arriving - spread[reverse]))
        new = _classes(edge)
        found.append(Round(new, into.bags(sources[new.one], classes.of, without=reverse[new.one])))
        classes = new
    arrived = owned_sums(_mixed(edge), targets, len(atom))
    last = _classes(_mixed(atom + 3 * arrived))
    return Environments(_classes(atom), edges, sources, tuple(found), Round(last, into.bags(last.one, classes.of)))


class _Into:
    """The edges that lead into each atom, end to end."""

    def __init__(self, targets: Tensor, atoms: int) -> None:
        self.order = torch.argsort(targets, stable=True)
        self.counts = torch.bincount(targets, minlength=atoms)
        self.starts = self.counts.cumsum(0) - self.counts

    def bags(self, atoms: Tensor, classes: Tensor, without: Tensor | None = None) -> Bags:
        """Classes of the edges into each of these atoms, ``without`` one edge for each."""
        counts = self.counts[atoms]
        owner = torch.repeat_interleave(torch.arange(len(atoms), device=atoms.device), counts)
        ends = counts.cumsum(0)
        place = torch.arange(len(owner), device=atoms.device) - (ends - counts)[owner]
        edges = self.order[self.starts[atoms][owner] + place]
        if without is None:
            return Bags(classes[edges], ends - counts)
        kept = edges != without[owner]
        counts = torch.bincount(owner[kept], minlength=len(atoms))
        return Bags(classes[edges[kept]], counts.cumsum(0) - counts)


def _atom_colors(records: Records) -> Tensor:
    numbers = _numbers(records.columns["atoms"].device)[:_CODES]
    mass = records.columns["mass"].flatten().float().view(torch.int32).long()
    return _mixed((records.columns["atoms"].long() * numbers[:-1]).sum(1) + mass * numbers[-1])


def _classes(colours: Tensor) -> EnvironmentClasses:
    values, of = torch.unique(colours, return_inverse=True)
    rows = torch.arange(len(colours), device=colours.device)
    return EnvironmentClasses(of, torch.empty_like(values).scatter_(0, of, rows))


def _mixed(x: Tensor) -> Tensor:
    """The finaliser of splitmix64: every bit of a number moves every bit of the result."""
    x = (x ^ (x >> 30)) * -0x40A7B892E31B1A47
    x = (x ^ (x >> 27)) * -0x6B2FB644ECCEEE15
    return x ^ (x >> 31)


@cache
def _numbers(device: torch.device) -> Tensor:
    """Odd numbers of 64 bits, the same in every process."""
    drawn = torch.randint(-(2**62), 2**62, (_CODES + _KINDS,), generator=torch.Generator().manual_seed(0))
    return (2 * drawn + 1).to(device)
