"""File operations that differ between systems: names that are forbidden, and files that others hold open.

Windows neither replaces nor deletes a file that somebody reads. Reading takes a moment, so both wait for it; a file
that is memory-mapped is held for hours, so none is ever replaced: a new version has a new name, and whatever says which
version counts is read afresh.
"""

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from mmexplore.runtime.errors import Taken

T = TypeVar("T")

HELD_WHILE_OPEN = os.name == "nt"
APPENDS_WHOLE = os.name != "nt"
_PATIENCE_SECONDS, _PAUSE_SECONDS = 3.0, 0.01
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=[. ]|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def patiently(act: Callable[[], T]) -> T:
    """Retry: what ``act`` gives, tried again for three seconds where another process may be at the same file.

    Raises PermissionError: at once where open files can be replaced, as then the reason is another.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return act()
        except PermissionError:
            if not HELD_WHILE_OPEN or time.monotonic() > end:
                raise
        time.sleep(_PAUSE_SECONDS)


def replace(source: Path, target: Path) -> None:
    """Put a file in another's place, under its name. Raises PermissionError where a process maps ``target``."""
    patiently(lambda: source.replace(target))


def disk_words(error: OSError) -> str:
    """What a disk refuses, in a sentence: it is full, or may not be written; "" for any other error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM):
        return ""
    what = f"{error.filename} could not be opened or written" if error.filename else "a file could not be written"
    return (
        f"{what}: {error.strerror}; make room or give the right to write there, or set MMEXPLORE_HOME to another folder"
    )


@contextmanager
def whole_or_gone(folder: Path, before: bool | None = None) -> Iterator[None]:
    """What fails inside leaves no folder behind, unless it was there ``before`` (None: look)."""
    before = folder.exists() if before is None else before
    try:
        yield
    except BaseException:
        if not before:
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def claimed(path: Path, taken: str) -> Iterator[None]:
    """Claim: this process alone goes on inside; whoever comes meanwhile is told ``taken``.

    ``path`` is a lock file of the system's, which lets go of it when its process dies, however that happens. The file
    itself stays: another process may have it open. Raises Taken.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Taken(taken) from None
    try:
        yield
    finally:
        lock.release()


def sweep(paths: Iterable[Path]) -> None:
    """Delete files and folders that nobody needs any more; what is still held stays for the next time."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def allowed(name: str) -> str:
    """Portable file name, as every system allows it.

    One that is allowed already stays as it is, but for dots at its end.

    >>> allowed("aux.csv"), allowed("a:b?.csv."), allowed("console.csv"), allowed("")
    ('aux_.csv', 'a_b_.csv', 'console.csv', '_')
    """
    plain = _FORBIDDEN.sub("_", name).rstrip(". ") or "_"
    return _RESERVED.sub(r"\1_", plain, count=1) if _RESERVED.match(plain) else plain
