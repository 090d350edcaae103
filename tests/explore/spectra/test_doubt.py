"""Doubt: spectra swapped within isomers are the most doubtful, true ones are not doubted, dealt ones stand anywhere."""

from dataclasses import replace

import numpy as np
import pytest
from spectra_data import measured

from mmexplore.datasets import Dataset, Spectra, catalog
from mmexplore.explore.spectra import doubt, shift_table
from mmexplore.explore.spectra.doubt import Decoys, Pairings
from mmexplore.features.store import features
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import default_home


@pytest.fixture(scope="module")
def true() -> Dataset:
    """Molecules whose carbons have shifts that their surroundings decide."""
    smiles = [one for one in catalog.load("freesolv", home=default_home()).smiles[:250] if one.lower().count("c") > 3]
    described = features("carbon_environments", smiles, home=default_home())
    spectra = {}
    for number, one in enumerate(smiles):
        columns = described.take(np.array([number])).columns
        shifts = (columns["codes"][:, 4] % 2200 / 10).tolist()
        spectra[one] = dict(zip(columns["atom"].tolist(), shifts, strict=True))
    return measured(spectra)


def of(data: Dataset) -> doubt.Doubts:
    described = features("carbon_environments", data.smiles, home=default_home())
    shifts = shift_table.fit(data, described, np.arange(len(data))).predicted(described)
    return doubt.doubts(data, Pairings(shifts), None, Decoys(data, home=default_home()))


def with_spectra_of(data: Dataset, rows: np.ndarray) -> Dataset:
    """The data set whose molecules have the spectra of others; nobody says which peak is which atom's."""
    assert data.spectra is not None
    dealt = data.spectra.take(rows)
    return replace(data, digest="0" * 16, spectra=Spectra(dealt.ppm, np.full_like(dealt.atom, -1), dealt.counts))


def doubts_of(data: Dataset, told: Dataset) -> doubt.Doubts:
    """Doubts of other spectra by the shifts that the true ones tell."""
    described = features("carbon_environments", data.smiles, home=default_home())
    shifts = shift_table.fit(data, described, np.arange(len(data))).predicted(described)
    return doubt.doubts(told, Pairings(shifts), None, Decoys(told, home=default_home()))


def test_true_pairings_are_not_doubted(true: Dataset) -> None:
    found = of(true)
    assert len(found.rows) == len(true)
    assert found.percentile.min() > 0.9
    assert (found.better[found.percentile == 1] == -1).all()


def test_spectra_swapped_within_isomers_are_the_most_doubtful(true: Dataset) -> None:
    formulas = doubt.formulas_of(true)
    formula = next(one for one in formulas if (formulas == one).sum() > 3)
    one, other = np.flatnonzero(formulas == formula)[:2].tolist()
    rows = np.arange(len(true))
    rows[[one, other]] = rows[[other, one]]
    found = doubts_of(true, with_spectra_of(true, rows))
    assert set(found.rows[:2].tolist()) == {one, other}
    assert dict(zip(found.rows.tolist(), found.better.tolist(), strict=True))[one] == other
    assert (found.isomers[:2] >= 3).all()


def test_dealt_spectra_stand_anywhere(true: Dataset) -> None:
    rows = np.random.default_rng(0).permutation(len(true))
    found = doubts_of(true, with_spectra_of(true, rows))
    assert 0.3 < found.percentile.mean() < 0.7


def test_decoys_are_isomers_first_and_never_the_same_structure(true: Dataset) -> None:
    decoys = Decoys(true, home=default_home())
    for row in range(0, len(true), 20):
        rows = decoys.of(row)
        alike = decoys.formulas[rows] == decoys.formulas[row]
        assert row not in rows
        assert len(rows) == min(doubt.DECOYS, len(true) - 1)
        assert alike.tolist() == sorted(alike.tolist(), reverse=True)


def test_the_threshold_calls_no_more_true_pairings_than_it_says() -> None:
    rng = np.random.default_rng(0)
    for n in (3, 19, 20, 21, 500):
        for values in (rng.random(n), rng.integers(0, 4, n) / 4, np.ones(n)):
            least = doubt.threshold(values)
            assert (values <= least).sum() <= 0.05 * n


def test_a_percentile_counts_what_fits_worse() -> None:
    assert doubt.percentile(np.array([0.5, 0.1, 0.2, 0.9, 0.5])) == pytest.approx(2.5 / 4)
    assert np.isnan(doubt.percentile(np.array([np.nan, 0.1])))
    assert np.isnan(doubt.percentile(np.array([0.3])))


def test_a_set_without_spectra_has_none() -> None:
    data = catalog.load("freesolv", home=default_home())
    described = features("carbon_environments", data.smiles[:1], home=default_home())
    table = shift_table.fit(measured({"CCO": {0: 18.0}}), features("carbon_environments", ["CCO"], home=default_home()),
                            np.array([0]))  # fmt: skip
    with pytest.raises(BadTable, match="no measured spectra"):
        doubt.doubts(data, Pairings(table.predicted(described)), None, Decoys(data, home=default_home()))
