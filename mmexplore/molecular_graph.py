"""Packed codes of ``graph2d`` to the tensors of a graph network: chemprop v1's 133 + 14 features, directed edges.

Equal bit for bit to chemprop's ``MultiHotAtomFeaturizer.v1()`` and ``MultiHotBondFeaturizer()``, edges in its order.
"""

from functools import cache

import torch
from torch import Tensor

from mmexplore.batching import Records
from mmexplore.modalities.graph2d import ATOM_BLOCKS, BOND_STEREOS, BOND_TYPES

ATOM_FEATURES, BOND_FEATURES = 133, 14


def atom_features(records: Records) -> Tensor:
    """One-hot blocks, aromaticity and mass, float32 ``(atoms, 133)``."""
    codes, mass = records.columns["atoms"], records.columns["mass"]
    x = torch.zeros(len(codes), ATOM_FEATURES, device=codes.device)
    x.scatter_(1, codes[:, :6].long() + _block_starts(codes.device), 1.0)
    x[:, 131] = codes[:, 6].float()
    x[:, 132] = mass
    return x


def bond_features(records: Records) -> Tensor:
    """Null, type, conjugated, in a ring, stereo, float32 ``(bonds, 14)``: one row a chemical bond."""
    codes = records.columns["bonds"].long()
    rows = ((codes[:, 0] * 2 + codes[:, 1]) * 2 + codes[:, 2]) * BOND_STEREOS + codes[:, 3]
    return _bond_table(codes.device).index_select(0, rows)


def directed_edges(records: Records) -> tuple[Tensor, Tensor]:
    """``edge_index`` int64 ``(2, 2 * bonds)`` and ``reverse`` ``(2 * bonds,)``.

    Edge ``2k`` leads from begin to end of bond ``k``, edge ``2k + 1`` back.
    """
    ends = records.columns["ends"]
    edge_index = torch.stack((ends, ends.flip(1)), 1).reshape(-1, 2).t().contiguous()
    return edge_index, torch.arange(edge_index.shape[1], device=ends.device) ^ 1


@cache
def _block_starts(device: torch.device) -> Tensor:
    widths = torch.tensor(ATOM_BLOCKS, device=device)
    return widths.cumsum(0) - widths


@cache
def _bond_table(device: torch.device) -> Tensor:
    """Features of every combination of type (5, the last without a bit), conjugated, ring and stereo: ``(140, 14)``."""
    table = torch.zeros((BOND_TYPES + 1) * 4 * BOND_STEREOS, BOND_FEATURES)
    for row, (kind, conjugated, ring, stereo) in enumerate(
        torch.cartesian_prod(*map(torch.arange, (BOND_TYPES + 1, 2, 2, BOND_STEREOS))).tolist()
    ):
        if kind < BOND_TYPES:
            table[row, 1 + kind] = 1
        table[row, 5], table[row, 6], table[row, 7 + stereo] = conjugated, ring, 1
    return table.to(device)
