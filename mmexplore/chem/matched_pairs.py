"""Matched molecular pairs: molecules that share a constant part and differ in one variable part.

Hussain and Rea (2010, doi:10.1021/ci900450m): single acyclic bonds are cut, one or two at a time, by RDKit's rdMMPA.
One cut leaves an end that varies, two leave a link between two ends; a hydrogen is an end, too. Of several ways in
which two molecules match, the smallest change counts.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, rdMMPA

from mmexplore.chem import row_by_row

MOST_VARIABLE = 10
"""A variable part has so many heavy atoms at most, and no more than the constant part."""
MOST_BONDS = 20
"""A molecule with more bonds to cut has them cut one at a time alone."""
HYDROGEN = "[H][*:1]"
_SINGLE = "[*]!@-[*]"
_ATOM = re.compile(r"\[[^\]]+\]|Br|Cl|[BCNOPSFIbcnops]")
Cut = tuple[str, str]
"""A molecule's constant and variable part as SMILES, their open ends numbered."""


@dataclass(frozen=True)
class MatchedPair:
    """Matched pair: rows ``a`` < ``b``, the variable part of each, and the constant part, as SMILES with open ends."""

    a: int
    b: int
    part_a: str
    part_b: str
    constant: str


def cuts(mol: Mol) -> list[Cut]:
    """Constant and variable parts of a molecule, each once, sorted; none of a salt, whose parts are not one molecule.

    >>> cuts(Chem.MolFromSmiles("Fc1ccccc1"))
    [('c1ccc([*:1])cc1', 'F[*:1]')]
    """
    if len(Chem.GetMolFrags(mol)) > 1:
        return []
    bonds = len(mol.GetSubstructMatches(_pattern()))
    found: set[Cut] = set()
    with rdBase.BlockLogs():
        for core, chains in rdMMPA.FragmentMol(mol, 1, 1, max(bonds, 1), _SINGLE, False):
            assert not core
            one, other = chains.split(".")
            found |= {(one, other), (other, one)}
        if bonds <= MOST_BONDS:
            for core, chains in rdMMPA.FragmentMol(mol, 2, 2, MOST_BONDS, _SINGLE, False):
                found.add(_in_order(core, *chains.split(".")))
    return sorted(cut for cut in found if _fits(*cut))


@cache
def _pattern() -> Mol:
    return Chem.MolFromSmarts(_SINGLE)


def _fits(constant: str, variable: str) -> bool:
    size = heavy_atoms(variable)
    return size <= MOST_VARIABLE and size <= heavy_atoms(constant)


def heavy_atoms(part: str) -> int:
    """Number of heavy atoms of a part, its open ends not counted.

    >>> heavy_atoms("[*:1]C(=O)[O-]"), heavy_atoms(HYDROGEN)
    (3, 0)
    """
    return sum(not atom.startswith(("[*", "[H]")) for atom in _ATOM.findall(part))


def _in_order(core: str, one: str, other: str) -> Cut:
    """Both ends and the link between them, numbered by the ends' own order and not by where RDKit has begun."""
    if "[*:1]" not in one:
        one, other = other, one
    first, second = _written(one), _written(other.replace("[*:2]", "[*:1]"))
    turned = _written(core.replace("[*:1]", "[*:0]").replace("[*:2]", "[*:1]").replace("[*:0]", "[*:2]"))
    core = _written(core)
    link = min(core, turned) if first == second else core if first < second else turned
    first, second = sorted((first, second))
    return f"{first}.{second.replace('[*:1]', '[*:2]')}", link


@cache
def _written(part: str) -> str:
    """Canonical SMILES of a part: where an open end has another number, RDKit begins elsewhere."""
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(part)))


def all_cuts(smiles: Sequence[str]) -> list[list[tuple[str, str, str]]]:
    """A worker's share: the cuts of each molecule, none of one that RDKit cannot take.

    Each is a constant part, a variable part, and the molecule that is the constant part with a hydrogen in the place of
    the variable one, "" where there are two places.
    """
    made, _ = row_by_row.each(smiles, cuts)
    _written.cache_clear()
    return [[(*cut, _with_hydrogen(cut[0])) for cut in of or ()] for of in made]


def _with_hydrogen(constant: str) -> str:
    """SMILES of the molecule that is this part with a hydrogen, "" of two parts, or where that is none."""
    if "." in constant:
        return ""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(constant.replace("[*:1]", "[H]"))
    return str(Chem.MolToSmiles(mol)) if mol else ""


def matched(smiles: Sequence[str], parts: Sequence[Sequence[tuple[str, str, str]] | None]) -> list[MatchedPair]:
    """Matched pairs of molecules, each once, by the smallest change; ``parts`` are theirs by :func:`all_cuts`."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(smiles):
        rows_of[text].append(row)
    sharing: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for row, of in enumerate(parts):
        for constant, variable, bare in of or ():
            sharing[constant].add((row, variable))
            sharing[constant] |= {(other, HYDROGEN) for other in rows_of.get(bare, ())}
    best: dict[tuple[int, int], tuple[tuple[int, str, str, str], MatchedPair]] = {}
    for constant, there in sharing.items():
        for pair in _pairs(constant, there):
            rank = (heavy_atoms(pair.part_a) + heavy_atoms(pair.part_b), constant, pair.part_a, pair.part_b)
            known = best.get((pair.a, pair.b))
            if known is None or rank < known[0]:
                best[pair.a, pair.b] = rank, pair
    return [best[key][1] for key in sorted(best)]


def _pairs(constant: str, there: set[tuple[int, str]]) -> Iterator[MatchedPair]:
    for (a, part_a), (b, part_b) in combinations(sorted(there), 2):
        if a != b and part_a != part_b:
            yield MatchedPair(a, b, part_a, part_b, constant)
