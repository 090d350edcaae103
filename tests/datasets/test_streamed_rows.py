"""Rows one by one are the rows of the reader that takes all, and every line of a file is one of them."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.datasets import file
from mmexplore.datasets.readers.rows import of_frame, rows_of
from mmexplore.runtime.errors import BadTable, UnknownName

TABLES = {
    "plain.csv": "smiles,name,y\nCCO,a,1\nCCN,b,2.5\n",
    "quoted.csv": 'name,smiles\n"a, b",CCO\n"open,CCN\nx,CCC\n',
    "semicolons.csv": "sep=;\nname;SMILES;y\na;CCO;1,5\nb;CCN;2,5\n",
    "preamble.tsv": "my molecules\n# of today\nsmiles\ty\nCCO\t1\nCCN\t2\n",
    "no-header.csv": "CCO,a\nCCN,b\nCCC,c\n",
    "lines.smi": "smiles name\nCCO ethanol\n# no\nCCN amine\n",
    "words.smi": "smiles name logS\nCCO ethanol 0.1\nCCN amine 0.2\n",
    "records.sdf": "a\n\n\nM  END\n> <y>\n1\n\n$$$$\nb\n\n\nM  END\n> <z>\n2\n\n$$$$\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_those_of_the_reader_of_all(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(TABLES[name])
    whole, found = file._read(path, None, ""), rows_of(path, "mol block" if name.endswith("sdf") else None)
    assert list(found.columns) == whole.cells.columns
    assert [one.cells for one in found] == whole.cells.rows
    assert [one.line for one in found] == whole.cells.lines
    assert found.count == len(whole.cells.rows)
    assert [one.cells for one in found] == [one.cells for one in found]


@pytest.mark.parametrize("ending", [".xlsx", ".parquet"])
def test_workbooks_and_parquet(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame(
        {"smiles": ["CCO", None, "CCN"], "n": [1, 2, 3], "y": [0.5, None, 2.0], "day": ["a", "=b", ""]}
    )
    path = tmp_path / f"in{ending}"
    (frame.to_excel if ending == ".xlsx" else frame.to_parquet)(path, index=False)
    found = rows_of(path)
    assert [one.cells[0] for one in found] == ["CCO", "", "CCN"]
    assert (found.kinds["n"], found.kinds["day"]) == ("int", "text")
    assert [float(one.cells[2] or "nan") for one in found][::2] == [0.5, 2.0]


def test_every_row_is_one_also_where_it_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("smiles,name\nCCO,a\n\n,\nCCN,b,too,many\nCCC\n\n\n")
    found = list(rows_of(path))
    assert [(one.line, one.cells, one.refused) for one in found] == [
        (2, ["CCO", "a"], ""),
        (3, ["", ""], "empty line"),
        (4, ["", ""], ""),
        (5, ["CCN", "b"], "4 cells where the header has 2; left over: too | many"),
        (6, ["CCC", ""], ""),
    ]


def test_doubled_line_ends_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "doubled.csv.gz"
    with gzip.open(path, "wt", newline="") as packed:
        packed.write("smiles,y\n\n" + "CCO,1\n\n" * 1_500)
    found = rows_of(path)
    assert found.count == len(list(found)) == 1_500
    assert found.notes == ("1,500 empty lines between the rows were skipped",)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), min_size=2, max_size=2)))
def test_rows_of_a_frame_are_its_cells(cells: list[list[str]]) -> None:
    frame = pd.DataFrame([["CCO", *row] for row in cells], columns=["smiles", "a", "b"], dtype="str")
    found = of_frame(frame, "smiles", "it")
    assert [one.cells for one in found] == [["CCO", *row] for row in cells]
    assert found.digest == of_frame(frame.copy(), "smiles", "it").digest


@pytest.mark.parametrize(("text", "says"), [("smiles,y\n", "no rows"), ("a,b\n1,2\n", "name the SMILES column")])
def test_what_is_no_table_of_molecules_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "in.csv").write_text(text)
    with pytest.raises(BadTable, match=says):
        rows_of(tmp_path / "in.csv")
    (tmp_path / "in.csv").write_text("smiles\nCCO\n")
    with pytest.raises(UnknownName):
        rows_of(tmp_path / "in.csv", "nope")
