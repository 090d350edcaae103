"""What was read from folders, kept until one of the folders changes: screens ask for it at every click.

A folder's time of change moves when a name in it comes, goes or is put in another's place, which is how all files of
the home are written (:func:`mmexplore.runtime.home.write_atomically`).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
_SETTLED_NS = 2_000_000_000  # the coarsest clock of a file system still in use ticks every two seconds


class Kept(Generic[T]):
    """The value that ``read`` gives for a folder, read again once it, or another folder that ``read`` names, changed.

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


def changed(path: Path) -> int:
    """Nanoseconds of the last change, -1 where nothing is."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return -1
