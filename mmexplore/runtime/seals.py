"""Digests of kept files: what is read is what was written, or a sentence says that it is not.

A file that is written whole has an empty file beside it, its seal, whose name ends in the file's digest (``.NAME.`` and
32 digits of SHA-256). An empty file cannot be damaged, and writers that race for one name leave a seal each, so that
whichever comes last is sealed. A file that grows has a running CRC-32 in the head that counts it: SHA-256 would have to
read all of it again at every step. A CRC finds every flipped bit, every burst of up to 32 and a cut end but with a
chance of one in four thousand million; it is no shield against forgers, who could write a new head as well.

Each file is verified when a process reads it first, and again when its inode, time of change or size is another one. A
file without a seal is of version 0.1 or from elsewhere, and is read as it lies.
"""

import hashlib
import logging
import os
import re
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mmexplore.runtime import files
from mmexplore.runtime.errors import Damaged

_DIGITS = 32
_SETTLED_SECONDS = 10.0  # whoever races for a name has ended by then
_LONGEST = 200  # bytes of a name, so that its seal's stays below the 255 of most file systems
_PIECE = 1 << 22
_SEAL = re.compile(rf"\..+\.[0-9a-f]{{{_DIGITS}}}")
_log = logging.getLogger(__name__)


class _State(NamedTuple):
    inode: int
    changed: int
    size: int


class _Grown(NamedTuple):
    state: _State
    verified: int
    crc: int


_sound: dict[Path, _State] = {}
_grown: dict[Path, _Grown] = {}


def is_seal(path: Path) -> bool:
    """Whether this is a seal and no content."""
    return _SEAL.fullmatch(path.name) is not None


def seal(path: Path, content: bytes | None = None) -> None:
    """Seal a file of this content (None: of what lies there); called before and after a file takes its place."""
    (path.parent / (_stem(path) + (digest_of(path) if content is None else _digest(content)))).touch()


def sweep(path: Path) -> None:
    """Delete seals of former contents, once nobody can be about to put these back."""
    _sound.pop(path, None)
    now = time.time()
    for old in _seals(path):
        with suppress(OSError):
            if now - old.stat().st_mtime > _SETTLED_SECONDS and old.stat().st_mtime < path.stat().st_mtime:
                old.unlink()


def remove(path: Path) -> None:
    """Delete a file, if it is there, and its seals."""
    files.patiently(lambda: path.unlink(missing_ok=True))
    for old in _seals(path):
        with suppress(OSError):
            old.unlink()


def sealed_name(name: str) -> str:
    """Name of the file that a seal of this name belongs to, "" where it is none.

    >>> sealed_name(f".a.json.{32 * '0'}"), sealed_name("a.json")
    ('a.json', '')
    """
    return name[1 : -_DIGITS - 1] if _SEAL.fullmatch(name) else ""


def read(path: Path) -> bytes:
    """Content of a kept file, verified. Raises Damaged, OSError."""
    before = _state(path)
    content: bytes = files.patiently(path.read_bytes)
    if _sound.get(path) != before or len(content) != before.size:
        _check(path, _digest(content))
        _sound[path] = before
    return content


def verify(path: Path) -> Path:
    """The path of a kept file, verified, for whoever reads it piece by piece. Raises Damaged, OSError."""
    before = _state(path)
    if _sound.get(path) != before:
        _check(path, digest_of(path))
        _sound[path] = before
    return path


def is_sound(path: Path) -> bool:
    """Whether a file is there and is what was written."""
    try:
        return verify(path).is_file()
    except (Damaged, OSError):
        return False


def digest_of(path: Path) -> str:
    """Digest of a file as seals have it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]


def crc_of(path: Path, size: int, start: int = 0, crc: int = 0) -> int:
    """CRC-32 of the first ``size`` bytes of a file, of which ``crc`` is that of the first ``start``."""
    with path.open("rb") as file:
        file.seek(start)
        while start < size and (piece := file.read(min(_PIECE, size - start))):
            crc = zlib.crc32(piece, crc)
            start += len(piece)
    return crc if start == size else -1


def verify_grown(path: Path, size: int, crc: int | None) -> Path:
    """Path of a growing file whose first ``size`` bytes have this CRC-32 (None: nobody counted). Raises Damaged.

    What was verified is not read again when more was appended to it.
    """
    if crc is None or not size:
        return path
    now, known = _state(path), _grown.get(path)
    start, before = 0, 0
    if known and known.state.inode == now.inode:
        in_place = known.state.changed != now.changed and now.size <= known.state.size
        if not in_place and size <= known.verified:
            return path
        if not in_place:
            start, before = known.verified, known.crc
    if crc_of(path, size, start, before) != crc:
        raise _damaged(path)
    _grown[path] = _Grown(now, size, crc)
    return path


def appended(path: Path, start: int, size: int, crc: int) -> None:
    """Note that this process itself wrote what lies between, so that it need not read it again."""
    known = _grown.get(path)
    if not start or (known and known.verified >= start and known.state.inode == _state(path).inode):
        _grown[path] = _Grown(_state(path), size, crc)


def _check(path: Path, digest: str) -> None:
    if not (path.parent / (_stem(path) + digest)).exists() and _seals(path):
        raise _damaged(path)


def _damaged(path: Path) -> Damaged:
    _sound.pop(path, None)
    _grown.pop(path, None)
    error = Damaged(
        f"{path} is not what was written there: it was damaged, or changed by hand; "
        "bring it back from a backup, or delete it to have it made anew"
    )
    _log.warning("%s", error)
    return error


def _seals(path: Path) -> list[Path]:
    stem = _stem(path)
    try:
        names = os.listdir(path.parent)  # noqa: PTH208 - names alone: a folder may hold thousands
    except OSError:
        return []
    return [path.parent / n for n in names if n.startswith(stem) and re.fullmatch("[0-9a-f]{32}", n[len(stem) :])]


def _stem(path: Path) -> str:
    name = path.name
    if len(name.encode()) > _LONGEST:
        name = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f".{name}."


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _state(path: Path) -> _State:
    found = path.stat()
    return _State(found.st_ino, found.st_mtime_ns, found.st_size)
