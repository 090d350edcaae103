"""Record pool: append-only packed records on disk: what is committed stays, whatever is killed.

One folder a (modality, version, options): a raw file a column, cumulated lengths an axis, 16-byte content keys, and
``head.json``, written atomically after everything it counts has reached the disk. Bytes beyond the head are the tail
of a killed writer; the next one writes over them. Readers map up to the head and need no lock. As they may have the
files mapped, a pool that starts anew has a folder of its own for them, and the head names it.
"""

import hashlib
import json
import os
import time
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from filelock import FileLock

from mmexplore.features.featurize import Chunk, join
from mmexplore.features.modalities import Column
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import Damaged
from mmexplore.runtime.files import sweep
from mmexplore.runtime.home import Home, read_json, write_json
from mmexplore.runtime.registry import MODALITIES

KEY_BYTES = 16
COMMIT_SECONDS = 1.0
"""How much finished work, beside the chunks in hand, a kill can lose."""


def content_keys(smiles: Sequence[str]) -> np.ndarray:
    """Content keys: Blake2b-128 of each SMILES, uint64 ``(n, 2)``."""
    digest = hashlib.blake2b
    joined = b"".join([digest(s.encode(), digest_size=KEY_BYTES).digest() for s in smiles])
    return np.frombuffer(joined, "<u8").reshape(-1, 2)


@dataclass(frozen=True)
class Head:
    """Pool head: what is committed: molecules, rows by axis, bytes of the reasons.

    ``born`` changes when a pool starts anew.

    ``files`` names the folder of the files, below the pool's; version 0.1 kept them in the pool's. ``crc`` has the
    CRC-32 of what is committed of each file, of which version 0.1 had none.
    """

    born: str
    molecules: int
    rows: dict[str, int]
    reasons: int
    files: str = ""
    crc: dict[str, int] = field(default_factory=dict)


