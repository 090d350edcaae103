"""A model's jump over a cliff: its modalities' shares add up to it, and to what the contributions say."""

import numpy as np
import pytest

from mmexplore import studio
from mmexplore.runtime.errors import NotAvailable

MODEL, DATA = "solubility-all-late", "solubility"


def test_shares_add_up_to_the_jump() -> None:
    report = studio.fusion_report(MODEL, DATA)
    told = studio.stored_contributions(MODEL, DATA)
    assert told is not None
    order = np.argsort(told.prediction)
    for a, b in ((order[0], order[-1]), (order[5], order[6]), (order[-1], order[0])):
        made = studio.jump(MODEL, DATA, report.task, int(report.rows[a]), int(report.rows[b]))
        assert made is not None
        assert made.predicted == pytest.approx(told.prediction[b] - told.prediction[a])
        assert sum(part.step for part in made.modalities) == pytest.approx(made.predicted)
        assert sum(part.share for part in made.modalities) == pytest.approx(1)
        assert {part.modality for part in made.modalities} == set(report.modalities)


def test_a_model_of_one_branch_jumps_as_its_predictions_do() -> None:
    known = studio.predictions("solubility-dmpnn", DATA)
    assert known is not None
    task = next(name for name in known if name != "split")
    made = studio.jump("solubility-dmpnn", DATA, task, 3, 40)
    assert made is not None
    assert made.predicted == pytest.approx(known[task].iloc[40] - known[task].iloc[3])
    assert made.modalities == ()


def test_a_model_that_predicts_nothing_has_no_jump() -> None:
    with pytest.raises(NotAvailable):
        studio.jump("ecfp", DATA, "SOL", 0, 1)
