"""Tables as people have them, with what stood in each of their rows: encodings, delimiters, names, sheets, records."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pandas as pd
from rdkit import Chem


@dataclass(frozen=True)
class HardTable:
    """A file's content, and what is right: names of its columns, cells of its rows, and which rows are predicted."""

    name: str
    content: bytes
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    predicted: tuple[bool, ...]
    structures: str = "smiles"
    options: dict[str, str] = field(default_factory=dict)
    says: dict[int, str] = field(default_factory=dict)
    """What the status of a row begins with."""

    def write(self, folder: Path) -> Path:
        """The file."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path


MOLECULES = (
    ("OCC", True, "predicted"),
    (" CCO\t", True, "predicted"),
    ("C(C)(C)(C)(C)C", False, "cannot read SMILES"),
    ("c1cccc1", False, "cannot read SMILES"),
    ("C%", False, "cannot read SMILES"),
    ("nan", False, "cannot read SMILES"),
    ("N/A", False, "cannot read SMILES"),
    ("CCO–", False, "cannot read SMILES"),
    ("   ", False, "no structure"),
    ("*CC", True, "predicted; * stands for any atom"),
    ("[#6]~[#7]", False, "a pattern"),
    ("[#6]", False, "a pattern"),
    ("CCO>>CC=O", False, "cannot read SMILES"),
    ("CC.CC", True, "predicted"),
    ("CCO.CCN", False, "a mixture"),
    ("[Na+].[Cl-]", True, "predicted; no organic part: left as drawn"),
    ("C[N+](C)(C)C.[Cl-]", True, "predicted; salt stripped"),
    ("[2H]C([2H])([2H])O", True, "predicted"),
    ("[13CH4]", True, "predicted"),
    ("C[C@H](N)C(=O)O |&1:1|", True, "predicted"),
    ("[CH3:1][OH:2]", True, "predicted; atom maps dropped"),
    ("InChI=1S/CH4O/c1-2/h2H,1H3", True, "predicted"),
    ("OCC" * 900, False, "SMILES 'OCC"),
)
"""Cells of a column of structures, whether they are predicted, and how their status begins."""


def _text(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], **how: str) -> str:
    made = io.StringIO()
    csv.writer(made, **({"lineterminator": "\n"} | how)).writerows([columns, *rows])  # type: ignore[arg-type]
    return made.getvalue()


NAMES = ("=1+1", "+cmd|' /C calc'!A0", "-OH", "@SUM(A1)", "C6H6", "CO", "007", "1E5", 'a "quoted" name', "two\nlines")
_PLAIN = (("CCO", "ä", "1,5"), ("CCN", "ö; ü", "2,25"), ("C1CC", "", "3"))
_BLOCK = Chem.MolToMolBlock(Chem.MolFromSmiles("Oc1ccccc1"))


_RECORDS = f"first{_BLOCK}> <mg>\n1\n\n$$$$\nbad\n\n\nno block\nM  END\n> <mg>\n2\n\n$$$$\nlast{_BLOCK}"


def _workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    fill(book)
    book.save(made)
    return made.getvalue()


def _two_sheets(book: openpyxl.Workbook) -> None:
    book.active.title = "about"
    book.active.append(["compound", "remark"])
    book.active.append(["CCCC", "of the first sheet"])
    sheet = book.create_sheet("to do")
    for row in (["id", "structure", "other"], [1, "CCO", "CCCCCCCC"], [2, "C1CC", "CCCCCCC"]):
        sheet.append(row)


def _beyond_the_header(book: openpyxl.Workbook) -> None:
    for row in (["smiles", "mg"], ["CCO", 1], [None, None], ["CCN", 2.5, "a remark"], [None, 3]):
        book.active.append(row)


def _parquet() -> bytes:
    made = io.BytesIO()
    frame = pd.DataFrame(
        {"smiles": ["CCO", None, "CCN"], "said": ["nan", "x", None], "n": [1, 2, 3], "yes": [True] * 3}
    )
    frame.to_parquet(made, index=False)
    return made.getvalue()


def _zip(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, content)
    return made.getvalue()


_GOOD, _THREE, _FOUR = (True, True, False), ("smiles", "name", "mg"), ("smiles", "column 2", "a", "a (2)")
_TYPED = tuple((cell, str(number)) for number, (cell, _, _) in enumerate(MOLECULES))
_CALLED = tuple((name, "CCO") for name in NAMES)
TABLES = (
    HardTable(
        "molecules.csv", _text(("smiles", "no"), _TYPED).encode(), ("smiles", "no"), _TYPED,
        tuple(good for _, good, _ in MOLECULES), says={n: words for n, (_, _, words) in enumerate(MOLECULES)},
    ),
    HardTable(
        "names.csv", _text(("name", "smiles"), _CALLED).encode(), ("name", "smiles"), _CALLED, (True,) * len(NAMES),
    ),
    HardTable("mark.csv", _text(_THREE, _PLAIN).encode("utf-8-sig"), _THREE, _PLAIN, _GOOD),
    HardTable("wide.tsv", _text(_THREE, _PLAIN, delimiter="\t").encode("utf-16"), _THREE, _PLAIN, _GOOD),
    HardTable("latin.csv", _text(_THREE, _PLAIN, delimiter=";").encode("cp1252"), _THREE, _PLAIN, _GOOD),
    HardTable("windows.csv", _text(_THREE, _PLAIN, lineterminator="\r\n").encode(), _THREE, _PLAIN, _GOOD),
    HardTable("old-mac.csv", _text(_THREE, _PLAIN, lineterminator="\r").encode(), _THREE, _PLAIN, _GOOD),
    HardTable("packed.csv.gz", gzip.compress(_text(_THREE, _PLAIN).encode()), _THREE, _PLAIN, _GOOD),
    HardTable("packed.zip", _zip("inside.csv", _text(_THREE, _PLAIN).encode()), _THREE, _PLAIN, _GOOD),
    HardTable(
        "no-header.csv", b"CCO,5,5,\nCCN,6,6,x\nCCC,7,7,\n", tuple(f"column {n}" for n in range(1, 5)),
        (("CCO", "5", "5", ""), ("CCN", "6", "6", "x"), ("CCC", "7", "7", "")), (True,) * 3, "column 1",
    ),
    HardTable(
        "names-alike.csv", b"smiles,,a,a\nCCO,1,2,3\nC,,,\n", _FOUR, (("CCO", "1", "2", "3"), ("C", "", "", "")),
        (True, True),
    ),
    HardTable(
        "blanks-in-names.csv", b'SMILES ," Log  P","two\nlines"\nCCO,1,2\n', ("SMILES ", " Log  P", "two\nlines"),
        (("CCO", "1", "2"),), (True,), "SMILES ",
    ),
    HardTable(
        "another-name.csv", b"Nr;Verbindung;Menge\n1;CCO;3\n2;CCN;4\n", ("Nr", "Verbindung", "Menge"),
        (("1", "CCO", "3"), ("2", "CCN", "4")), (True, True), "Verbindung",
    ),
    HardTable(
        "ragged.csv", b"smiles,name\nCCO,a\nCCN,b,c,d\nCCC\n", ("smiles", "name"),
        (("CCO", "a"), ("CCN", "b"), ("CCC", "")), (True, False, True),
        says={1: "4 cells where the header has 2; left over: c | d"},
    ),
    HardTable(
        "empty-rows.csv", b"smiles,name\nCCO,a\n\n,b\nCCN,c\n\n\n", ("smiles", "name"),
        (("CCO", "a"), ("", ""), ("", "b"), ("CCN", "c")), (True, False, False, True),
        says={1: "empty line", 2: "no structure"},
    ),
    HardTable(
        "sheets.xlsx", _workbook(_two_sheets), ("id", "structure", "other"),
        (("1", "CCO", "CCCCCCCC"), ("2", "C1CC", "CCCCCCC")), (True, False), "structure", {"sheet": "to do"},
    ),
    HardTable(
        "chosen.xlsx", _workbook(_two_sheets), ("id", "structure", "other"),
        (("1", "CCO", "CCCCCCCC"), ("2", "C1CC", "CCCCCCC")), (True, True), "other",
        {"sheet": "to do", "smiles": "other"},
    ),
    HardTable(
        "beyond.xlsx", _workbook(_beyond_the_header), ("smiles", "mg", "column 3"),
        (("CCO", "1", ""), ("", "", ""), ("CCN", "2.5", "a remark"), ("", "3", "")), (True, False, True, False),
    ),
    HardTable(
        "records.sdf", _RECORDS.encode(),
        ("title", "mg"), (("first", "1"), ("bad", "2"), ("last", "")), (True, False, True), "",
        says={1: "cannot read the mol block"},
    ),
    HardTable(
        "lines.smi", b"CCO ethanol\nC1CC a slip\nCCN\n", ("smiles", "name"),
        (("CCO", "ethanol"), ("C1CC", "a slip"), ("CCN", "")), (True, False, True),
    ),
    HardTable(
        "kinds.parquet", _parquet(), ("smiles", "said", "n", "yes"),
        (("CCO", "nan", "1", "true"), ("", "x", "2", "true"), ("CCN", "", "3", "true")), (True, False, True),
    ),
)  # fmt: skip
