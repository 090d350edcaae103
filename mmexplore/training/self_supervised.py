"""Self-supervised objective: the losses of a pre-training (:mod:`mmexplore.nn.pretraining`), each term told."""

import torch
from torch import Tensor

from mmexplore.models.metrics import Scores
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.runtime.devices import exactly
from mmexplore.training.objective import Objective, TrainingOutcome


class SelfSupervised(Objective):
    """Self-supervised objective; the weights with the lowest validation loss are kept.

    A part of fewer molecules than a loss compares has no scores; where that is the validation part, the last epoch's
    weights are kept.
    """

    criterion = "loss"

    def begin(self, predictor: Predictor) -> None:
        """Scales of the targets over the training molecules."""
        self.fewest = predictor.pretraining.fewest
        if len(self.prepared.parts["validation"]) < self.fewest:
            self.criterion = ""
        predictor.pretraining.learn_scales(self.prepared.features, self.prepared.parts["train"])

    def losses(self, predictor: Predictor, batch: Batch) -> dict[str, Tensor]:
        """``loss`` and its terms over a batch."""
        return predictor.losses(batch)

    def validated(self, predictor: Predictor) -> Scores:
        """Mean loss and terms over the validation part."""
        return self._means(predictor, "validation")

    def outcome(self, predictor: Predictor) -> TrainingOutcome:
        """Mean losses over the parts that training did not see."""
        scored = {part: self._means(predictor, part) for part in ("validation", "test")}
        size = len(self.prepared.parts["validation"])
        few = (
            f"the validation part has {size} of the {self.fewest} molecules that a loss compares: the weights are the "
        )
        notes = () if self.criterion else (f"{few}last epoch's",)
        return TrainingOutcome({part: scores for part, scores in scored.items() if scores}, notes=notes)

    def _means(self, predictor: Predictor, part: str) -> Scores:
        """Means over a part, none where it is too small; negatives are drawn from one seed, the same in each epoch."""
        predictor.eval()
        totals: dict[str, float] = {}
        seen = 0
        devices = [predictor.label_mean.device] if predictor.label_mean.is_cuda else []
        with torch.random.fork_rng(devices), torch.inference_mode(), exactly(self.plan.policy):
            torch.manual_seed(0)
            size = max(self.size, self.fewest)
            for batch in batches(self.prepared.features, self.prepared.labels, self.prepared.parts[part], size):
                if len(batch.rows) >= self.fewest:
                    for name, value in predictor.losses(batch).items():
                        totals[name] = totals.get(name, 0.0) + float(value) * len(batch.rows)
                    seen += len(batch.rows)
        return {name: value / seen for name, value in totals.items()}
