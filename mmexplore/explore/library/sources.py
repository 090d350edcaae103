"""Sources of a library: folders of tables, on disk or where fsspec leads, cut into input shards.

A file is read once and cut into Parquet files of so many rows: line, structure, name, and why a row could not be read.
Its manifest is written behind them, so that a file is cut as a whole or again; one that has not changed since is not
opened. Shards are named by the file that they come from: another file beside it moves none of them.
"""

import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmexplore.chem.file_endings import ENDINGS, FORMATS, ending
from mmexplore.runtime import files, seals
from mmexplore.runtime.errors import BadTable, MmexploreError, NotAvailable
from mmexplore.runtime.home import read_json, write_atomically, write_json
from mmexplore.runtime.progress import Progress

INPUT, MANIFEST = "input", ".json"


@dataclass(frozen=True)
class SourceFile:
    """A file of the source: where it lies, its state there (another content has another one), and its bytes."""

    path: str
    state: str
    size: int
    key: str


@dataclass(frozen=True)
class Part:
    """Input shard: its name, its rows, the digest of its bytes, and the file that it was cut from."""

    name: str
    rows: int
    digest: str
    source: str


class LibrarySource:
    """A file, a folder or a pattern, by path or by any URL of fsspec. Raises BadTable, NotAvailable."""

    def __init__(self, place: str) -> None:
        try:
            self._system, root = opened(place)
            self.files = tuple(self._files(root, place))
        except (ImportError, ValueError) as error:  # a protocol whose package is absent, or that nobody knows
            raise NotAvailable(f"{place!r} cannot be opened: {error}") from None
        except OSError as error:
            raise BadTable(f"{place!r} cannot be read: {error}") from None
        except MmexploreError:
            raise
        except Exception as error:  # a store's package has types of its own, for a key that is not there as well
            raise NotAvailable(f"{place!r} cannot be opened: {in_a_line(error)}") from None

    def _files(self, root: str, place: str) -> list[SourceFile]:
        if any(sign in root for sign in "*?["):
            paths = [path for path in self._system.glob(root) if self._system.isfile(path)]
        elif self._system.isdir(root):
            paths = [path for path in self._system.find(root) if _is_table(path)]
        elif self._system.isfile(root):
            paths = [root]
        else:
            raise BadTable(f"there is nothing at {place!r}; give a file, or a folder of {FORMATS} files")
        if not paths:
            raise BadTable(f"no {FORMATS} file lies in {place!r}")
        shared = root if self._system.isdir(root) else str(root).rpartition("/")[0]
        return [self._about(path, path.removeprefix(shared).lstrip("/")) for path in sorted(paths)]

    def _about(self, path: str, inside: str) -> SourceFile:
        info = self._system.info(path)
        told = [info.get(name) for name in ("size", "mtime", "ETag", "etag", "LastModified", "last_modified")]
        stem = files.allowed("".join(c if c.isalnum() else "-" for c in inside.partition(".")[0]).strip("-")[-40:])
        key = f"{stem or 'file'}-{hashlib.sha256(inside.encode()).hexdigest()[:8]}"
        return SourceFile(path, hashlib.sha256(repr(told).encode()).hexdigest()[:32], int(info.get("size") or 0), key)

    def local(self, one: SourceFile, folder: Path) -> tuple[Path, bool]:
        """The file on this disk, and whether it was brought there to be read and deleted. Raises NotAvailable."""
        if "file" in getattr(self._system.protocol, "split", lambda *_: self._system.protocol)(","):
            return Path(one.path), False
        target = folder / f".{one.key}{ending(one.path)}{'.gz' if one.path.endswith('.gz') else ''}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._system.get_file(one.path, str(target))
        except Exception as error:
            target.unlink(missing_ok=True)
            raise NotAvailable(f"{one.path} cannot be brought here: {in_a_line(error)}") from None
        return target, True


def opened(place: str) -> tuple[Any, str]:
    """File system of fsspec's and the path there. Raises what its packages raise."""
    from fsspec.core import url_to_fs

    found: tuple[Any, str] = url_to_fs(place if "://" in place else str(Path(place).expanduser().resolve()))
    return found


