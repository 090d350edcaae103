"""Kept selections: rows that somebody chose, under a short name made of their content, for links."""

import hashlib
import zlib

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import Home, keep_newest, write_atomically

MOST_KEPT = 1_000
"""Of more than so many selections the oldest are forgotten."""


def keep(dataset: Dataset, rows: np.ndarray, *, home: Home) -> str:
    """Keep rows (int64) of a data set; returns the name that :func:`kept` finds them by, 16 hex digits."""
    bits = np.zeros(len(dataset), bool)
    bits[rows] = True
    content = np.packbits(bits).tobytes()
    name = _name(dataset, content)
    path = home.folder("selections") / name
    if not path.is_file():
        write_atomically(path, zlib.compress(content), sealed=False)  # its name is its digest
        keep_newest(path.parent, MOST_KEPT)
    return name


def kept(dataset: Dataset, name: str, *, home: Home) -> np.ndarray:
    """Rows (int64, ascending) that were kept under a name.

    Raises UnknownName where none are, where they are of another data set, or the file is not what was written.
    """
    mine = len(name) == 16 and all(sign in "0123456789abcdef" for sign in name)
    try:
        content = (
            zlib.decompressobj().decompress((home / "selections" / name).read_bytes(), len(dataset)) if mine else b""
        )
    except (OSError, zlib.error):
        content = b""
    if not content or _name(dataset, content) != name:
        raise UnknownName("selection of this data set", name, ())
    return np.flatnonzero(np.unpackbits(np.frombuffer(content, np.uint8), count=len(dataset)))


def _name(dataset: Dataset, content: bytes) -> str:
    return hashlib.sha256(dataset.digest.encode() + content).hexdigest()[:16]
