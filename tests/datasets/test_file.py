"""A user's own tables in every form: delimiters, encodings, line ends, SDF, SMI, and what is no table at all."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.chem.file_endings import ENDINGS
from mmexplore.datasets import Kind, Task, curation, file
from mmexplore.datasets.readers import cells as _cells
from mmexplore.datasets.readers import columns as _columns
from mmexplore.runtime.errors import BadTable, UnknownName

pytest_plugins = ("given_tables",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n"),
        ("t.csv", "name;smiles;y\r\na;CCO;1,5\r\nb;CCN;2,5\r\n"),
        ("t.tsv", "y\tname\tsmiles\n1.5\ta\tCCO\n2.5\tb\tCCN"),
        ("t.csv", "\ufeffname|canonical_smiles|y\na|CCO|1.5\nb|CCN|2.5\n"),
        ("t.csv", '"name","smiles","y"\n"a","CCO","1.5"\n"b","CCN","2.5"\n'),
        ("t.txt", "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n"),
        ("t.csv.gz", gzip.compress(b"smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n", mtime=0)),
        ("t.csv", "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n".encode("utf-16")),
        ("noending", "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n"),
    ],
)
def test_tables_in_many_forms_are_one_table(written, name, content):
    raw = file.raw(written(content, name))
    assert raw.frame[raw.smiles_column].tolist() == ["CCO", "CCN"]
    assert raw.frame[raw.name_column].tolist() == ["a", "b"]
    assert raw.tasks == (Task("y", "regression"),)
    assert _columns.numbers(raw.frame["y"])[0].tolist() == [1.5, 2.5]
    assert raw.lines.tolist() == [2, 3]
    assert (raw.salts, raw.duplicates) == ("strip", "merge")


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("t.smi", "CCO ethanol\nCCN\tethyl amine\n", ["ethanol", "ethyl amine"]),
        ("t.smi", "smiles name\nCCO a\nCCN b\n", ["a", "b"]),
        ("t.smi", "CCO |$a;;$| ethanol\nCCN\n", ["ethanol", ""]),
        ("t.smi.gz", gzip.compress(b"CCO a\r\nCCN b\r\n", mtime=0), ["a", "b"]),
        ("t.txt", "CCO\nCCN", ["", ""]),
    ],
)
def test_smiles_files(written, name, content, names):
    raw = file.raw(written(content, name))
    assert raw.frame["smiles"].tolist() == ["CCO", "CCN"]
    assert raw.frame["name"].tolist() == names
    assert raw.tasks == ()


def test_pasted_text():
    assert file.raw("CCO ethanol\nCCN\n").frame["smiles"].tolist() == ["CCO", "CCN"]
    assert file.raw("CCO,ethanol,1.5\nCCN,amine,2\n").tasks == (Task("column 3", "regression"),)
    assert file.raw("CCO").frame["smiles"].tolist() == ["CCO"]
    assert file.raw("C1CC\nCCO\nCCN\n").lines.tolist() == [1, 2, 3]


def sdf(*smiles, end="\n"):
    blocks = []
    for number, text in enumerate(smiles):
        block = Chem.MolToMolBlock(Chem.MolFromSmiles(text)) if Chem.MolFromSmiles(text) else f"bad\n\n\n{text}\n"
        title, _, rest = block.partition("\n")
        blocks.append(f"molecule {number}{title}\n{rest}> <activity>\n{number}.5\n\n> <note> (1)\ntwo\nlines\n\n$$$$\n")
    return "".join(blocks).replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_sd_files(written, end, packed):
    content = sdf("CCO", "c1ccccc1", "xx", "C[C@H](N)C(=O)O", end=end).encode()
    raw = file.raw(written(gzip.compress(content) if packed else content, "t.sdf.gz" if packed else "t.sdf"))
    assert raw.frame["title"].tolist() == ["molecule 0", "molecule 1", "molecule 2bad", "molecule 3"]
    assert (raw.smiles_column, raw.name_column) == ("mol block", "title")
    assert raw.frame["note"].tolist() == ["two\nlines"] * 4
    assert raw.tasks == (Task("activity", "regression"),)
    made = curation.curate(raw, "t", "t")
    assert made.smiles.tolist() == ["CCO", "c1ccccc1", Chem.CanonSmiles("C[C@H](N)C(=O)O")]
    assert made.lines.tolist() == [1, 2, 4]
    assert [(remark.line, remark.text) for remark in made.report.rejected] == [(3, "molecule 2bad")]


def test_an_sdf_preview_makes_out_only_its_head(written):
    shown = file.preview(written(sdf(*["CCO"] * 250), "t.sdf"), rows=5)
    assert (shown.rows, len(shown.head), shown.smiles, shown.name) == (250, 5, "mol block", "title")
    assert shown.head["mol block"].tolist() == ["CCO"] * 5


def test_lines_are_those_of_a_text_editor(written):
    content = 'smiles,name\r\n\r\nCCO,"two\r\nlines"\r\n\r\n\r\nC1CC,x\r\nCCN,y\r\n\r\n\r\n'
    raw = file.raw(written(content))
    editor = content.split("\r\n")
    assert raw.lines.tolist() == [3, 7, 8]
    assert all(editor[line - 1].startswith(smiles) for line, smiles in zip(raw.lines, raw.frame["smiles"], strict=True))
    assert [remark.line for remark in raw.rejected] == [2, 5, 6]


def test_thousands_of_empty_lines_are_one_note(written):
    raw = file.raw(written("smiles\n" + "\nCCO\n" * 1500))
    assert raw.rejected == ()
    assert "1,500 empty lines" in raw.notes[0]


def test_a_row_with_too_many_cells_is_rejected_and_a_short_one_is_filled(written):
    raw = file.raw(written("smiles,name,y\nCCO,a,1\nCCN,b,2,extra\nCCC,c\nCCCC,d,3,,\n"))
    assert raw.frame["smiles"].tolist() == ["CCO", "CCC", "CCCC"]
    assert raw.frame["y"].tolist() == ["1", "", "3"]
    assert [(r.line, r.reason) for r in raw.rejected] == [(3, "4 cells where the header has 3")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "is empty"), ("t.csv", b"\n\n", "is empty"), ("t.csv", "smiles,y\n", "no rows"),
        ("t.csv", "a,b\n1,2\n", "no column holds SMILES"), ("t.txt", "foo\nbar\n", "no column holds SMILES"),
        ("t.xlsx", b"PK\x03\x04rest", "Excel"), ("t.csv", b"PK\x03\x04rest", "Excel"),
        ("t.xls", b"\xd0\xcf\x11\xe0rest", "Excel"), ("t.csv", bytes(range(256)) * 8, "binary"),
        ("t.csv", gzip.compress(b"smiles\nCCO\n" * 99, mtime=0)[:-12], "cannot be read"),
        ("t.csv", b"\x1f\x8bnonsense", "cannot be read"),
        ("t.csv", "smiles\n" + "C" * 200_000, "line 2 cannot be divided"), ("t.parquet", b"PAR1", "Parquet"),
        ("t.pdf", b"%PDF-1.4", "PDF"),
    ],
)  # fmt: skip
def test_what_is_no_table_says_so_in_a_sentence(written, name, content, says):
    with pytest.raises(BadTable, match=says) as caught:
        file.raw(written(content, name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("delimiter", "odd", "names"),
    [
        ("\t", {1: '"opened only', 3: 'closed" here'}, None),
        (",", {0: '"open'}, None),
        (",", {0: '"open', 3: 'shut"'}, None),
        (";", {2: '"Speed" blend'}, None),
        (",", {1: '"two\nlines"'}, {1: "two\nlines"}),
        (",", {1: '"a, b"', 2: '"said ""c"""'}, {1: "a, b", 2: 'said "c"'}),
    ],
)
def test_a_lone_quotation_mark_costs_no_row(written, delimiter, odd, names):
    told = [odd.get(i, f"name {i}") for i in range(5)]
    rows = [delimiter.join([f"{'C' * (i + 1)}O", name, f"{i}.5"]) for i, name in enumerate(told)]
    raw = file.raw(written(delimiter.join(["smiles", "name", "y"]) + "\n" + "\n".join(rows) + "\n"))
    expected = [(names or odd).get(i, f"name {i}") for i in range(5)]
    assert raw.frame["name"].tolist() == expected
    assert raw.frame["y"].tolist() == [f"{i}.5" for i in range(5)]
    lone = [i for i, name in odd.items() if name.startswith('"') and name.count('"') == 1]
    assert [note for note in raw.notes if "quotation mark" in note] == [
        f"line {i + 2}: a quotation mark that is not closed was read as text" for i in lone
    ]


