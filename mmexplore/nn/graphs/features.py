"""Atom and bond features: packed codes of ``graph2d`` as one-hot features, embeddings, directed edges.

The features, chemprop v1's 133 + 14, are equal bit for bit to chemprop's ``MultiHotAtomFeaturizer.v1()`` and
``MultiHotBondFeaturizer()``, edges in its order. Embeddings are sums over an atom's seven codes or a bond's four.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.features.modalities.graph2d import ATOM_BLOCKS, BOND_STEREOS, BOND_TYPES, HYBRIDISATIONS
from mmexplore.nn.dataloader import Records

ATOM_FEATURES, BOND_FEATURES = 133, 14
GATE = "gate"
"""Column that records may have besides a modality's own: a factor for the features of each atom, by whose gradient
an atom's share in an output is told (:meth:`mmexplore.explore.explain.scorer.FragmentModel.integrated_gradients`)."""
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
    ones = known_codes(codes)
    ones[:, 6].neg_()  # an aromatic atom's one falls before its mass, any other's where the mass then is
    ones += _firsts(codes.device)
    ones += torch.arange(0, x.numel(), ATOM_FEATURES, device=codes.device)[:, None]
    x.view(-1).index_fill_(0, ones.flatten(), 1.0)
    x[:, -1] = mass
    return gated(x, records) if rows is None else x


def gated(x: Tensor, records: Records) -> Tensor:
    """Features of all atoms times their gate, where there is one."""
    gate = records.columns.get(GATE)
    return x if gate is None else x * gate.unsqueeze(1)


def known_codes(codes: Tensor) -> Tensor:
    """Codes of atoms as chemprop v1 has them, fresh int64 ``(atoms, 7)``: S and SP2D are any other hybridisation."""
    found = codes.long()
    found[:, 5].clamp_(max=ATOM_BLOCKS[5] - 1)
    return found


@dataclass(frozen=True)
class Scheme:
    """Atom and bond features as one of chemprop 2's featurizers has them, other than v1's.

    ``numbers`` and ``hybridisations`` with a place of their own, all others share the next one; ``whole``: with charge,
    chirality, hybridisation and aromaticity, and all of a bond, else degree and hydrogens, and whether it is in a ring.
    """

    numbers: tuple[int, ...]
    hybridisations: tuple[str, ...]
    whole: bool = True

    @property
    def atoms(self) -> int:
        """Width of an atom's features."""
        return int(self.table.max()) + 2 + self.whole

    @property
    def bonds(self) -> int:
        """Width of a bond's features."""
        return BOND_FEATURES if self.whole else 2

    @cached_property
    def table(self) -> Tensor:
        """Place of the one of each value of each code that counts, int64 ``(blocks, 101)``."""
        widths = [len(self.numbers) + 1, *ATOM_BLOCKS[1:5], len(self.hybridisations) + 1]
        found = torch.zeros(len(widths), ATOM_BLOCKS[0], dtype=torch.long)
        for block, width in enumerate(widths):
            found[block] = torch.arange(ATOM_BLOCKS[0]).clamp(max=width - 1)
        found[0] = len(self.numbers)
        for place, number in enumerate(self.numbers):
            found[0, number - 1] = place
        for code, name in enumerate(HYBRIDISATIONS):
            known = name in self.hybridisations
            found[5, code] = self.hybridisations.index(name) if known else len(self.hybridisations)
        counted = torch.tensor([widths[block] for block in self.blocks])
        return found[torch.tensor(self.blocks)] + (counted.cumsum(0) - counted)[:, None]

    @property
    def blocks(self) -> tuple[int, ...]:
        """Codes of an atom that count."""
        return (0, 1, 2, 3, 4, 5) if self.whole else (0, 1, 4)

    def of_atoms(self, records: Records) -> Tensor:
        """Float32 ``(atoms, self.atoms)``: one-hot blocks, aromaticity, mass."""
        codes, mass = records.columns["atoms"], records.columns["mass"]
        x = torch.zeros(len(codes), self.atoms, device=codes.device)
        table = self.table.to(codes.device)
        for row, block in enumerate(self.blocks):
            x.scatter_(1, table[row][codes[:, block].long()].unsqueeze(1), 1.0)
        if self.whole:
            x[:, -2] = codes[:, 6].float()
        x[:, -1] = mass
        return gated(x, records)

    def of_bonds(self, records: Records) -> Tensor:
        """Float32 ``(bonds, self.bonds)``."""
        if self.whole:
            return bond_features(records)
        ring = records.columns["bonds"][:, 2].float()
        return torch.stack((torch.zeros_like(ring), ring), 1)


def bond_features(records: Records, directed: bool = False) -> Tensor:
    """Null, type, conjugated, in a ring, stereo, float32 ``(bonds, 14)``; ``directed``: each row twice."""
    kinds = bond_kinds(records)
    return _bond_table(kinds.device, 1 + directed).index_select(0, kinds).view(-1, BOND_FEATURES)


_COMMON = (*range(1, 37), 53)
SCHEMES = {
    "v2": Scheme(_COMMON, ("S", "SP", "SP2", "SP2D", "SP3", "SP3D", "SP3D2")),
    "organic": Scheme((1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53), ("S", "SP", "SP2", "SP3")),
    "rigr": Scheme(_COMMON, (), whole=False),
}
"""chemprop 2's featurizers by name: 72 + 14, 44 + 14 and 52 + 2 numbers."""


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
    codes = known_codes(records.columns["atoms"])
    return gated(functional.embedding_bag(codes + _code_starts(codes.device), table, mode="sum"), records)


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
