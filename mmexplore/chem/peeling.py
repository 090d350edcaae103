"""Peeling of a molecule from its rim: which connected fragments are left when rings and bonds are peeled off.

As in chemprop's search for rationales (Jin, Barzilay & Jaakkola 2020, arXiv:2002.03244, section 4): the pieces are
every bond outside rings and every ring of the symmetrised smallest set; a piece at the rim is dropped with the atoms
that no other piece holds. What is left is connected, and its rings are whole. Sets of atoms are bit masks: Python's
integers.

Departs from chemprop: atoms are numbered by the canonical SMILES, so that no spelling of the molecule matters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import canonical, parse, reread
from mmexplore.runtime.cache import cached


class PeelingState(NamedTuple):
    """Peeling state, a fragment: a bit for each of its pieces and for each of its atoms."""

    pieces: int
    atoms: int


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Skeleton: a molecule as pieces.

    ``smiles``: canonical; atoms are numbered as it writes them. ``order[k]``: the number that atom ``k`` had in the
    SMILES as it was typed. ``pieces``: the atoms of each piece; ``beside``: the pieces that share an atom with it;
    ``holders``: the pieces that hold each atom.
    """

    smiles: str
    order: tuple[int, ...]
    pieces: tuple[int, ...]
    beside: tuple[int, ...]
    holders: tuple[int, ...]

    @cached_property
    def mol(self) -> Mol:
        """The molecule, read from the canonical SMILES."""
        return parse(self.smiles)

    @cached_property
    def _members(self) -> list[list[tuple[int, int]]]:
        """Of each piece, each atom's bit and the pieces that hold it."""
        return [[(1 << atom, self.holders[atom]) for atom in numbers(piece)] for piece in self.pieces]

    @property
    def n_atoms(self) -> int:
        """Heavy atoms, and hydrogens that the SMILES writes as atoms."""
        return len(self.order)

    @property
    def whole(self) -> int:
        """The mask of all atoms."""
        return (1 << self.n_atoms) - 1

    def roots(self) -> list[PeelingState]:
        """What peeling begins with: the molecule, or each of its parts where it has several."""
        parts = [mask_of(atoms) for atoms in Chem.GetMolFrags(self.mol)]
        return [PeelingState(mask_of(i for i, p in enumerate(self.pieces) if p & part == p), part) for part in parts]

    def peeled(self, state: PeelingState) -> Iterator[PeelingState]:
        """Each fragment that is left when one piece at the rim is dropped.

        A piece is at the rim with exactly one other piece beside it, or as a bond with exactly one loose atom.
        """
        for number in numbers(state.pieces):
            others = state.pieces & ~(1 << number)
            loose = 0
            for bit, holders in self._members[number]:
                if not holders & others:
                    loose |= bit
            is_end = len(self._members[number]) == 2 and loose.bit_count() == 1
            if loose and (is_end or (self.beside[number] & others).bit_count() == 1):
                yield PeelingState(others, state.atoms & ~loose)

    def fragments(self, most: int) -> list[int] | None:
        """The atoms of every fragment that peeling reaches, the molecule included; None if they are more than that."""
        waiting = self.roots()
        seen = set(waiting)
        while waiting:
            for state in self.peeled(waiting.pop()):
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
            if len(seen) > most:
                return None
        return sorted({state.atoms for state in seen}, key=lambda mask: (mask.bit_count(), mask))


@cached(256)
def skeleton(smiles: str) -> Skeleton:
    """Skeleton of a molecule in any spelling. Raises BadMolecule."""
    typed = parse(smiles)
    text = canonical(typed)
    order = tuple(typed.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
    mol = reread(typed)
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds() if not b.IsInRing()]
    pieces = tuple(map(mask_of, [*bonds, *Chem.GetSymmSSSR(mol)]))
    holders = [0] * mol.GetNumAtoms()
    for number, piece in enumerate(pieces):
        for atom in numbers(piece):
            holders[atom] |= 1 << number
    beside = []
    for number, piece in enumerate(pieces):
        touching = 0
        for atom in numbers(piece):
            touching |= holders[atom]
        beside.append(touching & ~(1 << number))
    return Skeleton(text, order, pieces, tuple(beside), tuple(holders))


def mask_of(atoms: Iterable[int]) -> int:
    """The mask with these bits.

    >>> mask_of([0, 3])
    9
    """
    mask = 0
    for atom in atoms:
        mask |= 1 << atom
    return mask


def numbers(mask: int) -> list[int]:
    """The bits of a mask, ascending.

    >>> numbers(9)
    [0, 3]
    """
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
