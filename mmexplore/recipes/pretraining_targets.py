"""Pretraining targets: which branch of a relational pre-training learns what, as its name says. No torch.

A branch called ``smiles``, ``nmr_spectrum`` or ``image`` learns how the embeddings of a frozen model are related, one
called ``fingerprint`` or ``nmr_peaks`` how that modality's own records are, one called ``descriptors`` how RDKit's
descriptors are (this project's; descriptors teach a D-MPNN in arXiv:2506.15792, too), and one called ``early`` a blend
of those that speak of whole molecules (MMFRL, equations 6 and 7). A pre-training whose ``lessons`` are empty lets a
branch have any name.
"""

import math
from collections.abc import Iterable
from typing import Any

from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.registry import ENCODERS, MODALITIES, PRETRAININGS

EARLY = "early"
PEAKS = "nmr_peaks"
"""The pretraining target of single atoms: it cannot be blended with those of molecules."""


DESCRIPTORS = "descriptors"
_RECORDS = {DESCRIPTORS: "rdkit_descriptors"}


def modality(target_name: str) -> str:
    """Modality whose records teach a pretraining target that no model teaches.

    >>> modality("descriptors"), modality("fingerprint")
    ('rdkit_descriptors', 'fingerprint')
    """
    return _RECORDS.get(target_name, target_name)


def record_name(target_name: str) -> str:
    """Record name of a pretraining target's embedding in a batch; no modality is called so."""
    return f"target:{target_name}"


def teachers(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Modalities that a pre-training reads to make its targets, each with its options."""
    own = [modality(name) for name, option in _table(recipe).items() if not option and name in _learned(recipe)]
    return recipe.teachers | {name: recipe.modalities.get(name, MODALITIES.validated(name, {})) for name in own}


def frozen(recipe: Recipe) -> dict[str, str]:
    """Teachers by pretraining target, the model whose view is it: ``MODEL``, its first view, or ``MODEL#VIEW``."""
    options = recipe.pretraining.options
    return {
        name: str(options[option]) for name, option in _table(recipe).items() if option and name in _learned(recipe)
    }


def check(recipe: Recipe) -> None:
    """Raise BadRecipe where a branch has a name that teaches nothing, or cannot learn what its name says."""
    table = _table(recipe)
    for branch in recipe.branches if table else ():
        if branch.name not in (known := _names(recipe)):
            raise BadRecipe(
                f"branch {branch.name!r} of pre-training {recipe.pretraining.name!r} must be named by what teaches it: "
                f"{', '.join(known)}"
            )
        if branch.name == PEAKS and branch.encoder not in (able := _tell_atoms()):
            raise BadRecipe(
                f"branch {PEAKS!r} learns from single atoms, of which encoder {branch.encoder!r} tells nothing; "
                f"there are: {', '.join(able)}"
            )
    _learned(recipe)


def blend(branches: Iterable[str], targets: Iterable[str], text: str) -> dict[str, float]:
    """Weights w_R of the early branch (equation 7), none of zero; empty without such a branch. Raises BadRecipe.

    ``text`` reads ``"smiles=0.7, image=0.3"``; empty: equal over the other branches that learn of molecules, or, where
    there is none, over all of MMFRL's targets that do.

    >>> blend(["early", "image", "smiles", "nmr_peaks"], ["smiles", "image", "fingerprint", "nmr_peaks"], "")
    {'smiles': 0.5, 'image': 0.5}
    """
    names, targets = set(branches), [name for name in targets if name != PEAKS]
    if EARLY not in names:
        return {}
    if text.strip():
        return _read(text, targets)
    chosen = [name for name in targets if name in names] or [name for name in targets if name != DESCRIPTORS]
    return dict.fromkeys(chosen, 1 / len(chosen))


def _read(text: str, targets: list[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        if name not in targets or name in weights:
            raise BadRecipe(f"early fusion blends each of {', '.join(targets)} once, and {part.strip()!r} came")
        try:
            weights[name] = float(number)
        except ValueError:
            raise BadRecipe(f"weights of early fusion read 'smiles=0.7, image=0.3', and {text!r} came") from None
    total = math.fsum(weights.values())
    if not abs(total - 1) < 1e-6 or min(weights.values()) < 0:
        raise BadRecipe(f"weights of early fusion are not negative and add up to 1; {text!r} came, which is {total:g}")
    return {name: weight for name, weight in weights.items() if weight}


def _learned(recipe: Recipe) -> set[str]:
    """Pretraining targets that some branch learns, by itself or blended with others."""
    table, names = _table(recipe), {branch.name for branch in recipe.branches}
    weights = str(recipe.pretraining.options.get("weights", ""))
    return names & table.keys() | blend(names, table, weights).keys() if table else set()


def _table(recipe: Recipe) -> dict[str, str]:
    """By pretraining target, the option that names the model that teaches it; "" where records of that modality do."""
    found: dict[str, str] = PRETRAININGS.attribute(recipe.pretraining.name, "lessons") if recipe.pretrains else {}
    return found


def _names(recipe: Recipe) -> list[str]:
    blends = [EARLY] if "weights" in recipe.pretraining.options else []
    return sorted([*_table(recipe), *blends])


def _tell_atoms() -> list[str]:
    able = []
    for encoder in ENCODERS.names():
        try:
            able += [encoder] * bool(ENCODERS.attribute(encoder, "tells_atoms"))
        except AttributeError:
            continue
    return able