def in_a_line(error: Exception) -> str:
    """What a package of a store has to say, cut where a sentence would be lost in it."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _is_table(path: str) -> bool:
    name = path.rpartition("/")[2]
    return not name.startswith((".", "_")) and ending(name) in ENDINGS and "readme" not in name.lower()


def cut(source: LibrarySource, folder: Path, shard_rows: int, smiles: str, progress: Progress) -> list[Part]:
    """Input shards of all files in ``folder``, in order, those of unchanged files as they lie there.

    Raises BadTable for a file that holds no molecules, NotAvailable.
    """
    parts: list[Part] = []
    done, total = 0, sum(one.size for one in source.files)
    wanted = {one.key for one in source.files}
    for path in folder.glob(f"*{MANIFEST}"):
        if path.stem not in wanted:
            _forget(folder, path.stem)
    for one in source.files:
        progress("read", done >> 10, total >> 10)
        chosen = {"state": one.state, "rows": shard_rows, "smiles": smiles}
        if (known := _kept(folder, one, chosen)) is None:
            known = _cut(source, one, folder, chosen)
        parts += known
        done += one.size
    progress("read", total >> 10, total >> 10)
    return parts


def parts_of(folder: Path) -> list[Part]:
    """Input shards that were cut into a folder, in the order of their files."""
    found = [read_json(path) for path in folder.glob(f"*{MANIFEST}")]
    found.sort(key=lambda one: str(one["source"]))
    return [Part(**part, source=one["source"]) for one in found for part in one["parts"]]


def notes_of(folder: Path) -> list[str]:
    """What readers had to say of the files."""
    found = sorted((read_json(path) for path in folder.glob(f"*{MANIFEST}")), key=lambda one: str(one["source"]))
    return [f"{one['source']}: {note}" for one in found for note in one["notes"]]


def _kept(folder: Path, one: SourceFile, chosen: dict[str, Any]) -> list[Part] | None:
    try:
        told = read_json(folder / f"{one.key}{MANIFEST}")
        if told["chosen"] != chosen or not all(seals.is_sound(_place(folder, part["name"])) for part in told["parts"]):
            return None
        return [Part(**part, source=one.path) for part in told["parts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _cut(source: LibrarySource, one: SourceFile, folder: Path, chosen: dict[str, Any]) -> list[Part]:
    from mmexplore.datasets.readers.rows import rows_of  # which imports pandas

    path, brought = source.local(one, folder)
    try:
        rows = rows_of(path, chosen["smiles"] or None, called=one.path.rpartition("/")[2])
        names = [f"{one.key}-{number:05d}" for number in range(max(1, -(-rows.count // chosen["rows"])))]
        structure, name = rows.columns.index(rows.structures), rows.columns.index(rows.name) if rows.name else -1
        reads = ((r.line, r.cells[structure], r.cells[name] if name >= 0 else "", r.refused) for r in rows)
        parts = list(_written(reads, names, folder, chosen["rows"]))
    finally:
        if brought:
            path.unlink(missing_ok=True)
    told = {"source": one.path, "chosen": chosen, "notes": list(rows.notes), "parts": parts}
    write_json(folder / f"{one.key}{MANIFEST}", told)
    _forget(folder, one.key, {part["name"] for part in parts})
    return [Part(**part, source=one.path) for part in parts]


def _written(
    reads: Iterator[tuple[int, str, str, str]], names: list[str], folder: Path, size: int
) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("line", pa.int64()), *((name, pa.string()) for name in ("structure", "name", "refused"))])
    for name in names:
        held = list(itertools.islice(reads, size))
        columns = [pa.array(column, kind.type) for column, kind in zip(zip(*held, strict=True), schema, strict=True)]
        content = io.BytesIO()
        pq.write_table(pa.table(columns or [[]] * 4, schema=schema), content, compression="zstd")
        write_atomically(_place(folder, name), content.getvalue())
        yield {
            "name": name,
            "rows": len(held),
            "digest": hashlib.sha256(json.dumps(held, allow_nan=False).encode()).hexdigest()[:32],
        }


def _place(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _forget(folder: Path, key: str, kept: set[str] | None = None) -> None:
    """Delete input shards that a file no longer has, its manifest with them where it has none."""
    if kept is None:
        seals.remove(folder / f"{key}{MANIFEST}")
    for path in folder.glob(f"{key}-[0-9]*.parquet"):
        if path.stem not in (kept or ()):
            seals.remove(path)
