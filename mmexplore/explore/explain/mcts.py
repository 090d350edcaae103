"""Monte-Carlo tree search for rationales (Jin, Barzilay & Jaakkola 2020, arXiv:2002.03244, section 4), over bit masks.

From the whole molecule pieces are dropped until few atoms are left; which one is dropped next is chosen by ``Q + U``:
``Q = W / N`` is the mean of what earlier walks through that fragment ended at, ``U = c_puct P sqrt(sum N) / (1 + N)``
what the model says of the fragment itself, the less walked the more. What a walk ends at is added to ``W`` of all
fragments on its way.

Departs from chemprop: fragments are the same where their atoms are, not where their SMILES are; among equals
(nothing was walked yet) the best score goes first, where chemprop takes whichever bond comes first; as many walks above
50 atoms as below, where chemprop takes one.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from mmexplore.chem.peeling import PeelingState, Skeleton
from mmexplore.runtime.progress import Progress, silent

Level = Callable[[Sequence[int]], np.ndarray]


def walk(
    molecule: Skeleton, level: Level, *, walks: int, c_puct: float, min_atoms: int, progress: Progress = silent
) -> dict[int, float]:
    """Monte-Carlo tree search: every fragment scored on ``walks`` walks, by its atoms, with its score.

    ``level(masks)`` gives scores from 0 to 1; it is called once for the neighbours of a fragment that are new. A walk
    ends at ``min_atoms`` atoms or fewer.
    """
    tree = _Tree(molecule, level, c_puct)
    roots = molecule.roots()
    for number in range(walks):
        progress("tree search, walks", number, walks)
        tree.descend(roots[number % len(roots)], min_atoms)
    return tree.levels


class _Tree:
    """Search tree of fragments: score ``P``, sum ``W`` and number ``N`` of walks, and what each can become."""

    def __init__(self, molecule: Skeleton, level: Level, c_puct: float) -> None:
        self.molecule, self.level, self.c_puct = molecule, level, c_puct
        self.levels: dict[int, float] = {}
        self.sums: defaultdict[int, float] = defaultdict(float)
        self.visits: defaultdict[int, int] = defaultdict(int)
        self.children: dict[PeelingState, list[PeelingState]] = {}

    def descend(self, state: PeelingState, min_atoms: int) -> None:
        """One walk from a fragment to a small one."""
        path = []
        self._score([state])
        while state.atoms.bit_count() > min_atoms and (children := self._grown(state)):
            root = math.sqrt(sum(self.visits[child.atoms] for child in children))
            state = max(children, key=lambda child: self._worth(child.atoms, root))
            path.append(state.atoms)
        end = self.levels[state.atoms]
        for atoms in path:
            self.sums[atoms] += end
            self.visits[atoms] += 1

    def _grown(self, state: PeelingState) -> list[PeelingState]:
        if state not in self.children:
            self.children[state] = list(self.molecule.peeled(state))
            self._score(self.children[state])
        return self.children[state]

    def _score(self, states: list[PeelingState]) -> None:
        new = list(dict.fromkeys(s.atoms for s in states if s.atoms not in self.levels))
        if new:
            self.levels.update(zip(new, np.asarray(self.level(new), float).tolist(), strict=True))

    def _worth(self, atoms: int, root: float) -> tuple[float, float, int]:
        n, p = self.visits[atoms], self.levels[atoms]
        q = self.sums[atoms] / n if n else 0.0
        return q + self.c_puct * p * root / (1 + n), p, -atoms
