"""Content of a source: what a user gave, as lines of text or as a workbook or Parquet file, whatever it is packed in.

A file, plain, gzipped or alone in a zip archive, in whatever encoding, or text itself. What would unpack to more than
a machine holds is refused before it is unpacked, or as soon as it shows.
"""

import codecs
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from mmexplore.chem.file_endings import ENDINGS, FORMATS, PACKED, ending
from mmexplore.runtime.errors import BadTable

MAX_ROWS = 1_000_000
MAX_COLUMNS = 5_000
MAX_CELLS = 100_000_000
MAX_BYTES = 4 << 30  # of text, so that a small gzip file cannot fill a machine
MAX_MEMBERS = 1_000
MAX_RATIO = 200
FREE_BYTES = 64 << 20  # below this no ratio is asked for: empty tables pack well
_BLOCK = 1 << 20

_ZIP, _GZIP, _PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"PAR1"
_FOREIGN = {
    b"PK\x05\x06": "an empty zip archive; give it with a table inside",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save it as .xlsx or CSV",
    b"%PDF": f"a PDF; give a {FORMATS} file",
    b"\x89PNG": f"an image; give a {FORMATS} file",
    b"\xff\xd8\xff": f"an image; give a {FORMATS} file",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip",
    b"7z\xbc\xaf": "packed with 7-Zip; unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it, or pack it with gzip",
}

UNREADABLE = (
    OSError, EOFError, ValueError, RuntimeError, OverflowError, struct.error, zlib.error, lzma.LZMAError,
    zipfile.BadZipFile,
)  # fmt: skip
"""What unpacking raises of files in which any byte may be another one; NotImplementedError is a RuntimeError."""


@dataclass(frozen=True)
class Content:
    """Content: the name that tells how to read it, what to call it, its kind, and how to open it as often as needed."""

    name: str
    called: str
    kind: Literal["text", "workbook", "parquet"]
    open: Callable[[], BinaryIO]
    packed: int = 0  # bytes that it takes packed, 0 for what is not


def content(path: Path, called: str = "") -> Content:
    """What a file holds; ``called`` is its name for people. Raises BadTable for what is no table or too large."""
    called = called or path.name
    if not path.is_file():
        raise BadTable(f"there is no file {called or str(path)!r}")
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_ZIP):
            return _zipped(path, called)
        if start.startswith(_PARQUET):
            return Content(path.name, called, "parquet", lambda: path.open("rb"))
        if start.startswith(_GZIP):
            return Content(path.name, called, "text", lambda: _gunzipped(path), path.stat().st_size)
        return Content(path.name, called, "text", lambda: path.open("rb"))
    except UNREADABLE as error:
        raise BadTable(f"{called!r} cannot be read: {error}") from None


def opened(source: Path | str, called: str = "") -> TextIO:
    """A seekable text stream whose line ends are left alone. Raises BadTable for what is no text."""
    if isinstance(source, str):
        return io.StringIO(source.removeprefix("\ufeff"), newline="")
    if not source.is_file():
        raise BadTable(f"there is no file {called or str(source)!r}")
    return text_of(content(source, called))


def text_of(held: Content) -> TextIO:
    """The content as text. Raises BadTable for what is none, or unpacks to more than is taken."""
    if held.kind != "text":
        raise BadTable(
            f"{held.called!r} is no text but {'an Excel workbook' if held.kind == 'workbook' else 'Parquet'}"
        )
    try:
        encoding = _encoding(held)
        return io.TextIOWrapper(held.open(), encoding=encoding, errors="replace", newline="")
    except UNREADABLE as error:
        raise BadTable(f"{held.called!r} cannot be read: {error}") from None


