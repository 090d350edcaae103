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
from mmexplore.nn.encoders.mpnn import MPNN
from mmexplore.nn.fusions.concatenation import Concatenation
from mmexplore.nn.fusions.single import Single
from mmexplore.nn.graphs.features import ATOM_FEATURES, BOND_FEATURES
from mmexplore.nn.heads import activation_layer
from mmexplore.nn.model import Predictor
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable
from mmexplore.runtime.registry import ENCODERS, choices

_PREFIX = "message_passing."
_DICTIONARY = "AttributeDict"  # Lightning's, which holds chemprop's hyper-parameters


_UNREADABLE = (
    RuntimeError, UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError, AssertionError,
    OSError,
)  # fmt: skip
"""What torch raises over a file that is cut off, of another kind or put together by hand."""
SLOPES = {"leakyrelu": ("negative_slope", 0.1), "elu": ("alpha", 1.0), "celu": ("alpha", 1.0)}
"""Activations with a number: torch's attribute, and chemprop's value where a file names no module."""
_FEATURES = {(133, 14): "v1", (72, 14): "v2", (44, 14): "organic", (52, 2): "rigr"}
_REACTIONS = {(165, 28), (106, 28), (106, 14), (165, 14)}


class StandIn:
    """Stand-in for a class of a file, which is never imported: keeps what that would have been made of.

    ``named``: the full name of what it stands for; ``arguments`` it was called with. What would be an object's
    attributes are its own.
    """

    named = ""
    arguments: tuple[Any, ...] = ()

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments


def word_of(value: Any) -> str:
    """The plain word of an option: a text, an enum's value, or the name of a class, in lower case."""
    if isinstance(value, StandIn) and value.arguments:  # an enum's value, or (before Python 3.11.4) class and name
        return str(value.arguments[-1]).lower()
    kind = value if isinstance(value, type) else type(value)
    return kind.named.rpartition(".")[2].lower() if issubclass(kind, StandIn) else str(value).lower()


def start(encoder: DMPNN | MPNN, path: Path) -> None:
    """Warm start of a D-MPNN, or of an MPNN, by the message passing of a chemprop 2 model or foundation file.

    Raises BadCheckpoint, BadRecipe.
    """
    content = read(path)
    options, weights = content["hyper_parameters"], content["state_dict"]
    if "message_passing" in options:
        options = options["message_passing"]
        weights = message_weights(weights)
    _check(encoder, options, path) if isinstance(encoder, DMPNN) else _check_choices(encoder, options, path)
    try:
        encoder.load_state_dict(weights, strict=isinstance(encoder, DMPNN))
    except RuntimeError as error:
        raise BadCheckpoint(
            f"the message passing in {path} does not fit: {' '.join(str(error).split())[:200]}"
        ) from None


def read(path: Path) -> dict[str, Any]:
    """Contents of a checkpoint of chemprop 2, its classes as :class:`StandIn`. Raises BadCheckpoint."""
    try:
        names = get_unsafe_globals_in_checkpoint(str(path))
        with safe_globals([_in_place_of(name) for name in names]):
            content = torch.load(path, "cpu", weights_only=True)
    except _UNREADABLE as error:
        raise BadCheckpoint(f"{path} cannot be read as a chemprop 2 checkpoint: {str(error)[:120]}") from None
    if isinstance(content, Mapping) and {"args", "state_dict"} <= content.keys():
        raise BadCheckpoint(
            f"{path} is a model of chemprop 1, and chemprop 2's are read: 'chemprop convert -i {path.name} -o new.pt' "
            "makes it one"
        )
    if not isinstance(content, Mapping) or not {"hyper_parameters", "state_dict"} <= content.keys():
        raise BadCheckpoint(f"{path} is no chemprop 2 checkpoint: it holds no hyper_parameters and state_dict")
    return dict(content)


def _in_place_of(name: str) -> tuple[Callable[..., Any], str]:
    return OrderedDict if name.endswith(_DICTIONARY) else type("Named", (StandIn,), {"named": name}), name


def _check(encoder: DMPNN, options: Mapping[str, Any], path: Path) -> None:
    """What would load and yet compute something else, or not load for a reason worth a sentence."""
    wanted: dict[str, Any] = {"d_v": ATOM_FEATURES, "d_e": BOND_FEATURES, "d_h": encoder.dimension}
    wanted |= {"depth": encoder.depth, "bias": False, "undirected": False, "activation": "relu", "d_vd": None}
    for name, value in wanted.items():
        came = options.get(name, value)
        if isinstance(came, StandIn) and came.arguments:  # an enum's value, or (before Python 3.11.4) class and name
            came = came.arguments[-1]
        if str(came).lower() != str(value).lower() and not (name == "d_vd" and not came):
            hint = "; chemprop reads v1's 133 with --multi-hot-atom-featurizer-mode V1" if name == "d_v" else ""
            raise BadRecipe(f"the D-MPNN that would start from {path} has {name} {value}, and the file {came}{hint}")


