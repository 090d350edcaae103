"""Conformers as queries: what an SDF holds, read or told in a sentence."""

import re

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.rdDepictor import Compute2DCoords
from rdkit.Chem.rdDistGeom import EmbedMolecule
from rdkit.Geometry import Point3D

from mmexplore.datasets.readers.conformer_files import conformer, molecule
from mmexplore.runtime.errors import BadMolecule


def block(smiles: str, *, hydrogens: bool = True, flat: bool = False, scale: float = 1.0) -> str:
    made = Chem.AddHs(Chem.MolFromSmiles(smiles))
    if flat:
        Compute2DCoords(made)
    else:
        EmbedMolecule(made, randomSeed=3)
    places = made.GetConformer()
    for number, place in enumerate(places.GetPositions().tolist()):
        places.SetAtomPosition(number, Point3D(*(scale * one for one in place)))
    return str(Chem.MolToMolBlock(made if hydrogens else Chem.RemoveHs(made)))


def test_hydrogens_and_line_ends_change_nothing() -> None:
    ways = [block("CCO"), block("CCO", hydrogens=False), block("CCO").replace("\n", "\r\n"), block("CCO") + "$$$$\n"]
    assert {conformer(way.encode()).smiles for way in ways} == {"CCO"}
    heavy = [Chem.RemoveHs(molecule(conformer(way.encode()).block)).GetConformer().GetPositions() for way in ways]
    for places in heavy:
        np.testing.assert_allclose(places, heavy[0], atol=1e-3)


def test_of_several_records_the_first_is_sought_and_that_is_told() -> None:
    found = conformer("$$$$\n".join([block("CCO"), block("CCN"), ""]).encode())
    assert found.smiles == "CCO"
    assert "2 records" in found.told[0]


def test_fragments_are_told() -> None:
    assert "2 fragments" in conformer(block("CCO.O").encode()).told[0]


def test_a_flat_molecule_in_space_is_no_drawing() -> None:
    made = Chem.AddHs(Chem.MolFromSmiles("c1ccccc1"))
    places = Chem.Conformer(12)
    for number in range(12):
        angle, far = number % 6 * np.pi / 3, 1.39 if number < 6 else 2.48
        places.SetAtomPosition(number, Point3D(far * np.cos(angle), far * np.sin(angle), 0))
    places.Set3D(True)
    made.AddConformer(places)
    assert conformer(Chem.MolToMolBlock(made).encode()).smiles == "c1ccccc1"


def labelled(text: str) -> str:
    """A drawing whose head says that it lies in space."""
    return re.sub("2D", "3D", text, count=1)


REFUSED = {
    "": "no mol block",
    "CCO": "no mol block",
    block("CC(C)CO", flat=True): "a drawing",
    labelled(block("CC(C)CO", flat=True)): "a drawing",
    block("CC(C)CO", scale=0.1): "angstrom",
    block("CC(C)CO", scale=0.0): "one place|a drawing",
    block("CCO").replace(" O ", " Zz"): "cannot read",
    block("CCO")[:-200] + "M  END\n": "cannot read",
}


@pytest.mark.parametrize("text", REFUSED, ids=map(str, range(len(REFUSED))))
def test_what_is_no_conformer_is_told(text: str) -> None:
    with pytest.raises(BadMolecule, match=REFUSED[text]):
        conformer(text.encode())
