"""Tables that are no text: sheets of Excel workbooks and Parquet files, as cells of text."""

import datetime
import zipfile
from collections.abc import Iterator
from typing import Any

from mmexplore.datasets.readers import source
from mmexplore.datasets.readers.cells import Cells, Row, collected, sheet_rows, unique
from mmexplore.datasets.readers.source import Content
from mmexplore.runtime.errors import BadTable, MmexploreError, UnknownName

_BATCH_ROWS = 4_096


def workbook(held: Content, sheet: str | None = None) -> Cells:
    """A sheet of an Excel workbook, its rows numbered as Excel does: the named one, else the first that holds a table.

    Raises UnknownName for a sheet that is not there, BadTable for a workbook that cannot be read.
    """
    cells = Cells([], [], [])
    return collected(cells, workbook_rows(held, cells, sheet), " | ")


def workbook_rows(held: Content, cells: Cells, sheet: str | None = None) -> Iterator[Row]:
    """Rows of :func:`workbook` one by one, [] for one without anything; header and notes go to ``cells``."""
    import openpyxl

    try:
        with held.open() as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            names = [name for name in book.sheetnames if hasattr(book[name], "iter_rows")]
            if sheet is not None and sheet not in names:
                raise UnknownName("sheet", sheet, names)
            for name in [sheet] if sheet is not None else names:
                page = book[name]
                page.reset_dimensions()  # a file may claim a million empty columns
                rows = ((number, _texts(row)) for number, row in enumerate(page.iter_rows(values_only=True), 1))
                yield from sheet_rows(rows, cells)
                if cells.columns or name == sheet:
                    others = [other for other in names if other != name]
                    if others:
                        cells.notes.append(
                            f"sheet {name!r} was read; there are also: {', '.join(map(repr, others[:10]))}"
                        )
                    break
    except (BadTable, UnknownName):
        raise
    except (zipfile.BadZipFile, OSError) as error:
        raise BadTable(f"{held.called!r} is a damaged Excel workbook: {error}") from None
    except Exception as error:  # openpyxl raises whatever its XML readers and its own classes do
        raise BadTable(
            f"{held.called!r} is an Excel workbook that cannot be read: {' '.join(str(error).split())[:200]}"
        ) from None
    if not cells.columns:
        raise BadTable(f"{held.called!r} holds no sheet with a table")


def sheets(held: Content) -> tuple[str, ...]:
    """Names of a workbook's sheets, none for one that cannot be read."""
    import openpyxl

    try:
        with held.open() as file:
            book = openpyxl.load_workbook(file, read_only=True)
            return tuple(name for name in book.sheetnames if hasattr(book[name], "iter_rows"))
    except Exception:  # said by :func:`workbook`
        return ()


def parquet(held: Content) -> Cells:
    """A Parquet file; its rows are numbered from 1. Raises BadTable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with held.open() as file:
            table = pq.ParquetFile(file)
            about = table.metadata
            _refuse_large(held.called, about.num_rows, about.num_columns)
            size = sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups))
            if size > source.MAX_BYTES:
                raise BadTable(
                    f"{held.called!r} unpacks to {size / 1e9:.1f} GB; {source.MAX_BYTES >> 30} GiB is the most"
                )
            read = table.read(use_threads=False)
    except BadTable:
        raise
    except (*source.UNREADABLE, pa.ArrowException) as error:
        raise BadTable(
            f"{held.called!r} is a Parquet file that cannot be read: {' '.join(str(error).split())[:200]}"
        ) from None
    columns: dict[str, list[str]] = {}
    left = []
    for name, column in zip(unique(read.column_names), read.columns, strict=True):
        try:
            columns[name] = _column_texts(column)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, AttributeError, UnicodeDecodeError):
            left.append(name)
    notes = [f"columns of lists or bytes were left out: {', '.join(map(repr, left[:10]))}"] if left else []
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Cells(list(columns), rows, list(range(1, len(rows) + 1)), notes=notes)


def parquet_rows(held: Content, cells: Cells) -> Iterator[Row]:
    """Rows of :func:`parquet` one by one; names of the columns and notes go to ``cells``. Raises BadTable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with held.open() as file:
            table = pq.ParquetFile(file)
            stood, kinds = table.schema_arrow.names, table.schema_arrow.types
            names, read = unique(stood), [place for place, kind in enumerate(kinds) if _has_texts(kind)]
            cells.header = [stood[place] for place in read]
            cells.columns, done = [names[place] for place in read], 0
            if left := [name for name in names if name not in cells.columns]:
                cells.notes.append(f"columns of lists or bytes were left out: {', '.join(map(repr, left[:10]))}")
            for batch in table.iter_batches(_BATCH_ROWS, use_threads=False):
                for row in zip(*(_column_texts(batch.column(place)) for place in read), strict=True):
                    done += 1
                    yield done, list(row)
    except (OSError, ValueError, NotImplementedError, pa.ArrowException) as error:
        if isinstance(error, MmexploreError):
            raise
        raise BadTable(
            f"{held.called!r} is a Parquet file that cannot be read: {' '.join(str(error).split())[:200]}"
        ) from None


def _has_texts(kind: Any) -> bool:
    """Whether cells of an Arrow type can be written as text."""
    import pyarrow as pa

    try:
        pa.nulls(0, kind.value_type if pa.types.is_dictionary(kind) else kind).cast(pa.string())
    except (pa.ArrowException, AttributeError):
        return False
    return True


def _column_texts(column: Any) -> list[str]:
    import pyarrow as pa

    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    none = ("nan",) if pa.types.is_floating(plain.type) else ()
    return ["" if v is None or v in none else v for v in plain.cast(pa.string()).to_pylist()]


def _refuse_large(called: str, rows: int, columns: int) -> None:
    for count, most, what in (
        (rows, source.MAX_ROWS, "rows"),
        (columns, source.MAX_COLUMNS, "columns"),
        (rows * columns, source.MAX_CELLS, "cells"),
    ):
        if count > most:
            raise BadTable(f"{called!r} has {count:,} {what}; {most:,} is the most that is read: split it")


def _texts(row: tuple[Any, ...]) -> list[str]:
    """Cells as text: whole numbers without a point, dates as ISO writes them."""
    texts = [_text(value) for value in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