def _check_choices(encoder: MPNN, options: Mapping[str, Any], path: Path) -> None:
    """What of an MPNN's choices the file's message passing has otherwise."""
    there = message_choices(options, path)
    apart = [key for key, value in there.items() if key in encoder.choices and encoder.choices[key] != value]
    apart = [key for key in apart if key != "slope"]
    if there["activation"] in SLOPES and encoder.choices["slope"] != there["slope"]:
        apart.append("slope")
    if apart:
        wanted = " ".join(f"--set branches.0.options.{key}={there[key]}" for key in apart)
        raise BadRecipe(f"the message passing in {path} has other options than the mpnn that would start: {wanted}")


def message_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The arrays of the message passing of a whole model, by the names that its own file would have."""
    return {k.removeprefix(_PREFIX): v for k, v in weights.items() if k.startswith(_PREFIX)}


def message_choices(options: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Options of an ``mpnn`` that computes what chemprop's message passing does. Raises BadRecipe, by name."""
    kind = word_of(options.get("cls", "bondmessagepassing"))
    if kind == "multicomponentmessagepassing":
        raise BadRecipe(f"{path} takes several components, and a model here reads one molecule")
    if kind.startswith("mab"):
        raise BadRecipe(f"{path} predicts atoms' or bonds' targets, and a model here predicts molecules'")
    if kind not in ("bondmessagepassing", "atommessagepassing"):
        raise BadRecipe(f"{path} has message passing {kind!r}, and chemprop's own along bonds or atoms is read")
    widths = _whole(options, "d_v", 72, path), _whole(options, "d_e", 14, path)
    if widths in _REACTIONS:
        raise BadRecipe(
            f"{path} reads reactions ({widths[0]} + {widths[1]} features), and a model here reads molecules"
        )
    if widths not in _FEATURES or _changes(options.get("graph_transform")):
        raise BadRecipe(
            f"{path} reads {widths[0]} + {widths[1]} numbers of atoms and bonds; chemprop's own 72 + 14, 133 + 14, "
            "44 + 14 or 52 + 2 are read, without extra atom or bond features"
        )
    if options.get("d_vd"):
        raise BadRecipe(f"{path} takes descriptors of atoms from a file, which no structure tells")
    activation, slope = activation_of(options.get("activation", "relu"), path)
    found: dict[str, Any] = {"messages": kind.removesuffix("messagepassing") + "s", "features": _FEATURES[widths]}
    found |= {"depth": _whole(options, "depth", 3, path), "hidden_size": _whole(options, "d_h", 300, path)}
    found |= {"bias": bool(options.get("bias")), "activation": activation, "slope": slope}
    return found | {"undirected": bool(options.get("undirected")), "dropout": float(options.get("dropout") or 0.0)}


def activation_of(value: Any, path: Path) -> tuple[str, float]:
    """Name and number of an activation that a file gives as a text, an enum or a module of torch. Raises BadRecipe."""
    name = word_of(value)
    told = vars(value) if isinstance(value, StandIn) else {}
    attribute, slope = SLOPES.get(name, ("", 0.1))
    plain = {"approximate": "none", "beta": 1.0, "threshold": 20.0, "num_parameters": 1}
    known = choices(ENCODERS.options("mpnn").model_fields["activation"].annotation)
    if name not in known or any(told.get(key, usual) != usual for key, usual in plain.items()):
        raise BadRecipe(f"{path} has activation {name!r}, or odd options of it; read are {', '.join(known)}")
    return name, float(told.get(attribute, slope))


def _changes(transform: Any) -> bool:
    """Whether a file's graph transform does anything."""
    parts = vars(transform).get("_modules", {}) if isinstance(transform, StandIn) else {}
    return any(word_of(part) != "identity" for part in parts.values())


def _whole(options: Mapping[str, Any], name: str, usual: int, path: Path) -> int:
    value = options.get(name, usual)
    if not isinstance(value, int) or not 0 < value <= 1_000_000:
        raise BadRecipe(f"{path} has {name} {str(value)[:40]!r}, and a whole number above 0 was expected")
    return int(value)


