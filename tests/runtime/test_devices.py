"""The numeric policy goes by measured time and error, and says so."""

import pytest
import torch

from mmexplore.runtime import devices
from mmexplore.runtime.devices import Measured
from mmexplore.runtime.errors import BadRecipe, NotAvailable


def test_the_policy_of_this_machine_is_measured_once_and_explained() -> None:
    first = devices.policy("cpu")
    assert devices.policy("cpu") is first
    assert first.device == "cpu"
    assert first.precision == "float32"
    assert "error" in first.why
    assert repr(first.matmul) in first.why


def test_errors_are_those_of_the_settings() -> None:
    found = devices.measure("cpu", rounds=1)
    assert found["highest"].error < 1e-6
    assert 1e-4 < found["bfloat16"].error < 1e-2
    assert all(m.seconds > 0 for m in found.values())


@pytest.mark.parametrize(
    ("medium", "training", "exact"),
    [
        (Measured(0.5, 3e-7), "medium", "medium"),  # as fast and exact as on some AMD processors
        (Measured(0.4, 4e-4), "medium", "highest"),  # TF32: for training alone
        (Measured(0.2, 3e-3), "highest", "highest"),  # bfloat16 in disguise
        (Measured(0.95, 2e-7), "highest", "highest"),  # not worth it
    ],
)
def test_the_fastest_setting_that_is_exact_enough(medium: Measured, training: str, exact: str) -> None:
    found = {"highest": Measured(1.0, 2e-7), "medium": medium, "bfloat16": Measured(0.1, 3e-3)}
    assert devices._fastest(found, devices._TRAINING_ERROR) == training
    assert devices._fastest(found, devices._FLOAT32_ERROR) == exact


def test_results_are_computed_in_full_precision_whatever_is_set() -> None:
    policy = devices.policy("cpu", "bfloat16")
    assert policy.precision == "bfloat16"
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", torch.bfloat16), devices.exactly(policy):
            assert torch.get_float32_matmul_precision() == policy.exact
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_what_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(BadRecipe, match="'tpu'"):
        devices.policy("tpu")
    with pytest.raises(BadRecipe, match="'float8'"):
        devices.policy("cpu", "float8")
    if not torch.cuda.is_available():
        with pytest.raises(NotAvailable, match="no GPU"):
            devices.policy("cuda")
        assert devices.policy("auto").device == "cpu"
