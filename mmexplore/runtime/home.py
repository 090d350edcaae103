"""Home folder: everything that the app keeps, and nothing beside the code. A value, passed down to whoever writes.

datasets/    standardised tables of molecules       features/    packed records of modalities
embeddings/  what a model makes of a data set       maps/        coordinates and their quality
runs/        trained models                         jobs/        status folders of long work
logs/        mmexplore.log                          uploads/     files as users gave them
untrained/   twins of models, a recipe each         numerics/    how this machine computes
studies/     searches of settings, a file a trial
selections/  rows that links name                   contributions/ what each modality of a fusion adds
cliffs/      where labels step                      version.json which form all this has
doubts/      spectra that may not belong            libraries/   collections of millions
"""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import platformdirs

from mmexplore.runtime import files, seals
from mmexplore.runtime.errors import NotAvailable

VERSION = 2
"""Form of a home: 1 is that of version 0.1, which had no seals and no file that says so."""
VERSION_FILE = "version.json"


@dataclass(frozen=True)
class Home:
    """A folder that an app or a user keeps things in."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        """A path below it; nothing is made."""
        return self.path / name

    def place(self, *parts: str) -> Path:
        """Where a folder below it would be; nothing is made: who reads alone leaves no trace."""
        return _below(self.path, parts)

    def folder(self, *parts: str) -> Path:
        """A folder below it, made if it is not there."""
        path = self.place(*parts)
        if not path.is_dir():  # looking is cheaper than trying
            if not self.path.is_dir():
                self.path.mkdir(parents=True, exist_ok=True)
                write_version(self)
            path.mkdir(parents=True, exist_ok=True)
        return path


@lru_cache(256)
def _below(path: Path, parts: tuple[str, ...]) -> Path:
    return path.joinpath(*parts)


def version_of(home: Home) -> int:
    """Form of a home, 1 where no file says it. Raises NotAvailable for a newer one than this program knows."""
    try:
        told = read_json(home / VERSION_FILE)
    except FileNotFoundError:
        return 1
    found = told.get("version") if isinstance(told, dict) else None
    if not isinstance(found, int) or not 1 <= found <= VERSION:
        raise NotAvailable(
            f"the home {home.path} has version {found!r}, and this program knows versions 1 to {VERSION}; "
            "use a newer mmexplore, or set MMEXPLORE_HOME to another folder"
        )
    return found


def write_version(home: Home) -> None:
    """Write down that a home has the present form."""
    write_json(home / VERSION_FILE, {"version": VERSION})


def default_home() -> Home:
    """The home that the environment names: MMEXPLORE_HOME, else the user's data folder of this operating system.

    Asked at the door alone (:mod:`mmexplore.studio.door`, the command line, a job's process), never below it.
    """
    return _named(os.environ.get("MMEXPLORE_HOME"))


@lru_cache(8)
def _named(chosen: str | None) -> Home:
    return Home(Path(chosen).expanduser() if chosen else platformdirs.user_data_path("mmexplore"))


def write_atomically(path: Path, content: bytes | str, *, sealed: bool = True) -> None:
    """Write a whole file or nothing: a reader never sees half of it, a kill leaves the old one.

    Not for a file that anybody maps into memory: see :mod:`mmexplore.runtime.files`. It is sealed, and readers verify
    it (:mod:`mmexplore.runtime.seals`), unless ``sealed`` is False, as for a file that a user asked for.
    """
    content = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        again = sealed and path.exists()
        if sealed:
            seals.seal(path, content)
        files.replace(Path(temporary), path)
        if sealed:
            seals.seal(path, content)  # a racing writer may have swept it
        if again:
            seals.sweep(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def as_json(value: Any) -> Any:
    """Plain values: what JSON can say, and every number in it finite.

    Numbers that JSON does not know become null, numpy's become Python's, what else there is becomes text.

    >>> as_json({"auc": float("nan"), "rows": (1, 2)})
    {'auc': None, 'rows': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(key): as_json(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(held) for held in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if getattr(value, "shape", None) is not None:
        return as_json(value.tolist())
    return str(value)


def json_text(value: Any, indent: int | None = None, *, ascii: bool = True) -> str:
    """JSON of a value, the one way to it for all that is written or printed: no NaN, no infinity (:func:`as_json`).

    >>> json_text({"rmse": float("inf"), "n": 3})
    '{"rmse": null, "n": 3}'
    """
    return json.dumps(as_json(value), indent=indent, ensure_ascii=ascii, allow_nan=False)


def with_nan(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Plain values read back, with NaN where :func:`json_text` has written null: of these names, or of all.

    >>> with_nan({"p": None, "count": 2}), with_nan({"p": None, "label": None}, "p")
    ({'p': nan, 'count': 2}, {'p': nan, 'label': None})
    """
    return {
        name: math.nan if value is None and (name in names or not names) else value for name, value in values.items()
    }


def write_json(path: Path, value: Any, *, sealed: bool = True) -> None:
    """Write a JSON file atomically, indented, so that people can read it too; ``sealed`` as there."""
    write_atomically(path, json_text(value, indent=1, ascii=False) + "\n", sealed=sealed)


def read_json(path: Path, most_bytes: int = 0) -> Any:
    """Read a JSON file written by :func:`write_json`, verified, of at most so many bytes (0: any).

    Raises Damaged, which is a ValueError, ValueError for what is no JSON or nested too deep, and OSError.
    """
    if most_bytes and (size := path.stat().st_size) > most_bytes:
        raise ValueError(f"it has {size:,} bytes, and {most_bytes:,} is the most that is read")
    return parse_json(seals.read(path).decode("utf-8-sig"))


def parse_json(text: str) -> Any:
    """Plain values of a JSON text. Raises ValueError, also for one that is nested deeper than Python goes.

    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ValueError: it is nested too deep to be read
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep to be read") from None


def keep_newest(folder: Path, most: int) -> None:
    """Delete all files of a folder but so many that were written last, each with its seals."""
    known = [path for path in folder.iterdir() if path.is_file() and not seals.is_seal(path)]
    for path in sorted(known, key=lambda path: path.stat().st_mtime)[:-most]:
        seals.remove(path)
