"""MMSA pretraining: align the modalities of a molecule, then tell what molecules share.

Yin et al., "Multi-Modal Molecular Representation Learning via Structure Awareness", arXiv:2505.05877; sections IV-A and
IV-B, equations 4 to 15.

Every choice that the paper ablates is an option. Where the paper is silent or slips, docs/method.md says how it is
read: one hyperedge a molecule within the batch, mean over modalities, targets of L_pre as in IEM, tau = 0.5.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.features.packing import Source
from mmexplore.nn.dataloader import Records
from mmexplore.nn.geometry.conformers import distance_histogram, geometry_labels, one_conformer
from mmexplore.nn.losses.contrastive import contrastive_loss, reconstruction_loss
from mmexplore.nn.losses.hypergraph import StructureAwareness, hyperedges
from mmexplore.nn.losses.latent_space import LatentSpace
from mmexplore.nn.losses.memory import Memory, memory_loss
from mmexplore.nn.pretraining import Pretraining

_PROPERTIES = 8
_COORDINATES, _BINS = 60, 64


class MMSA(Pretraining):
    """MMSA pretraining.

    ``L = lambda L_cl + (1 - lambda) L_rl + alpha L_me + (1 - alpha) L_pre`` (7, 14, 15) over any branches.

    A loss that is switched off is left out of the sum and the others keep their weights.
    """

    views: ClassVar[dict[str, str]] = {"unified": "", "structure-aware": "", "memory-aligned": ""}
    set_views: ClassVar[dict[str, str]] = {"structure-aware": "unified", "memory-aligned": "unified"}
    targets: ClassVar[dict[str, str]] = {"descriptors": "prediction_loss", "graph3d": "prediction_loss geometry"}
    target_features: ClassVar[dict[str, dict[str, Any]]] = {"graph3d": {"conformers": 1, "mmff": "off"}}
    lessons: ClassVar[dict[str, str]] = {}
    fewest: ClassVar[int] = 2
    property_mean: Tensor
    property_std: Tensor

    def __init__(
        self,
        dimensions: dict[str, int],
        *,
        dimension: Annotated[int, Field(ge=1, le=4096, description="width of all embeddings and anchors (d)")] = 256,
        contrastive_loss: Annotated[bool, Field(description="L_cl: modalities of a molecule lie together")] = True,
        reconstruction_loss: Annotated[bool, Field(description="L_rl: auto-encoders, within and across")] = True,
        memory_loss: Annotated[bool, Field(description="L_me: molecules are mixtures of anchors")] = True,
        prediction_loss: Annotated[bool, Field(description="L_pre: geometry and properties are predicted")] = True,
        alignment_weight: Annotated[float, Field(ge=0, le=1, description="lambda: L_cl against L_rl")] = 0.6,
        within_weight: Annotated[float, Field(ge=0, le=1, description="tau: L_rl within against across")] = 0.5,
        memory_weight: Annotated[float, Field(ge=0, le=1, description="alpha: L_me against L_pre")] = 0.5,
        negatives: Annotated[
            Literal["one", "all"], Field(description="negatives of L_cl: one other molecule, as printed, or all")
        ] = "one",
        standardise: Annotated[
            bool, Field(description="batch-normalise the features, so that they neither shrink nor flatten the tanh")
        ] = False,
        detach_targets: Annotated[
            bool, Field(description="encoders do not learn from being reconstructed, so that they cannot shrink")
        ] = False,
        norms: Annotated[
            Literal["printed", "per_dimension"],
            Field(description="L_rl and L_me as printed, or over the root of the width and the width, so that z lives"),
        ] = "printed",
        structure: Annotated[
            Literal["hypergraph", "graph"], Field(description="hypergraph convolution, or a GCN instead")
        ] = "hypergraph",
        neighbours: Annotated[int, Field(ge=1, le=512, description="K: molecules of a hyperedge")] = 10,
        metric: Annotated[Literal["euclidean", "inner"], Field(description="nearness for hyperedges")] = "euclidean",
        anchors: Annotated[int, Field(ge=1, le=65536, description="L: anchors of the memory")] = 128,
        similarity: Annotated[Literal["inner", "cosine"], Field(description="of molecule and anchor (S)")] = "inner",
        geometry: Annotated[
            Literal["coordinates", "distances", "none"],
            Field(description="Y_geom: coordinates of 20 atoms in principal axes, a histogram of distances, or none"),
        ] = "coordinates",
    ) -> None:
        super().__init__()
        self.on = {"contrastive": contrastive_loss, "reconstruction": reconstruction_loss}
        self.on |= {"memory": memory_loss, "prediction": prediction_loss}
        self.alignment_weight, self.within_weight, self.memory_weight = alignment_weight, within_weight, memory_weight
        self.negatives, self.detach_targets, self.geometry = negatives, detach_targets, geometry
        self.width = float(dimension) if norms == "per_dimension" else 1.0
        self.latent = LatentSpace(dimensions, dimension, standardise)
        self.decoders = nn.ModuleList(nn.Linear(dimension, dimension) for _ in dimensions)
        self.structure = StructureAwareness(dimension, structure, neighbours, metric)
        self.memory = Memory(anchors, dimension, similarity)
        if geometry != "none":
            self.geometry_head = _head(dimension, _COORDINATES if geometry == "coordinates" else _BINS)
        self.property_head = _head(dimension, _PROPERTIES)
        self.register_buffer("property_mean", torch.zeros(_PROPERTIES))
        self.register_buffer("property_std", torch.ones(_PROPERTIES))

    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Latent views.

        ``c_i`` under each branch's name and ``unified`` ``c`` (equations 4 and 8), each ``(n, dimension)``.
        """
        c = self.latent(self.latent.features(embeddings))
        return dict(zip(self.latent.names, c, strict=True)) | {"unified": torch.stack(c).mean(0)}

    def alone(self, branch: str, embedding: Tensor) -> Tensor:
        """``c_i`` of one modality."""
        return self.latent.one(branch, embedding)

    def chosen(self, records: dict[str, Records]) -> dict[str, Records]:
        """The batch with one conformer a molecule, the same for its embedding and its geometry."""
        if "graph3d" not in records:
            return records
        return records | {"graph3d": one_conformer(records["graph3d"], self.training)}

    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """``loss`` (15) and its terms.

        ``spread`` and ``spread_structure``, how far molecules lie apart in ``c`` and ``z``, fall to 0 on a collapse.
        """
        x = self.latent.features(embeddings)
        c = self.latent(x)
        unified = torch.stack(c).mean(0)
        z = self.structure(unified)
        aligned = self.memory(z)
        terms = self._alignment(x, c) | self._awareness(z, aligned, records)
        spread = {"spread": _spread(unified), "spread_structure": _spread(z)}
        return {"loss": self._total(terms)} | terms | spread

    def _alignment(self, x: list[Tensor], c: list[Tensor]) -> dict[str, Tensor]:
        terms = {}
        if self.on["contrastive"]:
            terms["contrastive"] = contrastive_loss(c, self.negatives)
        if self.on["reconstruction"]:
            goals = [one.detach() for one in x] if self.detach_targets else x
            within, across = reconstruction_loss(goals, c, list(self.decoders), self.within_weight)
            root = self.width**0.5
            terms |= {"reconstruction_within": within / root, "reconstruction_across": across / root}
        return terms

    def _awareness(self, z: Tensor, aligned: Tensor, records: dict[str, Records]) -> dict[str, Tensor]:
        terms = {}
        if self.on["memory"]:
            terms["memory"] = memory_loss(aligned, z) / self.width
        if self.on["prediction"]:
            properties = (records["descriptors"].columns["values"] - self.property_mean) / self.property_std
            every = torch.ones_like(properties, dtype=torch.bool)
            if self.geometry != "none":
                terms["geometry"] = _off(self.geometry_head, (z, aligned), *self._geometry(records["graph3d"]))
            terms["properties"] = _off(self.property_head, (z, aligned), properties, every)
        return terms

    def _total(self, terms: dict[str, Tensor]) -> Tensor:
        weights = {"contrastive": self.alignment_weight, "memory": self.memory_weight}
        weights |= dict.fromkeys(("reconstruction_within", "reconstruction_across"), 1 - self.alignment_weight)
        weights |= dict.fromkeys(("geometry", "properties"), 1 - self.memory_weight)
        return torch.stack([weights[name] * value for name, value in terms.items()]).sum()

    def _geometry(self, records: Records) -> tuple[Tensor, Tensor]:
        """Geometry labels Y_geom, and which of its values are known."""
        if self.geometry == "coordinates":
            return geometry_labels(records, _COORDINATES // 3)
        return distance_histogram(records, _BINS)

    def learn_scales(self, targets: Mapping[str, Source], rows: np.ndarray) -> None:
        """Mean and deviation of the properties over the training molecules: raw, weights alone would be the loss."""
        if not self.on["prediction"]:
            return
        values = targets["descriptors"].take(rows).columns["values"].astype(np.float64)
        self.property_mean.copy_(torch.from_numpy(values.mean(0)))
        self.property_std.copy_(torch.from_numpy(np.maximum(values.std(0), 1e-6)))

    def among(self, views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """``z`` (9), with hyperedges among all these molecules, and ``z_hat`` (11)."""
        c = torch.from_numpy(np.ascontiguousarray(views["unified"])).to(self.memory.anchors.device)
        with torch.inference_mode():
            z = self.structure(c)
            return {"structure-aware": z.cpu().numpy(), "memory-aligned": self.memory(z).cpu().numpy()}

    def hyperedges(self, unified: np.ndarray) -> np.ndarray:
        """Members of each molecule's hyperedge among these, int64 ``(n, K)``, itself first."""
        c = torch.from_numpy(np.ascontiguousarray(unified))
        return hyperedges(c, self.structure.neighbours, self.structure.metric).numpy()


def _head(dimension: int, outputs: int) -> nn.Sequential:
    """Predictor of L_pre: FC, Softplus, FC."""
    return nn.Sequential(nn.Linear(dimension, dimension // 2), nn.Softplus(), nn.Linear(dimension // 2, outputs))


def _spread(x: Tensor) -> Tensor:
    return x.detach().std(0).mean()


def _off(head: nn.Module, molecules: tuple[Tensor, ...], goal: Tensor, known: Tensor) -> Tensor:
    """Two terms of equation 13: mean absolute error of what is known, of ``z`` and of ``z_hat``."""
    count = known.sum().clamp(min=1)
    return torch.stack([((head(m) - goal).abs() * known).sum() / count for m in molecules]).sum()
