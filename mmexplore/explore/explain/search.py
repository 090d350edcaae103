"""Minimum positive subgraph search: the smallest part of a molecule that a model still calls what it calls the whole.

MMFRL explains its models by them, with chemprop's search (Jin, Barzilay & Jaakkola 2020, arXiv:2002.03244). Where
peeling (:mod:`mmexplore.chem.peeling`) reaches few fragments all of them are scored, and the answer is exact; else
:mod:`mmexplore.explore.explain.mcts` goes for it. There are two scores: of atoms *in their molecule* (bit masks over
its packed graph, thousands at once; atoms keep what they were), and of the *fragment* as a molecule of its own (the
paper's rule). Fragments are ranked by the first; the best are scored again by the second, which decides
unless told otherwise.

No torch: a :class:`Scorer` brings the model.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import Skeleton, numbers
from mmexplore.explore.explain.mcts import walk
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.thresholds import at_least, at_most

Direction = Literal["class 1", "class 0", "above", "below"]
By = Literal["fragment", "in molecule"]


@dataclass(frozen=True)
class Rules:
    """Search settings; the walks are chemprop's.

    ``min_atoms`` and ``max_atoms`` of a subgraph, None: they follow the molecule (:meth:`sizes`). ``most``: so many
    fragments are all scored; above that ``walks`` walks of tree search. ``again``: so many are scored as molecules of
    their own.
    """

    min_atoms: int | None = None
    max_atoms: int | None = None
    walks: int = 20
    c_puct: float = 10.0
    most: int = 60_000
    again: int = 50

    def sizes(self, n_atoms: int) -> tuple[int, int]:
        """Least and most atoms of a subgraph of a molecule of so many.

        What is not given follows the molecule: from a third of it, 2 to 8 atoms, to 20 atoms or half of it, and never
        more than three quarters. Of 27 to 40 atoms that is chemprop's 8 to 20.

        >>> [Rules().sizes(n) for n in (1, 7, 12, 30, 60)]
        [(2, 0), (2, 5), (4, 9), (8, 20), (8, 30)]
        """
        low = min(SMALLEST, max(2, n_atoms // 3)) if self.min_atoms is None else self.min_atoms
        high = min(3 * n_atoms // 4, max(LARGEST, n_atoms // 2)) if self.max_atoms is None else self.max_atoms
        return low, high


SMALLEST, LARGEST = 8, 20
"""chemprop's sizes of a subgraph."""
RULES = Rules()
_SIZES_AT_ONCE = 3  # fewer and larger batches than one a size


@dataclass(frozen=True)
class Target:
    """Explanation target: a predicted class, or one side of a threshold.

    What counts as positive: a class with a probability of at least ``threshold``, or a value on one side of it.

    Values come as probabilities of class 1 or in the label's unit; ``spread`` is one standard deviation of the label.
    """

    task: str
    direction: Direction = "class 1"
    threshold: float = 0.5
    spread: float = 1.0

    def score(self, values: np.ndarray) -> np.ndarray:
        """Scores of values: the probability of the class that is sought, or the value itself."""
        return 1 - values if self.direction == "class 0" else values

    def gain(self, scores: np.ndarray) -> np.ndarray:
        """Scores with their sign turned where less is sought."""
        return -scores if self.direction == "below" else scores

    def reached(self, scores: np.ndarray) -> np.ndarray:
        """Which scores are positive; NaN is not."""
        return (at_most if self.direction == "below" else at_least)(scores, self.threshold)

    def level(self, scores: np.ndarray) -> np.ndarray:
        """Tree search reward, 0 to 1: the probability, or a sigmoid that is one half at the threshold."""
        if self.direction in ("class 0", "class 1"):
            return scores
        over = self.gain(scores - self.threshold) / self.spread
        level: np.ndarray = 1 / (1 + np.exp(-np.clip(over, -30, 30)))
        return level


