"""Scores in words: what a number is called, on which split it was measured, and which direction is better."""

from typing import NamedTuple

from mmexplore.models.checkpoints import Card
from mmexplore.models.metrics import LOWER_IS_BETTER

TITLES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "cross_entropy": "cross-entropy",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "tasks": "tasks scored",
}
_LOWER = LOWER_IS_BETTER | {
    "contrastive", "reconstruction_within", "reconstruction_across", "memory", "geometry", "properties"
}  # fmt: skip


def title(metric: str) -> str:
    """A metric's name as chemists write it; one that is not known here stays as it is.

    >>> title("roc_auc"), title("validation_rmse"), title("train_loss")
    ('ROC-AUC', 'validation RMSE', 'train loss')
    """
    part, _, rest = metric.partition("_")
    if part in ("validation", "test") and rest:
        return f"{part} {title(rest)}"
    return TITLES.get(metric, metric.replace("_", " "))


def direction(metric: str) -> str:
    """Direction of a score in words: which way is better."""
    if metric.startswith("spread"):
        return "how far molecules lie apart; near 0 the embedding has collapsed"
    return "lower is better" if metric in _LOWER else "higher is better"


def split(rule: str, seed: int) -> str:
    """A split in words; the deterministic rule has no seed.

    >>> split("scaffold_balanced", 0), split("scaffold", 3)
    ('scaffold_balanced seed 0', 'scaffold')
    """
    return rule if rule == "scaffold" else f"{rule} seed {seed}"


def split_of(card: Card) -> str:
    """The split of a model's scores."""
    return split(card.split.rule, card.split.seed)


def main_metric(card: Card) -> str:
    """The one metric a table shows: ROC-AUC for classification, RMSE for regression, the loss without labels."""
    if not card.data.tasks:
        return "loss"
    return "roc_auc" if card.data.tasks[0].kind == "classification" else "rmse"


def unit(card: Card, metric: str) -> str:
    """The labels' unit where the metric has one and the tasks agree on it."""
    units = {task.unit for task in card.data.tasks}
    return units.pop() if metric in ("rmse", "mae") and len(units) == 1 else ""


class Score(NamedTuple):
    """A score with the words that say what it is: ``"test ROC-AUC, scaffold_balanced seed 0"``."""

    words: str
    value: float | None
    unit: str


def score(card: Card, part: str, metric: str = "") -> Score:
    """A score of a part (validation, test); its value is None where the part has none."""
    metric = metric or main_metric(card)
    value = card.metrics.get(part, {}).get(metric)
    return Score(f"{part} {title(metric)}, {split_of(card)}", value, unit(card, metric))
