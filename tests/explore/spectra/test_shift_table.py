"""A shift table: means of equal surroundings, the largest known sphere decides, symmetric carbons are one line."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from spectra_data import measured

from mmexplore.explore.spectra import shift_table
from mmexplore.explore.spectra.shift_table import UNKNOWN
from mmexplore.features.store import features
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import default_home


def table_of(spectra: dict[str, dict[int, float]], **about: int) -> shift_table.ShiftTable:
    data = measured(spectra)
    described = features("carbon_environments", data.smiles, home=default_home())
    return shift_table.fit(data, described, np.arange(len(data)), **about)


def lines(table: shift_table.ShiftTable, smiles: str) -> list[float]:
    found = table.predicted(features("carbon_environments", [Chem.CanonSmiles(smiles)], home=default_home()))
    return found.ppm.tolist()


def test_a_molecule_of_the_table_has_its_own_shifts_again() -> None:
    table = table_of({"CCO": {0: 18.25, 1: 57.5}, "CC(C)=O": {0: 30.5, 1: 206.5, 2: 31.5}})
    assert lines(table, "OCC") == [18.25, 57.5]
    assert lines(table, "CC(C)=O") == [31.0, 206.5]  # alike carbons: one line, their mean
    assert (table.molecules, table.every) == (2, pytest.approx(np.mean([18.25, 57.5, 30.5, 206.5, 31.5])))


def test_what_is_not_known_is_read_from_smaller_spheres() -> None:
    table = table_of({"CCO": {0: 18.0, 1: 58.0}, "CCCO": {0: 10.0, 1: 26.0, 2: 64.0}})
    described = features("carbon_environments", ["CCCCO", "CCCO", "c1ccccc1"], home=default_home())
    found = table.predicted(described)
    butanol, own, benzene = (found.take(np.array([row])) for row in range(3))
    assert own.sphere.tolist() == [4, 4, 4]
    assert max(butanol.sphere) < 4
    carbinol = float(butanol.ppm[butanol.hydrogens == 2].max())
    assert carbinol == 64.0  # OCC with a carbon behind, as in propanol
    assert benzene.sphere.tolist() == [UNKNOWN]
    assert benzene.ppm.tolist() == pytest.approx([table.every])


@pytest.mark.parametrize(
    ("smiles", "count"), [("c1ccccc1", 1), ("Cc1ccccc1", 5), ("CC(C)(C)C", 2), ("C1CCCCC1", 1), ("O", 0), ("C", 1)]
)
def test_symmetric_carbons_are_one_line(smiles: str, count: int) -> None:
    (described,) = (features("carbon_environments", [smiles], home=default_home()).take(np.array([0])),)
    shifts = dict(zip(described.columns["atom"].tolist(), (10.0 * described.columns["alike"]).tolist(), strict=True))
    table = table_of({"CCO": {0: 18.0}} | ({smiles: shifts} if shifts else {}))
    assert lines(table, smiles) == [10.0 * number for number in range(count)]


def test_rare_environments_can_be_left_out() -> None:
    given = {"CCO": {0: 18.0, 1: 58.0}, "CCN": {0: 20.0, 1: 40.0}}
    assert table_of(given, fewest=2).seen.min() >= 2
    assert len(table_of(given, fewest=2).keys) < len(table_of(given).keys)


def test_a_file_holds_it(tmp_path: Path) -> None:
    table = table_of({"CCO": {0: 18.0, 1: 58.0}})
    table.save(tmp_path / "shifts.npz")
    again = shift_table.read(tmp_path / "shifts.npz")
    np.testing.assert_array_equal(again.keys, table.keys)
    np.testing.assert_array_equal(again.mean, table.mean)
    assert (again.every, again.molecules) == (table.every, table.molecules)


def test_without_an_assigned_peak_there_is_none() -> None:
    with pytest.raises(BadTable, match="no peak that is assigned"):
        table_of({"CCO": {}})
