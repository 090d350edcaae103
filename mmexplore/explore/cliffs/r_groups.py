"""R-group table: molecules around a common core, and what stands at each of its places.

RDKit's decomposition (rdRGroupDecomposition). The core is a scaffold, a pattern that was typed, or what most molecules
have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rdkit import Chem, rdBase

from mmexplore.chem import molecules
from mmexplore.runtime.deadline import seconds, within_seconds
from mmexplore.runtime.errors import BadMolecule, TooLong

MOST = 1_000
"""So many molecules are decomposed at most."""
MOST_ALIGNED = 200
"""Of so many at most, alike places of a symmetric core are brought to agree: that takes seconds for three hundred."""
_GRACE = 8.0


@dataclass(frozen=True)
class RGroups:
    """R-group table: ``core`` with its open places, ``names`` of the places, and what stands there in each molecule.

    ``numbers``: which of the molecules hold the core, ascending; ``groups[k]`` are the parts of the k-th of those, a
    SMILES with an open end each. ``of``: how many came; ``aligned``: whether a group that may stand at several places
    of a symmetric core stands where it does in the others.
    """

    core: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    groups: tuple[tuple[str, ...], ...]
    of: int

    @property
    def aligned(self) -> bool:
        """Whether these were few enough."""
        return self.of <= MOST_ALIGNED


def decompose(smiles: Sequence[str], core: str) -> RGroups:
    """R-group decomposition of molecules around a core, a SMILES or SMARTS. Raises BadMolecule, TooLong."""
    chosen = list(map(str, smiles[:MOST]))
    limit = seconds() + _GRACE
    try:
        pattern, names, numbers, groups = within_seconds(limit, decomposed, chosen, core)
    except TooLong:
        words = f"{len(chosen):,} molecules around the core {core[:80]} are not taken apart within {limit:g} seconds"
        raise TooLong(f"{words}; fewer molecules or a larger core would do") from None
    return RGroups(pattern, tuple(names), tuple(numbers), tuple(map(tuple, groups)), len(chosen))


def decomposed(smiles: Sequence[str], core: str) -> tuple[str, list[str], list[int], list[list[str]]]:
    """A worker's decomposition: members of :class:`RGroups`. Raises BadMolecule."""
    rdkit: Any = import_module("rdkit.Chem.rdRGroupDecomposition")  # its stubs are no Python that mypy reads
    query = Chem.MolFromSmiles(core) or molecules.pattern(core)
    with rdBase.BlockLogs():
        rules = rdkit.RGroupDecompositionParameters()
        rules.removeHydrogensPostMatch = True
        rules.onlyMatchAtRGroups = False
        aligned = rdkit.RGroupMatching.Greedy  # by chunks, as it does unless told, takes minutes for a hundred phenyls
        rules.matchingStrategy = aligned if len(smiles) <= MOST_ALIGNED else rdkit.RGroupMatching.NoSymmetrization
        found = rdkit.RGroupDecomposition(query, rules)
        held = [number for number, text in enumerate(smiles) if found.Add(molecules.parse(text)) >= 0]
        if not held:
            raise BadMolecule(f"none of these molecules holds the core {core[:80]!r}; a smaller one would do")
        found.Process()
        rows = found.GetRGroupsAsRows(asSmiles=True)
    names = sorted({name for row in rows for name in row if name != "Core"}, key=lambda name: (len(name), name))
    pattern = str(rows[0]["Core"])
    return pattern, names, held, [[str(row.get(name, "")) for name in names] for row in rows]
