"""Workbooks, Parquet, zip and gzip: the same table out of each, and what is too large refused before it is unpacked."""

import contextlib
import gzip
import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmexplore.datasets import file
from mmexplore.datasets.readers import numbers, source
from mmexplore.runtime.errors import BadTable, MmexploreError, UnknownName

pytest_plugins = ("given_tables",)
FRAME = pd.DataFrame({"smiles": ["CCO", "CCN", "CCC"], "name": ["a", "b", "c"], "y": [1.5, float("nan"), 3.0]})


def packed_alike(content: bytes) -> bytes:
    """Gzipped without the time of day: these are names of tests, too."""
    return gzip.compress(content, mtime=0)


def book(**sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def zipped(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return held.getvalue()


ROWS = [["smiles", "name", "y"], ["CCO", "a", 1.5], ["CCN", "b", None], ["CCC", "c", 3]]
CSV = FRAME.to_csv(index=False)


def parquet():
    held = io.BytesIO()
    FRAME.to_parquet(held)
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("t.xlsx", book(data=ROWS), [2, 3, 4]),
        ("t.csv", book(data=ROWS), [2, 3, 4]),  # what it holds says more than its ending
        ("t.xlsx", book(notes=[], data=[["Assay report"], [], *ROWS]), [4, 5, 6]),
        ("t.parquet", parquet(), [1, 2, 3]),
        ("t.zip", zipped(t__csv=CSV), [2, 3, 4]),
        ("t.zip", zipped(t__csv=CSV, readme__txt="about", __MACOSX="x"), [2, 3, 4]),
        ("t.zip", zipped(t__xlsx=book(data=ROWS)), [2, 3, 4]),
        ("t.zip", zipped(t__parquet=parquet()), [1, 2, 3]),
        ("t.zip", zipped(t__csv__gz=packed_alike(CSV.encode())), [2, 3, 4]),
        ("t.csv.gz", packed_alike(CSV.encode()), [2, 3, 4]),
    ],
)
def test_one_table_in_many_wrappings(written, name, content, lines):
    raw = file.raw(written(content, name))
    assert raw.frame["smiles"].tolist() == ["CCO", "CCN", "CCC"]
    assert raw.frame["name"].tolist() == ["a", "b", "c"]
    assert np.array_equal(numbers.read(raw.frame["y"]).values, [1.5, np.nan, 3.0], equal_nan=True)
    assert raw.lines.tolist() == lines


def test_a_sheet_is_chosen_by_its_name(written):
    path = written(book(first=ROWS, second=[["smiles"], ["CO"]]), "t.xlsx")
    assert file.raw(path, sheet="second").frame["smiles"].tolist() == ["CO"]
    assert file.preview(path).sheets == ("first", "second")
    assert any("'second'" in note for note in file.raw(path).notes)
    with pytest.raises(UnknownName, match="no sheet is called 'third'; there are: first, second"):
        file.raw(path, sheet="third")
    with pytest.raises(BadTable, match="no Excel workbook"):
        file.raw(written(CSV), sheet="first")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.zip", zipped(a__csv=CSV, b__csv=CSV), "2 tables"),
        ("t.zip", zipped(), "empty zip"),
        ("t.zip", zipped(t__zip=zipped(t__csv=CSV)), "packed twice"),
        ("t.csv.gz", packed_alike(packed_alike(CSV.encode())), "packed twice"),
        ("t.xlsx", book(empty=[]), "no sheet with a table"),
        ("t.xlsx", book(data=ROWS)[:-40], "damaged"),
        ("t.parquet", parquet()[:-20], "cannot be read"),
        ("t.zip", b"PK\x03\x04" + bytes(50), "damaged"),
        ("t.zip", zipped(t__xlsx=b"PK\x03\x04" + bytes(50)), "damaged"),
        ("t.csv.bz2", b"BZh91AY", "bzip2"),
    ],
)
def test_what_cannot_be_unpacked_says_why(written, name, content, says):
    with pytest.raises(BadTable, match=says) as caught:
        file.raw(written(content, name))
    assert "\n" not in str(caught.value)


PACKED = {
    "t.zip": zipped(t__csv=CSV),
    "t.xlsx.zip": zipped(t__xlsx=book(data=ROWS)),
    "t.csv.gz": packed_alike(CSV.encode()),
    "t.parquet": parquet(),
}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(PACKED)), places=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=4)
)
def test_any_byte_may_be_another_one(written, name, places):
    content = bytearray(PACKED[name])
    for place, byte in places:
        content[place % len(content)] = byte
    try:
        read = file.raw(written(bytes(content), name))
    except MmexploreError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert len(read.frame) == len(read.lines)


@pytest.mark.parametrize("offset", [8, 10, 26, 28, 30])
def test_a_local_header_of_a_zip_that_says_something_else(written, offset):
    """Its method of packing, the lengths of its name and extra field, its name."""
    for byte in (1, 14, 97, 255):
        content = bytearray(zipped(t__csv=CSV))
        content[offset] = byte
        second = content.find(b"PK\x01\x02") + offset + 2  # the same in the list of members
        for place in (offset, second):
            content[place] = byte
            with contextlib.suppress(MmexploreError):
                file.raw(written(bytes(content), "t.zip"))


def test_bombs_are_refused_before_they_are_unpacked(written, monkeypatch):
    monkeypatch.setattr(source, "FREE_BYTES", 100_000)
    lines = b"smiles\n" + b"C\n" * 2_000_000
    for name, content in (("t.csv.gz", packed_alike(lines)), ("t.zip", zipped(t__csv=lines))):
        with pytest.raises(BadTable, match="times its size"):
            file.raw(written(content, name))
    monkeypatch.setattr(source, "MAX_BYTES", 1_000)
    with pytest.raises(BadTable, match="the most that is read"):
        file.raw(written(zipped(t__csv=lines), "t.zip"))
    with pytest.raises(BadTable, match="looked through"):
        file.raw(written(zipped(**{f"f{i}__csv": "" for i in range(1_001)}), "t.zip"))


def test_wide_tables_are_refused(written):
    names = ",".join(f"d{i}" for i in range(20_000))
    with pytest.raises(BadTable, match=r"20,001 columns; 5,000 is the most"):
        file.raw(written(f"smiles,{names}\nCCO{',1' * 20_000}\n"))
    fields = "".join(f"> <f{i}>\n1\n\n" for i in range(6_000))
    with pytest.raises(BadTable, match="columns"):
        file.raw(written(f"\n\n\n  0  0\nM  END\n{fields}$$$$\n", "t.sdf"))


def test_too_many_cells_are_refused(written, monkeypatch):
    monkeypatch.setattr(source, "MAX_CELLS", 20)
    with pytest.raises(BadTable, match="cells"):
        file.raw(written("smiles,a,b,c,d,e,f,g,h,i\n" + "CCO,1,2,3,4,5,6,7,8,9\n" * 5))
    monkeypatch.setattr(source, "MAX_ROWS", 2)
    with pytest.raises(BadTable, match="3 rows"):
        file.raw(written(parquet(), "t.parquet"))


def test_a_sheet_that_claims_to_be_endless_is_read(written):
    """A workbook may say that it reaches to XFD1048576 and hold three rows."""
    held = io.BytesIO(book(data=ROWS))
    claimed = io.BytesIO()
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(claimed, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member.endswith("sheet1.xml"):
                content = content.replace(b'ref="A1:C4"', b'ref="A1:XFD1048576"')
                assert b"XFD" in content
            new.writestr(member, content)
    assert len(file.raw(written(claimed.getvalue(), "t.xlsx")).frame) == 3
