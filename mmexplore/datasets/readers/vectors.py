"""Reader of vectors: an ``.npy``, ``.npz`` or Parquet file with a vector a molecule, and what tells the molecules.

How large it is, is read from its headers and refused before memory is taken; what holds Python objects is refused, as
nothing is ever unpickled. The kind of file is told by its first bytes.
"""

import math
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mmexplore.runtime.errors import BadTable, NotAvailable

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES, MOST_ROWS, MOST_WIDTH = 1 << 31, 2_000_000, 16_384
ENDINGS = ("npy", "npz", "parquet")
_SMILES = ("smiles", "canonical_smiles")
_IDS = ("id", "ids", "name", "names", "identifier")
_NUMBERED = re.compile(r"(.*?)(\d+)")
_MOST_MEMBERS, _MOST_COLUMNS = 1_000, 50_000
_BATCH = 4_096
# numpy reads a header as a piece of Python, whose mistakes are of many types
_HEADER = (tokenize.TokenError, SyntaxError, TypeError, KeyError, AttributeError, OverflowError)
_UNREADABLE = (
    *_HEADER, OSError, ValueError, EOFError, RuntimeError, NotImplementedError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


@dataclass(frozen=True)
class VectorFile:
    """Vectors of a file: ``x`` float32 (rows, width), NaN or infinite as they came, NaN where a row has none.

    ``keys`` are the texts by which rows are told apart, ``by`` says what these are; ``column`` is where they stand, ""
    for none. ``notes`` say in words what was chosen, and left, of the file.
    """

    x: np.ndarray
    by: str  # smiles, ids or order
    keys: tuple[str, ...] = ()
    column: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


def read(path: Path, *, array: str = "", ids: str = "", smiles: str = "") -> VectorFile:
    """Vectors of a file.

    ``array`` names the vectors where a file holds several: an array, a list column, or what the names of numbered
    columns begin with. ``ids`` or ``smiles`` names the array or column that tells the molecules; without either, one of
    a usual name is taken, else rows are told by their order. Raises BadTable, NotAvailable.
    """
    if ids and smiles:
        raise BadTable(f"rows are matched by ids or by SMILES, and both came ({ids!r} and {smiles!r}); name one")
    try:
        with path.open("rb") as file:
            begin = file.read(6)
    except FileNotFoundError:
        raise NotAvailable(f"there is no file {path}") from None
    except OSError as error:
        raise NotAvailable(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        if begin == b"\x93NUMPY":
            return _npy(path, ids or smiles or array)
        if begin[:4] == b"PK\x03\x04":
            return _npz(path, array, ids, smiles)
        if begin[:4] == b"PAR1":
            return _parquet(path, array, ids, smiles)
    except BadTable:
        raise
    except MemoryError:
        raise NotAvailable(f"{path.name} needs more memory than this machine has free") from None
    except _UNREADABLE as error:  # Arrow's errors are children of these
        first = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadTable(f"{path.name} is cut off or damaged: {first}") from None
    raise BadTable(f"{path.name} is no .npy, .npz or Parquet file: its first bytes are {begin!r}")


def _npy(path: Path, asked: str) -> VectorFile:
    if asked:
        raise BadTable(f"{path.name} is an .npy file, which holds one array and no names, and {asked!r} was asked for")
    with path.open("rb") as file:
        shape, dtype = _header(file, path.name)
        _check_vectors(shape, dtype, path.name)
        _check_size(shape, dtype, path.stat().st_size - file.tell(), path.name)
        file.seek(0)
        return VectorFile(_float32(np.lib.format.read_array(file, allow_pickle=False)), "order")


def _npz(path: Path, array: str, ids: str, smiles: str) -> VectorFile:
    with zipfile.ZipFile(path) as packed:
        members = packed.infolist()
        if len(members) > _MOST_MEMBERS:
            raise BadTable(f"{path.name} holds {len(members):,} files, and {_MOST_MEMBERS:,} is the most that is read")
        known = {one.filename.removesuffix(".npy"): one for one in members if one.filename.endswith(".npy")}
        heads = {name: _member_header(packed, one, f"{name!r} of {path.name}") for name, one in known.items()}
        chosen = _array(heads, array, path.name)
        _check_vectors(*heads[chosen], f"{chosen!r} of {path.name}")
        by, column = _told_by(path.name, [name for name in heads if name != chosen], ids, smiles)
        found = [f"vectors: array {chosen!r}"]
        if left := [name for name in heads if name not in (chosen, column)]:
            found.append(f"arrays that were not read: {_named(left)}")
        x = _float32(_member(packed, known[chosen], f"{chosen!r} of {path.name}"))
        if not column:
            return VectorFile(x, "order", notes=tuple(found))
        shape, dtype = heads[column]
        where = f"{column!r} of {path.name}"
        if dtype.hasobject:
            raise _pickled(where, "text")
        if shape not in ((len(x),), (len(x), 1)) or dtype.kind not in "USiu":
            raise BadTable(f"{where} has one text or whole number a vector, {len(x):,}, and {dtype} {shape} came")
        return VectorFile(x, by, _texts(np.ravel(_member(packed, known[column], where))), column, tuple(found))


def _array(heads: dict[str, tuple[tuple[int, ...], np.dtype[Any]]], asked: str, called: str) -> str:
    if asked:
        if asked not in heads:
            raise BadTable(f"{called} has no array {asked!r}; there are: {_named(heads) or 'none'}")
        return asked
    tables = [name for name, (shape, dtype) in heads.items() if len(shape) == 2 and dtype.kind in "fiub"]
    if len(tables) == 1:
        return tables[0]
    if tables:
        raise BadTable(f"{called} holds several arrays of vectors, {_named(tables)}; name one of them")
    if objects := [name for name, (_, dtype) in heads.items() if dtype.hasobject]:
        raise _pickled(f"{objects[0]!r} of {called}", "float32")
    told = ", ".join(f"{name!r} {shape}" for name, (shape, _) in list(heads.items())[:5])
    raise BadTable(f"{called} holds no array of numbers with two axes (rows, width); there are: {told or 'none'}")


def _member_header(packed: zipfile.ZipFile, one: zipfile.ZipInfo, where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with packed.open(one) as file:
        return _header(file, where)


def _member(packed: zipfile.ZipFile, one: zipfile.ZipInfo, where: str) -> np.ndarray:
    with packed.open(one) as file:
        shape, dtype = _header(file, where)
        _check_size(shape, dtype, one.file_size - file.tell(), where)
    with packed.open(one) as file:
        found: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        file.read(1)  # the checksum is looked at at the end
        return found


def _header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise BadTable(f"{where} is of numpy's format {version}, whose columns have names; a plain array would do")
    shape, _, dtype = readers[version](file)
    return shape, dtype


def _check_vectors(shape: tuple[int, ...], dtype: np.dtype[Any], where: str) -> None:
    if dtype.hasobject:
        raise _pickled(where, "float32")
    if dtype.kind not in "fiub":
        raise BadTable(f"{where} holds {dtype}, and vectors are real numbers: float16 to float64, or whole ones")
    if len(shape) != 2:
        raise BadTable(f"{where} has {len(shape)} axes, {shape}, and vectors have two: rows and width")
    _check_shape(*shape, where)


def _check_shape(rows: int, width: int, where: str) -> None:
    if rows < 1 or width < 1:
        raise BadTable(f"{where} holds no vectors: it has {rows:,} rows of {width:,} numbers")
    if rows > MOST_ROWS or width > MOST_WIDTH or 4 * rows * width > MOST_BYTES:
        raise BadTable(
            f"{where} has {rows:,} rows of {width:,} numbers, and at most {MOST_ROWS:,} rows, {MOST_WIDTH:,} numbers a "
            f"row and {MOST_BYTES / 1e9:.1f} GB as float32 are read"
        )


def _check_size(shape: tuple[int, ...], dtype: np.dtype[Any], there: int, where: str) -> None:
    need = math.prod(shape) * dtype.itemsize
    if need > 2 * MOST_BYTES:
        raise BadTable(f"{where} has {need / 1e9:.1f} GB, and {2 * MOST_BYTES / 1e9:.1f} GB is the most that is read")
    if there < need:
        raise BadTable(f"{where} is cut off: {shape} of {dtype} are {need:,} bytes, and {max(there, 0):,} are there")


def _pickled(where: str, kind: str) -> BadTable:
    return BadTable(f"{where} holds Python objects, which are never unpickled; save it as {kind} (x.astype({kind!r}))")


def _parquet(path: Path, array: str, ids: str, smiles: str) -> VectorFile:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema, about = file.schema_arrow, file.metadata
        names = [str(name) for name in schema.names]
        if len(names) > _MOST_COLUMNS or len(set(names)) < len(names):
            raise BadTable(f"{path.name} has {len(names):,} columns, some of one name or too many to be read")
        kinds = {name: schema.field(number).type for number, name in enumerate(names)}
        texts = [name for name in names if _is_text(kinds[name]) or name in (ids, smiles) or name.lower() in _IDS]
        by, column = _told_by(path.name, texts, ids, smiles)
        if column and not _is_text(kinds[column]) and not _is_number(kinds[column]):
            raise BadTable(
                f"column {column!r} of {path.name} holds {kinds[column]}, and text or numbers tell molecules"
            )
        listed, columns, notes = _columns({n: k for n, k in kinds.items() if n != column}, array, path.name)
        _check_shape(about.num_rows, len(columns), path.name)
        _check_chunks(about, {column, *columns}, path.name)
    # a text that stands in many rows is held once
    with pq.ParquetFile(path, read_dictionary=[column] if column and _is_text(kinds[column]) else None) as file:
        wanted = [*columns, *([column] if column else [])]
        keys: list[str] = []
        x = np.empty((0, 0), np.float32)
        done = 0
        for batch in file.iter_batches(_BATCH, columns=wanted):
            part = _lists(batch.column(columns[0]), done, x.shape[1]) if listed else _numbers(batch, columns)
            if not x.shape[1] and part.shape[1]:
                _check_shape(about.num_rows, part.shape[1], path.name)
                x = np.full((about.num_rows, part.shape[1]), np.nan, np.float32)
            if done + len(batch) > about.num_rows:
                raise BadTable(f"{path.name} holds more rows than it says, {about.num_rows:,}")
            x[done : done + len(batch)] = part if part.shape[1] else np.nan
            keys += _texts(batch.column(column).to_pylist()) if column else []
            done += len(batch)
        if not x.shape[1]:
            raise BadTable(f"column {columns[0]!r} of {path.name} holds no vectors: each row is empty")
    return VectorFile(x[:done], by, tuple(keys), column, notes)


def _columns(kinds: dict[str, Any], asked: str, called: str) -> tuple[bool, list[str], tuple[str, ...]]:
    """Whether the vectors are a list column, the columns that hold them, and what is to be told of the choice."""
    lists = [name for name, kind in kinds.items() if _is_list(kind)]
    numbers = [name for name, kind in kinds.items() if _is_number(kind)]
    series: dict[str, list[tuple[int, str]]] = {}
    for name in numbers:
        if found := _NUMBERED.fullmatch(name):
            series.setdefault(found[1], []).append((int(found[2]), name))
    if asked in lists:
        return True, [asked], (f"vectors: column {asked!r}",)
    if asked and asked not in series:
        there = _named([*lists, *series])
        raise BadTable(f"{called} has no list column {asked!r} and no numbered columns {asked}0, {asked}1 ...; {there}")
    if not asked and len(lists) == 1:
        return True, lists, (f"vectors: column {lists[0]!r}",)
    long = [begin for begin, found in series.items() if len(found) > 1]
    if not asked and (len(lists) > 1 or len(long) > 1):
        raise BadTable(f"{called} holds several kinds of vectors, {_named([*lists, *long])}; name one of them")
    begin = asked or next(iter(long), "")
    chosen = [name for _, name in sorted(series[begin])] if asked or long else numbers
    if not chosen:
        raise BadTable(f"{called} has no list column and no columns of numbers; its columns are: {_named(kinds)}")
    told = [f"vectors: {len(chosen):,} columns, {chosen[0]!r} to {chosen[-1]!r}"]
    if left := [name for name in numbers if name not in set(chosen)]:
        told.append(f"columns of numbers that are no part of the vectors: {_named(left)}")
    return False, chosen, tuple(told)


def _check_chunks(about: Any, wanted: set[str], called: str) -> None:
    values, size = 0, 0
    for group in range(about.num_row_groups):
        group_about = about.row_group(group)
        for number in range(group_about.num_columns):
            chunk = group_about.column(number)
            if chunk.path_in_schema.partition(".")[0] in wanted or chunk.path_in_schema in wanted:
                values, size = values + chunk.num_values, size + chunk.total_uncompressed_size
    if size > 2 * MOST_BYTES or 4 * values > 2 * MOST_BYTES:
        raise BadTable(
            f"{called} unpacks to {max(size, 4 * values) / 1e9:.1f} GB, and {2 * MOST_BYTES / 1e9:.1f} GB is the most "
            "that is read"
        )


def _lists(column: "pa.Array", first: int, width: int) -> np.ndarray:
    """Vectors of a batch (rows, width), NaN where a row is null; (rows, 0) where all are."""
    import pyarrow.compute as pc

    there = column.is_valid().to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    there &= lengths > 0
    width = width or int(lengths[there][0] if there.any() else 0)
    if (wrong := np.flatnonzero(there & (lengths != width))).size:
        raise BadTable(
            f"the vector of row {first + int(wrong[0]) + 1:,} has {int(lengths[wrong[0]]):,} numbers, and those before "
            f"it {width:,}; all have one width"
        )
    if width > MOST_WIDTH:
        raise BadTable(f"vectors have {width:,} numbers, and {MOST_WIDTH:,} is the most that is read")
    found = np.full((len(column), width), np.nan, np.float32)
    if there.any():
        values = column.filter(column.is_valid()).flatten().to_numpy(zero_copy_only=False)
        found[there] = _float32(values).reshape(-1, width)
    return found


def _numbers(batch: "pa.RecordBatch", columns: Sequence[str]) -> np.ndarray:
    return np.stack([_float32(batch.column(name).to_numpy(zero_copy_only=False)) for name in columns], axis=1)


def _is_number(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind))


def _is_list(kind: "pa.DataType") -> bool:
    from pyarrow import types

    holds = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(holds) and _is_number(kind.value_type)


def _is_text(kind: "pa.DataType") -> bool:
    from pyarrow import types

    held = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(held) or types.is_large_string(held))


def _told_by(called: str, names: Sequence[str], ids: str, smiles: str) -> tuple[str, str]:
    """What tells the molecules (smiles, ids or order), and where it stands."""
    if asked := ids or smiles:
        if asked not in names:
            raise BadTable(f"{called} has no {asked!r} that could tell the molecules; there are: {_named(names)}")
        return ("ids" if ids else "smiles"), asked
    for by, usual in (("smiles", _SMILES), ("ids", _IDS)):
        if found := [name for name in names if name.lower() in usual]:
            return by, found[0]
    return "order", ""


def _named(names: Sequence[str] | dict[str, Any]) -> str:
    """The first of these, in words.

    >>> _named(["a", "b"]), _named([str(i) for i in range(9)])
    ('a, b', '0, 1, 2, 3, 4, 5 and 3 more')
    """
    every = [name[:60] for name in names]
    return ", ".join(every[:6]) + (f" and {len(every) - 6:,} more" if len(every) > 6 else "")


def _texts(cells: Any) -> tuple[str, ...]:
    return tuple(_spelled(cells))


def _spelled(cells: Any) -> Iterator[str]:
    """Cells as text; a whole number has no point, and what is missing is empty."""
    for cell in cells:
        if isinstance(cell, bytes | np.bytes_):
            yield cell.decode("utf-8", "replace").strip()
        elif cell is None or (isinstance(cell, float) and math.isnan(cell)):
            yield ""
        else:
            yield str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _float32(values: np.ndarray) -> np.ndarray:
    """Numbers as float32; what is beyond it is infinite, and told as such."""
    if values.dtype == object:  # whole numbers or classes with gaps
        values = np.array([math.nan if one is None else float(one) for one in values])
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, np.float32)
