"""Files as users gave them, kept under the home until they are imported: a reload or a restart loses none."""

import hashlib
import re
import time
from pathlib import Path

from mmexplore import studio
from mmexplore.runtime import logs, seals
from mmexplore.runtime.files import allowed
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.jobs import limits

PASTED = "pasted."
_WHY = ".refused"
_KEPT_SECONDS = 7 * 86_400.0


def keep(name: str, content: bytes) -> Path:
    """Write a file below ``home/uploads/incoming``, in a folder of its content; nothing of its name leaves that folder.

    >>> keep("../../a b<c>.csv.gz", b"x").name
    'a_b_c_.csv.gz'
    """
    safe = re.sub(r"[^\w.-]", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".")[-100:] or "upload"
    safe = allowed(safe)
    path = studio.home().folder("uploads", "incoming", hashlib.sha256(content).hexdigest()[:16]) / safe
    if not seals.is_sound(path):
        limits.check_room(studio.home(), len(content))
        write_atomically(path, content)
        logs.audit("upload", file=path.name, bytes=len(content))
    return path


def title_of(path: Path) -> str:
    """Title suggestion: what a file's data set might be called.

    >>> title_of(Path("my_set.csv.gz"))
    'my_set'
    """
    return path.name.partition(".")[0] or path.name


def forget(path: Path) -> None:
    """Delete a kept upload; one that is gone already is no mistake."""
    seals.remove(path)
    seals.remove(path.parent / _WHY)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def refuse(path: Path, why: str) -> None:
    """Keep beside an upload why it was refused, for the next visit."""
    if path.is_file():
        write_atomically(path.parent / _WHY, why.encode())


def refusal(path: Path) -> str:
    """Why an upload was refused when it was last read, "" where it was not."""
    try:
        return (path.parent / _WHY).read_text(encoding="utf-8")
    except OSError:
        return ""  # never refused, or deleted by another visitor meanwhile


def waiting() -> list[Path]:
    """Files that were never imported, the newest first; those older than a week are deleted here."""
    kept = studio.home().folder("uploads", "incoming").glob("*/*")
    found = [path for path in kept if path.is_file() and not path.name.startswith((PASTED, "."))]
    now = time.time()
    for path in [path for path in found if now - path.stat().st_mtime > _KEPT_SECONDS]:
        forget(path)
        found.remove(path)
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