@pytest.mark.parametrize(
    ("above", "note"),
    [
        ("sep=,\n", "line 1 above the header skipped: 'sep=,'"),
        ("# made by LIMS\n# project\n", "lines 1-2"),
        ("Assay report\n\n", "lines 1-2"),
        ("Report,of,\n,,\n", "lines 1-2"),
        ("Report 2026, phase 2\n", "line 1"),
    ],
)
def test_what_stands_above_a_header_is_skipped_with_a_note(written, above, note):
    raw = file.raw(written(f"{above}smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n# the end\n"))
    assert raw.frame["smiles"].tolist() == ["CCO", "CCN"]
    assert raw.lines.tolist() == [above.count("\n") + 2, above.count("\n") + 3]
    assert any(text.startswith(note) for text in raw.notes)
    assert any("a comment was skipped" in text for text in raw.notes)


@pytest.mark.parametrize(
    "content",
    [
        "smiles\tid\ty\nCCO\ta\t0.5\nCCN\tb\t1.5\n",
        "smiles id y\nCCO a 0.5\nCCN b 1.5\n",
        "#made\nsmiles,id,y\nCCO,a,0.5\nCCN,b,1.5\n",
    ],
)
def test_smiles_lines_with_columns_keep_their_labels(written, content):
    raw = file.raw(written(content, "t.smi"))
    assert raw.frame[raw.smiles_column].tolist() == ["CCO", "CCN"]
    assert (raw.name_column, raw.tasks) == ("id", (Task("y", "regression"),))


