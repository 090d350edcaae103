"""Shortest paths between the atoms of each molecule of a batch, and which bonds lie between them, all pairs at once.

A breadth-first search from every atom at the same time: each pair is reached once, so the work is the number of pairs
times the bonds of an atom, whatever the distances.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmexplore.nn.dataloader import Records
from mmexplore.nn.graphs.features import BOND_CODES, directed_edges


@dataclass(frozen=True)
class PathPairs:
    """Atom pairs of a batch: each atom with every atom of its molecule.

    ``degrees`` ``(atoms,)``: neighbours. ``distances`` int64 ``(atoms, widest)``: bonds to the first, second, ... atom
    of its molecule. ``bonds`` ``(atoms, widest, 16)``: codes of the bonds on the way as one-hots, their mean over all
    shortest paths. ``places`` ``(atoms,)``: where each atom stands in ``n * widest``; ``here`` bool ``(n, widest)``:
    where one does.
    """

    degrees: Tensor
    distances: Tensor
    bonds: Tensor
    places: Tensor
    here: Tensor

    @property
    def widest(self) -> int:
        """Atoms of the largest molecule."""
        return self.here.shape[1]

    def padded(self, rows: Tensor) -> Tensor:
        """Rows of atoms ``(atoms, ...)`` as rows of ``n * widest`` places, zeros where no atom stands."""
        return rows.new_zeros(self.here.numel(), *rows.shape[1:]).index_copy_(0, self.places, rows)


@torch.no_grad()
def pairs_of_atoms(records: Records, most: int) -> PathPairs:
    """All pairs of a batch of ``graph2d``; ``most`` bonds are counted and stand for more and for no way at all."""
    counts, owner = records.counts["atoms"], records.owner["atoms"]
    widest = int(counts.max())
    position = torch.arange(len(owner), device=owner.device) - (counts.cumsum(0) - counts)[owner]
    (sources, targets), _ = directed_edges(records)
    degrees = torch.zeros_like(owner).index_add_(0, sources, torch.ones_like(sources))
    distances, bonds = _reached(sources, targets, degrees, _one_hots(records), position, widest, most)
    here = torch.arange(widest, device=owner.device) < counts.unsqueeze(1)
    return PathPairs(degrees, distances, bonds, owner * widest + position, here)


def _reached(
    sources: Tensor, targets: Tensor, degrees: Tensor, codes: Tensor, position: Tensor, widest: int, most: int
) -> tuple[Tensor, Tensor]:
    """Distances and mean codes; a pair is the number ``atom * widest + position``, its way leads from the latter.

    Beside each pair stand how many shortest ways reach it and the sum of the codes of all bonds on them.
    """
    ways = torch.zeros(len(degrees) * widest, 1 + codes.shape[1], device=codes.device)
    distances = torch.full((len(ways),), most, device=codes.device)
    by_source, stops = sources.argsort(), degrees.cumsum(0)
    front = torch.arange(len(degrees), device=codes.device) * widest + position
    distances[front], ways[front, 0] = 0, 1
    for step in range(1, most):
        leaving = degrees[front // widest]
        shift = stops[front // widest] - leaving.cumsum(0)
        pair = front.repeat_interleave(leaving)
        edge = by_source[shift.repeat_interleave(leaving) + torch.arange(len(pair), device=codes.device)]
        reached = targets[edge] * widest + pair % widest
        new = distances[reached] == most
        pair, edge, reached = pair[new], edge[new], reached[new]
        if not len(reached):
            break
        more = ways[pair]
        more[:, 1:] += more[:, :1] * codes[edge]
        ways.index_add_(0, reached, more)
        distances[reached] = step
        front = torch.unique(reached)
    mean = ways[:, 1:] / (ways[:, :1] * distances.unsqueeze(1)).clamp(min=1)
    return distances.view(-1, widest), mean.view(-1, widest, codes.shape[1])


def _one_hots(records: Records) -> Tensor:
    """The codes of each directed edge's bond as one-hots, float32 ``(edges, 16)``."""
    widths = torch.tensor(BOND_CODES, device=records.columns["bonds"].device)
    places = records.columns["bonds"].long() + (widths.cumsum(0) - widths)
    hots = torch.zeros(len(places), sum(BOND_CODES), device=places.device).scatter_(1, places, 1.0)
    return hots.repeat_interleave(2, 0)
