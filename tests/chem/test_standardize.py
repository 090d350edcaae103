"""Many structures over worker processes."""

import sys

import pytest

from mmexplore.chem import standardize
from mmexplore.runtime import workers as runtime_workers
from mmexplore.runtime.workers import WORKERS


@pytest.mark.slow
def test_workers_give_what_one_process_gives():
    smiles = ["CCO", "C1CC", "CC(=O)[O-].[Na+]", "", "c1ccccc1", "C" * 2500, "[Na+].[Cl-]"] * 80
    serial = standardize.standardize_all(smiles, "strip", workers=0)
    heard = []
    pooled = standardize.standardize_all(smiles, "strip", lambda *told, **_: heard.append(told), workers=2)
    assert pooled == serial
    assert heard[-1] == ("standardise", len(smiles), len(smiles))
    good = [text for text, outcome in zip(smiles, serial, strict=True) if not outcome.refused]
    assert standardize.scaffolds(good, workers=2) == standardize.scaffolds(good, workers=0)


@pytest.mark.slow
def test_a_row_that_kills_its_worker_is_the_only_one_lost(monkeypatch):
    monkeypatch.setattr(runtime_workers, "COMMAND", [sys.executable, "-c", MORTAL])
    smiles = ["CCO"] * 20
    smiles[13] = "CCCC"
    WORKERS.close()
    outcomes = standardize.standardize_all(smiles, workers=2)
    WORKERS.close()
    assert [i for i, outcome in enumerate(outcomes) if outcome.refused] == [13]
    assert outcomes[13].refused == "RDKit crashed on it"


MORTAL = """
import os, sys
from mmexplore.chem import standardize as s
from mmexplore.runtime.workers import serve
real = s.standardised
s.standardised = lambda text, salts: os._exit(9) if text == "CCCC" else real(text, salts)
serve(float(sys.argv[1]))
"""


def test_a_listener_may_stop_the_work():
    class EnoughError(Exception):
        pass

    def listener(*_, **__):
        raise EnoughError

    for workers in (0, 2):
        with pytest.raises(EnoughError):
            standardize.standardize_all(["CCO"] * 2000, progress=listener, workers=workers)