@pytest.mark.parametrize(
    ("header", "cells", "chosen", "others"),
    [
        ("smiles,precursor_smiles", "CCO,CCOC(=O)c1ccccc1", "smiles", ["precursor_smiles"]),
        ("precursor_smiles,Canonical SMILES", "CCOC(=O)c1ccccc1,CCO", "Canonical SMILES", ["precursor_smiles"]),
        ("reactant_smiles,STRUCTURE", "CC=O,CCO", "STRUCTURE", ["reactant_smiles"]),
        ("product_smiles,reactant_smiles", "CCO,CC=O", "product_smiles", ["reactant_smiles"]),
        ("InChI,smiles", "InChI=1S/CH4/h1H4,C", "smiles", ["InChI"]),
        ("InChI,y", "InChI=1S/CH4/h1H4,1", "InChI", []),
        ("code,mol", "C,CCOCC", "mol", []),
    ],
)
def test_the_column_of_the_molecules_goes_by_its_name(written, header, cells, chosen, others):
    raw = file.raw(written(f"{header}\n" + f"{cells}\n" * 3))
    assert raw.smiles_column == chosen
    assert list(raw.others) == others
    assert all(any(other in note for note in raw.notes) for other in others)


def test_reactions_alone_are_refused_with_that_word(written):
    with pytest.raises(BadTable, match="reactions"):
        file.raw(written("rxn_smiles,yield\nCC=O>>CCO,1\nCC#N>[H][H]>CCN,2\n"))
    raw = file.raw(written("rxn_smiles,solvent_smiles,y\nCC=O>>CCO,O,1\nCC#N>>CCN,O,2\n"))
    assert (raw.smiles_column, raw.others) == ("solvent_smiles", ("rxn_smiles",))
    made = curation.curate(raw, "t", "t")
    assert (len(made), made.report.merged) == (2, ())
    assert any("share a molecule" in note and "rxn_smiles" in note for note in made.report.notes)


def test_other_structures_of_one_molecule_do_not_keep_it_apart(written):
    raw = file.raw(written("smiles,input_smiles,y\nCCO,OCC,1\nOCC,C(O)C,3\nCCO,CCO.Cl,5\nCCO,CCN,9\n"))
    made = curation.curate(raw, "t", "t")
    assert made.labels[:, 0].tolist() == [3, 9]


def test_an_empty_column_of_names_is_passed_over(written):
    raw = file.raw(written("Name,Molecule ChEMBL ID,smiles\n,CHEMBL1,CCO\n,CHEMBL2,CCN\n"))
    assert raw.name_column == "Molecule ChEMBL ID"


def test_repeated_fields_of_an_sdf_are_noted(written):
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    raw = file.raw(written(f"{block}> <x>\n1\n\n> <x>\n2\n\n> DT12\n7\n\n$$$$\n", "t.sdf"))
    assert (raw.frame["x"].tolist(), raw.frame["DT12"].tolist()) == (["2"], ["7"])
    assert any("'x' stands more than once in record 1" in note for note in raw.notes)


