"""Molecules, a planted rule and an independent enumeration for the tests of subgraphs."""

from collections.abc import Callable, Sequence

import numpy as np
from rdkit import Chem

from mmexplore.chem.peeling import Skeleton, numbers
from mmexplore.explore.explain.search import Scorer

SMALL = (
    "Cc1ccc(S(N)(=O)=O)cc1",
    "CC(=O)Nc1ccc(O)cc1",
    "C1CC2CCC1C2",
    "c1ccc2[nH]ccc2c1",
    "C1CCC2(CC1)CCCO2",
    "CC(C)(C)C",
    "C1=CC2=CC=CC2=C1",
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "C[C@H](N)C(=O)N1CCC[C@H]1C(=O)O",
    "C[N+](C)(C)CC(O)C[O-]",
)
MODERATE = (
    "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "NS(=O)(=O)c1cc2c(cc1Cl)NCNS2(=O)=O",
    "CCN1CC(CCN2CCOCC2)C(c2ccccc2)(c2ccccc2)C1=O",
    "COc1ccc2cc(C(C)C(=O)OCCCS(N)(=O)=O)ccc2c1",
)
SULFONAMIDE = "S(N)(=O)=O"


def holds(smarts: str) -> Callable[[str], bool]:
    query = Chem.MolFromSmarts(smarts)
    return lambda smiles: bool(Chem.MolFromSmiles(smiles).HasSubstructMatch(query))


def planted(smarts: str = SULFONAMIDE) -> Scorer:
    """0.9 for whatever holds the pattern, else 0.1, whichever way it is asked."""
    query, inside = Chem.MolFromSmarts(smarts), holds(smarts)

    def by_mask(molecule: Skeleton, masks: Sequence[int]) -> np.ndarray:
        places = [set(match) for match in molecule.mol.GetSubstructMatches(query)]
        return np.array([0.9 if any(place <= set(numbers(mask)) for place in places) else 0.1 for mask in masks])

    return Scorer(lambda smiles: np.array([0.9 if inside(s) else 0.1 for s in smiles]), by_mask)


def peelable(smiles: str) -> set[frozenset[int]]:
    """Atoms of every fragment, by the rule of Jin et al. in plain sets, nothing shared with the code that is tested."""
    mol = Chem.MolFromSmiles(Chem.CanonSmiles(smiles))
    pieces = [frozenset((b.GetBeginAtomIdx(), b.GetEndAtomIdx())) for b in mol.GetBonds() if not b.IsInRing()]
    pieces += [frozenset(ring) for ring in Chem.GetSymmSSSR(mol)]
    found, waiting = set(), [frozenset(part) for part in Chem.GetMolFrags(mol)]
    while waiting:
        kept = waiting.pop()
        if kept in found:
            continue
        found.add(kept)
        held = [piece for piece in pieces if piece <= kept]
        for piece in held:
            others = [other for other in held if other != piece]
            loose = piece - frozenset().union(*others)
            touching = [other for other in others if other & piece]
            if loose and (len(touching) == 1 or (len(piece) == 2 and len(loose) == 1)):
                waiting.append(kept - loose)
    return found


def connected(mol: Chem.Mol, atoms: Sequence[int]) -> bool:
    """Whether these atoms hang together by bonds among themselves."""
    inside, seen, waiting = set(atoms), set(), [atoms[0]]
    while waiting:
        atom = waiting.pop()
        if atom not in seen:
            seen.add(atom)
            waiting += [n.GetIdx() for n in mol.GetAtomWithIdx(atom).GetNeighbors() if n.GetIdx() in inside]
    return seen == inside
