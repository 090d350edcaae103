"""The numeric policy goes by measured time and error, and says so."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from mmexplore.runtime import devices
from mmexplore.runtime.devices import ProductTiming
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
        (ProductTiming(0.5, 3e-7), "medium", "medium"),  # as fast and exact as on some AMD processors
        (ProductTiming(0.4, 4e-4), "medium", "highest"),  # TF32: for training alone
        (ProductTiming(0.2, 3e-3), "highest", "highest"),  # bfloat16 in disguise
        (ProductTiming(0.95, 2e-7), "highest", "highest"),  # not worth it
    ],
)
def test_the_fastest_setting_that_is_exact_enough(medium: ProductTiming, training: str, exact: str) -> None:
    found = {"highest": ProductTiming(1.0, 2e-7), "medium": medium, "bfloat16": ProductTiming(0.1, 3e-3)}
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


class AMac:
    """A stand-in for Apple's GPU: what its product takes, how wrong it is, or how it fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gpu, self.cpu = ProductTiming(0.1, 2e-7), ProductTiming(1.0, 2e-7)
        self.failure: Exception | None = None
        self.asked: list[tuple[str, int]] = []
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(devices, "measure", self.measure)
        for kept in (devices._policy, devices._on_a_mac):
            kept.cache_clear()

    def measure(self, device: str, rounds: int = 5, side: int = 0) -> dict[str, ProductTiming]:
        self.asked.append((device, side))
        if device == "mps" and self.failure:
            raise self.failure
        return {"highest": self.gpu if device == "mps" else self.cpu, "bfloat16": ProductTiming(9.0, 3e-3)}


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[AMac]:
    yield AMac(monkeypatch)
    for kept in (devices._policy, devices._on_a_mac):
        kept.cache_clear()


def test_apples_gpu_is_taken_where_its_product_is_exact_and_pays(mac: AMac) -> None:
    chosen = devices.policy()
    assert (chosen.device, chosen.precision, chosen.matmul, chosen.exact) == ("mps", "float32", "highest", "highest")
    assert "Apple's GPU" in chosen.why
    assert mac.asked[:2] == [("mps", 0), ("cpu", devices._SIDES["mps"])], "the same product on both"
    assert devices.policy("mps").device == "mps"
    assert devices.policy("cpu").device == "cpu"


@pytest.mark.parametrize(
    ("gpu", "words"),
    [(ProductTiming(0.1, 1e-3), "10 times as fast with error 1e-03"), (ProductTiming(2.0, 2e-7), "0.5 times as fast")],
)
def test_apples_gpu_is_passed_over_where_it_is_wrong_or_slow(mac: AMac, gpu: ProductTiming, words: str) -> None:
    mac.gpu = gpu
    chosen = devices.policy()
    assert chosen.device == "cpu"
    assert f"Apple's GPU was passed over, as a product there was {words}" in chosen.why
    assert devices.policy("mps").device == "mps", "who asks for it gets it"


@pytest.mark.parametrize("failure", [RuntimeError("no\nkernel"), TypeError("no float64"), NotImplementedError("op")])
def test_apples_gpu_is_passed_over_where_it_fails(mac: AMac, failure: Exception) -> None:
    mac.failure = failure
    chosen = devices.policy()
    assert chosen.device == "cpu"
    assert f"failed ({' '.join(str(failure).split())})" in chosen.why


def test_bfloat16_stays_off_apples_gpu(mac: AMac) -> None:
    assert devices.policy("auto", "bfloat16").device == "cpu"
    with pytest.raises(BadRecipe, match=r"'bfloat16'.*'mps'"):
        devices.policy("mps", "bfloat16")


def test_operations_that_apples_gpu_lacks_are_done_on_the_cpu() -> None:
    program = "import mmexplore, os; print(os.environ['PYTORCH_ENABLE_MPS_FALLBACK'])"
    environment = {key: value for key, value in os.environ.items() if key != "PYTORCH_ENABLE_MPS_FALLBACK"}
    assert subprocess.check_output([sys.executable, "-c", program], env=environment, text=True).strip() == "1"


def test_without_a_mac_its_gpu_is_not_there() -> None:
    with pytest.raises(NotAvailable, match=r"'mps'.*no GPU"):
        devices.policy("mps")