def test_few_whole_numbers_are_asked_about_where_one_is_there_to_ask(written):
    path = written("smiles,cls\n" + "".join(f"{'C' * (i + 1)},{i % 3}\n" for i in range(9)))
    assert file.preview(path).asked == {"cls": [0, 1, 2]}
    with pytest.raises(BadTable, match="--label cls:classification"):
        file.raw(path, ask=True)
    assert file.raw(path, ask=True, kinds={"cls": "regression"}).tasks == (Task("cls", "regression"),)
    assert file.raw(path, ask=True, threshold=1).tasks == (Task("cls", "classification"),)


CHEMBL = """"Molecule ChEMBL ID";"Molecule Name";"Smiles";"Standard Type";"Standard Relation";"Standard Value";"Standard Units";"pChEMBL Value"
"CHEMBL1";"";"CCO";"IC50";"'='";"1000";"nM";"6"
"CHEMBL2";"";"CCN";"IC50";"'>'";"10";"uM";""
"CHEMBL3";"";"CCC";"IC50";"'='";"50";"%";""
"""  # noqa: E501


def test_an_export_of_chembl_is_one_censored_label(written):
    raw = file.raw(written(CHEMBL), log=True, threshold=6, targets=["Standard Value"])
    assert raw.frame["Standard Value"].tolist()[:2] == [1, 0]
    assert np.isnan(raw.frame["Standard Value"][2])
    assert [task.name for task in file.raw(written(CHEMBL)).tasks] == ["Standard Value", "pChEMBL Value"]
    assert any("export of ChEMBL" in note for note in raw.notes)


PUBCHEM = """PUBCHEM_RESULT_TAG,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,PUBCHEM_ACTIVITY_OUTCOME,IC50 Qualifier,IC50
RESULT_TYPE,,,,STRING,FLOAT
RESULT_DESCR,,,,"of the ""fit"", if any",half
RESULT_UNIT,,,,,MICROMOLAR
RESULT_IS_ACTIVE_CONCENTRATION,,,,,TRUE
1,21,CCO,Active,=,1.0
2,22,CCN,Inactive,>,50
3,23,CCC,Inconclusive,,
"""


def test_a_data_table_of_pubchem_is_read_without_its_description(written):
    raw = file.raw(written(PUBCHEM), qualifiers="bound")
    assert raw.tasks == (Task("PUBCHEM_ACTIVITY_OUTCOME", "classification"), Task("IC50", "regression", "µM"))
    assert (raw.name_column, raw.lines.tolist()) == ("PUBCHEM_CID", [6, 7, 8])
    made = curation.curate(raw, "t", "t")
    assert np.array_equal(made.labels, [[1, 1], [0, 50], [np.nan, np.nan]], equal_nan=True)
    assert any("rows that describe the columns" in note for note in raw.notes)


def test_a_missing_file_and_a_missing_column(tmp_path, written):
    with pytest.raises(BadTable, match="no file"):
        file.raw(tmp_path / "none.csv")
    with pytest.raises(BadTable, match="no file"):
        file.raw(tmp_path)
    with pytest.raises(UnknownName, match="no column is called 'z'; there are: smiles, y"):
        file.raw(written("smiles,y\nCCO,1\n"), targets=["z"])


def test_too_many_rows_are_refused(written, monkeypatch):
    monkeypatch.setattr(_cells, "MAX_ROWS", 3)
    with pytest.raises(BadTable, match="more than 3 rows"):
        file.raw(written("smiles\nC\nCC\nCCC\nCCCC\n"))


def test_columns_are_guessed_from_their_cells(written):
    content = "id,compound,structure,flag,pIC50,comment\n1,Aspirin,CC(=O)O,0,5.5,x\n2,Ethanol,CCO,1,n/a,x\n"
    content += "3,Amine,CCN,1,6,y\n"
    shown = file.preview(written(content))
    assert (shown.smiles, shown.name, shown.rows) == ("structure", "compound", 3)
    assert shown.tasks == (Task("flag", "classification"), Task("pIC50", "regression"))
    assert shown.columns == ("id", "compound", "structure", "flag", "pIC50", "comment")
    assert len(file.preview(written(content), rows=2).head) == 2


