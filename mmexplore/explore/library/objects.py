"""Libraries in an object store: pushed object by object, pulled to the disk where they are searched or added to.

A store has no renaming, but an object is there whole or not at all. What is there for certain stands in a manifest, an
object with the digest of each of the others, that is written anew every minute and at the end, so that whoever is
killed goes on with what it does not name. A library is pulled only once its manifest says that it is whole, and
every object by its digest. Indexes are made again where they are used.
"""

import hashlib
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mmexplore.explore.library import sources
from mmexplore.explore.library.build import CARD, Library, claim
from mmexplore.explore.library.shard import LAYERS, REJECTED, SHARDS
from mmexplore.explore.library.sources import INPUT
from mmexplore.runtime import seals
from mmexplore.runtime.errors import Damaged, MmexploreError, NotAvailable
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.progress import Progress

MANIFEST = "manifest.json"
_FOLDERS = (INPUT, "maps", SHARDS, REJECTED, LAYERS)
_SAVED_SECONDS = 60.0
Held = dict[str, dict[str, Any]]
"""Size and digest of each object, by its path below the library."""


@dataclass(frozen=True)
class Moved:
    """What was moved, and what was there and stayed: files, and bytes moved."""

    moved: int
    kept: int
    bytes: int


def push(target: Library, place: str, progress: Progress) -> Moved:
    """Bring a library to an object store, or what has changed since.

    Raises NotAvailable, also for a library whose shards are not all made, Damaged, Taken, Cancelled.
    """
    folder = target.folder
    if (made := len(target.done())) < len(target.parts) or not made:
        raise NotAvailable(f"{made} of {len(target.parts)} shards of {target.name!r} are made; build it first")
    paths = [folder / CARD, *(path for part in _FOLDERS for path in sorted((folder / part).rglob("*")))]
    files = [path for path in paths if path.is_file() and not path.name.startswith(".")]
    total, done, moved, size = sum(path.stat().st_size for path in files), 0, 0, 0
    with claim(target), _reached(place) as (system, root):
        known = _manifest(system, root).get("objects", {})
        held: Held = {}
        saved = time.monotonic()
        for path in files:
            progress("push", done >> 10, total >> 10)
            content, name = seals.read(path), path.relative_to(folder).as_posix()
            told = {"size": len(content), "digest": _digest(content)}
            if known.get(name) != told:
                if not moved:
                    _save(system, root, known, whole=False)
                system.pipe_file(f"{root}/{name}", content)
                moved, size = moved + 1, size + len(content)
            held[name] = told
            done += len(content)
            if time.monotonic() - saved > _SAVED_SECONDS:
                _save(system, root, known | held, whole=False)
                saved = time.monotonic()
        _save(system, root, held, whole=True)
        for name in known.keys() - held.keys():
            with _gone_is_fine():
                system.rm_file(f"{root}/{name}")
        progress("push", total >> 10, total >> 10)
    return Moved(moved, len(files) - moved, size)


def pull(target: Library, place: str, progress: Progress) -> Moved:
    """Bring a library from an object store to a disk, or what has changed there since.

    Raises NotAvailable where there is none or it is not whole, Damaged, Taken, Cancelled.
    """
    with claim(target), _reached(place) as (system, root):
        told = _manifest(system, root)
        if not told.get("whole"):
            state = "is not whole yet; push it to its end" if told else "is not there"
            raise NotAvailable(f"a library in {place!r} {state}")
        held: Held = told["objects"]
        total, done, moved, size = sum(one["size"] for one in held.values()), 0, 0, 0
        for name in sorted(held, key=lambda name: (name == CARD, name)):  # which makes it a library, comes last
            progress("pull", done >> 10, total >> 10)
            path = target.folder / _inside(name, place)
            if not seals.is_sound(path) or seals.digest_of(path) != held[name]["digest"]:
                content: bytes = system.cat_file(f"{root}/{name}")
                if _digest(content) != held[name]["digest"]:
                    raise Damaged(f"{place}/{name} is not what its manifest names; push the library again")
                write_atomically(path, content)
                moved, size = moved + 1, size + len(content)
            done += held[name]["size"]
        for part in _FOLDERS:
            for path in [*(target.folder / part).rglob("*")]:
                stray = path.is_file() and not path.name.startswith(".")
                if stray and path.relative_to(target.folder).as_posix() not in held:
                    seals.remove(path)
        progress("pull", total >> 10, total >> 10)
    return Moved(moved, len(held) - moved, size)


def _inside(name: str, place: str) -> PurePosixPath:
    """A path of a manifest, which is another's writing. Raises Damaged for one that leads elsewhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or (name != CARD and path.parts[0] not in _FOLDERS) or "\\" in name:
        raise Damaged(f"the manifest in {place} names {name!r}, which is no file of a library")
    return path


@contextmanager
def _reached(place: str) -> Iterator[tuple[Any, str]]:
    """File system and path of a URL. Raises NotAvailable for one that cannot be opened."""
    try:
        system, root = sources.opened(place)
        yield system, str(root).rstrip("/")
    except MmexploreError:
        raise
    except Exception as error:  # each store's package has a dozen types of its own
        raise NotAvailable(f"{place!r} cannot be used: {sources.in_a_line(error)}") from None


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return


def _manifest(system: Any, root: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.load(io.BytesIO(system.cat_file(f"{root}/{MANIFEST}")))
    except (FileNotFoundError, ValueError):
        return {}
    return told


def _save(system: Any, root: str, held: Held, *, whole: bool) -> None:
    told = {"format": 1, "whole": whole, "objects": held}
    system.pipe_file(f"{root}/{MANIFEST}", json.dumps(told, allow_nan=False).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
