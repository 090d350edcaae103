"""Reading, standardising, drawing and describing molecules."""

import gzip
import itertools
import logging
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, RDConfig
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds import MurckoScaffold

from mmexplore.chem import descriptors, molecules, salts
from mmexplore.runtime.errors import BadMolecule

ODD = [
    *("[Na+].[Cl-]", "[He]", "*", "[2H]C", "F/C=C/F", "F/C=C\\F", "C[C@H](N)O", "C[C@@H](N)O", "[CH3]", "[NH4+]"),
    *("[O-][n+]1ccccc1", "N[Pt](N)(Cl)Cl", "C1CC1.C1CC1", "c1cc2ccccc2cc1", "[C-]#[O+]", "[Fe+2]", "O=C=O"),
]


def nci(n: int) -> list[str]:
    with Path(RDConfig.RDDataDir, "NCI", "first_5K.smi").open() as file:
        return [line.split()[0] for line in itertools.islice(file, n)]


@pytest.mark.parametrize("smiles", ODD)
def test_canonical_smiles_come_back_as_themselves(smiles):
    text = molecules.canonical(molecules.parse(smiles))
    assert molecules.canonical(molecules.parse(text)) == text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1499), st.randoms(use_true_random=False))
def test_any_spelling_has_one_canonical_form(row, random):
    smiles = nci(1500)[row]
    if not molecules.readable(smiles):
        return
    mol = molecules.parse(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.shuffle(order)
    spelling = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    assert molecules.canonical(molecules.parse(spelling)) == molecules.canonical(
        molecules.parse(molecules.canonical(mol))
    )


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text("CNOc1()[]=#+-@/\\.%*", max_size=40))
def test_any_text_is_a_molecule_or_a_sentence(text):
    if molecules.readable(text):
        assert molecules.parse(text).GetNumAtoms() > 0
    else:
        with pytest.raises(BadMolecule, match=r"\A[^\n]+\Z"):
            molecules.parse(text)


@pytest.mark.parametrize(
    ("smiles", "says"),
    [
        ("C1CC", "unclosed ring"), ("C(C", "extra open parentheses"), ("hello", "syntax error around position 1"),
        ("CN(C)(C)(C)C", "valence"), ("c1cccc1", "kekulize"), ("", "empty"), ("   ", "empty"), ("CC O", "blank"),
        ("C" * 3_000, "3,000 atoms"), ("C" * 20_000, "20,000 characters"), ("CC>>CC", "syntax error"),
        ("Cé", "no SMILES holds .é."), ("C\0", "no SMILES holds"),
    ],
)  # fmt: skip
def test_an_unreadable_smiles_says_why(smiles, says):
    with pytest.raises(BadMolecule, match=says):
        molecules.parse(smiles)


def test_chemaxon_extensions_are_left_aside():
    assert molecules.canonical(molecules.parse("OCC |$a;;<b>$|")) == "CCO"


