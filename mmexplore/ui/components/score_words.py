"""Scores in words: what a number is called, on which split it was measured, and which direction is better."""

from typing import NamedTuple

from mmexplore import studio
from mmexplore.models.checkpoints import Card
from mmexplore.models.evaluation import main_score
from mmexplore.models.metrics import LOWER_IS_BETTER
from mmexplore.recipes.recipe import UNSEEDED

TITLES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "cross_entropy": "cross-entropy",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "spearman": "Spearman",
    "kendall": "Kendall τ",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "MCC",
    "f1": "F1",
    "enrichment_1": "enrichment at 1 %",
    "enrichment_5": "enrichment at 5 %",
    "bedroc": "BEDROC",
    "calibration_error": "calibration error",
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


def arrow(metric: str) -> str:
    """A score's name with the direction that is better, where there is no room for words.

    >>> arrow("rmse"), arrow("roc_auc")
    ('RMSE \u2193', 'ROC-AUC \u2191')
    """
    return title(metric) + (" \u2193" if metric in _LOWER else " \u2191")


def split(rule: str, seed: int, options: str = "") -> str:
    """A split in words; some rules have no seed.

    >>> split("scaffold_balanced", 0), split("scaffold", 3), split("kfold", 1, "fold 2 of 5")
    ('scaffold_balanced seed 0', 'scaffold', 'kfold fold 2 of 5 seed 1')
    """
    told = f"{rule} {options}" if options else rule
    return told if rule in UNSEEDED else f"{told} seed {seed}"


def split_of(card: Card) -> str:
    """The split of a model's scores."""
    return split(card.split.rule, card.split.seed, card.split.options)


def main_metric(card: Card) -> str:
    """The one metric a table shows: ROC-AUC for classification, RMSE for regression, the loss of both and without."""
    return main_score(card.data.tasks) if card.data.tasks else "loss"


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


def beside_baseline(name: str, metric: str, task: str = "") -> str:
    """A model's baseline in words: its test score on the same split, and the paired test; "" where there is none.

    ``task`` "": the mean over tasks, of which the test is; of one task among several the score alone.
    """
    other = studio.baseline_of(name)
    if other is None or other.card is None:
        return ""
    if other.name == name:
        return "the baseline of this split"
    whole = not task or len(other.card.data.tasks) == 1
    found = other.card.metrics.get("test", {}) if whole else other.card.per_task.get("test", {}).get(task, {})
    if metric not in found:
        return ""
    test = studio.baseline_test(name) if whole else None
    return f"baseline {found[metric]:.4g}" + (f", difference {test.difference:+.3g}, p {test.p:.2g}" if test else "")
