"""Jump of a model over a cliff, and each modality's part in it: which one tells the two molecules apart.

What a modality says of one molecule less what it says of the other is its share of the jump; shares add up to the
jump, as contributions add up to a prediction. How far apart it puts the two is said as a percentile: the share of
random pairs of the data set that it puts less far apart.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmexplore.explore.explain.fusion import FusionReport
from mmexplore.explore.explain.subsets import Contributions
from mmexplore.runtime.errors import NotAvailable

Verdict = Literal["separates", "sees some of it", "points the other way", "blind"]
BLIND, APART = 0.1, 0.5
"""A modality is blind to a pair that it tells apart less than nine tenths of random pairs, and separates one that it
tells apart more than half of them, the right way round."""
RANDOM_PAIRS = 2_000


@dataclass(frozen=True)
class ModalityJump:
    """A modality's part of a jump: ``step`` in the unit of the jump, its ``share`` of it (NaN of none), and ``apart``.

    ``apart``: the share of random pairs that the modality puts less far apart, 0 to 1.
    """

    modality: str
    step: float
    share: float
    apart: float
    verdict: Verdict


@dataclass(frozen=True)
class Jump:
    """Jump of a model from row ``a`` to row ``b``: ``predicted`` in ``unit`` (of classes in logits), as a whole.

    ``apart`` as of a modality; ``modalities`` are those of a fusion, the largest step the measured way first.
    """

    a: int
    b: int
    unit: str
    predicted: float
    apart: float
    modalities: tuple[ModalityJump, ...] = ()
    by: str = ""


def of_fusion(report: FusionReport, found: Contributions, a: int, b: int) -> Jump:
    """Jump of a fusion from row ``a``, the lower label, to row ``b``. Raises NotAvailable for a row without a view."""
    place = {row: number for number, row in enumerate(report.rows.tolist())}
    if missing := [row for row in (a, b) if row not in place]:
        raise NotAvailable(f"the model could not describe row {missing[0] + 1}; another pair would do")
    one, other = place[a], place[b]
    predicted = float(found.prediction[other] - found.prediction[one])
    parts = []
    for number, modality in enumerate(found.modalities):
        values = found.values[:, number]
        step = float(values[other] - values[one])
        share = step / predicted if abs(predicted) > 1e-9 else np.nan
        percentile = apart(values, step)
        parts.append(ModalityJump(modality, step, share, percentile, verdict(step, percentile)))
    parts.sort(key=lambda part: -part.step)
    whole = apart(found.prediction, predicted)
    return Jump(a, b, found.unit, predicted, whole, tuple(parts), found.by)


def of_predictions(predicted: np.ndarray, unit: str, a: int, b: int) -> Jump:
    """Jump of a model that fuses nothing. Raises NotAvailable for a row without a prediction."""
    if missing := [row for row in (a, b) if not np.isfinite(predicted[row])]:
        raise NotAvailable(f"the model has no prediction of row {missing[0] + 1}; another pair would do")
    step = float(predicted[b] - predicted[a])
    return Jump(a, b, unit, step, apart(predicted, step))


def apart(values: np.ndarray, step: float, seed: int = 0) -> float:
    """Share of random pairs of values (n,) that lie less far apart than ``step``; 0 for no step."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(known), RANDOM_PAIRS)
    second = (first + rng.integers(1, len(known), RANDOM_PAIRS)) % len(known)
    return float((np.abs(known[first] - known[second]) < abs(step)).mean()) if abs(step) > 1e-12 else 0.0


def verdict(step: float, percentile: float) -> Verdict:
    """What a modality makes of a pair, in a word; a step up is the right way round."""
    if percentile < BLIND:
        return "blind"
    if step < 0:
        return "points the other way"
    return "separates" if percentile >= APART else "sees some of it"
