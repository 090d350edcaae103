"""Row by row: what is made of each molecule of a table; one that fails is named with the reason and costs no other.

The one place that says which mistakes belong to a molecule: all that goes over many SMILES asks here.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from rdkit.Chem import Mol

from mmexplore.chem import molecules
from mmexplore.runtime.errors import BadMolecule

T = TypeVar("T")
REFUSALS = (BadMolecule, ValueError, RuntimeError, ArithmeticError, LookupError)
"""What RDKit raises of an odd molecule; anything else is a mistake of ours."""


def refusal(error: Exception) -> str:
    """Reason of a refusal in words, on one line.

    >>> refusal(BadMolecule("it is empty")), refusal(RuntimeError("Pre-condition\\nViolation"))
    ('it is empty', 'RDKit cannot take it: Pre-condition Violation')
    """
    return (
        str(error) if isinstance(error, BadMolecule) else f"RDKit cannot take it: {' '.join(str(error).split())[:200]}"
    )


def each(smiles: Iterable[str], make: Callable[[Mol], T]) -> tuple[list[T | None], dict[int, str]]:
    """What ``make`` gives for each SMILES, None where it or the reading fails, and why, by the number of the molecule.

    >>> each(["CCO", "c1cccc1"], Mol.GetNumAtoms)[0]
    [3, None]
    """
    made: list[T | None] = []
    reasons: dict[int, str] = {}
    for number, text in enumerate(smiles):
        try:
            made.append(make(molecules.parse(str(text))))
        except REFUSALS as error:
            made.append(None)
            reasons[number] = refusal(error)
    return made, reasons
