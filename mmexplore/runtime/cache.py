"""Caches in memory: results by the content that they were made of, and readings of folders until these change.

A folder's time of change moves when a name in it comes, goes or is put in another's place, which is how all files of
the home are written (:func:`mmexplore.runtime.home.write_atomically`).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from threading import Lock, RLock
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_SETTLED_NS = 2_000_000_000  # the coarsest clock of a file system still in use ticks every two seconds


def digest(value: Any) -> Hashable:
    """Cache key of a value: its ``content`` or ``digest`` where it has one, member by member in a tuple.

    >>> digest(("umap", 0))
    ('umap', 0)
    """
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(map(digest, value))
    for name in ("content", "digest"):
        if isinstance(known := getattr(value, name, None), str):
            return type(value).__name__, known
    return value  # type: ignore[no-any-return]


_whose: list[Callable[[], Hashable]] = []


def separate(by: Callable[[], Hashable]) -> None:
    """From now on nobody is given what was made for another; ``by`` says for whom a call is, or raises."""
    _whose[:] = [by]


def whose() -> Hashable:
    """For whom a call is, None where all share everything."""
    return _whose[0]() if _whose else None


def cached(size: int, by: Callable[[Any], Hashable] = digest) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Result cache of a function: the last ``size`` results, each argument known ``by`` what it holds.

    An object of the same content brings the same result, another content another one, whatever both are called. Who
    asks while the result is made waits for it. Results are shared: nobody may change them. Exceptions are not kept. A
    keyword argument ``progress`` is told how far it is, and is no part of the question.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        known: OrderedDict[Hashable, T] = OrderedDict()
        turns: dict[Hashable, Any] = {}
        lock = Lock()

        @wraps(function)
        def kept(*args: P.args, **kwargs: P.kwargs) -> T:
            named = tuple((name, by(kwargs[name])) for name in sorted(kwargs) if name != "progress")
            key = (whose(), tuple(map(by, args)), named)
            with lock:
                if key in known:
                    known.move_to_end(key)
                    return known[key]
                turn = turns.setdefault(key, RLock())
            with turn:
                with lock:
                    if key in known:
                        return known[key]
                try:
                    made = function(*args, **kwargs)
                    with lock:
                        known[key] = made
                        while len(known) > size:
                            known.popitem(last=False)
                finally:
                    with lock:
                        turns.pop(key, None)
            return made

        return kept

    return decorate


class FolderCache(Generic[T]):
    """Cached folder reading: what ``read`` gives for a folder, read again once it, or one that it names, changed.

    ``read`` returns the value and the folders that it depends on. The value is shared: nobody may change it.
    """

    def __init__(self, read: Callable[[Path], tuple[T, Sequence[Path]]]) -> None:
        self._read = read
        self._known: dict[Path, tuple[T, dict[Path, int]]] = {}

    def __call__(self, place: Path) -> T:
        """The value of a folder, which need not exist."""
        known = self._known.get(place)
        if known and all(changed(folder) == stamp for folder, stamp in known[1].items()):
            return known[0]
        now = time.time_ns()
        value, folders = self._read(place)
        stamps = {folder: changed(folder) for folder in folders}
        if all(stamp < now - _SETTLED_NS for stamp in stamps.values()):
            self._known[place] = value, stamps
        else:  # it may change again without its time changing
            self._known.pop(place, None)
        return value


@dataclass(frozen=True)
class FileVersion:
    """A file as it is now: a key that another content of the same file does not have."""

    path: Path
    changed: int
    size: int


def version(path: Path) -> FileVersion:
    """The version of a file. Raises OSError where there is none."""
    found = path.stat()
    return FileVersion(path, found.st_mtime_ns, found.st_size)


def changed(path: Path) -> int:
    """Modification time in nanoseconds, -1 where nothing is."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return -1
