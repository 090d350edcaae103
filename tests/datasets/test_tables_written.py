"""What leaves as CSV: no cell and no header is a formula, numbers stay numbers, and nothing else is lost."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore import studio
from mmexplore.datasets.tables import cell, safe, to_csv

PACKAGE = Path(studio.__file__).parents[1]
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXTS = st.text(alphabet="=+-@\t\r\n ,;\"'1.5eaC", max_size=8)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(
    headers=st.lists(TEXTS, min_size=1, max_size=3),
    rows=st.lists(st.tuples(TEXTS, st.floats(allow_nan=False, allow_infinity=False)), max_size=4),
)
def test_no_cell_and_no_header_is_a_formula(headers: list[str], rows: list[tuple[str, float]]) -> None:
    table = pd.DataFrame({i: [row[i % 2] for row in rows] for i in range(len(headers))})
    table.columns = pd.Index(headers)
    found = read(to_csv(table))
    assert len(found) == len(rows) + 1 or found == []
    for line in found:
        for text in line:
            assert "\r" not in text
            assert not text.lstrip(" ").startswith(STARTS) or NUMBER.fullmatch(text), text
    for line, row in zip(found[1:], rows, strict=True):
        for number, text in enumerate(line):
            came = row[number % 2]
            if isinstance(came, float):
                assert float(text) == came
            else:
                assert text.removeprefix("'") == came.replace("\r\n", "\n").replace("\r", "\n").removeprefix("'")


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-OH", "+cmd|' /C calc'!A0", "\t=1", " =1", "-1-1", "＝1"])
def test_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-1.5", "+3", "-1e-5", "CCO", "", "[O-]C", "a=b", -1.5, 3, None, True])
def test_what_is_none_stays(value: object) -> None:
    assert cell(value) == value


def test_columns_keep_their_kind_and_the_table_its_own() -> None:
    table = pd.DataFrame({"=n": [-1.5, np.nan], "i": [-1, 2], "s": ["=x", None]}, index=["@a", "b"])
    made = safe(table)
    assert list(made.columns) == ["'=n", "i", "s"]
    assert list(made.index) == ["'@a", "b"]
    assert made.dtypes.tolist()[:2] == table.dtypes.tolist()[:2]
    assert made["s"].tolist()[0] == "'=x"
    assert table["s"].tolist()[0] == "=x"
    assert read(to_csv(table, "row"))[1][:3] == ["'@a", "-1.5", "-1"]


def test_a_selection_of_hostile_molecules() -> None:
    made = studio.add_dataset('smiles,=cmd,@name\nCCO,-1.5,"=HYPERLINK(1)"\nCCN,2,+x\n', "=hostile")
    table = studio.table_of(made.name, np.arange(2), "")
    for text in [text for line in read(to_csv(table, "row")) for text in line]:
        assert not text.startswith(STARTS) or NUMBER.fullmatch(text)
    studio.remove_dataset(made.name)


def test_there_is_no_other_way_out() -> None:
    """One writer: no file of the package has pandas, or the csv module, write a spreadsheet itself."""
    ways = re.compile(r"(?<!studio)\.to_(csv|excel|clipboard)\(|csv\.(writer|DictWriter)|openpyxl\.Workbook|xlsxwriter")
    guilty = {p.name for p in PACKAGE.rglob("*.py") if ways.search(p.read_text("utf-8"))}
    assert guilty - {"tables.py"} == set()


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=False), min_size=1))
def test_single_precision_is_written_shortly_and_read_back_as_it_was(values: list[float]) -> None:
    cells = [line[0] for line in read(to_csv(pd.DataFrame({"value": np.float64(values)})))[1:]]
    again = np.array([float(text) if text else np.nan for text in cells])
    np.testing.assert_array_equal(again.astype(np.float32), np.float32(values))
    assert max(len(text.lstrip("-").replace(".", "").partition("e")[0].strip("0")) for text in cells) <= 9


def test_double_precision_stays() -> None:
    third = pd.DataFrame({"value": [0.59, 1 / 3], "single": np.float64(np.float32([0.59, 2.5]))})
    assert read(to_csv(third))[1:] == [["0.59", "0.59"], ["0.3333333333333333", "2.5"]]
