"""Tables: the one way in which one leaves as CSV, TSV, Parquet or Excel, and in which kept Parquet is read.

No cell of what leaves is run as a formula.

A spreadsheet runs what begins with =, +, - or @, also behind a tab or a line break, wherever the file came from. Such a
text gets an apostrophe before it, as OWASP advises (CSV Injection), and is a text in a workbook; numbers stay what they
are.
"""

import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mmexplore.runtime import files
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import write_atomically

if TYPE_CHECKING:
    import openpyxl
    import pandas as pd
    import pyarrow as pa

ENDINGS = (".csv", ".tsv", ".parquet", ".xlsx")
EXCEL_ROWS = 1_048_575
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def check(path: Path) -> None:
    """Whether a table can be written there. Raises BadTable."""
    if path.suffix.lower() not in ENDINGS:
        raise BadTable(f"a table is written as {', '.join(ENDINGS)}, and {path.name!r} came")
    if not path.parent.is_dir():
        raise BadTable(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")
    if path.is_dir():
        raise BadTable(f"{str(path)!r} is a folder; give the name of a file")


def write(path: Path, table: "pd.DataFrame") -> Path:
    """Write a table whole. Raises BadTable for an ending that says nothing."""
    check(path)
    write_atomically(path, table_bytes(table, path.suffix.lower()), sealed=False)
    return path


def table_bytes(table: "pd.DataFrame", ending: str) -> bytes:
    """Bytes of a table as a file of that ending, one of :data:`ENDINGS`."""
    made = io.BytesIO()
    _write(made, ending, [table])
    return made.getvalue()


def write_parts(path: Path, parts: Iterable["pd.DataFrame"], rows: int) -> Path:
    """Write a table of so many rows that comes in parts of the same columns and kinds, never held whole.

    The file appears once it is whole. Raises BadTable like :func:`check`, and for more rows than a sheet of Excel has.
    """
    check(path)
    check_rows(path, rows)
    with written(path) as file:
        _write(file, path.suffix.lower(), parts)
    return path


def check_rows(path: Path, rows: int) -> None:
    """Whether so many rows fit. Raises BadTable."""
    if path.suffix.lower() == ".xlsx" and rows > EXCEL_ROWS:
        raise BadTable(f"a sheet of Excel holds {EXCEL_ROWS:,} rows below its header, and {rows:,} came; .csv would do")


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its name once it is whole; what a kill leaves is written over the next time."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        files.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(file: BinaryIO, ending: str, parts: Iterable["pd.DataFrame"]) -> None:
    if ending == ".parquet":
        _write_parquet(file, parts)
    elif ending == ".xlsx":
        _workbook(parts).save(file)
    else:
        for number, part in enumerate(parts):
            separator = "\t" if ending == ".tsv" else ","
            file.write(str(safe(part).to_csv(index=False, header=not number, sep=separator)).encode())


def _write_parquet(file: BinaryIO, parts: Iterable["pd.DataFrame"]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for part in parts:
            table = pa.Table.from_pandas(part, writer.schema if writer else None, preserve_index=False)
            writer = writer or pq.ParquetWriter(file, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def arrow(content: bytes, columns: Sequence[str] | None = None) -> "pa.Table":
    """Arrow table of a Parquet file's bytes, read by this thread alone. Raises OSError, ValueError.

    ``pyarrow.parquet.read_table`` and pandas come back while a thread of Arrow's still holds Python's bytes; where
    Python ends just then, letting go of them aborts the process (apache/arrow issue 34314).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = None if columns is None else list(columns)
    return pq.ParquetFile(pa.BufferReader(content)).read(wanted, use_threads=False, use_pandas_metadata=True)


def frame(content: bytes, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Data frame of a Parquet file's bytes, read as in :func:`arrow`. Raises KeyError where a column is lacking."""
    table = arrow(content, columns)
    found: pd.DataFrame = table.to_pandas()
    found.attrs = json.loads((table.schema.metadata or {}).get(b"PANDAS_ATTRS", b"{}"))
    return found if columns is None else found[list(columns)]


def _workbook(parts: Iterable["pd.DataFrame"]) -> "openpyxl.Workbook":
    """Texts as texts: a cell that begins with "=" is no formula."""
    import openpyxl
    import pandas as pd
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rows")

    def text(value: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:32_767])
        cell.data_type = "s"
        return cell

    def held(value: Any) -> Any:
        return text(value) if isinstance(value, str) else None if value is pd.NA or value != value else value  # noqa: PLR0124

    for number, table in enumerate(parts):
        if not number:
            sheet.append([text(str(name)) for name in table.columns])
        for row in table.itertuples(index=False):
            sheet.append([held(value) for value in row])
    return book


def cell(value: Any) -> Any:
    """Safe cell: a text that a spreadsheet would run, as text; all else as it is.

    >>> cell("=1+1"), cell("-1.5"), cell(-1.5), cell("-OH")
    ("'=1+1", '-1.5', -1.5, "'-OH")
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # some programs end a row there, though it is not quoted
    runs = value.lstrip(" ").startswith(_STARTS) and not _NUMBER.fullmatch(value)
    return f"'{text}" if runs else text


def safe(table: "pd.DataFrame") -> "pd.DataFrame":
    """Safe table: each header, row name and text of a table as :func:`cell` has it; numbers keep their kind.

    Numbers of single precision are written as short as that tells them apart: 0.59, and not 0.5899999737739563.
    """
    made = table.rename(columns=cell, index=cell if table.index.dtype.kind == "O" else None)
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcmM":
            made.isetitem(place, table.iloc[:, place].map(cell).array)  # its rows have other names now
        elif kind == np.float64:
            values = table.iloc[:, place].to_numpy()
            with np.errstate(over="ignore"):
                single = values.astype(np.float32)
            if np.array_equal(single, values, equal_nan=True):
                made.isetitem(place, [float(str(value)) for value in single])
    return made


def to_csv(table: "pd.DataFrame", index_label: str = "", separator: str = ",") -> str:
    """CSV of a table that a spreadsheet reads as it stands; ``index_label``: row names, under that header."""
    return str(safe(table).to_csv(index=bool(index_label), index_label=cell(index_label) or None, sep=separator))
