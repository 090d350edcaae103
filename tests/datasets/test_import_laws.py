"""Laws of an import, over random tables: no row is lost, each is found by its line with its own label, all is readable.

read = kept + merged + rejected; the table of rows holds one row a row that was read, in order.
"""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.datasets import Task, curation, file
from mmexplore.datasets.readers.columns import numbers
from mmexplore.runtime.errors import BadTable

pytest_plugins = ("given_tables",)

GOOD = [
    "CCO",
    "OCC",
    "c1ccccc1",
    "CC(=O)O",
    "CCN.Cl",
    "CC(=O)[O-].[Na+]",
    "C[C@H](N)O",
    "CCCCCC",
    "O=C=O",
    "[Na+].[Cl-]",
]
ODD = [
    "c1cc[cH-]c1.c1cc[cH-]c1.[Fe+2]",
    "N->[Pt](<-N)(Cl)Cl",
    "[CH3:1][OH:2]",
    "C1CC",
    "junk",
    "",
    "*CC",
    "[CH2]C",
    "C*",
]
NAMES = st.text(st.sampled_from("abc xyz,;\t'\"-µ0123"), max_size=8).map(str.strip) | st.just("two\nlines")
Y = st.floats(-999, 9999).map(lambda x: round(x, 2)) | st.none()
ROWS = st.lists(st.tuples(st.sampled_from([*GOOD, *ODD]), NAMES, Y), min_size=1, max_size=12)


def spelled(value, locale):
    if value is None:
        return ""
    return f"{value:.2f}".replace(".", ",") if locale == "comma" else f"{value:.2f}"


def told(raw):
    """What became of each row, checked against the laws that hold for every table."""
    made, rows = curation.curated(raw, "t", "t")
    report = made.report
    assert report.read == report.kept + len(report.merged) + len(report.rejected) == len(rows)
    assert rows["status"].value_counts().to_dict() == {
        status: count
        for status, count in (("kept", report.kept), ("merged", len(report.merged)), ("rejected", len(report.rejected)))
        if count
    }
    assert (np.diff(rows["line"]) > 0).all()
    assert list(rows.columns) == curation.row_columns(raw.tasks)
    assert rows[rows["status"] == "kept"]["line"].tolist() == made.lines.tolist()
    assert rows[rows["status"] == "kept"]["smiles"].tolist() == made.smiles.tolist()
    for smiles in made.smiles:
        again = Chem.MolFromSmiles(smiles)
        assert again is not None
        Chem.SanitizeMol(again)
    assert all(rows[rows["status"] != "kept"]["reason"])
    return made, rows


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    delimiter=st.sampled_from(",;\t|"),
    locale=st.sampled_from(["point", "comma"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    above=st.sampled_from(["", "# made\n", "Report\n\n"]),
)
def test_every_row_of_a_random_table_is_found_again(written, rows, delimiter, locale, end, quoting, above):
    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    table.writerow(["smiles", "name", "y"])
    lines = []
    for smiles, name, value in [("CC", "x", 0.5), ("CCC", "y", 12.25), *rows]:
        lines.append(above.count("\n") + 1 + text.getvalue().count("\n"))
        table.writerow([smiles, name, spelled(value, locale)])
    content = above.replace("\n", end) + text.getvalue()
    _, found = told(file.raw(written(content), smiles="smiles", name="name", targets=["y"]))
    if any(not smiles and not name and value is None for smiles, name, value in rows):
        return  # an empty row is rejected without a label
    assert found["line"].tolist() == lines
    assert found["name"].tolist() == ["x", "y", *(name for _, name, _ in rows)]
    expected = [0.5, 12.25, *(np.nan if value is None else value for _, _, value in rows)]
    assert np.allclose(found["y"], expected, equal_nan=True)


JUNK = st.lists(st.text(st.sampled_from("CNO1()=#,;\t|\"\n .'sye0né$>M-"), max_size=25), min_size=1, max_size=10)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=JUNK, ending=st.sampled_from([".csv", ".tsv", ".smi", ".txt", ".sdf"]), cut=st.integers(0, 200))
def test_laws_hold_where_a_table_is_broken(written, junk, ending, cut):
    whole = (
        "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n" if ending != ".sdf" else Chem.MolToMolBlock(Chem.MolFromSmiles("CO"))
    )
    content = whole[:cut] + "\n".join(junk) + "\n" + whole
    try:
        told(file.raw(written(content.encode(), f"t{ending}")))
    except BadTable as error:
        assert "\n" not in str(error)  # noqa: PT017


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["CCO", "OCC", "CCN"]), st.sampled_from(["0", "1", "2", ""])), min_size=1),
    kind=st.sampled_from(["classification", "regression"]),
)
def test_contradicting_duplicates_stay_empty_and_numbers_are_averaged(rows, kind):
    text = "smiles,y\nC,0\nCC,1\nCCC,2\n" + "".join(f"{smiles},{y}\n" for smiles, y in rows)
    made, _ = told(file.raw(text, targets=["y"], kinds={"y": kind}))
    for smiles, label in zip(made.smiles, made.labels[:, 0], strict=True):
        own = [float(y) for given_, y in rows if y and Chem.CanonSmiles(given_) == smiles]
        own += {"C": [0.0], "CC": [1.0], "CCC": [2.0]}.get(smiles, [])
        agreed = np.mean(own) if own and (kind == "regression" or len(set(own)) == 1) else np.nan
        assert np.allclose(label, agreed, equal_nan=True)


def test_labels_of_rows_are_their_own_and_not_what_they_were_merged_to():
    made, rows = told(file.raw("smiles,name,y\nCCO,a,1\nOCC,b,3.5\nC1CC,c,7\nCCO,d,e,f\n"))
    assert made.labels[:, 0].tolist() == [2.25]
    assert np.array_equal(rows["y"], [1, 3.5, 7, np.nan], equal_nan=True)
    assert rows["status"].tolist() == ["kept", "merged", "rejected", "rejected"]


def test_a_label_called_like_a_column_of_the_table_has_a_number():
    assert curation.row_columns([Task("line", "regression")])[-1] == "line (2)"
    _, rows = told(file.raw("smiles,status\nCCO,1.5\nCCN,2.5\n", targets=["status"]))
    assert numbers(rows["status (2)"].astype(str))[0].tolist() == [1.5, 2.5]


def test_chiral_flags_and_stereo_groups_keep_rows_apart():
    text = "C[C@H](N)C(=O)O |&1:1|\nC[C@H](N)C(=O)O\nC[C@@H](N)C(=O)O |&1:1|\nC[C@@H](N)C(=O)O |o1:1|\n"
    made, rows = told(file.raw(text))
    assert rows["status"].tolist() == ["kept", "kept", "merged", "kept"]
    assert any(note.startswith("3 rows") for note in made.report.notes)


@pytest.mark.parametrize("duplicates", ["merge", "keep"])
def test_a_second_component_is_not_merged_in_silence(duplicates):
    text = "smiles,solvent,y\nCCO,O,1\nCCO,CO,3\nCCO,O,5\nCCN,O,7\n"
    raw = file.raw(text)
    assert raw.others == ("solvent",)
    made, rows = told(replace(raw, duplicates=duplicates))
    assert len(made) == (3 if duplicates == "merge" else 4)
    assert any("'solvent'" in note and "1 row(s) share" in note for note in made.report.notes)
    assert rows["y"].tolist() == [1, 3, 5, 7]