def save(predictor: Predictor, branch: str, path: Path) -> str:
    """Write a D-MPNN or ``mpnn`` branch as a chemprop 2 checkpoint; returns what was written in words.

    A model of that branch alone (fusion ``single`` or ``concatenation``), of classes or of values, is written whole,
    with its head and units, and predicts in chemprop as here. Of any other model it is the replica with a fresh head: a
    foundation for ``chemprop train --from-foundation``. A ``dmpnn`` is used with ``--multi-hot-atom-featurizer-mode
    V1``, an ``mpnn`` with the mode of its features. Raises NotAvailable without chemprop and BadRecipe for another
    branch.
    """
    try:
        from chemprop import models as chemprop_models
        from chemprop import nn as chemprop_nn
    except ImportError:
        raise NotAvailable("writing a chemprop checkpoint needs chemprop: pip install chemprop") from None
    encoder = _encoder(predictor, branch)
    whole = predictor.recipe.predicts_by_fusion and bool(predictor.tasks) and len(predictor.branches) == 1
    whole = whole and isinstance(predictor.fusion, Single | Concatenation)
    whole = whole and len({task.kind for task in predictor.tasks}) == 1
    head = _head(predictor, chemprop_nn) if whole else chemprop_nn.RegressionFFN(input_dim=encoder.dimension)
    pool, norms = _pool(encoder, chemprop_nn), isinstance(encoder, MPNN) and encoder.bn is not None
    model = chemprop_models.MPNN(_body(encoder, chemprop_nn), pool, head, batch_norm=norms)
    if isinstance(encoder, MPNN) and encoder.bn is not None:
        model.bn.load_state_dict(encoder.bn.state_dict())
    chemprop_models.save_model(path, model, [task.name for task in predictor.tasks] if whole else None)
    return "the whole model" if whole else f"the message passing of {branch!r} under a fresh head"


def _body(encoder: DMPNN | MPNN, chemprop_nn: Any) -> nn.Module:
    """chemprop's message passing with our weights."""
    kind, sizes, options = chemprop_nn.BondMessagePassing, (ATOM_FEATURES, BOND_FEATURES), dict[str, Any]()
    if isinstance(encoder, MPNN):
        told = encoder.choices
        kind = chemprop_nn.AtomMessagePassing if encoder.along_atoms else kind
        sizes = (encoder.scheme.atoms, encoder.scheme.bonds) if encoder.scheme else sizes
        options = {"bias": told["bias"], "undirected": told["undirected"]}
        options |= {"activation": activation_layer(str(told["activation"]), float(told["slope"]))}
    made = kind(*sizes, encoder.dimension, depth=encoder.depth, dropout=encoder.dropout.p, **options)
    made.load_state_dict({k: v for k, v in encoder.state_dict().items() if not k.startswith(("W.", "bn."))})
    return made  # type: ignore[no-any-return]


def _pool(encoder: DMPNN | MPNN, chemprop_nn: Any) -> Any:
    if isinstance(encoder, MPNN) and encoder.W is not None:
        pool = chemprop_nn.AttentiveAggregation(output_size=encoder.dimension)
        pool.W.load_state_dict(encoder.W.state_dict())
        return pool
    if encoder.readout == "norm":
        return chemprop_nn.NormAggregation(norm=getattr(encoder, "norm", 100.0))
    return {"mean": chemprop_nn.MeanAggregation, "sum": chemprop_nn.SumAggregation}[encoder.readout]()


def _encoder(predictor: Predictor, branch: str) -> DMPNN | MPNN:
    found = {b.name: encoder for b, encoder in zip(predictor.recipe.branches, predictor.branches, strict=True)}
    if not isinstance(encoder := found.get(branch), DMPNN | MPNN):
        able = ", ".join(name for name, one in found.items() if isinstance(one, DMPNN | MPNN)) or "none"
        raise BadRecipe(f"chemprop takes a branch that is a D-MPNN, and {branch!r} came; this model has: {able}")
    return encoder


def _head(predictor: Predictor, chemprop_nn: Any) -> nn.Module:
    """chemprop's predictor with our head's weights, layer by layer, and the labels' mean and deviation."""
    fusion, options = predictor.fusion, dict[str, Any]()
    ours = [layer for layer in fusion.modules() if isinstance(layer, nn.Linear)]
    told = predictor.recipe.fusion.options
    if isinstance(fusion, Concatenation):
        options["activation"] = activation_layer(str(told["activation"]), float(told["slope"]))
        if isinstance(fusion.tau, nn.PReLU):
            options["activation"].load_state_dict(fusion.tau.state_dict())
    options |= {"n_tasks": len(predictor.tasks), "input_dim": ours[0].in_features, "dropout": told["dropout"]}
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
