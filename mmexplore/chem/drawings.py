"""Packed drawings: molecules laid out in two dimensions, as numbers that a small script draws.

RDKit lays out, writes Kekulé forms and chooses wedges, as it does for :func:`mmexplore.chem.molecules.depict`; what is
kept is where each atom is, what is written there, and what each bond is. A drawing takes some 200 bytes where an SVG
takes 5,000.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import Atom, Bond, BondDir, BondStereo, BondType, Mol

from mmexplore.chem import row_by_row
from mmexplore.runtime import processes
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.workers import WORKERS, Died

UNIT = 24
"""Steps of the grid on which atoms lie, an angstrom; a bond is 1.5 angstrom long."""
SINGLE, DOUBLE, TRIPLE, AROMATIC, DATIVE, WEDGE, DASH, WAVY, CROSSED, DOTTED, LEFT, RIGHT = range(1, 13)
"""Kinds of bonds. A double bond has its second line on both sides, or to the left or right on the way to its end."""
_CHUNK = 250
_MOST_STEPS = 30_000
_KINDS = {
    BondType.SINGLE: SINGLE,
    BondType.DOUBLE: DOUBLE,
    BondType.TRIPLE: TRIPLE,
    BondType.AROMATIC: AROMATIC,
    BondType.DATIVE: DATIVE,
    BondType.DATIVEONE: DATIVE,
}
_DIRECTIONS = {BondDir.BEGINWEDGE: WEDGE, BondDir.BEGINDASH: DASH, BondDir.UNKNOWN: WAVY}

Drawing = tuple[list[int], list[int], list[str], list[int], list[int], list[int]]
"""Packed drawing: x and y of each atom in grid steps, y upwards, and its text; begin, end and kind of each bond.

A text is "isotope symbol hydrogens charge radicals" with blanks, 0 for none, or "" for a carbon that is a mere corner.
"""
NOTHING: Drawing = ([], [], [], [], [], [])


def drawings(smiles: Sequence[str], progress: Progress = silent) -> list[Drawing]:
    """Packed drawing of each molecule; one without atoms where RDKit refuses it."""
    chunks, done = [list(smiles[start : start + _CHUNK]) for start in range(0, len(smiles), _CHUNK)], 0
    made: list[list[Drawing]] = [[] for _ in chunks]
    progress("drawings", 0, len(smiles))
    with closing(WORKERS.ask(f"{__name__}:chunk", chunks, {}, processes.cores())) as results:
        for number, answers in results:
            for answer in answers:
                made[number] += [NOTHING] if isinstance(answer, Died) else json.loads(answer)
            done += len(chunks[number])
            progress("drawings", done, len(smiles))
    return [one for some in made for one in some]


def chunk(smiles: Sequence[str]) -> bytes:
    """A worker's share, as JSON."""
    found, _ = row_by_row.each(smiles, drawing)
    return json.dumps([one or NOTHING for one in found], allow_nan=False).encode()


def drawing(mol: Mol) -> Drawing:
    """Packed drawing of a molecule.

    >>> from mmexplore.chem.molecules import parse
    >>> drawing(parse("C[NH3+]"))[2:]
    (['', '0 N 3 1 0'], [0], [1], [1])
    """
    from rdkit.Chem.Draw import rdMolDraw2D

    try:
        flat = rdMolDraw2D.PrepareMolForDrawing(mol)
    except (ValueError, RuntimeError):  # no Kekulé form
        flat = rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=False)
    places = flat.GetConformer().GetPositions()[:, :2]
    wide = float(np.ptp(places, axis=0).max())
    xs, ys = (places * min(UNIT, _MOST_STEPS / max(wide, 1e-9))).round().astype(int).T.tolist()
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _kind(flat, bond, places)) for bond in flat.GetBonds()]
    begins, ends, kinds = map(list, zip(*bonds, strict=True)) if bonds else ([], [], [])
    return xs, ys, [_text(atom) for atom in flat.GetAtoms()], begins, ends, kinds


def _text(atom: Atom) -> str:
    """What is written at an atom."""
    isotope, charge, radicals = atom.GetIsotope(), atom.GetFormalCharge(), atom.GetNumRadicalElectrons()
    if atom.GetAtomicNum() == 6 and atom.GetDegree() and not (isotope or charge or radicals):
        return ""
    return f"{isotope} {atom.GetSymbol()} {atom.GetTotalNumHs()} {charge} {radicals}"


def _kind(mol: Mol, bond: Bond, places: Any) -> int:
    kind = _KINDS.get(bond.GetBondType(), DOTTED)
    if kind == SINGLE:
        return _DIRECTIONS.get(bond.GetBondDir(), SINGLE)
    if kind == DOUBLE:
        if bond.GetBondDir() == BondDir.EITHERDOUBLE or bond.GetStereo() == BondStereo.STEREOANY:
            return CROSSED
        return _side(mol, bond, places)
    return kind


def _side(mol: Mol, bond: Bond, places: Any) -> int:
    """On which side of a double bond its second line lies: within its ring, or where more atoms hang on it."""
    ends = bond.GetBeginAtom(), bond.GetEndAtom()
    numbers = [atom.GetIdx() for atom in ends]
    rings = [ring for ring in mol.GetRingInfo().AtomRings() if numbers[0] in ring and numbers[1] in ring]
    if rings:
        doubles = [sum(_is_double(mol, ring[k - 1], ring[k]) for k in range(len(ring))) for ring in rings]
        chosen = max(zip(rings, doubles, strict=True), key=lambda one: (one[1], -len(one[0])))[0]
        others = list(chosen)
    else:
        degrees = [atom.GetDegree() for atom in ends]
        if 1 in degrees and max(degrees) != 2:
            return DOUBLE
        others = [one.GetIdx() for atom in ends for one in atom.GetNeighbors()]
    (x, y), (dx, dy) = places[numbers[0]], places[numbers[1]] - places[numbers[0]]
    turn = sum(dx * (places[one][1] - y) - dy * (places[one][0] - x) for one in others if one not in numbers)
    return DOUBLE if abs(turn) < 0.05 else LEFT if turn > 0 else RIGHT


def _is_double(mol: Mol, one: int, other: int) -> bool:
    bond = mol.GetBondBetweenAtoms(one, other)
    return bond is not None and bond.GetBondType() == Chem.BondType.DOUBLE
