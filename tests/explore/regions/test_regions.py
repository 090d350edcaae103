"""Laws of a map's regions: planted clusters are found and named, molecules dealt to other places are not."""

import numpy as np
import pytest
from cliff_data import made
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.datasets import Task
from mmexplore.explore.regions.density import contours, peaks
from mmexplore.explore.regions.labels import of_places

TAILS = ("C", "CC", "CCC", "CCCC", "CO", "CCO", "CCl", "CF", "CN", "CCN", "C#N", "CBr")
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
    assert len(found) == 3
    for one in found:
        query = Chem.MolFromSmarts(one.smarts)
        holds = np.array([Chem.MolFromSmiles(text).HasSubstructMatch(query) for text in data.smiles])
        rows = np.array(one.rows)
        assert (one.inside, one.n) == (holds[rows].sum(), len(rows))
        assert (one.outside, one.n_outside) == (holds.sum() - holds[rows].sum(), len(data) - len(rows))
        assert one.inside / one.n >= 0.8
        assert one.outside == 0
    assert {"c1ccc2ccccc2c1", "C1CCNCC1"} & {one.smiles for one in found}


def test_molecules_dealt_to_other_places_are_named_little() -> None:
    smiles, _, xy = clusters()
    dealt = np.random.default_rng(1).permutation(xy)
    data = made(smiles, np.zeros((len(smiles), 1), np.float32), Task("y", "regression"))
    assert len([one for one in of_places(data, dealt) if one.level == 0 and one.inside / one.n > 0.8]) == 0


def test_contours_enclose_their_share() -> None:
    xy = np.random.default_rng(0).normal(size=(4000, 2))
    for share, lines in zip((0.9, 0.5), contours(xy, (0.9, 0.5)), strict=True):
        assert lines
        outer = max(lines, key=len)
        radius = np.hypot(*outer.T).mean()
        assert (np.hypot(*xy.T) < radius).mean() == pytest.approx(share, abs=0.06)
