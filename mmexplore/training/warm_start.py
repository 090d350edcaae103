"""Warm start: branches and fusing layers take the weights of another model, which ``start`` names."""

from functools import cache, partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmexplore.models import checkpoints, registry
from mmexplore.models.registry import CHEMPROP, HUB
from mmexplore.nn.encoders.dmpnn import DMPNN
from mmexplore.nn.encoders.mpnn import MPNN
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import Branch
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.training import chemprop_io


def begin(predictor: Predictor, *, home: Home) -> tuple[str, ...]:
    """Warm start of a fresh model with the weights that its recipe names; returns what was taken in words.

    Published weights that cannot be reached are left random, which the notes say. Raises UnknownName for a model that
    is not there and BadRecipe for one whose parts do not fit.
    """
    recipe, notes, source = predictor.recipe, [], cache(partial(_source, home=home))
    for branch, encoder in zip(recipe.branches, predictor.branches, strict=True):
        if branch.start.startswith(HUB):
            notes.append(_from_hub(branch, encoder))
        elif branch.start.startswith(CHEMPROP):
            notes.append(_from_chemprop(branch, encoder))
        elif branch.start:
            notes.append(_from_model(branch, encoder, source(branch.start)))
    if recipe.predicts_by_fusion and recipe.fusion.start:
        notes.append(_fusion_from(recipe.fusion.start, predictor.fusion, source(recipe.fusion.start)))
    return tuple(notes)


def _from_hub(branch: Branch, encoder: Any) -> str:
    name = branch.start.removeprefix(HUB)
    try:
        encoder.from_hub(name)
    except NotAvailable as error:
        return f"branch {branch.name!r} started from random weights: {error}"
    return f"branch {branch.name!r} started from the published weights {name}"


def _from_chemprop(branch: Branch, encoder: nn.Module) -> str:
    path = Path(branch.start.removeprefix(CHEMPROP)).expanduser()
    if not isinstance(encoder, DMPNN | MPNN):
        raise BadRecipe(
            f"a checkpoint of chemprop starts a dmpnn or an mpnn, and branch {branch.name!r} is a {branch.encoder}"
        )
    chemprop_io.start(encoder, path)
    return f"branch {branch.name!r} started from chemprop's checkpoint {path.name}"


def _from_model(branch: Branch, encoder: nn.Module, source: Predictor) -> str:
    number = _same(branch, source)
    try:
        encoder.load_state_dict(source.branches[number].state_dict())
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        raise BadRecipe(
            f"branch {branch.name!r} cannot start from {branch.start!r}, whose options are "
            f"{source.recipe.branches[number].options}: {first}"
        ) from None
    return f"branch {branch.name!r} started from {branch.start}, branch {source.recipe.branches[number].name!r}"


def _same(branch: Branch, source: Predictor) -> int:
    """The branch of that name, or else the only one with that encoder."""
    there = source.recipe.branches
    alike = [i for i, b in enumerate(there) if b.encoder == branch.encoder]
    named = [i for i in alike if there[i].name == branch.name]
    if len(found := named or alike) == 1:
        return found[0]
    listed = ", ".join(f"{b.name} ({b.encoder})" for b in there)
    raise BadRecipe(
        f"{branch.start!r} has no one branch for {branch.name!r} ({branch.encoder}) to start from; it has: {listed}"
    )


def _fusion_from(start: str, fusion: nn.Module, source: Predictor) -> str:
    """Layers that both have, by name and shape; the head stays fresh."""
    if source.recipe.stacks:
        raise BadRecipe(f"{start!r} is a stack, which has no fusing layers to start from; leave fusion.start empty")
    there = (source.pretraining if source.recipe.pretrains else source.fusion).state_dict()
    own: dict[str, Tensor] = fusion.state_dict()
    taken = {k: v for k, v in there.items() if k in own and own[k].shape == v.shape and not k.startswith("head.")}
    if not taken:
        raise BadRecipe(f"{start!r} has no layer that this fusion could start from; leave fusion.start empty")
    fusion.load_state_dict(own | taken)
    return f"fusion started from {start}: {len(taken)} of {len(own)} arrays"


def _source(name: str, *, home: Home) -> Predictor:
    return checkpoints.load(registry.model(name, home=home).folder)
