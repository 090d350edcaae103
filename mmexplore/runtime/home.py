"""The one writable home: everything the app keeps lies under MMEXPLORE_HOME, nothing beside the code.

datasets/    standardised tables of molecules       features/    packed records of modalities
embeddings/  what a model makes of a data set       maps/        coordinates and their quality
runs/        trained models                         jobs/        status folders of long work
logs/        mmexplore.log                          uploads/     files as users gave them
untrained/   twins of models, a recipe each
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

from mmexplore.runtime import files


def home() -> Path:
    """MMEXPLORE_HOME, or the user's data folder of this operating system; made if it is not there."""
    chosen = os.environ.get("MMEXPLORE_HOME")
    return _made(Path(chosen).expanduser() if chosen else platformdirs.user_data_path("mmexplore"))


def folder(*parts: str) -> Path:
    """A folder below the home, made if it is not there."""
    return _made(home().joinpath(*parts))


def _made(path: Path) -> Path:
    if not path.is_dir():  # looking is cheaper than trying
        path.mkdir(parents=True, exist_ok=True)
    return path


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


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, indented, so that people can read it too."""
    write_atomically(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file written by :func:`write_json`."""
    return json.loads(files.patiently(lambda: path.read_text(encoding="utf-8")))
