"""Compute policy.

Device, precision and threads, chosen by measuring this machine instead of by the name of its processor.

``medium`` float32 products are twice as fast on some processors and exact there, and mean bfloat16 on others; bfloat16
itself is faster on some and far slower on the rest. So one product is timed at each setting
and compared with float64. Training takes the fastest setting whose error stays below 1e-3; what is shown to a person
(validation, tests, predictions, embeddings) takes the fastest that is as exact as float32 itself.

``auto`` takes a GPU of NVIDIA's where there is one. Apple's (``mps``) shares its memory with the processor, and counts
only where its product is as exact as float32 and faster than the processor's; operations that it lacks torch does on
the CPU (``mmexplore/__init__.py`` asks for that).

A timing may come out otherwise the next time, and other products give other weights. So what a first one found is kept
in the home, by machine, and in the folder of each run (:func:`decided`, :func:`kept`); ``float32`` leaves nothing to a
timing.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from mmexplore.runtime import provenance
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import Home, read_json, write_json

Precision = Literal["float32", "bfloat16"]

_TRAINING_ERROR = 1e-3
_FLOAT32_ERROR = 2e-6
_WORTH_IT = 1.15  # a smaller gain drowns in the noise of the measurement
_SETTINGS = ("highest", "high", "medium")
_SIDES = {"cpu": 512, "cuda": 4096, "mps": 2048}


@dataclass(frozen=True)
class Policy:
    """Compute policy: where and how a process computes.

    ``matmul`` is torch's float32 matmul precision in training, ``exact`` the one for results that people see;
    ``why`` says in words what was measured.
    """

    device: str
    precision: Precision
    matmul: str
    threads: int
    why: str
    exact: str = "highest"


@dataclass(frozen=True)
class ProductTiming:
    """Matrix product timing: of one square product, and its relative error (Frobenius) against float64."""

    seconds: float
    error: float


def policy(device: str = "auto", precision: str = "auto") -> Policy:
    """Compute policy for ``auto|cpu|cuda|mps`` and ``auto|float32|bfloat16``; measured once a process.

    Raises BadRecipe for another word, or bfloat16 on ``mps``, and NotAvailable for a GPU that is not there.
    """
    there = _there(device, precision)
    if device != "auto":
        return _policy(device, precision)
    if there["cuda"]:
        return _policy("cuda", precision)
    return _on_a_mac(precision) if there["mps"] and precision != "bfloat16" else _policy("cpu", precision)


def decided(device: str = "auto", precision: str = "auto", *, home: Home) -> Policy:
    """Compute policy of this machine: what :func:`policy` finds at first, and from then on the same.

    Kept under the home by machine, threads and version of torch. Raises like :func:`policy`.
    """
    from filelock import FileLock

    gpu = [name for name, is_there in _there(device, precision).items() if is_there]
    asked = [provenance.machine(), torch.get_num_threads(), torch.__version__, *gpu, device, precision]
    key = ", ".join(map(str, asked))
    path = home.folder("numerics") / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    with FileLock(path.with_suffix(".lock")):  # two that measure at once may not agree
        found = kept(path, key)
        if found is None:
            keep(path, key, found := policy(device, precision))
    return found


def keep(path: Path, key: str, chosen: Policy) -> None:
    """Write a policy down, with what it is for."""
    write_json(path, {"for": key} | asdict(chosen))


def kept(path: Path, key: str) -> Policy | None:
    """Policy that was written down for this; None where there is none, or its device is no longer here."""
    try:
        told = read_json(path)
        if told.pop("for") != key:
            return None
        found = Policy(**told)
        _there(found.device, found.precision)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadRecipe, NotAvailable):
        return None
    return found


def _there(device: str, precision: str) -> dict[str, bool]:
    """Which GPUs are here; raises as :func:`policy` says."""
    if device not in ("auto", *_SIDES) or precision not in ("auto", "float32", "bfloat16"):
        raise BadRecipe(
            f"a device is auto, cpu, cuda or mps, a precision auto, float32 or bfloat16; {device!r}, {precision!r} came"
        )
    if (device, precision) == ("mps", "bfloat16"):
        raise BadRecipe(
            "precision 'bfloat16' was asked for on device 'mps', which trains in float32 here; 'auto' would do"
        )
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, True):
        raise NotAvailable(
            f"device {device!r} was asked for and torch finds no GPU here; device 'auto' or 'cpu' would do"
        )
    return there


def apply(chosen: Policy) -> None:
    """Set torch's threads and matmul precision for this process."""
    torch.set_num_threads(chosen.threads)
    torch.set_float32_matmul_precision(chosen.matmul)


