"""Stored map: a parquet file of coordinates and a JSON file beside it that says how they were made.

The JSON file is written last and holds the parquet file's hash, so that a map is whole or not there.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from mmexplore.datasets import tables
from mmexplore.explore.maps.procrustes import Aligned, align
from mmexplore.explore.maps.quality import Quality
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.files import allowed
from mmexplore.runtime.home import read_json, write_atomically, write_json

UNSCORED = Quality("not computed yet")


@dataclass(frozen=True)
class MapFile:
    """Stored map: ``xy`` (n, 2) float32, NaN where a molecule has no embedding; ``path`` is its parquet file."""

    path: Path
    xy: np.ndarray
    view: str
    method: str
    seed: int
    parameters: dict[str, Any]
    quality: Quality
    created: str
    seconds: float

    @property
    def digest(self) -> str:
        """Digest of the map."""
        return f"{self.path} {self.created} {self.seconds}"


def place_of(folder: Path, view: str, method: str, seed: int) -> Path:
    """Path of a map's parquet file in a folder; the view's name may hold any character."""
    return folder / allowed(f"{quote(view, safe='')}-{method}" + (f"-{seed}" if seed else "") + ".parquet")


def save(made: MapFile) -> None:
    """Write a map to its path, over one that may be there."""
    import pandas as pd

    buffer = io.BytesIO()
    pd.DataFrame({"x": made.xy[:, 0], "y": made.xy[:, 1]}).to_parquet(buffer)
    about = {k: v for k, v in asdict(made).items() if k not in ("path", "xy")}
    about |= {"rows": len(made.xy), "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}
    write_atomically(made.path, buffer.getvalue())
    write_json(made.path.with_suffix(".json"), about)


def stored(folders: Iterable[Path], view: str, method: str, seed: int = 0, *, unscored: bool = False) -> MapFile | None:
    """The first whole map of that view, method and seed in the folders, None if there is none.

    With ``unscored`` also one whose quality is not known yet (``quality`` is then UNSCORED).
    """
    for folder in folders:
        try:
            found = _load(version(place_of(folder, view, method, seed).with_suffix(".json")))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if unscored or found.quality != UNSCORED:
            return found
    return None


@cached(48)
def _load(about_file: FileVersion) -> MapFile:
    about, path = read_json(about_file.path), about_file.path.with_suffix(".parquet")
    content = seals.read(path)
    if hashlib.sha256(content).hexdigest() != about.pop("sha256"):
        raise ValueError(f"{path} and its JSON file are not of one map")
    xy = tables.frame(content)[["x", "y"]].to_numpy(np.float32)
    about.pop("rows")
    xy.setflags(write=False)
    return MapFile(path=path, xy=xy, **about | {"quality": Quality.of(about["quality"])})


@cached(24)
def aligned(shown: MapFile, onto: MapFile) -> Aligned:
    """Map aligned with another one, for drawing; the other one itself stays as it is."""
    made = align(shown.xy, onto.xy) if shown.digest != onto.digest else Aligned(shown.xy, 0.0)
    made.xy.setflags(write=False)
    return made
