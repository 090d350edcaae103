"""Relational pretraining of MMFRL: a replica of the graph encoder learns the similarities of each modality.

The molecules of a replica come to be related as its modality relates them ("Multimodal fusion with relational learning
for molecular property prediction", section 3.1, equations 1 to 7 and appendix C).

The replicas share nothing but the batch; each learns by the soft cross entropy of its own. What teaches a branch is its
name (:mod:`mmexplore.recipes.pretraining_targets`). Targets come as records: no encoder of theirs runs here.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from mmexplore.features.modalities.rdkit_descriptors import NAMES
from mmexplore.features.packing import Source
from mmexplore.nn.dataloader import Records
from mmexplore.nn.losses import relations
from mmexplore.nn.pretraining import Pretraining
from mmexplore.nn.signals.quantiles import QuantileNormal
from mmexplore.recipes import pretraining_targets


class Relational(Pretraining):
    """Relational pretraining.

    ``L = sum_R -1/n sum_i sum_j t^R_ij log d^R_ij`` (1 to 3), over branches R.

    Departs from the paper: the peaks of a step are a sample of those in the batch, and an atom's vector is found by the
    number of the atom (the published code mixes two orders up).
    """

    views: ClassVar[dict[str, str]] = {}
    set_views: ClassVar[dict[str, str]] = {}
    targets: ClassVar[dict[str, str]] = {}
    target_features: ClassVar[dict[str, dict[str, Any]]] = {}
    lessons: ClassVar[dict[str, str]] = {
        "smiles": "smiles_target",
        "nmr_spectrum": "nmr_spectrum_target",
        "image": "image_target",
        "fingerprint": "",
        "nmr_peaks": "",
        "descriptors": "",
    }
    fewest: ClassVar[int] = 2

    def __init__(
        self,
        dimensions: dict[str, int],
        *,
        temperature: Annotated[
            float, Field(gt=0, le=10, description="T of targets and of what is learned; the paper: 1; below: sharper")
        ] = 1.0,
        transposed: Annotated[
            bool, Field(description="add the loss against the transposed targets, as the published code does")
        ] = False,
        weights: Annotated[
            str, Field(description="of branch early: smiles=0.7, image=0.3; empty: equal over molecules' modalities")
        ] = "",
        smiles_target: Annotated[
            str, Field(description="what teaches branch smiles: MODEL, MODEL#VIEW, or hub:NAME of a published one")
        ] = "target-smiles",
        nmr_spectrum_target: Annotated[
            str, Field(description="model whose view teaches branch nmr_spectrum: MODEL or MODEL#VIEW")
        ] = "target-spectrum",
        image_target: Annotated[
            str, Field(description="model whose view teaches branch image: MODEL or MODEL#VIEW")
        ] = "target-image",
        peak_offset: Annotated[
            float, Field(gt=0, le=100, description="tau_1 of nmr_peaks in ppm; 1 makes near shifts related, too")
        ] = 1e-5,
        peak_scale: Annotated[float, Field(gt=0, le=1000, description="tau_2 of nmr_peaks in ppm")] = 10.0,
        peak_temperature: Annotated[
            float, Field(ge=0, le=10, description="T of what nmr_peaks has learned; 0: the temperature of the others")
        ] = 0.0,
        peaks: Annotated[int, Field(ge=2, le=65536, description="at most so many peaks of a batch, drawn anew")] = 512,
    ) -> None:
        super().__init__()
        del smiles_target, nmr_spectrum_target, image_target  # read where the targets are made
        self.names = tuple(dimensions)
        self.by_atoms = tuple(name for name in self.names if name == pretraining_targets.PEAKS)
        self.temperature, self.transposed = temperature, transposed
        self.peak_temperature = peak_temperature or temperature
        self.peak_offset, self.peak_scale, self.peaks = peak_offset, peak_scale, peaks
        self.weights = pretraining_targets.blend(self.names, self.lessons, weights)
        if pretraining_targets.DESCRIPTORS in {*self.names, *self.weights}:
            self.scale = QuantileNormal(len(NAMES))

    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Nothing: the views are the branches' own."""
        del embeddings
        return {}

    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """``loss`` (1), summed over branches, and under each branch's name ``KL(t || d)``, which 0 would end.

        The embedding of branch ``nmr_peaks`` has a row an atom.
        """
        any_embedding = embeddings[self.names[0]]
        with torch.autocast(any_embedding.device.type, enabled=False):
            goals = self._goals(records)
            entropies, told = [], {}
            for name in self.names:
                peaks = name in self.by_atoms
                z, t = self._peaks(embeddings[name], records) if peaks else (embeddings[name], goals[name])
                log_d = relations.log_learned(z, self.peak_temperature if peaks else self.temperature)
                entropies.append(relations.cross_entropy(t, log_d))
                told[name] = entropies[-1].detach() - relations.entropy(t)
                if self.transposed:
                    entropies.append(relations.cross_entropy(t.T, log_d))
            return {"loss": torch.stack(entropies).sum()} | told

    def _goals(self, records: dict[str, Records]) -> dict[str, Tensor]:
        """``t^R`` by branch (equations 3 and 6), each ``(n, n)``."""
        wanted = {name for name in self.lessons if name in self.names and name not in self.by_atoms}
        goals = {name: self._target(name, records) for name in wanted | self.weights.keys()}
        if self.weights:
            goals[pretraining_targets.EARLY] = torch.stack(
                [weight * goals[name] for name, weight in self.weights.items()]
            ).sum(0)
        return goals

    def learn_scales(self, targets: Mapping[str, Source], rows: np.ndarray) -> None:
        """Quantiles of the descriptors over the training molecules: raw, the largest alone would relate molecules."""
        if hasattr(self, "scale"):
            values = targets[pretraining_targets.modality(pretraining_targets.DESCRIPTORS)].take(rows).columns["values"]
            self.scale.fit(torch.from_numpy(values))

    def _target(self, name: str, records: dict[str, Records]) -> Tensor:
        if self.lessons[name]:
            similarity = relations.cosines(records[pretraining_targets.record_name(name)].columns["z"])
        elif name == pretraining_targets.DESCRIPTORS:
            similarity = relations.cosines(self.scale(records[pretraining_targets.modality(name)].columns["values"]))
        else:
            similarity = relations.tanimoto(records[name].columns["bits"])
        return relations.target(similarity, self.temperature)

    def _peaks(self, atoms: Tensor, records: dict[str, Records]) -> tuple[Tensor, Tensor]:
        """Vectors ``(k, d)`` of atoms with a peak, sampled, and how they are related ``(k, k)`` (C.5).

        The peaks' targets have temperatures of their own, so T stands on the learned side alone.
        """
        found, graphs = records[pretraining_targets.PEAKS], records["graph2d"]
        counts = graphs.counts["atoms"]
        places = found.columns["atom"] + (counts.cumsum(0) - counts)[found.owner["peaks"]]
        sample = torch.randperm(len(places), device=places.device)[: self.peaks]
        t = relations.target(relations.peak_similarity(found.columns["ppm"][sample], self.peak_offset, self.peak_scale))
        return atoms[places[sample]], t
