"""Whole models of chemprop 2 as models of ours: recipe, weights, tasks and units from a file, nothing unpickled.

A model becomes an ``mpnn``, beside it a branch for each kind of descriptors that it takes, under fusion
``concatenation``; both compute what chemprop does. What chemprop takes and no model here has is refused by name.
A file does not say which descriptors it was given: a ``config.toml`` that chemprop's command line left beside it does,
or whoever imports it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmexplore.datasets import Task
from mmexplore.features.modalities.chiral_fingerprint import COLUMNS
from mmexplore.features.modalities.rdkit_descriptors import NAMES
from mmexplore.nn.encoders.mpnn import MPNN
from mmexplore.nn.fusions.concatenation import Concatenation
from mmexplore.nn.model import Predictor
from mmexplore.nn.signals.vectors import ColumnMoments
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe
from mmexplore.training.chemprop_io import (
    activation_of,
    message_choices,
    message_weights,
    read,
    word_of,
)

DESCRIPTORS: dict[str, tuple[str, dict[str, Any], int]] = {
    "rdkit_2d": ("standard_descriptor_mlp", {"layers": 0}, len(NAMES)),
    "morgan_binary": ("chiral_fingerprint_mlp", {"layers": 0, "counts": False}, COLUMNS),
    "morgan_count": ("chiral_fingerprint_mlp", {"layers": 0, "counts": True}, COLUMNS),
}
"""chemprop's molecule featurizers that are made here: encoder, its options, how many numbers."""
_KINDS = {"regressionffn": "regression", "mveffn": "regression", "binaryclassificationffn": "classification"}
_REFUSED = {
    "evidentialffn": "an evidential head",
    "quantileffn": "a quantile head",
    "binarydirichletffn": "a Dirichlet head",
    "multiclassdirichletffn": "a Dirichlet head",
    "multiclassclassificationffn": "a multi-class head",
    "spectralffn": "a spectral head",
}
_AS_TRAINED = ("keep-h", "add-h", "ignore-stereo", "reorder-atoms")
_COLUMNS_OF_ONES_OWN = ("descriptors-path", "descriptors-columns")


@dataclass(frozen=True)
class Foreign:
    """Model that was read from a file: the predictor in evaluation mode, its tasks, and notes for its card."""

    predictor: Predictor
    tasks: tuple[Task, ...]
    notes: tuple[str, ...] = ()


