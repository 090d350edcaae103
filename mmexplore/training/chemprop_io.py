"""chemprop 2 checkpoints of a D-MPNN: its checkpoints are read without chemprop, and written through it.

Both name the arrays alike and, with chemprop's v1 atom features, compute the same numbers. Reading runs nothing of the
file: torch restores arrays and plain values alone, and every class that the file names becomes an empty stand-in.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from mmexplore.nn.encoders.dmpnn import DMPNN
from mmexplore.nn.graphs.features import ATOM_FEATURES, BOND_FEATURES
from mmexplore.nn.model import Predictor
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable

_PREFIX = "message_passing."
_DICTIONARY = "AttributeDict"  # Lightning's, which holds chemprop's hyper-parameters


class _StandIn:
    """Takes the place of a class of chemprop and keeps what that would have been made of."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments


def start(encoder: DMPNN, path: Path) -> None:
    """Warm start of a D-MPNN by the message passing of a chemprop 2 model or foundation file.

    Raises BadCheckpoint, BadRecipe.
    """
    content = _read(path)
    options, weights = content["hyper_parameters"], content["state_dict"]
    if "message_passing" in options:
        options = options["message_passing"]
        weights = {k.removeprefix(_PREFIX): v for k, v in weights.items() if k.startswith(_PREFIX)}
    _check(encoder, options, path)
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise BadCheckpoint(
            f"the message passing in {path} does not fit: {' '.join(str(error).split())[:200]}"
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        names = get_unsafe_globals_in_checkpoint(str(path))
        with safe_globals([_in_place_of(name) for name in names]):
            content = torch.load(path, "cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{path} cannot be read as a chemprop 2 checkpoint: {str(error)[:120]}") from None
    if not isinstance(content, Mapping) or not {"hyper_parameters", "state_dict"} <= content.keys():
        raise BadCheckpoint(f"{path} is no chemprop 2 checkpoint: it holds no hyper_parameters and state_dict")
    return dict(content)


def _in_place_of(name: str) -> tuple[Callable[..., Any], str]:
    return OrderedDict if name.endswith(_DICTIONARY) else type("Named", (_StandIn,), {}), name


def _check(encoder: DMPNN, options: Mapping[str, Any], path: Path) -> None:
    """What would load and yet compute something else, or not load for a reason worth a sentence."""
    wanted: dict[str, Any] = {"d_v": ATOM_FEATURES, "d_e": BOND_FEATURES, "d_h": encoder.dimension}
    wanted |= {"depth": encoder.depth, "bias": False, "undirected": False, "activation": "relu", "d_vd": None}
    for name, value in wanted.items():
        came = options.get(name, value)
        if isinstance(came, _StandIn) and came.arguments:  # an enum's value, or (before Python 3.11.4) class and name
            came = came.arguments[-1]
        if str(came).lower() != str(value).lower() and not (name == "d_vd" and not came):
            hint = "; chemprop reads v1's 133 with --multi-hot-atom-featurizer-mode V1" if name == "d_v" else ""
            raise BadRecipe(f"the D-MPNN that would start from {path} has {name} {value}, and the file {came}{hint}")


def save(predictor: Predictor, branch: str, path: Path) -> str:
    """Write a D-MPNN branch as a chemprop 2 checkpoint; returns what was written in words.

    A model of that branch alone (fusion ``single``) is written whole, with its head and units, and predicts in chemprop
    as here. Of any other model it is the replica with a fresh head: a foundation for ``chemprop train
    --from-foundation``. Either is used with ``--multi-hot-atom-featurizer-mode V1``. Raises NotAvailable without
    chemprop and BadRecipe for a branch that is no D-MPNN.
    """
    try:
        from chemprop import models as chemprop_models
        from chemprop import nn as chemprop_nn
    except ImportError:
        raise NotAvailable("writing a chemprop checkpoint needs chemprop: pip install chemprop") from None
    encoder = _encoder(predictor, branch)
    body = chemprop_nn.BondMessagePassing(
        ATOM_FEATURES, BOND_FEATURES, encoder.dimension, depth=encoder.depth, dropout=encoder.dropout.p
    )
    body.load_state_dict(encoder.state_dict())
    pools = {
        "mean": chemprop_nn.MeanAggregation,
        "sum": chemprop_nn.SumAggregation,
        "norm": chemprop_nn.NormAggregation,
    }
    whole = predictor.recipe.predicts_by_fusion and predictor.recipe.fusion.name == "single"
    head = _head(predictor, chemprop_nn) if whole else chemprop_nn.RegressionFFN(input_dim=encoder.dimension)
    model = chemprop_models.MPNN(body, pools[encoder.readout](), head)
    chemprop_models.save_model(path, model, [task.name for task in predictor.tasks] if whole else None)
    return "the whole model" if whole else f"the message passing of {branch!r} under a fresh head"


def _encoder(predictor: Predictor, branch: str) -> DMPNN:
    found = {b.name: encoder for b, encoder in zip(predictor.recipe.branches, predictor.branches, strict=True)}
    if not isinstance(encoder := found.get(branch), DMPNN):
        able = ", ".join(name for name, one in found.items() if isinstance(one, DMPNN)) or "none"
        raise BadRecipe(f"chemprop takes a branch that is a D-MPNN, and {branch!r} came; this model has: {able}")
    return encoder


def _head(predictor: Predictor, chemprop_nn: Any) -> nn.Module:
    """chemprop's predictor with our head's weights, layer by layer, and the labels' mean and deviation."""
    ours = [layer for layer in predictor.fusion.head if isinstance(layer, nn.Linear)]
    options: dict[str, Any] = {"n_tasks": len(predictor.tasks), "input_dim": ours[0].in_features}
    options |= {"n_layers": len(ours) - 1, "hidden_dim": ours[0].out_features}
    if bool(predictor.classify.all()):
        made = chemprop_nn.BinaryClassificationFFN(**options)
    else:
        mean, std = (values.tolist() for values in (predictor.label_mean, predictor.label_std))
        made = chemprop_nn.RegressionFFN(**options, output_transform=chemprop_nn.UnscaleTransform(mean, std))
    theirs = [layer for layer in made.ffn.modules() if isinstance(layer, nn.Linear)]
    for one, other in zip(theirs, ours, strict=True):
        _copy(one.weight, other.weight)
        _copy(one.bias, other.bias)
    return made  # type: ignore[no-any-return]


def _copy(into: Tensor, of: Tensor) -> None:
    with torch.no_grad():
        into.copy_(of)
