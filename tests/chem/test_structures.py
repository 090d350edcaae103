"""What a drawing says beyond its SMILES: stereo groups, radicals, maps, queries; and metals, salts and reading back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.chem import salts, structures
from mmexplore.chem.standardize import AS_DRAWN, standardised


def block(symbols, bonds=(), flag=0, extra=""):
    """A V2000 mol block; bonds from 1 with their order."""
    atoms = "".join(f"{i * 1.5:10.4f}{(i % 2) * 1.5:10.4f}{0:10.4f} {s:<3} 0  0\n" for i, s in enumerate(symbols))
    lines = "".join(f"{a:3d}{b:3d}{order:3d}  0\n" for a, b, order in bonds)
    counts = f"{len(symbols):3d}{len(bonds):3d}  0  0{flag:3d}  0  0  0  0  0999 V2000\n"
    return f"\n  drawn\n\n{counts}{atoms}{lines}{extra}M  END\n"


CHAIN = [(1, 2, 1), (2, 3, 1)]
METALS = [
    "c1cc[cH-]c1.c1cc[cH-]c1.[Fe+2]", "CN(C)C[c-]1cccc1.c1cc[cH-]c1.[Fe+2]",
    "[Cl-].[Cl-].c1cc[cH-]c1.c1cc[cH-]c1.[Ti+4]",
    "Cl[Pt]1(Cl)NCCN1",
    "C[Mg]Br", "C[Hg]Cl", "c1ccccc1[Li]", "CC[Zn]CC", "c1ccc(cc1)P(c1ccccc1)(c1ccccc1)[Pd]Cl",
]  # fmt: skip
INORGANIC = ["N->[Pt](<-N)(Cl)Cl", "O=[Os](=O)(=O)=O", "O=[Mn](=O)(=O)[O-].[K+]", "[Na+].[Cl-]", "[C-]#N.[Na+]"]


@pytest.mark.parametrize("smiles", [*METALS, *INORGANIC])
def test_complexes_and_what_is_not_organic_stay_as_drawn(smiles):
    found = standardised(smiles, "strip")
    assert (found.done, found.refused) == ("", "")
    assert Chem.CanonSmiles(found.smiles) == Chem.CanonSmiles(smiles)
    assert found.told == (salts.INORGANIC if smiles in INORGANIC else salts.COMPLEX)


@pytest.mark.parametrize(
    ("smiles", "becomes"),
    [
        ("CC(=O)Oc1ccccc1C(=O)O.NCCCCC(N)C(=O)O", "CC(=O)Oc1ccccc1C(=O)O"),
        ("CNCC(O)C(O)C(O)C(O)CO.O=C(O)c1ccc2nc(-c3cc(Cl)cc(Cl)c3)oc2c1", "O=C(O)c1ccc2nc(-c3cc(Cl)cc(Cl)c3)oc2c1"),
    ],
)
def test_heavy_atoms_decide_and_a_large_part_is_noted(smiles, becomes):
    for text in (smiles, ".".join(reversed(smiles.split(".")))):
        found = standardised(text, "strip")
        assert found.smiles == Chem.CanonSmiles(becomes)
        assert found.told == salts.LARGE
    assert standardised("CCCCCCCCCN.Cl", "strip").told == ""


def test_a_salt_of_zinc_is_stripped_and_urea_is_organic():
    assert standardised("CC(=O)O[Zn]OC(C)=O", "strip").smiles == "CC(=O)O"
    assert standardised("NC(N)=O.Cl", "strip").smiles == "NC(N)=O"


PIECES = [
    "CCO",
    "[Na+]",
    "[Cl-]",
    "[Fe+2]",
    "c1cc[cH-]c1",
    "[NH3+]C",
    "[O-]C(C)=O",
    "[Pt]",
    "O",
    "[O-][N+](=O)C",
    "C#N",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), st.sampled_from(["strip", "keep"]))
def test_what_is_kept_is_read_back(pieces, way):
    found = standardised(".".join(pieces), way)
    if found.refused:
        return
    again = Chem.MolFromSmiles(found.smiles)
    assert again is not None
    Chem.SanitizeMol(again)


def test_what_cannot_be_read_back_stays_as_drawn(monkeypatch):
    real = Chem.MolFromSmiles
    monkeypatch.setattr(
        "mmexplore.chem.salts.Chem.MolFromSmiles", lambda s, *a: None if s == "CC(=O)O" else real(s, *a)
    )
    found = standardised("CC(=O)[O-].[Na+]", "strip")
    assert (found.smiles, found.done, found.told) == ("CC(=O)[O-].[Na+]", "", AS_DRAWN)


def test_a_racemate_is_no_enantiomer():
    plain, both = "C[C@H](N)C(=O)O", ["C[C@H](N)C(=O)O |&1:1|", "C[C@@H](N)C(=O)O |&1:1|"]
    one, other = (standardised(text, "strip") for text in both)
    assert (one.smiles, one.apart) == (other.smiles, other.apart)
    assert one.apart not in ("", standardised("C[C@H](N)C(=O)O |o1:1|").apart)
    assert standardised(plain).apart == ""
    assert structures.STEREO in one.told


def test_a_chiral_flag_of_zero_is_told():
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)O")
    flagged = Chem.MolToMolBlock(mol).replace("  0  0  0  0  0  0999", "  0  1  0  0  0  0999", 1)
    assert structures.FLAG in standardised(Chem.MolToMolBlock(mol)).told
    assert "  0  0  1" in flagged or structures.FLAG not in standardised(flagged).told


@pytest.mark.parametrize(("text", "electrons"), [("CC[CH2] |^1:2|", 1), ("CCC |^1:0|", 1), ("CC[CH2]", 1), ("CCC", 0)])
def test_a_radical_is_not_closed(text, electrons):
    mol = Chem.MolFromSmiles(standardised(text, "strip").smiles)
    assert sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()) == electrons


def test_what_an_extension_names_is_left_aside_and_what_is_open_is_a_query():
    assert standardised("OCC |$a;;<b>$|").smiles == "CCO"
    assert standardised("OCC |(1,2,;3,4,;5,6,)|").smiles == "CCO"
    for text in ("*CC |$_R1;;$|", "CC.O |m:2:0.1|", "*CC |$Q_e;;$|"):
        assert "query" in standardised(text).refused
    assert standardised("*CC").smiles == "*CC"


@pytest.mark.parametrize("symbol", ["R", "R#", "A", "Q", "X", "*", "Pol", "LP"])
def test_a_query_in_a_mol_block_is_refused_with_that_word(symbol):
    extra = "M  RGP  1   3   1\n" if symbol == "R#" else ""
    assert "query" in standardised(block(["C", "O", symbol], CHAIN, extra=extra)).refused


def test_lists_and_open_bonds_are_queries_and_isotopes_are_not():
    assert "query" in standardised(block(["C", "O", "L"], CHAIN, extra="M  ALS   3  2 F C   N   \n")).refused
    assert "query" in standardised(block(["C", "O", "C"], [(1, 2, 8), (2, 3, 1)])).refused
    assert standardised(block(["C", "O", "D"], CHAIN)).smiles == "[2H]OC"


@pytest.mark.parametrize("symbol", ["Ph", "Xx", "Boc", "Me"])
def test_an_atom_that_there_is_not_is_named(symbol):
    assert standardised(block(["C", symbol], [(1, 2, 1)])).refused == f"unknown atom {symbol!r}"


def test_an_abbreviation_that_is_not_drawn_out_is_no_carbon():
    assert "'COOH'" in standardised(block(["C", "C"], [(1, 2, 1)], extra="A    2\nCOOH\n")).refused
    assert standardised(block(["C", "O"], [(1, 2, 1)], extra="A    2\nOH\n")).smiles == "CO"


def test_a_block_that_says_nothing_gives_a_reason():
    assert not standardised("\n\n\nnothing\n").refused.endswith(": ")


def test_maps_are_dropped_and_inchi_is_read():
    mapped = standardised("[CH3:1][CH2:2][OH:3]", "strip")
    assert (mapped.smiles, mapped.told) == ("CCO", structures.MAPS)
    assert standardised("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3").smiles == "CCO"
    assert "cannot read InChI" in standardised("InChI=1S/nonsense").refused
