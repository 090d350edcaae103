"""What is committed stays, whoever is killed, whatever lies behind the head, however many write at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from packed_records import assert_holds, assert_same, direct, embedded

from mmexplore.features.pool import Pool
from mmexplore.features.store import features
from mmexplore.runtime.home import read_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return embedded(320)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    return tmp_path


BUILDER = """
import sys
from mmexplore.features import pool
from mmexplore.features.store import features
pool.COMMIT_SECONDS = 0
features("graph2d", sys.stdin.read().split(), workers=1)
"""


def builder(smiles: list[str]) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", BUILDER], stdin=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdin
    process.stdin.write("\n".join(smiles))
    process.stdin.close()
    return process


def committed() -> int:
    return Pool("graph2d", {}).head().molecules


def test_kill_9_loses_nothing_that_was_committed(smiles: list[str]) -> None:
    before = 0
    for wanted in (60, 160):
        process = builder(smiles)
        while committed() < wanted and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        kept = committed()
        assert before < kept < len(smiles)
        assert_holds(features("graph2d", smiles[:kept]), "graph2d", smiles[:kept])
        assert committed() == kept
        before = kept
    assert_holds(features("graph2d", smiles), "graph2d", smiles)
    assert committed() == len(smiles)


def test_two_builders_at_once_keep_each_molecule_once(smiles: list[str]) -> None:
    rivals = [builder(smiles[:220]), builder(smiles[90:]), builder(smiles[::-1])]
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    assert committed() == len(smiles)
    pool = Pool("graph2d", {})
    assert len(np.unique(pool.keys(pool.head()), axis=0)) == len(smiles)
    assert_holds(features("graph2d", smiles), "graph2d", smiles)


def files(pool: Pool) -> list[Path]:
    return sorted(path for path in (pool.folder / pool.head().files).iterdir() if path.suffix in {".bin", ".jsonl"})


def test_the_tail_of_a_killed_writer_is_cut_off(smiles: list[str]) -> None:
    reader = features("graph2d", [*smiles[:50], "nonsense"])
    for path in files(Pool("graph2d", {})):
        with path.open("ab") as file:
            file.write(os.urandom(37))
    assert_holds(features("graph2d", smiles[:50]), "graph2d", smiles[:50])
    found = features("graph2d", [*smiles[:90], "nonsense", "C1CC"])
    assert_same(found.take(np.arange(90)), direct("graph2d", smiles[:90]))
    assert found.reasons().keys() == {90, 91}
    assert_same(reader.take(np.arange(50)), direct("graph2d", smiles[:50]))


@pytest.mark.parametrize("damage", ["head", "short", "gone"])
def test_a_damaged_pool_is_filled_anew(smiles: list[str], damage: str) -> None:
    reader = features("graph2d", smiles[:50])
    pool = Pool("graph2d", {})
    former = files(pool)
    if damage != "head":
        del reader  # not every system lets anybody delete a file that is mapped
    for path in former[:3]:
        if damage == "head":
            (pool.folder / "head.json").write_text('{"molecules": ')
        elif damage == "gone":
            path.unlink()
        else:
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content[: len(content) // 2])
    assert_holds(features("graph2d", smiles[:80]), "graph2d", smiles[:80])
    assert committed() == 80
    assert not set(former) & set(files(pool))
    if damage == "head":
        assert_same(reader.take(np.arange(50)), direct("graph2d", smiles[:50]))
        del reader
    features("graph2d", smiles[:90])
    assert {path.name for path in pool.folder.iterdir()} == {"head.json", "lock", pool.head().files}


def test_readers_during_a_build_see_what_is_committed(smiles: list[str]) -> None:
    features("graph2d", smiles[:20])
    process = builder(smiles)
    rounds = 0
    while process.poll() is None:
        rounds += 1
        found = features("graph2d", smiles[:20])
        assert_same(found.take(np.arange(20)), direct("graph2d", smiles[:20]))
    assert rounds > 1
    assert process.returncode == 0
    assert read_json(Pool("graph2d", {}).folder / "head.json")["molecules"] == len(smiles)
