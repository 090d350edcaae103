"""Cells with a CXSMILES extension, quoted or not: each row keeps its cells, whatever stands between the bars."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.datasets import catalog, file
from mmexplore.datasets.readers.cells import delimited, divided
from mmexplore.runtime.home import default_home

SMILES = st.sampled_from(["CCO", "C[C@H](N)O", "c1ccccc1", "OCC(=O)O", "[Na+].[Cl-]"])
FEATURES = st.lists(
    st.sampled_from(["$;;R1$", "atomProp:0.x.y", "^1:0", "(1.0,2.0,;0.5,1,)", "&1:1", "o1:1,2", "c:0,3", "r"]),
    min_size=1,
)
CELLS = st.sampled_from(["", "1.2", "a name", "7", "x|y"])
DELIMITERS = st.sampled_from([",", ";", "\t"])


@given(st.lists(st.tuples(SMILES, FEATURES, CELLS, CELLS), min_size=1, max_size=4), DELIMITERS, st.booleans())
def test_nothing_between_the_bars_divides(rows: list[tuple[str, list[str], str, str]], by: str, quoted: bool) -> None:
    cells = []
    for smiles, features, name, value in rows:
        extended = f"{smiles} |{','.join(features)}|"
        cells.append([name, extended, value])
        whole = f'"{extended}"' if quoted else extended
        assert divided(by.join([name, whole, value]), by) == (cells[-1], False)
    text = by.join(["name", "smiles", "y"]) + "\n" + "".join(by.join(row) + "\n" for row in cells)
    assert delimited(io.StringIO(text), by).rows == cells


def test_each_row_keeps_its_own_label() -> None:
    rows = ["CCO |$;;R1$,atomProp:0.x.y|,1.2,", "CCN,2.3,b", "CCC |atomProp:0.p.q:1.r.s|,3.4,c", "C |c:0,1| name,4.5,d"]
    made = file.raw("smiles,y,note\n" + "\n".join(rows) + "\n")
    assert made.frame["y"].tolist() == ["1.2", "2.3", "3.4", "4.5"]
    assert made.frame["note"].tolist() == ["", "b", "c", "d"]
    assert made.lines.tolist() == [2, 3, 4, 5]
    assert not made.rejected


def test_a_table_without_a_header_is_divided_by_what_stands_outside_the_bars() -> None:
    made = file.raw("CCO |$;;R1$|,1.2\nCCCO |$;;;R2$|,2.2\n")
    assert made.frame.shape[1] == 2
    assert len(made.frame) == 2


@pytest.mark.parametrize("bad", ["CCO |$;;R1$,atomProp:0.x.y,1.2", "CCO |$;;R1$,atomProp:0.x.y|1.2"])
def test_bars_that_nobody_closed_are_rejected_by_name(bad: str, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    good = {f"{'C' * n}N": n + 0.5 for n in range(1, 16)}
    rows = [bad, *(f"{smiles},{value},a" for smiles, value in good.items())]
    path.write_text("\n".join(["smiles,y,note", *rows]), encoding="utf-8")
    found = catalog.load(path, home=default_home())
    assert [one.line for one in found.report.rejected] == [2]
    assert found.report.rejected[0].reason
    assert dict(zip(found.smiles.tolist(), found.labels[:, 0].tolist(), strict=True)) == good


def test_bars_that_are_no_extension_divide_as_ever() -> None:
    assert divided("a |b,c| d", ",") == (["a |b", "c| d"], False)
    assert divided("ethanol, |x,y|", ",") == (["ethanol", " |x", "y|"], False)
    assert divided("CCO|a|1", "|") == (["CCO", "a", "1"], False)
