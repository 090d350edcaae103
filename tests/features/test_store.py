"""The store gives back what the modality says, whatever its columns are."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_records import STRUCTURAL, assert_holds, assert_same, direct, embedded

from mmexplore.features import pool, store
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.features.packing import gather, pack
from mmexplore.features.pool import Pool, content_keys
from mmexplore.features.store import features
from mmexplore.runtime.errors import BadMolecule, BadRecipe, UnknownName
from mmexplore.runtime.home import default_home


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return embedded(100)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("modality", STRUCTURAL)
def test_the_store_gives_back_the_records(modality: str, smiles: list[str]) -> None:
    some = sorted(smiles, key=len)[:12]  # small ones: conformers take long
    assert_holds(features(modality, some, home=default_home()), modality, some)
    assert_holds(features(modality, np.array(some[::-1]), home=default_home()), modality, some[::-1])


def test_only_missing_molecules_are_made_and_repeats_once(smiles: list[str]) -> None:
    said: list[tuple[str, int, int]] = []
    features(
        "fingerprint", [*smiles[:30], *smiles[:30]], progress=lambda *what, **_: said.append(what), home=default_home()
    )
    assert said[0] == ("featurise", 0, 30)
    assert said[-1] == ("featurise", 30, 30)
    said.clear()
    found = features("fingerprint", smiles[:40], progress=lambda *what, **_: said.append(what), home=default_home())
    assert said[-1] == ("featurise", 10, 10)
    said.clear()
    features("fingerprint", smiles[:40], progress=lambda *what, **_: said.append(what), home=default_home())
    assert said == []
    assert sorted(found.rows) == list(range(40))


def test_no_molecules_make_no_features() -> None:
    found = features("graph2d", [], home=default_home())
    assert len(found) == 0
    taken = found.take(np.array([], int))
    assert taken.n == 0
    assert taken.columns["atoms"].shape == (0, 7)
    assert taken.columns["ends"].shape == (0, 2)


def test_an_unreadable_molecule_is_kept_with_its_reason_and_not_tried_again(smiles: list[str]) -> None:
    asked = [smiles[0], "C1CC", smiles[1], "nonsense"]
    features("graph2d", asked, home=default_home())
    said: list[object] = []
    found = features("graph2d", asked, progress=lambda *what, **_: said.append(what), home=default_home())
    assert said == []
    assert found.ok.tolist() == [True, False, True, False]
    assert found.reasons().keys() == {1, 3}
    assert "unclosed ring" in found.reasons()[1]
    assert_same(found.take(np.array([2, 0])), direct("graph2d", [smiles[1], smiles[0]]))
    with pytest.raises(BadMolecule, match="molecule 3, 'nonsense', has no record"):
        found.take(np.array([0, 3]))


def test_unknown_names_and_options_are_refused() -> None:
    with pytest.raises(UnknownName, match="graph2d"):
        features("graph2", ["C"], home=default_home())
    with pytest.raises(BadRecipe, match="radius"):
        features("graph2d", ["C"], {"radius": 2}, home=default_home())


def test_keys_depend_on_every_letter() -> None:
    keys = content_keys(["CCO", "CCN", "CCO", ""])
    assert keys.shape == (4, 2)
    assert (keys[0] == keys[2]).all()
    assert len(np.unique(keys, axis=0)) == 3


def test_keys_that_agree_in_half_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def halved(smiles: list[str]) -> np.ndarray:
        return np.array([[len(s) % 2, len(s)] for s in smiles], "<u8").reshape(-1, 2)

    monkeypatch.setattr(store, "content_keys", halved)
    chains = ["C" * n for n in range(1, 30)]
    features("graph2d", chains[::2], home=default_home())
    found = features("graph2d", chains, home=default_home())
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
    monkeypatch.setattr(pool, "MODALITIES", OnlyMadeUp())
    monkeypatch.setattr(store, "MODALITIES", OnlyMadeUp())
    chains = ["C" * n for n in range(1, 40)]
    features("made_up", chains[:20], home=default_home())
    found = features("made_up", chains, home=default_home())
    assert np.flatnonzero(~found.ok).tolist() == [6]
    order = np.random.default_rng(0).permutation(np.flatnonzero(found.ok))
    assert_same(found.take(order), pack(COLUMNS, [made_up(i + 1) for i in order]))
    features("made_up", chains[:2], {"side": 8}, home=default_home())
    assert len(list(Pool("made_up", {}, home=default_home()).folder.parent.iterdir())) == 2
