"""Predictor module of a recipe: branches encode, the fusion predicts.

Or a pre-training teaches the branches without labels.

Inside, classification speaks logits and regression z-scores of the training set; :meth:`Predictor.predict` speaks
probabilities and original units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from mmexplore.datasets import Task
from mmexplore.nn import shares
from mmexplore.nn.dataloader import Batch, Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.stack import Gates
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, PRETRAININGS

FROZEN = "frozen:"
"""What the name of a record begins with that holds a frozen branch's embedding, computed once."""


@dataclass(frozen=True)
class Prediction:
    """Predictor output.

    ``outputs`` ``(n, tasks)``, logits or z-scores; ``views`` ``{name: (n, width)}``: those of the branches, then
    what the fusion or the pre-training adds (its set views apart, which need all molecules: :meth:`Predictor.among`).
    ``parts``: what the fusion made on the way, ``{name: (n, ...)}``.
    """

    outputs: Tensor
    views: dict[str, Tensor]
    parts: dict[str, Tensor] = field(default_factory=dict)


class Predictor(nn.Module):
    """Predictor module: the model that a recipe describes, for these tasks.

    ``label_mean`` and ``label_std`` ``(tasks,)`` undo the z-scores of regression; 0 and 1 elsewhere.
    """

    classify: Tensor
    label_mean: Tensor
    label_std: Tensor

    def __init__(self, recipe: Recipe, tasks: Sequence[Task]) -> None:
        super().__init__()
        self.recipe = recipe
        self.tasks = tuple(tasks)
        encoders: list[Encoder] = [ENCODERS[b.encoder](**b.options) for b in recipe.branches]
        widths = {b.name: encoder.dimension for b, encoder in zip(recipe.branches, encoders, strict=True)}
        self.branches = nn.ModuleList(encoders)
        if recipe.stacks:
            self.members = nn.ModuleList(Predictor(recipe.member(name), tasks) for name in recipe.parts)
            spaces = {name: member.width(member.recipe.space) for name, member in self.by_name().items()}
            self.gates = Gates(spaces, learned=recipe.stack.gates == "learned", shrinkage=recipe.stack.shrinkage)
        elif recipe.baseline.name:
            ready = [b.name for b, encoder in zip(recipe.branches, encoders, strict=True) if encoder.on_one_scale]
            self.fusion = BASELINES[recipe.baseline.name](widths, len(self.tasks), ready, **recipe.baseline.options)
        elif recipe.pretrains:
            self.pretraining = PRETRAININGS[recipe.pretraining.name](widths, **recipe.pretraining.options)
        else:
            self.fusion = FUSIONS[recipe.fusion.name](widths, len(self.tasks), **recipe.fusion.options)
        classify = [task.kind == "classification" for task in self.tasks]
        self.register_buffer("classify", torch.tensor(classify, dtype=torch.bool), persistent=False)
        self.register_buffer("label_mean", torch.zeros(len(self.tasks)))
        self.register_buffer("label_std", torch.ones(len(self.tasks)))
        for encoder in self.frozen_encoders():
            encoder.requires_grad_(False)

    def by_name(self) -> dict[str, "Predictor"]:
        """Members of a stack by name."""
        return {name: cast(Predictor, one) for name, one in zip(self.recipe.parts, self.members, strict=True)}

    def width(self, view: str) -> int:
        """Width of a branch's view, or of what a fusion or a baseline makes of all."""
        widths = {b.name: e.dimension for b, e in zip(self.recipe.branches, self.encoders(), strict=True)}
        if view in widths:
            return widths[view]
        return sum(widths.values()) if self.recipe.baseline.name else int(getattr(self.fusion, "dimension", 0))

    def encoders(self) -> list[Encoder]:
        """The branches' encoders, in the recipe's order."""
        return [cast(Encoder, encoder) for encoder in self.branches]

    def frozen_encoders(self) -> list[Encoder]:
        """Encoders whose weights no training changes: those of frozen branches, and all below a baseline."""
        every = bool(self.recipe.baseline.name)
        return [e for b, e in zip(self.recipe.branches, self.encoders(), strict=True) if b.frozen or every]

    def train(self, mode: bool = True) -> "Predictor":
        """Training mode; frozen encoders stay in evaluation mode, without dropout."""
        super().train(mode)
        for encoder in self.frozen_encoders():
            encoder.eval()
        return self

    def forward(self, batch: Batch) -> Prediction:
        """Outputs and every view of a batch, on the model's device wherever the batch lies."""
        if self.recipe.stacks:
            return self._stacked(batch)
        records = self._here(batch)
        embeddings = self._embedded(records)
        if self.recipe.pretrains:
            return Prediction(batch.labels.new_empty(len(batch.rows), 0), embeddings | self.pretraining(embeddings))
        fused = self.fusion(embeddings)
        if self.recipe.baseline.name:
            return Prediction(fused.outputs, fused.views | embeddings)
        return Prediction(fused.outputs, embeddings | fused.views, fused.parts)

    def alone(self, branch: str, records: Records) -> Tensor:
        """View of a branch's name, ``(n, width)``, from records of its modality alone."""
        numbers = {one.name: i for i, one in enumerate(self.recipe.branches)}
        embedding: Tensor = self.branches[numbers[branch]](records.to(self.label_mean.device))
        return self.pretraining.alone(branch, embedding) if self.recipe.pretrains else embedding

    def _stacked(self, batch: Batch) -> Prediction:
        """Members' outputs, on the scale of the whole's, times their weights (equations 9 to 11 of MMFRL)."""
        members = self.by_name()
        made = {name: member(batch) for name, member in members.items()}
        spaces = {name: one.views[members[name].recipe.space] for name, one in made.items()}
        p = torch.stack([self.bounded(one.outputs) for one in made.values()], dim=1)
        w = self.gates(spaces)
        return Prediction((w.unsqueeze(2) * p).sum(1), spaces, {"w": w, "p": p})

    def bounded(self, outputs: Tensor) -> Tensor:
        """Outputs of a stack's member as the stack counts them: no logit is surer than one error in three thousand."""
        return torch.where(self.classify, outputs.float().clamp(-8, 8), outputs.float())

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The pre-training's ``loss`` and its terms over a batch."""
        records = self.pretraining.chosen(self._here(batch))
        by_atoms = self.pretraining.by_atoms
        embeddings = shares.encoded(lambda own: self._embedded(own, by_atoms), records)
        found: dict[str, Tensor] = self.pretraining.losses(embeddings, records)
        return found

    def among(self, views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Set views of all molecules of a data set, from their own views, each ``(n, width)``."""
        found: dict[str, np.ndarray] = self.pretraining.among(views) if self.recipe.pretrains else {}
        return found

    def _here(self, batch: Batch) -> dict[str, Records]:
        return {name: records.to(self.label_mean.device) for name, records in batch.records.items()}

    def _embedded(self, records: dict[str, Records], by_atoms: tuple[str, ...] = ()) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for branch, encoder in zip(self.recipe.branches, self.branches, strict=True):
            if known := records.get(FROZEN + branch.name):
                found[branch.name] = known.columns["z"]
                continue
            if self.recipe.apart and encoder.reads not in records:
                continue
            own = records[str(encoder.reads)]
            found[branch.name] = cast(Encoder, encoder).by_atom(own) if branch.name in by_atoms else encoder(own)
        return found

    def scale(self, labels: Tensor) -> Tensor:
        """Labels ``(n, tasks)`` in original units as the outputs speak of them: z-scores for regression."""
        return (labels - self.label_mean) / self.label_std

    def readable(self, outputs: Tensor) -> Tensor:
        """Outputs as people read them: probabilities, or original units."""
        outputs = outputs.float()
        return torch.where(self.classify, outputs.sigmoid(), outputs * self.label_std + self.label_mean)

    def predict(self, batch: Batch) -> Tensor:
        """Probabilities, or values in original units, ``(n, tasks)``."""
        return self.readable(self(batch).outputs)
