"""ONNX export of a model whose branches are chemprop-like graphs and vectors; the file predicts what the model does.

The graph's inputs are numbers that chemprop's featurizers make, and its outputs are as people read them: probabilities,
or values in the label's unit. Inputs are told in the file's own metadata, too.
"""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.encoders.chiral_fingerprint_mlp import ChiralFingerprintMLP
from mmexplore.nn.encoders.dmpnn import DMPNN
from mmexplore.nn.encoders.fingerprint_mlp import FingerprintMLP
from mmexplore.nn.encoders.foundation_mlp import FoundationMLP
from mmexplore.nn.encoders.mpnn import MPNN
from mmexplore.nn.encoders.standard_descriptor_mlp import StandardDescriptorMLP
from mmexplore.nn.graphs.features import ATOM_FEATURES, BOND_FEATURES, atom_features, bond_features, directed_edges
from mmexplore.nn.model import Predictor
from mmexplore.nn.signals.vectors import VectorEncoder
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.files import replace

_VECTORS: tuple[type[VectorEncoder], ...] = (
    ChiralFingerprintMLP, FingerprintMLP, FoundationMLP, StandardDescriptorMLP,
)  # fmt: skip
_GRAPH = ("edges", "reverse", "molecule", "counts")
_OPSET = 18