def load(path: Path, descriptors: Sequence[str] = ()) -> Foreign:
    """Whole model of a chemprop 2 checkpoint, or its message passing alone, which predicts nothing and starts others.

    ``descriptors``: what it was given besides, by chemprop's names and in its order; else as ``config.toml`` says.
    Raises BadCheckpoint, BadRecipe.
    """
    content = read(path)
    options, weights = content["hyper_parameters"], content["state_dict"]
    if "message_passing" not in options:
        return _foundation(options, weights, path)
    config = _config(path)
    for key in _AS_TRAINED:
        if config.get(key) == "true":
            raise BadRecipe(f"{path} was trained with --{key}, and molecules are read without it here")
    passing, head = options["message_passing"], options["predictor"]
    choices = message_choices(passing, path)
    kind = word_of(head.get("cls"))
    if kind not in _KINDS:
        raise BadRecipe(
            f"{path} has {_REFUSED.get(kind, f'head {kind!r}')}; regression, MVE and binary classes are read"
        )
    layers, tau = _head(weights, path)
    extra = layers[0].shape[1] - choices["hidden_size"]
    branches = [_branch(choices, options), *_described(extra, tuple(descriptors), config, path)]
    outputs = layers[-2].shape[0] // (2 if kind == "mveffn" else 1)
    names = _names(content.get("output_columns"), config, outputs, path)
    activation, slope = activation_of(head.get("activation", "relu"), path)
    fusion: dict[str, Any] = {"hidden_layers": len(layers) // 2 - 1, "activation": activation, "slope": slope}
    fusion |= {"hidden_size": max([layer.shape[0] for layer in layers[:-2:2]], default=300)}
    tasks = tuple(Task(name, "classification" if "class" in kind else "regression") for name in names)
    dropout = float(head.get("dropout") or 0.0)
    predictor = _made(branches, fusion | {"dropout": dropout}, tasks)
    encoder, fused = predictor.branches[0], predictor.fusion
    assert isinstance(encoder, MPNN)
    assert isinstance(fused, Concatenation)
    _load_encoder(encoder, weights, path)
    _load_head(fused, layers, tau, outputs)
    _load_units(predictor, weights, extra, path)
    notes = ["its head's variance (MVE) is left out: what it predicts is the mean"] if kind == "mveffn" else []
    if len(branches) > 1:
        notes.append(f"it takes descriptors besides: {', '.join(branch['name'] for branch in branches[1:])}")
    return Foreign(predictor.eval(), tasks, tuple(notes))


def side_by_side(parts: Mapping[str, Foreign]) -> Foreign:
    """Models of other tasks as one: a branch each, by these names, and heads that do not see each other.

    Each is one branch under a head of as many hidden layers and the same activation. Raises BadRecipe.
    """
    recipes = [part.predictor.recipe for part in parts.values()]
    ways = [{k: v for k, v in r.fusion.options.items() if k != "hidden_size"} for r in recipes]
    if any(way != ways[0] for way in ways) or any(len(r.branches) > 1 for r in recipes):
        raise BadRecipe("models side by side have one branch each and heads of one form, and others came")
    branches = [r.branches[0].model_dump() | {"name": name} for name, r in zip(parts, recipes, strict=True)]
    size = sum(int(r.fusion.options["hidden_size"]) for r in recipes)
    tasks = tuple(task for part in parts.values() for task in part.tasks)
    predictor = _made(branches, recipes[0].fusion.options | {"hidden_size": size}, tasks)
    ones = [part.predictor for part in parts.values()]
    for branch, one in zip(predictor.branches, ones, strict=True):
        branch.load_state_dict(one.branches[0].state_dict())
    with torch.no_grad():
        for number, layer in enumerate(predictor.fusion.layers):
            own = [one.fusion.layers[number] for one in ones]
            layer.weight.copy_(torch.block_diag(*(part.weight for part in own)))  # type: ignore[no-untyped-call]
            layer.bias.copy_(torch.cat([part.bias for part in own]))
        predictor.label_mean.copy_(torch.cat([one.label_mean for one in ones]))
        predictor.label_std.copy_(torch.cat([one.label_std for one in ones]))
    return Foreign(predictor.eval(), tasks, tuple(dict.fromkeys(n for part in parts.values() for n in part.notes)))


def _foundation(options: Mapping[str, Any], weights: Mapping[str, Tensor], path: Path) -> Foreign:
    predictor = _made([{"encoder": "mpnn", "options": message_choices(options, path)}], {"hidden_layers": 0}, ())
    _load(predictor.branches[0], weights, path)
    return Foreign(predictor.eval(), (), ("message passing without a head: it predicts nothing, and starts others",))


def _made(branches: Sequence[dict[str, Any]], fusion: dict[str, Any], tasks: tuple[Task, ...]) -> Predictor:
    values = {"name": "chemprop", "branches": branches, "fusion": {"name": "concatenation", "options": fusion}}
    return Predictor(parse(values | {"data": {"dataset": "", "targets": [task.name for task in tasks]}}), tasks)


def _branch(choices: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    aggregation = options["agg"]
    readout = word_of(aggregation.get("cls")).removesuffix("aggregation")
    if readout not in ("mean", "sum", "norm", "attentive"):
        raise BadRecipe(f"aggregation {readout!r} came; mean, sum, norm and attentive are read")
    norm = float(aggregation.get("norm", 100.0))
    found = choices | {"readout": readout, "norm": norm, "batch_norm": bool(options.get("batch_norm"))}
    return {"encoder": "mpnn", "options": found}


def _described(extra: int, told: tuple[str, ...], config: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """Branches for the numbers that a model takes besides the graph."""
    names = told or tuple(_list(config.get("molecule-featurizers")))
    if extra and any(config.get(key) for key in _COLUMNS_OF_ONES_OWN):
        raise BadRecipe(
            f"{path} takes {extra} descriptors from a file or columns of its maker's, which no structure tells"
        )
    able = ", ".join(DESCRIPTORS)
    if unknown := [name for name in names if name not in DESCRIPTORS]:
        raise BadRecipe(f"descriptors {unknown[0]!r} are not made here; {able} are")
    if extra and not names:
        raise BadRecipe(
            f"{path} takes {extra:,} descriptors besides the graph, and no config.toml beside it says which; name "
            f"them, in their order, with --descriptors ({able})"
        )
    if (width := sum(DESCRIPTORS[name][2] for name in names)) != extra:
        raise BadRecipe(f"{path} takes {extra:,} descriptors, and {', '.join(names)} are {width:,}")
    made = [DESCRIPTORS[name] for name in names]
    return [{"encoder": e, "name": name, "options": o} for name, (e, o, _) in zip(names, made, strict=True)]


def _names(columns: Any, config: Mapping[str, Any], outputs: int, path: Path) -> tuple[str, ...]:
    """Names of the tasks: the file's, those of its configuration, or chemprop's own."""
    for known in (columns, _list(config.get("target-columns"))):
        if isinstance(known, Sequence) and len(known) == outputs and len(set(map(str, known))) == outputs:
            return tuple(str(name) for name in known)
    if isinstance(columns, Sequence) and columns and not all(isinstance(name, str) for name in columns):
        raise BadRecipe(f"{path} predicts atoms' or bonds' targets, and a model here predicts molecules'")
    return tuple(f"pred_{number}" for number in range(outputs))


def _head(weights: Mapping[str, Tensor], path: Path) -> tuple[list[Tensor], Tensor | None]:
    """Weight and bias of each linear layer of a head in their order, and what a PReLU learned."""
    found: list[Tensor] = []
    for number in range(64):
        place = f"predictor.ffn.{number}.{2 if number else 0}"
        if f"{place}.weight" not in weights:
            break
        found += [weights[f"{place}.weight"], weights[f"{place}.bias"]]
    if not found or any(one.ndim != 2 - k % 2 for k, one in enumerate(found)):
        raise BadCheckpoint(f"{path} has no feed-forward head that could be read")
    return found, weights.get("predictor.ffn.1.0.weight")


def _load_encoder(encoder: MPNN, weights: Mapping[str, Tensor], path: Path) -> None:
    found = message_weights(weights)
    found |= {key.removeprefix("agg."): value for key, value in weights.items() if key.startswith("agg.W.")}
    found |= {key: value for key, value in weights.items() if key.startswith("bn.")}
    _load(encoder, found, path)


def _load(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    try:
        module.load_state_dict(dict(weights))
    except (RuntimeError, TypeError, AttributeError) as error:
        raise BadCheckpoint(f"the arrays in {path} do not fit: {' '.join(str(error).split())[:200]}") from None


def _load_head(fused: Concatenation, layers: Sequence[Tensor], tau: Tensor | None, outputs: int) -> None:
    """Narrower layers are filled with zeros to the widest's width, which changes no output."""
    with torch.no_grad():
        for layer, weight, bias in zip(fused.layers, layers[::2], layers[1::2], strict=True):
            assert isinstance(layer, nn.Linear)
            rows = outputs if layer is fused.layers[-1] else len(weight)  # behind them MVE's variances
            layer.weight.zero_()
            layer.bias.zero_()
            layer.weight[:rows, : weight.shape[1]] = weight[:rows]
            layer.bias[:rows] = bias[:rows]
        if tau is not None and isinstance(fused.tau, nn.PReLU):
            fused.tau.weight.copy_(tau)


def _load_units(predictor: Predictor, weights: Mapping[str, Tensor], extra: int, path: Path) -> None:
    """The labels' mean and deviation, and those of the descriptors."""
    try:
        with torch.no_grad():
            if "predictor.output_transform.mean" in weights:
                predictor.label_mean.copy_(weights["predictor.output_transform.mean"].flatten())
                predictor.label_std.copy_(weights["predictor.output_transform.scale"].flatten())
            mean = weights.get("X_d_transform.mean", torch.zeros(extra)).flatten()
            scale = weights.get("X_d_transform.scale", torch.ones(extra)).flatten()
            start = 0
            for branch in list(predictor.branches)[1:]:
                moments = branch.scale
                assert isinstance(moments, ColumnMoments)
                stop = start + len(moments.mean)
                moments.mean.copy_(mean[start:stop])
                moments.std.copy_(scale[start:stop])
                start = stop
    except (KeyError, RuntimeError) as error:
        raise BadCheckpoint(f"the scales in {path} do not fit: {str(error)[:200]}") from None


def _config(path: Path) -> dict[str, Any]:
    """What chemprop's command line wrote on a training, texts by name, from the folder of the run; {} without it.

    Lines of ``name = value``, values as they were typed: it is called TOML and is none.
    """
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        file = folder / "config.toml"
        try:
            lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        except (OSError, UnicodeError):
            lines = []
        if lines:
            pairs = (line.partition("=") for line in lines if "=" in line)
            return {name.strip(): value.strip() for name, _, value in pairs}
    return {}


def _list(text: Any) -> list[str]:
    parts = str(text or "").strip().strip("[]").split(",")
    return [part.strip().strip("\"'") for part in parts if part.strip()]
