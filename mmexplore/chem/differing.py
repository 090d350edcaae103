"""Differing atoms of two molecules: those that are in no common part of both.

The largest common part comes first (FMCS, Dalke and Hastings 2013, doi:10.1186/1758-2946-5-S1-O6), then those of what
it leaves over, as long as they hang on it in the same places: so a linker that changes is lit alone, and a group that
moves is lit in both.
"""

import time
from typing import Any

from rdkit import Chem
from rdkit.Chem import Atom, Mol, rdFMCS

from mmexplore.chem.molecules import parse

_PLACE = "place"
_PASSES = 4
"""So many common parts at most."""


def differing(one: str, other: str, seconds: float = 1.0) -> tuple[list[int], list[int], bool]:
    """Differing atoms of each of two SMILES, ascending, by their number in it, and whether the search came to its end.

    Elements, charges, isotopes, bonds and rings are compared; stereo centers and double bonds where nothing else
    differs. Raises BadMolecule.

    >>> differing("COc1ccccc1", "CNc1ccccc1"), differing("CCO", "OCC")
    (([1], [1], True), ([], [], True))
    """
    a, b = parse(one), parse(other)
    for mol in (a, b):
        for atom in mol.GetAtoms():
            atom.SetIntProp(_PLACE, atom.GetIdx())
    end, found, whole = time.monotonic() + seconds, dict[int, int](), True
    for _ in range(_PASSES):
        left = end - time.monotonic()
        if left <= 0:
            whole = False
            break
        more, ended = _common(_without(a, set(found)), _without(b, set(found.values())), left)
        whole &= ended
        if not more or not _hangs_alike(a, b, found, more):
            break
        found |= more
        if len(found) in (a.GetNumAtoms(), b.GetNumAtoms()):
            break
    here = set(range(a.GetNumAtoms())) - set(found) | _bound_otherwise(a, b, found)
    back = {other: at for at, other in found.items()}
    there = set(range(b.GetNumAtoms())) - set(back) | _bound_otherwise(b, a, back)
    if not here and not there:
        here = _turned(a, b, found)
        there = {found[at] for at in here}
    return sorted(here), sorted(there), whole


def _without(mol: Mol, atoms: set[int]) -> Mol:
    """What is left of a molecule; not sanitized, as aromatic rings may be cut."""
    if not atoms:
        return mol
    left = Chem.RWMol(mol)
    for atom in sorted(atoms, reverse=True):
        left.RemoveAtom(atom)
    made = left.GetMol()
    made.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(made)
    return made


def _common(a: Mol, b: Mol, seconds: float) -> tuple[dict[int, int], bool]:
    """Atoms of the largest common part, from one to the other, and whether the search came to its end."""
    rules: Any = rdFMCS.MCSParameters()
    rules.Timeout = max(1, round(seconds))
    for compared in (rules.AtomCompareParameters, rules.BondCompareParameters):
        compared.RingMatchesRingOnly = True
    rules.AtomCompareParameters.MatchFormalCharge = True
    made = rdFMCS.FindMCS([a, b], rules)
    if not made.numAtoms:
        return {}, not made.canceled
    query = Chem.MolFromSmarts(made.smartsString)
    here, there = a.GetSubstructMatch(query), b.GetSubstructMatch(query)
    pairs = [(a.GetAtomWithIdx(i), b.GetAtomWithIdx(j)) for i, j in zip(here, there, strict=True)]
    same = {i.GetIntProp(_PLACE): j.GetIntProp(_PLACE) for i, j in pairs if _kind(i) == _kind(j)}
    return same, not made.canceled


def _kind(atom: Atom) -> tuple[int, int, int]:
    """What a pattern by elements leaves open, too: RDKit compares isotopes in place of elements, or not at all."""
    return atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsotope()


def _hangs_alike(a: Mol, b: Mol, found: dict[int, int], more: dict[int, int]) -> bool:
    """Whether a further common part is bound to those before it by the same atoms."""
    back = {there: here for here, there in found.items()}
    here = {(at, next_) for at in more for next_ in _neighbors(a, at) if next_ in found}
    there = {(at, next_) for at in more.values() for next_ in _neighbors(b, at) if next_ in back}
    return {(more[at], found[next_]) for at, next_ in here} == there


def _neighbors(mol: Mol, atom: int) -> list[int]:
    return [neighbor.GetIdx() for neighbor in mol.GetAtomWithIdx(atom).GetNeighbors()]


def _bound_otherwise(a: Mol, b: Mol, found: dict[int, int]) -> set[int]:
    """Common atoms at the ends of bonds of the first molecule that the other has not, or has of another order."""
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType()) for bond in a.GetBonds()]
    lit = set()
    for begin, end, order in ends:
        if begin in found and end in found:
            same = b.GetBondBetweenAtoms(found[begin], found[end])
            if same is None or same.GetBondType() != order:
                lit |= {begin, end}
    return lit


def _turned(a: Mol, b: Mol, found: dict[int, int]) -> set[int]:
    """Stereo centers and ends of double bonds that differ, of molecules that are alike but for those."""
    lit = {at for at, other in found.items() if _code(a, at) != _code(b, other)}
    for bond in a.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if b.GetBondBetweenAtoms(*(found[end] for end in ends)).GetStereo() != bond.GetStereo():
            lit |= set(ends)
    return lit


def _code(mol: Mol, atom: int) -> str:
    return str(mol.GetAtomWithIdx(atom).GetPropsAsDict(True, True).get("_CIPCode", ""))
