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
from mmexplore.runtime.errors import BadMolecule

MOST = 1_000
"""So many molecules are decomposed at most."""
_GRACE = 8.0


@dataclass(frozen=True)
class RGroups:
    """R-group table: ``core`` with its open places, ``names`` of the places, and what stands there in each molecule.

    ``numbers``: which of the molecules hold the core, ascending; ``groups[k]`` are the parts of the k-th of those, a
    SMILES with an open end each. ``of``: how many came.
    """

    core: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    groups: tuple[tuple[str, ...], ...]
    of: int


def decompose(smiles: Sequence[str], core: str) -> RGroups:
    """R-group decomposition of molecules around a core, a SMILES or SMARTS. Raises BadMolecule, TooLong."""
    chosen = list(map(str, smiles[:MOST]))
    pattern, names, numbers, groups = within_seconds(seconds() + _GRACE, decomposed, chosen, core)
    return RGroups(pattern, tuple(names), tuple(numbers), tuple(map(tuple, groups)), len(chosen))


def decomposed(smiles: Sequence[str], core: str) -> tuple[str, list[str], list[int], list[list[str]]]:
    """A worker's decomposition: members of :class:`RGroups`. Raises BadMolecule."""
    rdkit: Any = import_module("rdkit.Chem.rdRGroupDecomposition")  # its stubs are no Python that mypy reads
    query = Chem.MolFromSmiles(core) or molecules.pattern(core)
    with rdBase.BlockLogs():
        rules = rdkit.RGroupDecompositionParameters()
        rules.removeHydrogensPostMatch = True
        rules.onlyMatchAtRGroups = False
        found = rdkit.RGroupDecomposition(query, rules)
        held = [number for number, text in enumerate(smiles) if found.Add(molecules.parse(text)) >= 0]
        if not held:
            raise BadMolecule(f"none of these molecules holds the core {core[:80]!r}; a smaller one would do")
        found.Process()
        rows = found.GetRGroupsAsRows(asSmiles=True)
    names = sorted({name for row in rows for name in row if name != "Core"}, key=lambda name: (len(name), name))
    pattern = str(rows[0]["Core"])
    return pattern, names, held, [[str(row.get(name, "")) for name in names] for row in rows]
