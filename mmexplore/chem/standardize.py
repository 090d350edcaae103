"""Standardization of molecules, many at once: in this process for a few thousand, over worker processes for more.

A worker that RDKit brings down costs the one row that did it.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Literal, NamedTuple

from rdkit import Chem
from rdkit.Chem import Mol, rdMolDescriptors

from mmexplore.chem import structures
from mmexplore.chem.molecules import MAX_ATOMS, Salts, canonical, parse, readable, scaffold
from mmexplore.chem.row_by_row import REFUSALS, refusal
from mmexplore.chem.salts import Parent, parent
from mmexplore.runtime import processes
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.workers import WORKERS, Died

Task = Literal["keep", "strip", "scaffold", "read"]

_STAGES = {"keep": "standardise", "strip": "standardise", "scaffold": "find scaffolds", "read": "read"}
CHUNK = 256
POOL_FROM = 5_000
LONG = 400
"""A SMILES of more characters, or a mol block of more lines, is standardised elsewhere: it may take seconds."""


class Standardized(NamedTuple):
    """Standardized structure, or why there is none.

    ``smiles`` canonical ("" where refused), ``done`` what was done to it in words, ``refused`` why it was ("" where it
    was not), ``told`` what is to be counted in a report (sentences with a bar between), ``apart`` what tells it from
    other molecules of the same SMILES.
    """

    smiles: str
    done: str
    refused: str
    told: str = ""
    apart: str = ""

    @property
    def words(self) -> str:
        """What was done and what is to be said of it, each once; "" where that is nothing."""
        told = [one for one in self.told.split("|") if one != structures.MAPS]  # which ``done`` says already
        return "; ".join(filter(None, (self.done, *told)))


AS_DRAWN = "the standardised form cannot be read back by RDKit: left as drawn"


def standardised(text: str, salts: Salts = "keep") -> Standardized:
    """One SMILES, InChI or mol block, standardised; nothing is raised, and what is kept was read back.

    >>> standardised("OCC.Cl", "strip")
    Standardized(smiles='CCO', done='salt stripped: removed Cl', refused='', told='', apart='')
    """
    try:
        found = structures.read(text)
        drawn, told = found.mol, list(found.told)
        made = parent(drawn) if salts == "strip" else Parent(drawn, "")
        told += [made.told] if made.told else []
        smiles, done = _read_back(made.mol), made.done
        if not smiles:
            smiles, done = _as_drawn(drawn, text), ""
            told = [*found.told, AS_DRAWN]
        if structures.MAPS in told:
            done = "; ".join(filter(None, ("atom maps dropped", done)))
        isomer, groups = structures.stereo_groups(made.mol)
        return Standardized(isomer or smiles, done, "", "|".join(told), groups or found.apart)
    except BadMolecule as error:
        return Standardized("", "", str(error))
    except Exception as error:  # RDKit raises a dozen types of its own for odd molecules
        return Standardized("", "", f"RDKit cannot standardise it: {' '.join(str(error).split())[:200]}")


def canonical_forms(texts: Sequence[str]) -> list[str]:
    """SMILES of each of some structures as :func:`standardised` has it, "" for one that is refused."""
    return [standardised(text).smiles for text in texts]


def _read_back(mol: Mol) -> str:
    """Canonical SMILES, "" where RDKit cannot read it, or reads another molecule."""
    smiles = canonical(mol)
    again = Chem.MolFromSmiles(smiles)
    if again is None or not 0 < again.GetNumAtoms() <= MAX_ATOMS:
        return ""
    same = rdMolDescriptors.CalcMolFormula(again) == rdMolDescriptors.CalcMolFormula(mol)
    return smiles if same else ""


def _as_drawn(mol: Mol, text: str) -> str:
    if smiles := _read_back(mol):
        return smiles
    if "\n" not in text and readable(structures.plain(text)):
        return structures.plain(text)
    raise BadMolecule(f"RDKit writes it as {canonical(mol)[:80]!r} and cannot read that")


def standardize_all(
    texts: Sequence[str], salts: Salts = "keep", progress: Progress = silent, workers: int | None = None
) -> list[Standardized]:
    """Outcomes in the order of ``texts``; ``workers`` None: one a processor from 5,000 texts on, else none (0)."""
    return _all(texts, salts, progress, workers)


def scaffolds(smiles: Sequence[str], progress: Progress = silent, workers: int | None = None) -> list[str | None]:
    """Bemis-Murcko scaffolds in the order of ``smiles``, None for what has none because it cannot be read.

    ``workers`` as in :func:`standardize_all`.
    """
    return [None if found.refused else found.smiles for found in _all(smiles, "scaffold", progress, workers)]


def unreadable(smiles: Sequence[str], progress: Progress = silent, workers: int | None = None) -> dict[int, str]:
    """Which of these SMILES cannot be read, by their number, and why.

    >>> unreadable(["CCO", "C1CC"])
    {1: "cannot read SMILES 'C1CC': unclosed ring"}
    """
    return {i: found.refused for i, found in enumerate(_all(smiles, "read", progress, workers)) if found.refused}


def standardise_chunk(texts: Sequence[str], task: Task) -> bytes:
    """A worker's share: the outcomes as JSON."""
    return json.dumps([_done(task, text) for text in texts], allow_nan=False).encode()


def _done(task: Task, text: str) -> Standardized:
    try:
        if task == "scaffold":
            return Standardized(scaffold(text), "", "")
        if task == "read":
            parse(text)
            return Standardized("", "", "")
    except REFUSALS as error:
        return Standardized("", "", refusal(error))
    return standardised(text, task)


def _is_long(text: str) -> bool:
    return "\n" not in text or text.count("\n") > LONG


def _all(texts: Sequence[str], task: Task, progress: Progress, workers: int | None) -> list[Standardized]:
    if workers is None:
        awkward = any(len(text) > LONG and _is_long(text) for text in texts)  # RDKit holds the interpreter's lock
        workers = max(2, processes.cores()) if awkward else processes.cores() if len(texts) >= POOL_FROM else 0
    chunks = [list(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)]
    if workers < 2:
        return _serially(chunks, task, progress, len(texts))
    return _pooled(chunks, task, progress, len(texts), workers)


def _serially(chunks: list[list[str]], task: Task, progress: Progress, total: int) -> list[Standardized]:
    outcomes: list[Standardized] = []
    for chunk in chunks:
        outcomes += [_done(task, text) for text in chunk]
        progress(_STAGES[task], len(outcomes), total)
    return outcomes


def _pooled(chunks: list[list[str]], task: Task, progress: Progress, total: int, workers: int) -> list[Standardized]:
    outcomes: list[list[Standardized]] = [[] for _ in chunks]
    done, function = 0, "mmexplore.chem.standardize:standardise_chunk"
    with closing(WORKERS.ask(function, chunks, {"task": task}, workers)) as results:
        for number, answers in results:
            outcomes[number] = [outcome for answer in answers for outcome in _read(answer)]
            done += len(outcomes[number])
            progress(_STAGES[task], done, total)
    return [outcome for those in outcomes for outcome in those]


def _read(answer: bytes | Died) -> list[Standardized]:
    if isinstance(answer, Died):
        return [Standardized("", "", "RDKit crashed on it")]
    return [Standardized(*fields) for fields in json.loads(answer)]
