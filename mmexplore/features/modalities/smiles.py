"""SMILES tokenizer: the canonical SMILES as tokens, what a language model of molecules reads (MMFRL's SMILES branch).

A token is an atom, a bond, a branch, a ring number, or a part of what stands in brackets. The vocabulary is fixed and
covers whatever RDKit writes, so that a model meets no unknown token and two models share their tokens.
"""

import re
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import canonical, reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

LONGEST = 512
"""The most tokens of a record, whatever ``max_length``; encoders know so many places."""

_ELEMENTS = tuple(Chem.GetPeriodicTable().GetElementSymbol(number) for number in range(1, 119))
_AROMATIC = ("b", "c", "n", "o", "p", "s", "se", "as", "te", "si")
_CHIRAL = ("@", "@@", "@TH", "@AL", "@SP", "@TB", "@OH")
_SIGNS = (*"*-=#$:/\\~.()[]+%0123456789", "->", "<-")

VOCABULARY = ("[PAD]", "[CLS]", "[MASK]", "[UNK]", *_ELEMENTS, *_AROMATIC, *_CHIRAL, *_SIGNS)
"""Tokens by number; an encoder that was trained with it holds a row for each."""
PAD, CLS, MASK, UNK = range(4)
SPECIAL = 4
"""So many tokens come first that are no part of a SMILES."""

_NUMBERS = {token: number for number, token in enumerate(VOCABULARY)}
_OUTSIDE = re.compile(r"(\[[^\]]*\])|->|<-|Cl|Br|.")
_INSIDE = re.compile(r"@TH|@AL|@SP|@TB|@OH|@@|[A-Z][a-z]?|[a-z]{1,2}|.")


class Smiles(Modality):
    """SMILES tokens.

    ``tokens`` (tokens,): numbers in ``VOCABULARY``, [CLS] first; what is longer than ``max_length`` is cut there.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"tokens": Column("uint8", axis="tokens")}

    def __init__(
        self, *, max_length: Annotated[int, Field(ge=16, le=512, description="most tokens of a molecule")] = 256
    ) -> None:
        self.max_length = max_length

    def record(self, molecule: Mol) -> Record:
        """The record, the same for every spelling. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a SMILES needs at least one atom, and a molecule of 0 came")
        numbers = [CLS, *(_NUMBERS.get(token, UNK) for token in tokens(canonical(molecule)))]
        return {"tokens": np.array(numbers[: self.max_length], np.uint8)}


def tokens(smiles: str) -> list[str]:
    """SMILES tokenizer: the parts of a SMILES; joined, they are the SMILES.

    >>> tokens("C[C@@H](Cl)[nH+]%10")
    ['C', '[', 'C', '@@', 'H', ']', '(', 'Cl', ')', '[', 'n', 'H', '+', ']', '%', '1', '0']
    """
    found: list[str] = []
    for match in _OUTSIDE.finditer(smiles):
        found += _INSIDE.findall(match[0]) if match[1] else [match[0]]
    return found
