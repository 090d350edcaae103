"""Home folder: everything that the app keeps, and nothing beside the code. A value, passed down to whoever writes.

datasets/    standardised tables of molecules       features/    packed records of modalities
embeddings/  what a model makes of a data set       maps/        coordinates and their quality
runs/        trained models                         jobs/        status folders of long work
logs/        mmexplore.log                          uploads/     files as users gave them
untrained/   twins of models, a recipe each
"""

import json
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from mmexplore.runtime import files


@dataclass(frozen=True)
class Home:
    """A folder that an app or a user keeps things in."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        """A path below it; nothing is made."""
        return self.path / name

    def folder(self, *parts: str) -> Path:
        """A folder below it, made if it is not there."""
        path = self.path.joinpath(*parts)
        if not path.is_dir():  # looking is cheaper than trying
            path.mkdir(parents=True, exist_ok=True)
        return path


def default_home() -> Home:
    """The home that the environment names: MMEXPLORE_HOME, else the user's data folder of this operating system.

    Asked at the door alone (:mod:`mmexplore.studio.door`, the command line, a job's process), never below it.
    """
    chosen = os.environ.get("MMEXPLORE_HOME")
    return Home(Path(chosen).expanduser() if chosen else platformdirs.user_data_path("mmexplore"))


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file or nothing: a reader never sees half of it, a kill leaves the old one.

    Not for a file that anybody maps into memory: see :mod:`mmexplore.runtime.files`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        files.replace(Path(temporary), path)
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


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, indented, so that people can read it too."""
    write_atomically(path, json_text(value, indent=1, ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file written by :func:`write_json`."""
    return json.loads(files.patiently(lambda: path.read_text(encoding="utf-8")))
