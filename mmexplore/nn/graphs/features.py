"""Atom and bond features: packed codes of ``graph2d`` as one-hot features, embeddings, directed edges.

The features, chemprop v1's 133 + 14, are equal bit for bit to chemprop's ``MultiHotAtomFeaturizer.v1()`` and
``MultiHotBondFeaturizer()``, edges in its order. Embeddings are sums over an atom's seven codes or a bond's four.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.features.modalities.graph2d import ATOM_BLOCKS, BOND_STEREOS, BOND_TYPES
from mmexplore.nn.dataloader import Records

ATOM_FEATURES, BOND_FEATURES = 133, 14
ATOM_CODES = (*ATOM_BLOCKS, 2)
"""How many values each code of an atom has: Z, degree, charge, chirality, hydrogens, hybridisation, aromatic."""
BOND_CODES = (BOND_TYPES + 1, 2, 2, BOND_STEREOS)
"""And of a bond: type or none of them, conjugated, in a ring, stereo."""


def atom_features(records: Records, rows: Tensor | None = None) -> Tensor:
    """One-hot blocks, aromaticity and mass, float32 ``(atoms, 133)``, of all atoms or of these rows."""
    codes, mass = records.columns["atoms"], records.columns["mass"]
    if rows is not None:
        codes, mass = codes[rows], mass[rows]
    x = torch.zeros(len(codes), ATOM_FEATURES, device=codes.device)
    ones = codes.long()
    ones[:, 6].neg_()  # an aromatic atom's one falls before its mass, any other's where the mass then is
    ones += _firsts(codes.device)
    ones += torch.arange(0, x.numel(), ATOM_FEATURES, device=codes.device)[:, None]
    x.view(-1).index_fill_(0, ones.flatten(), 1.0)
    x[:, -1] = mass
    return x


def bond_features(records: Records, directed: bool = False) -> Tensor:
    """Null, type, conjugated, in a ring, stereo, float32 ``(bonds, 14)``; ``directed``: each row twice."""
    kinds = bond_kinds(records)
    return _bond_table(kinds.device, 1 + directed).index_select(0, kinds).view(-1, BOND_FEATURES)


def directed_edges(records: Records) -> tuple[Tensor, Tensor]:
    """``edge_index`` int64 ``(2, 2 * bonds)`` and ``reverse`` ``(2 * bonds,)``.

    Edge ``2k`` leads from begin to end of bond ``k``, edge ``2k + 1`` back.
    """
    ends = records.columns["ends"]
    edge_index = torch.stack((ends.flatten(), ends.flip(1).flatten()))
    return edge_index, torch.arange(edge_index.shape[1], device=ends.device) ^ 1


def bond_kinds(records: Records) -> Tensor:
    """Bond kinds: one number for the four codes of each bond, 0 to 139, int32 ``(bonds,)``."""
    kind, conjugated, ring, stereo = records.columns["bonds"].unbind(1)
    return (((kind * 2 + conjugated) * 2 + ring) * BOND_STEREOS + stereo).int()


def code_table(widths: tuple[int, ...], size: int) -> Tensor:
    """Embedding table, fresh, for each value of each code, ``(sum(widths), size)``, by Glorot's uniform rule."""
    return torch.nn.init.xavier_uniform_(torch.empty(sum(widths), size))


def embedded_atoms(records: Records, table: Tensor) -> Tensor:
    """The sum of the embeddings of each atom's codes, ``(atoms, size)``, from a table ``(sum(ATOM_CODES), size)``."""
    codes = records.columns["atoms"].long()
    return functional.embedding_bag(codes + _code_starts(codes.device), table, mode="sum")


def kind_embeddings(table: Tensor) -> Tensor:
    """The sum of the embeddings of each kind of bond's codes, ``(140, size)``: one gather a bond instead of four."""
    kind, conjugated, ring, stereo = torch.split(table, list(BOND_CODES))
    pairs = kind[:, None] + conjugated
    triples = pairs.flatten(0, 1)[:, None] + ring
    kinds: Tensor = triples.flatten(0, 1)[:, None] + stereo
    return kinds.flatten(0, 1)


@cache
def _code_starts(device: torch.device) -> Tensor:
    widths = torch.tensor(ATOM_CODES)
    return (widths.cumsum(0) - widths).to(device)


@cache
def _firsts(device: torch.device) -> Tensor:
    """Where each block of an atom begins; for aromaticity, where the row ends."""
    widths = torch.tensor((*ATOM_BLOCKS, 1))
    firsts = widths.cumsum(0) - widths
    firsts[-1] = ATOM_FEATURES - 1
    return firsts.to(device)


@cache
def _bond_table(device: torch.device, times: int) -> Tensor:
    """Features of every type (the last has no bit), conjugated, ring and stereo: ``(140, 14 * times)``."""
    codes = torch.cartesian_prod(*map(torch.arange, (BOND_TYPES + 1, 2, 2, BOND_STEREOS)))
    table = torch.zeros(len(codes), BOND_FEATURES)
    for row, (kind, conjugated, ring, stereo) in enumerate(codes.tolist()):
        if kind < BOND_TYPES:
            table[row, 1 + kind] = 1
        table[row, 5], table[row, 6], table[row, 7 + stereo] = conjugated, ring, 1
    return table.repeat(1, times).to(device)
