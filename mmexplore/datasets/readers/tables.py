"""Table writer: rows as CSV, TSV, Parquet or Excel, by the ending of a path."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import write_atomically

if TYPE_CHECKING:
    import openpyxl
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".parquet", ".xlsx")


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
    ending = path.suffix.lower()
    content = io.BytesIO()
    if ending == ".parquet":
        table.to_parquet(content, index=False)
    elif ending == ".xlsx":
        _workbook(table).save(content)
    else:
        table.to_csv(content, index=False, sep="\t" if ending == ".tsv" else ",")
    write_atomically(path, content.getvalue())
    return path


def _workbook(table: "pd.DataFrame") -> "openpyxl.Workbook":
    """Texts as texts: a cell that begins with "=" is no formula."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rows")

    def text(value: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:32_767])
        cell.data_type = "s"
        return cell

    sheet.append([text(str(name)) for name in table.columns])
    for row in table.itertuples(index=False):
        sheet.append([text(v) if isinstance(v, str) else None if v != v else v for v in row])  # noqa: PLR0124
    return book