def save(predictor: Predictor, path: Path) -> str:
    """Write the whole network as ONNX; says in words what it takes.

    Raises BadRecipe for a model that ONNX cannot hold, NotAvailable without onnx and onnxscript.
    """
    network = Network(predictor)
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError:
        raise NotAvailable("writing ONNX needs onnx and onnxscript: pip install 'mmexplore[onnx]'") from None
    examples, axes = network.examples()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells that torchvision is not there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # axes of one name
        program = torch.onnx.export(
            network,
            tuple(examples.values()),
            input_names=list(examples),
            output_names=["predictions"],
            dynamic_shapes=(axes,),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    made = program.model_proto
    facts = {"tasks": ", ".join(task.name for task in predictor.tasks), "inputs": network.words}
    for key, value in facts.items():
        made.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    partial = path.with_name(f".{path.name}.partial")
    try:
        onnx.save(made, str(partial))
        replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return f"the whole network, which takes {network.words}"


class Network(nn.Module):
    """Network for export: plain arrays in, predictions ``(n, tasks)`` out.

    ``inputs`` by name, in their order: ``BRANCH_atoms`` float32 (atoms, width) and ``BRANCH_bonds`` float32 (edges,
    width) of each graph branch; ``edges`` int64 (2, edges), ``reverse`` (edges,), ``molecule`` (atoms,) and ``counts``
    (n,) int64, which they share; ``BRANCH`` float32 (n, width) of each vector branch.
    """

    classify: Tensor
    label_mean: Tensor
    label_std: Tensor

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        recipe = predictor.recipe
        if not recipe.predicts_by_fusion or not predictor.tasks:
            raise BadRecipe(
                f"ONNX holds a network that predicts, and a model of {recipe.how!r} is none that it can hold"
            )
        self.recipe, self.fusion = recipe, predictor.fusion
        encoders = [_plain(branch.name, one) for branch, one in zip(recipe.branches, predictor.encoders(), strict=True)]
        self.branches = nn.ModuleList(encoders)
        self.register_buffer("classify", predictor.classify)
        self.register_buffer("label_mean", predictor.label_mean)
        self.register_buffer("label_std", predictor.label_std)
        self.eval()

    @property
    def words(self) -> str:
        """Inputs in words."""
        parts = []
        for branch, encoder in zip(self.recipe.branches, self.branches, strict=True):
            if isinstance(encoder, MPNN):
                kind = encoder.choices["features"]
                parts.append(f"{branch.name}_atoms and {branch.name}_bonds ({kind} features of chemprop)")
            else:
                parts.append(f"{branch.name} ({branch.reads})")
        if any(isinstance(encoder, MPNN) for encoder in self.branches):
            parts.append(", ".join(_GRAPH))
        return "; ".join(parts)

    def inputs(self, records: dict[str, Records]) -> dict[str, Tensor]:
        """Arrays that the network takes, from what its modalities say of some molecules."""
        found: dict[str, Tensor] = {}
        for branch, encoder in zip(self.recipe.branches, self.branches, strict=True):
            own = records[branch.reads]
            if isinstance(encoder, MPNN):
                scheme = encoder.scheme
                x, bonds = (scheme.of_atoms(own), scheme.of_bonds(own)) if scheme else (None, None)
                found[f"{branch.name}_atoms"] = atom_features(own) if x is None else x
                bonds = bond_features(own) if bonds is None else bonds
                found[f"{branch.name}_bonds"] = bonds.repeat_interleave(2, 0)
            else:
                found[branch.name] = next(iter(own.columns.values())).float()
        if "graph2d" in records and any(isinstance(encoder, MPNN) for encoder in self.branches):
            own = records["graph2d"]
            edges, reverse = directed_edges(own)
            graph = (edges, reverse, own.owner["atoms"], own.counts["atoms"])
            found |= dict(zip(_GRAPH, (one.long() for one in graph), strict=True))
        return found

    def forward(self, *inputs: Tensor) -> Tensor:
        """Predictions ``(n, tasks)`` of arrays in the order of :meth:`inputs`."""
        named = dict(zip(self._names(), inputs, strict=True))
        embeddings = {}
        for branch, encoder in zip(self.recipe.branches, self.branches, strict=True):
            if isinstance(encoder, MPNN):
                edges, reverse, owner, counts = (named[name] for name in _GRAPH)
                x, bonds = named[f"{branch.name}_atoms"], named[f"{branch.name}_bonds"]
                atoms = encoder.passed(x, bonds, edges[0], edges[1], reverse)
                embeddings[branch.name] = encoder.read_out(atoms, owner, counts)
            else:
                column = "counts" if "fingerprint" in branch.reads else "values"
                values = named[branch.name]
                embeddings[branch.name] = encoder(Records(0, {column: values}, {}, {}))
        outputs: Tensor = self.fusion(embeddings).outputs
        return torch.where(self.classify, outputs.sigmoid(), outputs * self.label_std + self.label_mean)

    def _names(self) -> list[str]:
        graphs = [isinstance(encoder, MPNN) for encoder in self.branches]
        names: list[str] = []
        for branch, is_graph in zip(self.recipe.branches, graphs, strict=True):
            names += [f"{branch.name}_atoms", f"{branch.name}_bonds"] if is_graph else [branch.name]
        return names + list(_GRAPH) * any(graphs)

    def examples(self) -> tuple[dict[str, Tensor], tuple[Any, ...]]:
        """Three chains of four atoms as inputs, and which of their axes are of any length."""
        n, each = 3, 4
        atoms, bonds, molecules = (torch.export.Dim(name) for name in ("atoms", "edges", "molecules"))
        found: dict[str, Tensor] = {}
        axes: list[Any] = []
        for branch, encoder in zip(self.recipe.branches, self.branches, strict=True):
            if isinstance(encoder, MPNN):
                widths = (
                    (encoder.scheme.atoms, encoder.scheme.bonds) if encoder.scheme else (ATOM_FEATURES, BOND_FEATURES)
                )
                found[f"{branch.name}_atoms"] = torch.rand(n * each, widths[0])
                found[f"{branch.name}_bonds"] = torch.rand(2 * n * (each - 1), widths[1])
                axes += [{0: atoms}, {0: bonds}]
            else:
                found[branch.name] = torch.ones(n, _width(encoder))
                axes.append({0: molecules})
        if any(isinstance(encoder, MPNN) for encoder in self.branches):
            first = torch.cat([torch.arange(each - 1) + each * molecule for molecule in range(n)])
            edges = torch.stack(
                (torch.stack((first, first + 1), 1).flatten(), torch.stack((first + 1, first), 1).flatten())
            )
            reverse = torch.arange(edges.shape[1]).view(-1, 2).flip(1).flatten()
            owner = torch.arange(n).repeat_interleave(each)
            found |= dict(zip(_GRAPH, (edges, reverse, owner, torch.full((n,), each)), strict=True))
            axes += [{1: bonds}, {0: bonds}, {0: atoms}, {0: molecules}]
        return found, tuple(axes)


def _width(encoder: Any) -> int:
    first = next((layer for layer in encoder.layers.modules() if isinstance(layer, nn.Linear)), None)
    return int(first.in_features if first else encoder.dimension)


def _plain(name: str, encoder: Encoder) -> nn.Module:
    """The encoder in a form without data-dependent steps. Raises BadRecipe for one that has none."""
    if isinstance(encoder, (MPNN, *_VECTORS)):
        return encoder
    if not isinstance(encoder, DMPNN):
        raise BadRecipe(
            f"ONNX cannot hold branch {name!r}, a {type(encoder).__name__.lower()}: branches that are a dmpnn, an "
            "mpnn, fingerprints or descriptors standardised by mean and deviation can be written"
        )
    made = MPNN(
        features="v1", depth=encoder.depth, hidden_size=encoder.dimension, readout=encoder.readout,
    )  # fmt: skip
    made.load_state_dict(encoder.state_dict())
    return made.eval()