def _gunzipped(path: Path) -> BinaryIO:
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _zipped(path: Path, called: str) -> Content:
    """An Excel workbook, or the one table of an archive."""
    members = [member for member in _members(path, called) if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise BadTable(f"{called!r} holds {len(members):,} files; {MAX_MEMBERS:,} is the most that is looked through")
    if any(member.filename.startswith("xl/") for member in members):
        _refuse_large(called, sum(m.file_size for m in members), sum(m.compress_size for m in members), 1 << 30)
        return Content(path.name, called, "workbook", lambda: path.open("rb"))
    tables = [member for member in members if _is_table(member.filename)] or members[: len(members) == 1]
    if len(tables) != 1:
        names = ", ".join(repr(member.filename[:60]) for member in (tables or members)[:5]) or "nothing"
        raise BadTable(f"{called!r} is a zip archive of {len(tables)} tables ({names}); give it with one inside")
    (member,) = tables
    if member.flag_bits & 1:
        raise BadTable(f"{member.filename!r} in {called!r} is locked by a password; unpack it")
    inside = f"{member.filename} in {called}"
    if ending(member.filename) in (".xlsx", ".parquet") or member.filename.lower().endswith(PACKED):
        _refuse_large(inside, member.file_size, member.compress_size, 256 << 20)
        return _packed_again(path, member, inside)
    _refuse_large(inside, member.file_size, member.compress_size, MAX_BYTES)
    return Content(member.filename, inside, "text", lambda: _member(path, member), member.compress_size)


def _members(held: Path | BinaryIO, called: str) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(held) as archive:
            return archive.infolist()
    except UNREADABLE as error:
        raise BadTable(f"{called!r} is a damaged Excel workbook or zip archive: {error}") from None


def _member(path: Path, member: zipfile.ZipInfo) -> BinaryIO:
    archive = zipfile.ZipFile(path)
    return archive.open(member)  # type: ignore[return-value]


def _packed_again(path: Path, member: zipfile.ZipInfo, called: str) -> Content:
    """A workbook, Parquet or gzip file within an archive, taken into memory: these are read from their ends."""
    try:
        held = _member(path, member).read()
    except UNREADABLE as error:
        raise BadTable(f"{called!r} cannot be read: {error}") from None
    if held.startswith(_GZIP):
        return Content(member.filename, called, "text", lambda: gzip.GzipFile(fileobj=io.BytesIO(held)), len(held))  # type: ignore[arg-type,return-value]
    if held.startswith(_ZIP):
        parts = _members(io.BytesIO(held), called)
        _refuse_large(called, sum(m.file_size for m in parts), sum(m.compress_size for m in parts), 1 << 30)
        return Content(member.filename, called, "workbook", lambda: io.BytesIO(held))
    return Content(member.filename, called, "parquet", lambda: io.BytesIO(held))


def _is_table(name: str) -> bool:
    plain = name.rpartition("/")[2]
    hidden = plain.startswith(".") or name.startswith("__MACOSX/")
    return not hidden and ending(plain) in ENDINGS and "readme" not in plain.lower()


def _refuse_large(called: str, size: int, packed: int, most: int) -> None:
    if size > most:
        raise BadTable(
            f"{called!r} unpacks to {size / 1e9:.1f} GB; {most / 1e9:.1f} GB is the most that is read: split it"
        )
    if size > FREE_BYTES and size > MAX_RATIO * max(1, packed):
        raise BadTable(f"{called!r} unpacks to {size / max(1, packed):,.0f} times its size; no table of molecules does")


def _encoding(held: Content) -> str:
    """UTF-8 if every byte of the file is that, else Windows' Latin-1; UTF-16 where its mark stands in front."""
    with held.open() as file:
        block = file.read(_BLOCK)
        _refuse_foreign(held.called, block)
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            found, decoder = "utf-16", None
        else:
            found, decoder = "utf-8-sig", codecs.getincrementaldecoder("utf-8")()
        seen = 0
        while block:
            seen += len(block)
            if seen > MAX_BYTES:
                raise BadTable(f"{held.called!r} holds more than {MAX_BYTES >> 30} GiB of text; split it")
            if held.packed:
                _refuse_large(held.called, seen, held.packed, MAX_BYTES)
            try:
                if decoder:
                    decoder.decode(block)
            except UnicodeDecodeError:
                found, decoder = "cp1252", None
            block = file.read(_BLOCK)
        try:
            if decoder:
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            found = "cp1252"
    return found


def _refuse_foreign(called: str, block: bytes) -> None:
    if not block.strip():
        raise BadTable(f"{called!r} is empty")
    for mark, what in _FOREIGN.items():
        if block.startswith(mark):
            raise BadTable(f"{called!r} is {what}")
    if block.startswith((_ZIP, _GZIP, _PARQUET)):
        raise BadTable(f"{called!r} is packed twice; unpack it once")
    if b"\0" in block and not block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadTable(f"{called!r} is a binary file; give a {FORMATS} file")
