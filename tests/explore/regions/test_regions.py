"""Laws of a map's regions: planted clusters are found and named, molecules dealt to other places are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cliff_data import made
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.chem.molecules import scaffold
from mmexplore.datasets import Task
from mmexplore.explore.maps.storage import UNSCORED, MapFile
from mmexplore.explore.regions.density import contours, peaks
from mmexplore.explore.regions.labels import LEVEL, MapLabel, _each_once, keep, of_places, stored

TAILS = ("C", "CC", "O", "OC", "Cl", "F", "N", "NC", "C#N", "Br", "S", "CO")
SCAFFOLDS = ("c1ccc2ccccc2c1", "C1CCNCC1", "CCCCCCCC")
PARTS = ("c1ccc2cc(X)ccc2c1", "C1CCN(X)CC1", "CCCCCCCCX")


def clusters(seed: int = 0) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Molecules of three kinds, each kind at a place of its own."""
    rng = np.random.default_rng(seed)
    smiles = [part.replace("X", tail) for part in PARTS for tail in TAILS]
    kind = np.repeat(np.arange(3), len(TAILS))
    middles = np.array([[0, 0], [10, 0], [5, 9]])
    return smiles, kind, (middles[kind] + rng.normal(0, 0.4, (len(kind), 2))).astype(np.float32)


def test_peaks_are_where_the_clusters_are() -> None:
    _, kind, xy = clusters()
    found = peaks(xy, 0, 6)
    assert len(found) == 3
    for one in found:
        assert len(np.unique(kind[one.rows])) == 1
        assert len(one.rows) >= 6


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3), st.integers(0, 10_000), st.floats(0.01, 1000))
def test_peaks_share_no_molecule_and_do_not_depend_on_units(level: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    xy = np.concatenate([rng.normal(size=(120, 2)), np.full((3, 2), np.nan)])
    found = peaks(xy, level, 3)
    rows = np.concatenate([one.rows for one in found]) if found else np.empty(0, int)
    assert len(np.unique(rows)) == len(rows)
    assert not len(rows) or rows.max() < 120
    moved = peaks(xy * scale + 3, level, 3)
    assert abs(len(moved) - len(found)) <= 1


def test_planted_clusters_get_their_scaffold_and_counts_are_true() -> None:
    smiles, kind, xy = clusters()
    data = made(smiles, np.zeros((len(smiles), 1), np.float32), Task("y", "regression"))
    found = [one for one in of_places(data, xy) if one.level == 0]
    assert {SCAFFOLDS[kind[one.rows[0]]] for one in found} == {one.smiles for one in found} == set(SCAFFOLDS)
    for one in found:
        query = Chem.MolFromSmarts(one.smarts)
        holds = np.array([Chem.MolFromSmiles(text).HasSubstructMatch(query) for text in data.smiles])
        rows = np.array(one.rows)
        assert (one.inside, one.n) == (holds[rows].sum(), len(rows)) == (len(rows), len(rows))
        assert (one.outside, one.n_outside) == (holds.sum() - holds[rows].sum(), len(data) - len(rows))
        assert one.p <= LEVEL


def test_two_regions_of_one_structure_do_not_share_its_name() -> None:
    def may_be(rows: range, *names: str) -> list[MapLabel]:
        return [MapLabel(0, 0, 0, name, name, tuple(rows), 1, 1, 0, 1, 0.0) for name in names]

    benzene, toluene, phenol = "c1ccccc1", "Cc1ccccc1", "Oc1ccccc1"
    peaks_of = [may_be(range(10), benzene, toluene), may_be(range(10, 20), benzene, phenol)]
    peaks_of += [may_be(range(20, 30), benzene), may_be(range(6), benzene, toluene), []]
    found = _each_once(peaks_of)
    assert [(one.smiles, one.rows[0]) for one in found] == [(benzene, 0), (phenol, 10)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_molecules_dealt_to_other_places_have_no_label(seed: int) -> None:
    smiles, _, xy = clusters()
    dealt = np.random.default_rng(seed).permutation(xy)
    data = made(smiles, np.zeros((len(smiles), 1), np.float32), Task("y", "regression"))
    assert of_places(data, dealt) == ()


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_map_of_a_few_or_of_none_has_no_label_and_no_line(n: int) -> None:
    xy = np.full((8, 2), np.nan, np.float32)
    xy[:n] = 1
    data = made(["CCO"] * 8, np.zeros((8, 1), np.float32), Task("y", "regression"))
    assert of_places(data, xy) == ()
    assert not any(len(line) for lines in contours(xy) for line in lines) or n > 1


def test_labels_are_kept_with_their_map_and_read_back(tmp_path: Path) -> None:
    smiles, _, xy = clusters()
    data = made(smiles, np.zeros((len(smiles), 1), np.float32), Task("y", "regression"))
    shown = MapFile(tmp_path / "ecfp-pca.parquet", xy, "ecfp", "pca", 0, {}, UNSCORED, "", 0.0)
    assert stored(data, shown, [tmp_path]) is None
    found = of_places(data, xy)
    keep(found, data, shown, tmp_path)
    assert stored(data, shown, [tmp_path / "none", tmp_path]) == found
    moved = replace(shown, xy=xy + 1)
    assert stored(data, moved, [tmp_path]) is None


def test_contours_enclose_their_share() -> None:
    xy = np.random.default_rng(0).normal(size=(4000, 2))
    for share, lines in zip((0.9, 0.5), contours(xy, (0.9, 0.5)), strict=True):
        assert lines
        outer = max(lines, key=len)
        radius = np.hypot(*outer.T).mean()
        assert (np.hypot(*xy.T) < radius).mean() == pytest.approx(share, abs=0.06)


def test_scaffolds_that_are_no_molecules_cost_the_other_regions_nothing() -> None:
    """Of an N-oxide's ylide form RDKit makes a scaffold that it cannot read back."""
    odd = [f"Cc1c2ccccc2n[c-](C{'C' * k})[n+]1=O" for k in range(8)]
    assert Chem.MolFromSmiles(scaffold(odd[0])) is None
    smiles, _, places = clusters()
    xy = np.concatenate([places, np.random.default_rng(0).normal(-9, 0.4, (8, 2))]).astype(np.float32)
    data = made([*smiles, *odd], np.zeros((44, 1), np.float32), Task("y", "regression"))
    assert {one.smiles for one in of_places(data, xy) if one.level == 0} >= set(SCAFFOLDS)