@dataclass(frozen=True)
class Scorer:
    """Scorer: a model's values of one task, float ``(n,)``, NaN for what it cannot read.

    ``fragments`` takes SMILES; ``masks`` a molecule and sets of its atoms. Without masks (a branch that draws
    pictures or makes conformers has none) each set of atoms is scored as the fragment it is.
    """

    fragments: Callable[[Sequence[str]], np.ndarray]
    masks: Callable[[Skeleton, Sequence[int]], np.ndarray] | None = None


@dataclass(frozen=True)
class Subgraph:
    """Subgraph of a molecule: atoms as the canonical SMILES numbers them, and as a molecule of its own ("": none).

    ``score`` is the fragment's, ``score_in_molecule`` that of the atoms in their molecule, as :meth:`Target.score`
    tells them; NaN where there is none. ``places``: how many sets of atoms are the same fragment. ``nearest``: Tanimoto
    similarity of the fragment to ``nearest_smiles``, the training molecule most like it, as a model that scores a
    fragment far from all that it learned guesses; NaN where that is not known.
    """

    atoms: tuple[int, ...]
    smiles: str
    score: float
    score_in_molecule: float
    places: int = 1
    nearest: float = np.nan
    nearest_smiles: str = ""

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.atoms)

    def deciding(self, by: By) -> float:
        """The score that decides."""
        return self.score if by == "fragment" else self.score_in_molecule


class Search:
    """Search result: the fragments of one molecule under one model, and the best of them for any size and threshold.

    Fragments are sought once, scored when they are first asked for, and kept. ``exact``: they are all that there are.
    ``seconds``: what the first answer took, for whoever measures it.
    """

    def __init__(
        self,
        molecule: Skeleton,
        scorer: Scorer,
        target: Target,
        rules: Rules = RULES,
        progress: Progress = silent,
    ) -> None:
        self.molecule, self.scorer, self.rules = molecule, scorer, rules
        self._lock = threading.Lock()  # a page's runs may share a search
        self._values: dict[int, float] = {}
        self._smiles: dict[int, str] = {}
        self._again: dict[str, float] = {}
        self.whole = float(self._fragment_values([molecule.smiles])[0])
        found = molecule.fragments(rules.most)
        self.exact = found is not None
        self.masks = found if found is not None else self._walked(target, progress)
        self.seconds = 0.0
        self.sizes = np.array([mask.bit_count() for mask in self.masks], np.int64)

    def best(
        self,
        target: Target,
        rules: Rules | None = None,
        by: By = "fragment",
        count: int = 5,
        progress: Progress = silent,
    ) -> tuple[Subgraph, ...]:
        """Best positive subgraphs within the limits, the smallest first, of these the best score; each fragment once.

        ``by`` says which score decides; where there are no masks it is the fragment's. Sizes are gone through from
        below, until there are ``count``.
        """
        rules = rules or self.rules
        by = by if self.scorer.masks else "fragment"
        low, high = rules.sizes(self.molecule.n_atoms)
        sizes = [size for size in np.unique(self.sizes).tolist() if low <= size <= high]
        shares = [int((self.sizes == size).sum()) for size in sizes]
        if self.scorer.masks:
            shares = quotas(shares, rules.again) if by == "fragment" else [min(n, rules.again) for n in shares]
        found: list[Subgraph] = []
        with self._lock:
            for start in range(0, len(sizes), _SIZES_AT_ONCE):
                progress("score fragments, sizes", start, len(sizes))
                step = slice(start, start + _SIZES_AT_ONCE)
                found += self._positive(dict(zip(sizes[step], shares[step], strict=True)), target, by)
                if len(_once_each(found)) >= count:
                    break
        found.sort(key=lambda part: (part.n_atoms, -float(target.gain(np.array(part.deciding(by))))))
        return tuple(_once_each(found)[:count])

    def _positive(self, shares: Mapping[int, int], target: Target, by: By) -> list[Subgraph]:
        """The positive ones of some sizes; of each size its share of the best is scored as fragments."""
        masks = [mask for mask in self.masks if mask.bit_count() in shares]
        sizes = np.array([mask.bit_count() for mask in masks])
        gains = target.gain(target.score(self._mask_values(masks)))
        chosen: list[int] = []
        for size, share in shares.items():
            rows = np.flatnonzero(sizes == size)
            best = rows[np.argsort(-gains[rows], kind="stable")]  # NaN comes last
            chosen += best[:share].tolist()
        made = self._described([masks[i] for i in chosen], target)
        return [part for part in made if target.reached(np.array(part.deciding(by)))]

    def _walked(self, target: Target, progress: Progress) -> list[int]:
        rules = self.rules
        found = walk(
            self.molecule,
            lambda masks: np.nan_to_num(target.level(target.score(self._mask_values(masks)))),
            walks=rules.walks,
            c_puct=rules.c_puct,
            min_atoms=rules.sizes(self.molecule.n_atoms)[0],
            progress=progress,
        )
        return sorted(found, key=lambda mask: (mask.bit_count(), mask))

    def _mask_values(self, masks: Sequence[int]) -> np.ndarray:
        new = [mask for mask in masks if mask not in self._values]
        if new:
            by_mask = self.scorer.masks
            made = by_mask(self.molecule, new) if by_mask else self._fragment_values(list(map(self._fragment, new)))
            self._values.update(zip(new, np.asarray(made, float).tolist(), strict=True))
        return np.array([self._values[mask] for mask in masks], float)

    def _fragment(self, mask: int) -> str:
        if mask not in self._smiles:
            self._smiles[mask] = fragment_smiles(self.molecule, mask)
        return self._smiles[mask]

    def _fragment_values(self, smiles: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(smiles) if text and text not in self._again]
        if new:
            self._again.update(zip(new, np.asarray(self.scorer.fragments(new), float).tolist(), strict=True))
        return np.array([self._again.get(text, np.nan) for text in smiles], float)

    def _described(self, masks: list[int], target: Target) -> list[Subgraph]:
        smiles = [self._fragment(mask) for mask in masks]
        scores = target.score(self._fragment_values(smiles)).tolist()
        inside = target.score(self._mask_values(masks)).tolist() if self.scorer.masks else [np.nan] * len(masks)
        rows = zip(masks, smiles, scores, inside, strict=True)
        return [Subgraph(tuple(numbers(m)), text, score, within) for m, text, score, within in rows]