def test_nothing_is_written_to_the_terminal():
    code = (
        "from mmexplore.chem import molecules as m\n"
        "for s in ('C1CC', 'c1cccc1', '[H]', 'C[C@H]C'):\n"
        "    try: m.standardise(m.parse(s), 'strip')\n"
        "    except m.BadMolecule: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_log_of_the_caller_is_left_as_it_was():
    before = logging.getLogger("rdkit").handlers[:]
    with pytest.raises(BadMolecule):
        molecules.parse("C1CC")
    assert logging.getLogger("rdkit").handlers == before


def test_keep_leaves_a_molecule_as_drawn():
    for smiles in ODD:
        mol = molecules.parse(smiles)
        kept, done = molecules.standardise(mol, "keep")
        assert (molecules.canonical(kept), done) == (Chem.CanonSmiles(smiles), "")


@pytest.mark.parametrize(
    ("smiles", "becomes", "words"),
    [
        ("CCN.Cl", "CCN", "salt stripped: removed Cl"),
        ("CCN.Cl.Cl", "CCN", "salt stripped: removed Cl, Cl"),
        ("CC(=O)[O-].[Na+]", "CC(=O)O", "salt stripped: removed [Na+]; neutralised"),
        ("CC(=O)O[Na]", "CC(=O)O", "metal disconnected; salt stripped: removed [Na+]; neutralised"),
        ("C[N+](C)(C)C.[Cl-]", "C[N+](C)(C)C", "salt stripped: removed [Cl-]"),
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O", "neutralised"),
        ("CS(C)=O", "CS(C)=O", ""),
        ("C[S+](C)[O-]", "CS(C)=O", "groups normalised"),
        ("C[N+](=O)[O-]", "C[N+](=O)[O-]", ""),
        ("CCO", "CCO", ""),
        ("[Na+]", "[Na+]", ""),
    ],
)
def test_strip_keeps_the_neutral_parent(smiles, becomes, words):
    mol, done = molecules.standardise(molecules.parse(smiles), "strip")
    assert (molecules.canonical(mol), done) == (becomes, words)


def test_strip_agrees_with_rdkit_apart_from_sulfoxides():
    uncharger = rdMolStandardize.Uncharger()
    for smiles in [*nci(250), *ODD]:
        if not molecules.readable(smiles) or "S" in smiles:
            continue
        mol = molecules.parse(smiles)
        if salts.parent(mol).told or not salts._has_organic_part(mol):
            continue
        ours = molecules.canonical(molecules.standardise(mol, "strip")[0])
        reference = uncharger.uncharge(rdMolStandardize.FragmentParent(mol))
        assert ours == Chem.MolToSmiles(reference), smiles


def test_what_is_skipped_as_a_parent_already_would_not_have_changed():
    for smiles in nci(600):
        mol = Chem.MolFromSmiles(smiles)
        if mol is None or not salts._is_parent(mol):
            continue
        changed = mol
        for _, step in salts._steps():
            changed = step(changed)
        assert Chem.MolToSmiles(changed) == Chem.MolToSmiles(mol), smiles


def test_stripping_twice_is_stripping_once():
    for smiles in [*nci(150), *ODD]:
        if molecules.readable(smiles):
            once, _ = molecules.standardise(molecules.parse(smiles), "strip")
            twice, done = molecules.standardise(molecules.parse(molecules.canonical(once)), "strip")
            assert (molecules.canonical(twice), done) == (molecules.canonical(once), "")


def test_scaffolds_are_rdkits_murcko_scaffolds():
    for smiles in nci(300):
        if molecules.readable(smiles):
            expected = MurckoScaffold.MurckoScaffoldSmiles(smiles=smiles, includeChirality=False)
            assert molecules.scaffold(smiles) == expected
    assert molecules.scaffold("CCCCO") == ""
    assert molecules.scaffold("O=C1CC[C@H](C)N1") == molecules.scaffold("O=C1CC[C@@H](CC)N1")


def test_patterns():
    assert molecules.parse("CCO").HasSubstructMatch(molecules.pattern("[OX2H]"))
    for text in ("", "[", "C(", " ", "Cé", "\udc80"):
        with pytest.raises(BadMolecule, match="cannot read SMARTS"):
            molecules.pattern(text)


def test_a_depiction_is_svg_of_the_asked_size_without_text_or_ground():
    drawing = molecules.depict("CC(=O)Oc1ccccc1C(=O)O", 321, 123, [1, 2, 3])
    root = ElementTree.fromstring(drawing)
    assert (root.get("width"), root.get("height")) == ("321px", "123px")
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "path", "ellipse", "g", "polygon"}
    assert molecules.depict("CCO") != molecules.depict("CCO", dark=True)
    assert drawing != molecules.depict("CC(=O)Oc1ccccc1C(=O)O", 321, 123)


