"""Packed drawings: what they say is the molecule again, with charges, isotopes, wedges and double bonds."""

import numpy as np
import pytest
from rdkit import Chem, Geometry
from rdkit.Chem import BondDir, BondType, RWMol

from mmexplore.chem import drawings
from mmexplore.chem.drawings import Drawing, drawing
from mmexplore.chem.molecules import parse

ODD = [
    "C",
    "CCO",
    "C[NH3+].[Cl-]",
    "[13CH3]C([2H])(F)Cl",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "F/C=C/F",
    "F/C=C\\F",
    "O=C1CCCN1Cc1ccc2ccccc2c1",
    "c1cc[nH]c1",
    "C[N+](C)(C)CC(=O)[O-]",
    "C#N",
    "[CH3]",
    "C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc34)[C@@H]1CC[C@@H]2O",
    "O=[N+]([O-])c1ccc(S(=O)(=O)N2CCOCC2)cc1",
    "[Na+].[O-]S(=O)(=O)c1ccccc1",
]
TYPES = {
    drawings.SINGLE: BondType.SINGLE,
    drawings.DOUBLE: BondType.DOUBLE,
    drawings.LEFT: BondType.DOUBLE,
    drawings.RIGHT: BondType.DOUBLE,
    drawings.TRIPLE: BondType.TRIPLE,
    drawings.WEDGE: BondType.SINGLE,
    drawings.DASH: BondType.SINGLE,
}
DIRECTIONS = {drawings.WEDGE: BondDir.BEGINWEDGE, drawings.DASH: BondDir.BEGINDASH}


def read(made: Drawing) -> str:
    """Canonical SMILES of the molecule that a reader of the drawing sees."""
    xs, ys, texts, begins, ends, kinds = made
    mol = RWMol()
    conformer = Chem.Conformer(len(xs))
    for number, (x, y, text) in enumerate(zip(xs, ys, texts, strict=True)):
        isotope, symbol, hydrogens, charge, radicals = (text or "0 C -1 0 0").split()
        atom = Chem.Atom(symbol)
        atom.SetIsotope(int(isotope))
        atom.SetFormalCharge(int(charge))
        atom.SetNumRadicalElectrons(int(radicals))
        if int(hydrogens) >= 0:
            atom.SetNoImplicit(True)
            atom.SetNumExplicitHs(int(hydrogens))
        mol.AddAtom(atom)
        conformer.SetAtomPosition(number, Geometry.Point3D(x / drawings.UNIT, y / drawings.UNIT, 0))
    for begin, end, kind in zip(begins, ends, kinds, strict=True):
        mol.AddBond(begin, end, TYPES[kind])
        mol.GetBondBetweenAtoms(begin, end).SetBondDir(DIRECTIONS.get(kind, BondDir.NONE))
    mol.AddConformer(conformer)
    Chem.SanitizeMol(mol)
    Chem.AssignChiralTypesFromBondDirs(mol)
    Chem.SetDoubleBondNeighborDirections(mol, mol.GetConformer())
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    return str(Chem.MolToSmiles(Chem.RemoveHs(mol)))


@pytest.mark.parametrize("smiles", ODD)
def test_a_drawing_is_its_molecule_again(smiles: str) -> None:
    assert read(drawing(parse(smiles))) == Chem.CanonSmiles(smiles)


def test_the_second_line_of_a_double_bond_lies_within_its_ring() -> None:
    xs, ys, _, begins, ends, kinds = drawing(parse("c1ccccc1"))
    places, middle = np.column_stack([xs, ys]), np.mean([xs, ys], axis=1)
    for begin, end, kind in zip(begins, ends, kinds, strict=True):
        (dx, dy), (mx, my) = places[end] - places[begin], middle - places[begin]
        assert kind in (drawings.SINGLE, drawings.LEFT if dx * my - dy * mx > 0 else drawings.RIGHT)
    assert sorted(kinds).count(drawings.SINGLE) == 3


def test_an_open_double_bond_is_crossed_and_what_cannot_be_read_has_no_atoms() -> None:
    assert drawings.CROSSED in drawing(Chem.MolFromMolBlock(Chem.MolToMolBlock(_either())))[5]
    made = drawings.drawings(["C1CC", "CCO"])
    assert len(made[0][0]) == 0
    assert len(made[1][0]) == 3


def _either() -> Chem.Mol:
    mol = Chem.MolFromSmiles("FC=CF")
    mol.GetBondWithIdx(1).SetStereo(Chem.BondStereo.STEREOANY)
    Chem.rdDepictor.Compute2DCoords(mol)
    return mol
