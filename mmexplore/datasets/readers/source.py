"""Text decoding: opens what a user gave as lines of text.

A file, plain or gzipped, in whatever encoding, or text itself.
"""

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, TextIO

from mmexplore.chem.file_endings import FORMATS
from mmexplore.runtime.errors import BadTable

MAX_ROWS = 1_000_000
MAX_BYTES = 4 << 30  # of text, so that a small gzip file cannot fill a machine
_BLOCK = 1 << 20

_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save the sheet as CSV",
    b"PAR1": "a Parquet file; save the table as CSV",
    b"%PDF": f"a PDF; give a {FORMATS} file",
    b"\x89PNG": f"an image; give a {FORMATS} file",
}


def opened(source: Path | str) -> TextIO:
    """A seekable text stream whose line ends are left alone. Raises BadTable for what is no text."""
    if isinstance(source, str):
        return io.StringIO(source.removeprefix("\ufeff"), newline="")
    if not source.is_file():
        raise BadTable(f"there is no file {str(source)!r}")
    try:
        encoding = _encoding(source)
        return io.TextIOWrapper(_binary(source), encoding=encoding, errors="replace", newline="")
    except (OSError, EOFError, zlib.error) as error:
        raise BadTable(f"{source.name!r} cannot be read: {error}") from None


def _binary(path: Path) -> BinaryIO:
    file = path.open("rb")
    if file.read(2) == b"\x1f\x8b":
        file.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    file.seek(0)
    return file


def _encoding(path: Path) -> str:
    """UTF-8 if every byte of the file is that, else Windows' Latin-1; UTF-16 where its mark stands in front."""
    with _binary(path) as file:
        block = file.read(_BLOCK)
        _refuse_foreign(path, block)
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        decoder, seen = codecs.getincrementaldecoder("utf-8")(), 0
        try:
            while block:
                seen += len(block)
                if seen > MAX_BYTES:
                    raise BadTable(f"{path.name!r} holds more than {MAX_BYTES >> 30} GiB of text; split it")
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _refuse_foreign(path: Path, block: bytes) -> None:
    if not block.strip():
        raise BadTable(f"{path.name!r} is empty")
    for mark, what in _FOREIGN.items():
        if block.startswith(mark):
            raise BadTable(f"{path.name!r} is {what}")
    if b"\0" in block and not block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadTable(f"{path.name!r} is a binary file; give a {FORMATS} file")