def test_a_depiction_holds_nothing_of_the_users_text():
    for smiles in ("CCO |$<script>alert(1)</script>;;$|", "[13CH3:7]C*", "[Fe]", "C.[Na+]"):
        drawing = molecules.depict(smiles)
        assert "script" not in drawing
        ElementTree.fromstring(drawing)


def test_a_numbered_attachment_is_drawn_as_r_and_the_molecule_stays_as_it_was():
    mol = molecules.parse("[*:3]CCO")
    named = molecules._with_named_attachments(mol)
    assert [atom.GetAtomMapNum() for atom in named.GetAtoms()] == [0, 0, 0, 0]
    assert named.GetAtomWithIdx(0).GetProp("_displayLabel") == "R<sup>3</sup>"
    assert mol.GetAtomWithIdx(0).GetAtomMapNum() == 3
    assert molecules.depict("[*:3]CCO") != molecules.depict("[*:1]CCO")


def test_highlighted_atoms_must_exist():
    with pytest.raises(BadMolecule, match="0-2"):
        molecules.depict("CCO", highlight=[3])


def test_descriptors_are_rdkits():
    smiles = ["CCO", "CC(=O)Oc1ccccc1C(=O)O", "[Na+].[Cl-]", "C"]
    table = descriptors.table(smiles)
    for row, text in enumerate(smiles):
        mol = Chem.MolFromSmiles(text)
        values = table.iloc[row]
        assert values["molecular weight"] == pytest.approx(Descriptors.MolWt(mol))
        assert values["logP"] == pytest.approx(Crippen.MolLogP(mol))
        assert values["TPSA"] == pytest.approx(rdMolDescriptors.CalcTPSA(mol))
        assert values["rings"] == mol.GetRingInfo().NumRings()
    assert tuple(table.columns) == molecules.DESCRIPTORS
    assert np.isfinite(table.to_numpy(dtype=float)).all()
    assert descriptors.rows(["CCO", "C1CC"], ["rings", "TPSA"]) == [[0, pytest.approx(20.23)], [None, None]]


def test_sdf_comes_back_as_it_was(tmp_path):
    table = pd.DataFrame(
        {
            "smiles": ["CCO", "C[C@H](N)O", "[Na+].[Cl-]"],
            "name": ["ethanol", "<b>two\nlines</b>", ""],
            "y": [1.5, np.nan, 2.0],
            "a <b>": ["x", "$$$$\n> <fake>\n1", None],
        }
    )
    path = tmp_path / "t.sdf"
    path.write_text(molecules.to_sdf(table))
    read = list(Chem.SDMolSupplier(str(path)))
    assert [Chem.MolToSmiles(mol) for mol in read] == [Chem.CanonSmiles(text) for text in table["smiles"]]
    assert [mol.GetProp("_Name") for mol in read] == ["ethanol", "<b>two lines</b>", ""]
    assert [mol.GetPropsAsDict() for mol in read] == [
        {"y": 1.5, "a b": "x"},
        {"a b": " $$$$ > <fake> 1"},
        {"y": 2.0},
    ]


def test_real_files_round_trip(real_data):
    with gzip.open(real_data / "pretrain" / "zinc250k.smi.gz", "rt") as file:
        some = [line.strip() for line in itertools.islice(file, 300)]
    for smiles in some:
        text = molecules.canonical(molecules.parse(smiles))
        assert molecules.canonical(molecules.parse(text)) == text


@pytest.mark.parametrize("unseen", ["\u2060", "\u200b", "\ufeff"])
def test_what_nobody_sees_between_the_signs_is_not_read(unseen: str) -> None:
    """A page parts signs by it that would mean something to its markup; it comes along when they are copied."""
    smiles = "c1ccc([*:1])cc1"
    spread = unseen.join(smiles)
    assert molecules.canonical(molecules.parse(spread)) == molecules.canonical(molecules.parse(smiles))
    assert Chem.MolToSmarts(molecules.pattern(spread)) == Chem.MolToSmarts(molecules.pattern(smiles))
