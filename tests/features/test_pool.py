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
from mmexplore.runtime import seals
from mmexplore.runtime.home import default_home, read_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return embedded(320)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    return tmp_path


BUILDER = """
import sys, time
from pathlib import Path
from mmexplore.features import pool as pools
from mmexplore.runtime import seals
from mmexplore.runtime.home import default_home
from mmexplore.features.store import features
pools.COMMIT_SECONDS = 0
if len(sys.argv) > 1:  # it holds there until a file is there
    most, gate, whole = int(sys.argv[1]), Path(sys.argv[2]), pools.Pool.append
    def append(pool, head, keys, chunk):
        while head.molecules >= most and not gate.exists():
            time.sleep(0.01)
        return whole(pool, head, keys, chunk)
    pools.Pool.append = append
features("graph2d", sys.stdin.read().split(), workers=1, home=default_home())
"""


def builder(smiles: list[str], *hold: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", BUILDER, *map(str, hold)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdin
    process.stdin.write("\n".join(smiles))
    process.stdin.close()
    return process


def committed() -> int:
    return Pool("graph2d", {}, home=default_home()).head().molecules


@pytest.mark.release
def test_kill_9_loses_nothing_that_was_committed(smiles: list[str], tmp_path: Path) -> None:
    before = 0
    for wanted in (60, 160):
        process = builder(smiles, wanted + 40, tmp_path / "never")  # killed somewhere between; it cannot be done before
        while committed() < wanted and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        kept = committed()
        assert before < kept < len(smiles)
        assert_holds(features("graph2d", smiles[:kept], home=default_home()), "graph2d", smiles[:kept])
        assert committed() == kept
        before = kept
    assert_holds(features("graph2d", smiles, home=default_home()), "graph2d", smiles)
    assert committed() == len(smiles)


@pytest.mark.release
def test_two_builders_at_once_keep_each_molecule_once(smiles: list[str]) -> None:
    rivals = [builder(smiles[:220]), builder(smiles[90:]), builder(smiles[::-1])]
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    assert committed() == len(smiles)
    pool = Pool("graph2d", {}, home=default_home())
    assert len(np.unique(pool.keys(pool.head()), axis=0)) == len(smiles)
    assert_holds(features("graph2d", smiles, home=default_home()), "graph2d", smiles)


def files(pool: Pool) -> list[Path]:
    return sorted(path for path in (pool.folder / pool.head().files).iterdir() if path.suffix in {".bin", ".jsonl"})


def test_the_tail_of_a_killed_writer_is_cut_off(smiles: list[str]) -> None:
    reader = features("graph2d", [*smiles[:50], "nonsense"], home=default_home())
    for path in files(Pool("graph2d", {}, home=default_home())):
        with path.open("ab") as file:
            file.write(os.urandom(37))
    assert_holds(features("graph2d", smiles[:50], home=default_home()), "graph2d", smiles[:50])
    found = features("graph2d", [*smiles[:90], "nonsense", "C1CC"], home=default_home())
    assert_same(found.take(np.arange(90)), direct("graph2d", smiles[:90]))
    assert found.reasons().keys() == {90, 91}
    assert_same(reader.take(np.arange(50)), direct("graph2d", smiles[:50]))


@pytest.mark.parametrize("damage", ["head", "short", "gone"])
def test_a_damaged_pool_is_filled_anew(smiles: list[str], damage: str) -> None:
    reader = features("graph2d", smiles[:50], home=default_home())
    pool = Pool("graph2d", {}, home=default_home())
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
    assert_holds(features("graph2d", smiles[:80], home=default_home()), "graph2d", smiles[:80])
    assert committed() == 80
    assert not set(former) & set(files(pool))
    if damage == "head":
        assert_same(reader.take(np.arange(50)), direct("graph2d", smiles[:50]))
        del reader
    features("graph2d", smiles[:90], home=default_home())
    kept = {path.name for path in pool.folder.iterdir() if not seals.is_seal(path)}
    assert kept == {"head.json", "lock", pool.head().files}


@pytest.mark.slow
def test_readers_during_a_build_see_what_is_committed(smiles: list[str], tmp_path: Path) -> None:
    features("graph2d", smiles[:20], home=default_home())
    process, gate = builder(smiles, 160, tmp_path / "gate"), tmp_path / "gate"
    while process.poll() is None:
        if committed() >= 160:
            gate.touch()
        found = features("graph2d", smiles[:20], home=default_home())
        assert_same(found.take(np.arange(20)), direct("graph2d", smiles[:20]))
    assert gate.exists(), "it was read while it was built"
    assert process.returncode == 0
    assert read_json(Pool("graph2d", {}, home=default_home()).folder / "head.json")["molecules"] == len(smiles)