@contextmanager
def exactly(chosen: Policy) -> Iterator[None]:
    """Exact arithmetic: inside, products are as exact as float32 and nothing is cast down.

    For whatever a person will see.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(chosen.exact)
    try:
        with torch.autocast(chosen.device, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def _policy(device: str, precision: str) -> Policy:
    threads = torch.get_num_threads()
    found = {"highest": ProductTiming(0.0, 0.0)} if precision == "float32" else measure(device)
    matmul = _fastest(found, _TRAINING_ERROR)
    exact = _fastest(found, _FLOAT32_ERROR)
    cast: Precision = "bfloat16" if precision == "bfloat16" else "float32"
    return Policy(device, cast, matmul, threads, _words(device, threads, precision, matmul, found), exact)


@cache
def _on_a_mac(precision: str) -> Policy:
    """Apple's GPU if a product there is exact and pays, else the processor, and why."""
    try:
        there, here = measure("mps")["highest"], measure("cpu", side=_SIDES["mps"])["highest"]
    except (RuntimeError, TypeError, NotImplementedError) as error:
        why = f"failed ({' '.join(str(error).split())[:200]})"
    else:
        faster = here.seconds / max(there.seconds, 1e-9)
        if there.error < _FLOAT32_ERROR and faster > _WORTH_IT:
            return _policy("mps", precision)
        why = f"was {faster:.2g} times as fast with error {there.error:.0e}"
    chosen = _policy("cpu", precision)
    return replace(chosen, why=f"{chosen.why}; Apple's GPU was passed over, as a product there {why}")


def measure(device: str, rounds: int = 5, side: int = 0) -> dict[str, ProductTiming]:
    """Time and error of one product at each float32 setting that gives numbers of its own, and in bfloat16.

    Settings take turns, and the best turn of each counts: another process's work slows all of them alike. ``side`` is
    that of the square matrices, 0 for what a device takes some milliseconds for.
    """
    side = side or _SIDES[device]
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(side, side, generator=generator).to(device) for _ in range(2))
    products = {name: partial(_product, a, b, name) for name in _SETTINGS}
    results = {name: product() for name, product in products.items()}
    own = [name for name in _SETTINGS if name == "highest" or not torch.equal(results[name], results["highest"])]
    turns = [{name: _seconds(products[name]) for name in own} for _ in range(rounds)]
    reference = _wide(a) @ _wide(b)
    found = {name: ProductTiming(min(t[name] for t in turns), _error(results[name], reference)) for name in own}
    found["bfloat16"] = _bfloat16(a.bfloat16(), b.bfloat16(), reference, found["highest"].seconds)
    return found


def _product(a: Tensor, b: Tensor, setting: str) -> Tensor:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(setting)
    try:
        return a @ b
    finally:
        torch.set_float32_matmul_precision(before)


def _bfloat16(a: Tensor, b: Tensor, reference: Tensor, float32_seconds: float) -> ProductTiming:
    """An eighth of the product first: where bfloat16 is emulated, the whole would hold up every start."""
    part = len(a) // 8
    error = _error(a[:part] @ b, reference[:part])
    seconds = 8 * _seconds(lambda: a[:part] @ b)
    if seconds < 3 * float32_seconds:
        a @ b
        seconds = min(_seconds(lambda: a @ b) for _ in range(3))
    return ProductTiming(seconds, error)


def _seconds(product: Callable[[], Tensor]) -> float:
    start = time.perf_counter()
    device = product().device.type
    if device != "cpu":
        (torch.cuda if device == "cuda" else torch.mps).synchronize()
    return time.perf_counter() - start


def _error(result: Tensor, reference: Tensor) -> float:
    return float((_wide(result) - reference).norm() / reference.norm())


def _wide(values: Tensor) -> Tensor:
    """In float64, which Apple's GPUs do not know: theirs on the CPU."""
    return (values.cpu() if values.device.type == "mps" else values).double()


def _fastest(found: dict[str, ProductTiming], error: float) -> str:
    best = "highest"
    for setting in _SETTINGS[1:]:
        if setting in found and found[setting].error < error:
            faster = found[best].seconds / max(found[setting].seconds, 1e-9)
            best = setting if faster > _WORTH_IT else best
    return best


def _words(device: str, threads: int, precision: str, matmul: str, found: dict[str, ProductTiming]) -> str:
    where = f"CPU, {threads} thread{'s' * (threads > 1)}"
    if device != "cpu":
        where = torch.cuda.get_device_name() if device == "cuda" else "Apple's GPU (mps)"
    if precision == "float32":
        return f"{where}; float32 as asked, products at full precision"
    plain = found["highest"].seconds
    parts = [
        f"{name} {plain / max(m.seconds, 1e-9):.2g} times as fast with error {m.error:.0e}" for name, m in found.items()
    ]
    same = [f"{name} the same" for name in _SETTINGS if name not in found]
    chosen = "bfloat16 as asked" if precision == "bfloat16" else f"float32 with {matmul!r} products"
    return f"{where}; {chosen}: beside full float32 (error {found['highest'].error:.0e}), {', '.join(same + parts[1:])}"
