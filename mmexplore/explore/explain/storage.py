"""Explanation store.

What searches for subgraphs found, a file a molecule, in a folder whose name holds model, target and rules.

A search over a class that was cancelled or killed finds what it did here, and another class shares it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.explore.explain.search import By, Rules, Subgraph, Target
from mmexplore.runtime.home import Home, read_json, write_json

VERSION = 1


@dataclass(frozen=True)
class Explained:
    """Explanation: what a model says of a molecule, and which parts of it say the same.

    ``smiles`` is canonical, ``order[k]`` the number of its atom ``k`` in the SMILES that was given. ``subgraphs``: the
    smallest first; empty where ``note`` says why. ``by``: the score that decides. ``exact``: no fragment that peeling
    reaches is smaller; else tree search saw ``fragments`` of them. ``masks``: atoms were scored in their molecule too.
    ``seconds``: the search with its first answer; later ones are read off it.
    """

    smiles: str
    order: tuple[int, ...]
    target: Target
    score: float
    by: By
    subgraphs: tuple[Subgraph, ...] = ()
    exact: bool = True
    fragments: int = 0
    masks: bool = True
    seconds: float = 0.0
    note: str = ""

    @property
    def positive(self) -> bool:
        """Whether the whole molecule is positive."""
        return bool(self.target.reached(np.array(self.score)))


def folder(model_digest: str, target: Target, rules: Rules, by: By, *more: Any, home: Home) -> Path:
    """Folder of the explanations under these rules, and what else was asked for; not made here."""
    return home / "subgraphs" / digest(VERSION, model_digest, asdict(target), asdict(rules), by, *more)


def digest(*what: Any) -> str:
    """Digest of plain values, sixteen hex digits."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, allow_nan=False).encode()).hexdigest()[:16]


def load(where: Path, smiles: str) -> Explained | None:
    """Stored explanation of a molecule, by its SMILES; None where nothing whole is there."""
    try:
        return of_values(read_json(_file(where, smiles)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def of_values(told: dict[str, Any]) -> Explained:
    """Explanation from its plain values, as :func:`keep` writes them."""
    parts = tuple(Subgraph(**_numbers(part) | {"atoms": tuple(part["atoms"])}) for part in told["subgraphs"])
    fixed = {"subgraphs": parts, "order": tuple(told["order"]), "target": Target(**told["target"])}
    return Explained(**told | fixed)


def keep(where: Path, found: Explained, smiles: str = "", *, sealed: bool = True) -> None:
    """Store an explanation, under its canonical SMILES or the spelling that was asked for."""
    write_json(_file(where, smiles or found.smiles), asdict(found), sealed=sealed)


def _file(where: Path, smiles: str) -> Path:
    return where / f"{hashlib.sha256(smiles.encode()).hexdigest()[:24]}.json"


def _numbers(part: dict[str, Any]) -> dict[str, Any]:
    """A score that was no number was written as null."""
    keys = ("score", "score_in_molecule", "nearest")
    return part | {key: np.nan for key in keys if part.get(key) is None}
