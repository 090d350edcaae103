"""A recipe made flesh: branches encode, the fusion predicts.

Inside, classification speaks logits and regression z-scores of the training set; :meth:`Predictor.predict` speaks
probabilities and original units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmexplore.batching import Batch
from mmexplore.datasets import Task
from mmexplore.encoders import Encoder
from mmexplore.recipe import Recipe
from mmexplore.registry import ENCODERS, FUSIONS


@dataclass(frozen=True)
class Prediction:
    """``outputs`` ``(n, tasks)``, logits or z-scores; ``views`` ``{name: (n, width)}``, branches', then fusion's."""

    outputs: Tensor
    views: dict[str, Tensor]


class Predictor(nn.Module):
    """The model that a recipe describes, for these tasks.

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
        self.fusion = FUSIONS[recipe.fusion.name](widths, len(self.tasks), **recipe.fusion.options)
        classify = [task.kind == "classification" for task in self.tasks]
        self.register_buffer("classify", torch.tensor(classify), persistent=False)
        self.register_buffer("label_mean", torch.zeros(len(self.tasks)))
        self.register_buffer("label_std", torch.ones(len(self.tasks)))

    def forward(self, batch: Batch) -> Prediction:
        """Outputs and every view of a batch, on the model's device wherever the batch lies."""
        device = self.label_mean.device
        records = {name: records.to(device) for name, records in batch.records.items()}
        embeddings = {
            branch.name: encoder(records[str(encoder.reads)])
            for branch, encoder in zip(self.recipe.branches, self.branches, strict=True)
        }
        fused = self.fusion(embeddings)
        return Prediction(fused.outputs, embeddings | fused.views)

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
