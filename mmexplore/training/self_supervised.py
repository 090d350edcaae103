"""Self-supervised objective: the losses of a pre-training (:mod:`mmexplore.nn.pretraining`), each term told."""

import torch
from torch import Tensor

from mmexplore.models.metrics import Scores
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.runtime.devices import exactly
from mmexplore.training.objective import Objective, TrainingOutcome


class SelfSupervised(Objective):
    """Self-supervised objective; the weights with the lowest validation loss are kept."""

    criterion = "loss"

    def begin(self, predictor: Predictor) -> None:
        """Scales of the targets over the training molecules."""
        self.fewest = predictor.pretraining.fewest
        predictor.pretraining.learn_scales(self.prepared.features, self.prepared.parts["train"])

    def losses(self, predictor: Predictor, batch: Batch) -> dict[str, Tensor]:
        """``loss`` and its terms over a batch."""
        return predictor.losses(batch)

    def validated(self, predictor: Predictor) -> Scores:
        """Mean loss and terms over the validation part."""
        return self._means(predictor, "validation")

    def outcome(self, predictor: Predictor) -> TrainingOutcome:
        """Mean losses over the parts that training did not see."""
        return TrainingOutcome({part: self._means(predictor, part) for part in ("validation", "test")})

    def _means(self, predictor: Predictor, part: str) -> Scores:
        """Negatives are drawn from one seed, so that epochs are compared on the same ones."""
        predictor.eval()
        totals: dict[str, float] = {}
        seen = 0
        devices = [predictor.label_mean.device] if predictor.label_mean.is_cuda else []
        with torch.random.fork_rng(devices), torch.inference_mode(), exactly(self.plan.policy):
            torch.manual_seed(0)
            for batch in batches(self.prepared.features, self.prepared.labels, self.prepared.parts[part], self.size):
                if len(batch.rows) >= self.fewest or not seen:
                    for name, value in predictor.losses(batch).items():
                        totals[name] = totals.get(name, 0.0) + float(value) * len(batch.rows)
                    seen += len(batch.rows)
        return {name: value / seen for name, value in totals.items()}
