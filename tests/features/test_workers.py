"""Warm processes make what one process makes, from any thread and script; one that dies costs nothing."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from packed_records import assert_holds, assert_same, direct, embedded

from mmexplore.features import store
from mmexplore.features.pool import Pool
from mmexplore.features.store import Features, features
from mmexplore.features.workers import featurised
from mmexplore.runtime import workers as runtime_workers
from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import default_home
from mmexplore.runtime.workers import WORKERS, Workers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return embedded(420)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setattr(store, "TRIAL_SECONDS", 0)
    monkeypatch.setattr(store, "START_SECONDS", 0)
    WORKERS.close()
    yield WORKERS
    WORKERS.close()


@pytest.mark.slow
def test_workers_make_what_one_process_makes(workers: Workers, smiles: list[str]) -> None:
    asked = [*smiles[:300], "nonsense"]
    found = features("graph2d", asked, workers=2, home=default_home())
    assert workers.idle() == 2
    assert found.reasons().keys() == {300}
    assert_same(found.take(np.arange(300)), direct("graph2d", smiles[:300]))


@pytest.mark.slow
def test_workers_are_asked_from_any_thread(workers: Workers, smiles: list[str]) -> None:
    found: dict[str, Features] = {}

    def ask(modality: str) -> None:
        found[modality] = features(modality, smiles[:200], workers=1 + (modality == "graph2d"), home=default_home())

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("graph2d", "fingerprint")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for modality, those in found.items():
        assert_holds(those, modality, smiles[:200])


@pytest.mark.slow
def test_a_script_without_a_main_guard_may_ask(smiles: list[str]) -> None:
    program = f"""
from mmexplore.features import store
from mmexplore.runtime.home import default_home
store.TRIAL_SECONDS = store.START_SECONDS = 0
print("once", len(store.features("fingerprint", {smiles[:300]!r}, workers=2, home=default_home())))
"""
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["once", "300"]


@pytest.mark.slow
def test_a_killed_worker_is_replaced(workers: Workers, smiles: list[str]) -> None:
    features("fingerprint", smiles[:150], workers=2, home=default_home())
    workers._idle[0].process.kill()
    workers._idle[0].process.wait()
    assert_holds(features("fingerprint", smiles[:300], workers=2, home=default_home()), "fingerprint", smiles[:300])


MORTAL = """
import os, sys
from mmexplore.features import workers
from mmexplore.runtime.workers import serve
whole = workers.featurize
workers.featurize = lambda modality, smiles: os._exit(9) if {killer!r} in smiles else whole(modality, smiles)
serve(float(sys.argv[1]))
"""


@pytest.mark.release
def test_the_molecule_that_kills_its_process_is_found(
    workers: Workers, smiles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_workers, "COMMAND", [sys.executable, "-c", MORTAL.format(killer=smiles[77])])
    found = features("fingerprint", smiles[:200], workers=2, home=default_home())
    assert np.flatnonzero(~found.ok).tolist() == [77]
    assert "died" in found.reasons()[77]
    rest = np.delete(np.arange(200), 77)
    assert_same(found.take(rest), direct("fingerprint", [smiles[i] for i in rest]))


def test_what_goes_wrong_in_a_worker_is_told(workers: Workers) -> None:
    with pytest.raises(RuntimeError, match="takes no arguments"):
        list(featurised("fingerprint", {"no_such_option": 1}, [["C"]], 1))
    assert len(list(featurised("fingerprint", {}, [["C"]], 1))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_cancelling_keeps_what_is_done(workers: Workers, smiles: list[str], count: int) -> None:
    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        features("graph2d", smiles, progress=stop, workers=count, home=default_home())
    kept = Pool("graph2d", {}, home=default_home()).head().molecules
    assert 0 < kept < len(smiles)
    said: list[int] = []
    assert_holds(
        features("graph2d", smiles, progress=lambda _s, _d, total: said.append(total), home=default_home()),
        "graph2d",
        smiles,
    )
    assert said[0] == len(smiles) - kept