def test_choices_overrule_guesses(written):
    path = written("a,smiles,other,p,q\nx,CCO,CCN,1,2\ny,CCCO,CCCN,0,3\n")
    raw = file.raw(path, smiles="other", name="a", targets=["q"])
    assert (raw.smiles_column, raw.name_column, raw.tasks) == ("other", "a", (Task("q", "regression"),))
    assert file.raw(path, targets=[]).tasks == ()


def test_many_descriptors_are_not_many_labels(written):
    columns = [f"d{i}" for i in range(40)]
    rows = [f"{smiles},{','.join(str(i + 0.5) for i in range(40))}" for smiles in ("CCO", "CCN", "CCC")]
    shown = file.preview(written(f"smiles,{','.join(columns)}\n" + "\n".join(rows)))
    assert [task.name for task in shown.tasks] == ["d0"]


def test_numbers_tell_what_they_could_not_read():
    cells = ["1", " 2.5 ", "", "n/a", "inf", "1e39", "Active", "inactive", ">10", "nan"]
    values, odd = _columns.numbers(cells)
    assert np.array_equal(values, [1, 2.5, np.nan, np.nan, np.nan, np.nan, 1, 0, np.nan, np.nan], equal_nan=True)
    assert odd == {"n/a": [3], "inf": [4], "1e39": [5], ">10": [8], "nan": [9]}


def test_headers_are_made_unique():
    assert _cells.unique(["a", "a", "", "a (2)", "column 3"]) == ["a", "a (2)", "column 3", "a (2) (2)", "column 3 (2)"]


TABLES = st.lists(st.text(st.sampled_from("CNO1()=#,;\t|\"\r\n .'smile0né$>M"), max_size=30), max_size=12).map(
    "\n".join
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | TABLES.map(str.encode),
    ending=st.sampled_from([*ENDINGS, ".csv.gz", ".sdf.gz", ""]),
)
def test_any_bytes_are_a_table_or_a_sentence(written, content, ending):
    path = written(content, f"any{ending}")
    for read in (file.raw, file.preview):
        try:
            found = read(path)
        except BadTable as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        if read is file.raw:
            assert len(found.lines) == len(found.frame)
            assert found.smiles_column in found.frame
            assert (np.diff(found.lines) > 0).all()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(TABLES | st.text(max_size=100))
def test_any_pasted_text_is_a_table_or_a_sentence(text):
    try:
        raw = file.raw(text)
    except BadTable as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert raw.smiles_column in raw.frame


cells_of_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(cells_of_text, min_size=1, max_size=8),
    delimiter=st.sampled_from(",\t;"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_quoted_cells_come_back_as_they_were(written, names, delimiter, end):
    import csv
    import io

    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    table.writerow(["smiles", "name"])
    table.writerows([["CCO", name] for name in names])
    raw = file.raw(written(text.getvalue()), smiles="smiles", name="name")
    assert raw.frame["name"].tolist() == names
    assert len(raw.frame) == len(names)


def test_cells_of_a_first_row_that_is_no_header_stand_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("CCO,1,1,\nCCN,2,2,a\nCCC,3,3,b\n", encoding="utf-8")
    assert file.frame(path).values.tolist()[0] == ["CCO", "1", "1", ""]


@pytest.mark.parametrize("words", [["yes", "no", "yes", "no"], ["1", "0", "1", "0"]])
@pytest.mark.parametrize("threshold", [None, 6.0])
@pytest.mark.parametrize("said", [{"active": "classification"}, None])
def test_what_is_done_to_numbers_is_not_done_to_classes_beside_them(
    words: list[str], threshold: float | None, said: dict[str, Kind] | None
) -> None:
    cells = zip(["CCO", "CCN", "CCC", "CCF"], ["100", "10", "20000", "3"], words, strict=True)
    text = "smiles,IC50 (nM),active\n" + "\n".join(map(",".join, cells)) + "\n"
    raw = file.raw(text, unit="nM", log=True, threshold=threshold, kinds=said, targets=["IC50 (nM)", "active"])
    potency, active = raw.tasks
    assert (potency.name, active.name, active.kind) == ("IC50 (nM)", "active", "classification")
    assert raw.frame["active"].astype(str).tolist() in (words, ["1.0", "0.0", "1.0", "0.0"])
    found = raw.frame["IC50 (nM)"].astype(float).tolist()
    assert found == pytest.approx([7, 8, 4.69897, 8.522879] if threshold is None else [1, 1, 0, 1])
    assert raw.frame["IC50 (nM) (as given)"].tolist() == ["100", "10", "20000", "3"]