class Pool:
    """The pool of one modality with given options (validated, defaults filled in)."""

    def __init__(self, modality: str, options: dict[str, object], *, home: Home) -> None:
        member = MODALITIES[modality]
        self.columns: dict[str, Column] = member.columns
        self.axes = tuple(dict.fromkeys(c.axis for c in self.columns.values() if c.axis))
        about = {"version": member.version, "options": options, "columns": repr(sorted(self.columns.items()))}
        digest = hashlib.sha256(json.dumps(about, sort_keys=True, allow_nan=False).encode()).hexdigest()[:12]
        self.folder = home.folder("features", modality, f"v{member.version}-{digest}")

    def head(self) -> Head:
        """The committed lengths; an empty head where there is none, or files are not what it says."""
        try:
            head = Head(**read_json(self.folder / "head.json"))
        except (FileNotFoundError, ValueError, TypeError):
            return self._empty()
        try:
            for path, size in self._sizes(head):
                if size and path.stat().st_size < size:
                    return self._empty()
                seals.verify_grown(path, size, head.crc.get(path.name))
        except (Damaged, OSError, TypeError, KeyError):
            return self._empty()  # the records are made anew
        return head

    def append(self, head: Head, keys: np.ndarray, chunk: Chunk) -> Head:
        """Commit a chunk after ``head``, the present one; the caller holds the lock. Returns the new head."""
        head = self._write(head, keys, chunk)
        write_json(self.folder / "head.json", vars(head))
        return head

    def keys(self, head: Head) -> np.ndarray:
        """Content keys uint64 ``(molecules, 2)``."""
        return self._map(head, "keys.bin", "<u8", (head.molecules, 2))

    def ok(self, head: Head) -> np.ndarray:
        """Which molecules the modality could describe, bool ``(molecules,)``."""
        return self._map(head, "ok.bin", "bool", (head.molecules,))

    def stops(self, head: Head, axis: str) -> np.ndarray:
        """Where each molecule's rows of an axis stop, int64 ``(molecules,)``."""
        return self._map(head, f"axis-{axis}.bin", "<i8", (head.molecules,))

    def column(self, head: Head, name: str) -> np.ndarray:
        """All committed rows of a column."""
        column = self.columns[name]
        rows = head.rows[column.axis] if column.axis else head.molecules
        return self._map(head, f"column-{name}.bin", column.dtype, (rows, column.width) if column.width else (rows,))

    def reasons(self, head: Head) -> dict[int, str]:
        """Why molecules could not be described, by row of the pool."""
        if not head.reasons:
            return {}
        with (self.folder / head.files / "reasons.jsonl").open("rb") as file:
            lines = file.read(head.reasons).splitlines()
        return dict(json.loads(line) for line in lines)

    def find(self, head: Head, keys: np.ndarray) -> np.ndarray:
        """Rows of the pool that hold the keys, -1 where none does, int64 ``(n,)``."""
        order, first = _index(self.folder / head.files, head.born, head.molecules)
        second = self.keys(head)[:, 1]
        place, found = np.searchsorted(first, keys[:, 0]), np.full(len(keys), -1)
        open_ = np.arange(len(keys))
        while len(open_):  # a second round only for keys that agree in their first eight bytes
            open_ = open_[place[open_] < len(first)]
            open_ = open_[first[place[open_]] == keys[open_, 0]]
            rows = order[place[open_]]
            same = second[rows] == keys[open_, 1]
            found[open_[same]] = rows[same]
            open_ = open_[~same]
            place[open_] += 1
        return found

    def _empty(self) -> Head:
        born = uuid.uuid4().hex
        return Head(born, 0, dict.fromkeys(self.axes, 0), 0, born[:8])

    def sweep(self, head: Head) -> None:
        """Delete what former pools left here; the caller holds the lock."""
        present = {self.folder / name for name in ("head.json", "lock", head.files)}
        present |= {path for path, _ in self._sizes(head)}
        sweep(path for path in self.folder.iterdir() if path not in present and not seals.is_seal(path))

    def _map(self, head: Head, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
        if 0 in shape:
            return np.empty(shape, dtype)
        return np.memmap(self.folder / head.files / name, dtype, "r", shape=shape)

    def _sizes(self, head: Head) -> Iterator[tuple[Path, int]]:
        place = self.folder / head.files
        yield place / "keys.bin", head.molecules * KEY_BYTES
        yield place / "ok.bin", head.molecules
        yield place / "reasons.jsonl", head.reasons
        for axis in self.axes:
            yield place / f"axis-{axis}.bin", head.molecules * 8
        for name, column in self.columns.items():
            rows = head.rows[column.axis] if column.axis else head.molecules
            yield place / f"column-{name}.bin", rows * max(column.width, 1) * np.dtype(column.dtype).itemsize

    def _write(self, head: Head, keys: np.ndarray, chunk: Chunk) -> Head:
        stops = {axis: head.rows[axis] + np.cumsum(chunk.packed.counts[axis]) for axis in self.axes}
        reasons = "".join(
            json.dumps([head.molecules + i, why], allow_nan=False) + "\n" for i, why in chunk.reasons.items()
        ).encode()
        parts = {"keys.bin": keys, "ok.bin": chunk.ok, "reasons.jsonl": np.frombuffer(reasons, np.uint8)}
        parts |= {f"axis-{axis}.bin": values for axis, values in stops.items()}
        parts |= {f"column-{name}.bin": values for name, values in chunk.packed.columns.items()}
        (self.folder / head.files).mkdir(exist_ok=True)
        with ExitStack() as files:
            opened, crc = [], dict(head.crc)
            for path, size in self._sizes(head):
                content = np.ascontiguousarray(parts[path.name]).data
                if size and path.name not in crc:
                    crc[path.name] = seals.crc_of(path, size)
                file = files.enter_context(path.open("r+b" if path.exists() else "wb"))
                file.seek(size)
                file.write(content)
                crc[path.name] = zlib.crc32(content, crc.get(path.name, 0) if size else 0)
                opened.append(file)
            for file in opened:
                file.flush()
                os.fsync(file.fileno())
            starts = dict(self._sizes(head))
        rows = {axis: head.rows[axis] + int(chunk.packed.counts[axis].sum()) for axis in self.axes}
        longer = replace(
            head, molecules=head.molecules + len(keys), rows=rows, reasons=head.reasons + len(reasons), crc=crc
        )
        for path, size in self._sizes(longer):
            seals.appended(path, starts[path], size, crc[path.name])
        return longer


class Writer:
    """Commits chunks about once in ``COMMIT_SECONDS``, less what others committed after the head ``since``."""

    def __init__(self, pool: Pool, since: Head) -> None:
        self._pool, self._since = pool, since
        self._others: set[bytes] = set()
        self._keys: list[np.ndarray] = []
        self._chunks: list[Chunk] = []
        self._last = time.monotonic()
        self._swept = False

    def add(self, keys: np.ndarray, chunk: Chunk) -> None:
        """Keep a chunk, for at most a second before it is committed with the next."""
        self._keys.append(keys)
        self._chunks.append(chunk)
        if time.monotonic() - self._last >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Bring what is kept to the disk."""
        if self._chunks:
            keys, chunk = np.concatenate(self._keys), join(self._chunks)
            with FileLock(self._pool.folder / "lock"):
                head = self._pool.head()
                self._notice_others(head)
                new = np.flatnonzero([bytes(key) not in self._others for key in keys])
                self._since = self._pool.append(head, keys[new], chunk.take(self._pool.columns, new))
                if not self._swept:
                    self._pool.sweep(self._since)
                    self._swept = True
            self._keys, self._chunks = [], []
        self._last = time.monotonic()

    def _notice_others(self, head: Head) -> None:
        if head.born != self._since.born:
            self._others, self._since = set(), Head(head.born, 0, {}, 0)
        self._others.update(map(bytes, self._pool.keys(head)[self._since.molecules :]))


@cached(8)
def _index(folder: Path, _born: str, molecules: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows in the order of the first eight bytes of their keys, and those bytes sorted."""
    keys = np.memmap(folder / "keys.bin", "<u8", "r", shape=(molecules, 2)) if molecules else np.empty((0, 2), "<u8")
    first = np.ascontiguousarray(keys[:, 0])
    order = np.argsort(first, kind="stable")
    return order, first[order]