def quotas(counts: Sequence[int], most: int) -> list[int]:
    """Quotas by size: one of each, then a second of each, while there are some, until there are ``most``.

    No threshold has a say in it: whatever it is, those of a size that reach it are among the best of that size.

    >>> quotas([3, 1], 3), quotas([1, 5, 5], 100)
    ([2, 1], [1, 5, 5])
    """
    shares = [0] * len(counts)
    for rank in range(max(counts, default=0)):
        for number, count in enumerate(counts):
            if rank < count and sum(shares) < most:
                shares[number] += 1
    return shares


def consensus(best: Mapping[str, Iterable[int]]) -> tuple[int, ...]:
    """Consensus subgraph: atoms that at least half of the subgraphs share, one subgraph for each name.

    >>> consensus({"gin": (0, 1), "dmpnn": (1, 2), "image": (1, 3)})
    (1,)
    """
    counts = Counter(atom for atoms in best.values() for atom in set(atoms))
    return tuple(sorted(atom for atom, count in counts.items() if 2 * count >= len(best)))


def _once_each(parts: list[Subgraph]) -> list[Subgraph]:
    """The first of those that are the same fragment, with their number."""
    same = Counter(part.smiles or str(part.atoms) for part in parts)
    first = {part.smiles or str(part.atoms): part for part in reversed(parts)}
    return [replace(first[key], places=count) for key, count in same.items()]
