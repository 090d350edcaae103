"""Stored embeddings of a data set by a model: every view and the predictions, memory-mapped; no torch.

A folder holds ``head.json`` and, in a folder of their own that the head names, one raw file a view and one of
predictions. Files only grow; ``head.json``, written atomically, says how many rows are whole: a kill loses at most the
shard in hand. What is begun anew has other files, as readers may have the old ones mapped. The folder's name is made
of the model's weights and recipe and of the data's digest, so that nothing stale is ever read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.models import checkpoints
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached, version
from mmexplore.runtime.errors import Damaged, UnknownName
from mmexplore.runtime.home import Home, read_json, write_json

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1
PREDICTIONS = "predictions.bin"


def view_file(view: str) -> str:
    """File name of a view, whatever characters the view's name has."""
    return f"view-{quote(view, safe='')}.bin"


def part_file(part: str) -> str:
    """File name of a part, which a fusion made on the way."""
    return f"part-{quote(part, safe='')}.bin"


@dataclass(frozen=True)
class Embedded:
    """Stored embedding of ``n`` molecules; ``folder`` is that of its files.

    ``dimensions`` maps each view to its width, ``tasks`` name the columns of the predictions, ``parts`` maps what the
    fusion made on the way to its shape a molecule. Rows of molecules that could not be featurised are NaN. ``crc`` has
    the CRC-32 of each file, of which version 0.1 had none.
    """

    folder: Path
    n: int
    dimensions: dict[str, int]
    tasks: tuple[str, ...] = ()
    dtype: str = "float32"
    parts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    crc: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the files."""
        state = version(self.folder / view_file(self.views[0])) if self.n else ""
        return f"{self.folder} {state}"

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views."""
        return tuple(self.dimensions)

    def view(self, name: str) -> np.ndarray:
        """Memory-mapped (n, d), read-only: float32, or uint8 0/1 for fingerprints. Raises UnknownName, Damaged."""
        if name not in self.dimensions:
            raise UnknownName("view of this model", name, self.dimensions)
        return self._mapped(view_file(name), self.dimensions[name], self.dtype)

    def part(self, name: str) -> np.ndarray:
        """Part that the fusion made on the way, float32 (n, ...). Raises UnknownName."""
        if name not in self.parts:
            raise UnknownName("part of this model's fusion", name, self.parts)
        shape = self.parts[name]
        return self._mapped(part_file(name), math.prod(shape), "float32").reshape(self.n, *shape)

    @property
    def predictions(self) -> np.ndarray:
        """(n, tasks) float32: probabilities, or values in the label's unit."""
        return self._mapped(PREDICTIONS, len(self.tasks), "float32")

    @property
    def missing(self) -> np.ndarray:
        """Rows (int64) that could not be featurised."""
        if self.dtype != "float32":
            return np.empty(0, np.int64)
        return np.flatnonzero(np.isnan(self.view(self.views[0])[:, 0]))

    def _mapped(self, file: str, width: int, dtype: str) -> np.ndarray:
        if self.n * width == 0:
            return np.empty((self.n, width), dtype)
        size = self.n * width * np.dtype(dtype).itemsize
        try:
            path = seals.verify_grown(self.folder / file, size, self.crc.get(file))
            return np.memmap(path, dtype, "r", shape=(self.n, width))
        except (OSError, ValueError) as error:  # gone, shorter, or other bytes
            put_away(self.folder)
            if isinstance(error, Damaged):
                raise
            raise Damaged(f"{self.folder / file} was damaged; ask again to have it made anew") from None

    def verify(self) -> None:
        """Read all files once, so that :class:`Damaged` is raised now if ever."""
        for file, width in self.widths.items():
            self._mapped(file, width, self.dtype)

    @property
    def widths(self) -> dict[str, int]:
        """Numbers a molecule in each file."""
        widths = {view_file(view): width for view, width in self.dimensions.items()}
        widths |= {part_file(part): math.prod(shape) for part, shape in self.parts.items()}
        return widths | {PREDICTIONS: len(self.tasks)}


def place(model_folder: Path, dataset: Dataset, *, home: Home) -> Path:
    """Folder of a model's embedding of a data set, under the home; not made here."""
    return home / "embeddings" / f"{checkpoints.digest(model_folder)}-{dataset.digest[:16]}-{VERSION}"


def read(folder: Path) -> Embedded | None:
    """The embedding in a folder, None unless it is whole."""
    head = read_head(folder)
    if head is None or head["done"] != head["n"]:
        return None
    parts = {name: tuple(shape) for name, shape in head.get("parts", {}).items()}
    tasks, crc = tuple(head["tasks"]), head.get("crc", {})
    return Embedded(files_of(folder, head), head["n"], head["dimensions"], tasks, head["dtype"], parts, crc)


def count(folder: Path) -> None:
    """Write down the CRC-32 of an embedding's files as they are, where version 0.1 left none."""
    if (head := read_head(folder)) and "crc" not in head and (found := read(folder)):
        sizes = {file: found.n * width * 4 for file, width in found.widths.items()}
        crc = {file: seals.crc_of(found.folder / file, size) for file, size in sizes.items() if size}
        write_json(folder / "head.json", head | {"crc": crc})


def put_away(files: Path) -> None:
    """Forget an embedding whose files are not what was written, so that whoever asks next has it made anew."""
    for folder in (files, files.parent):  # version 0.1 kept the files beside the head
        seals.remove(folder / "head.json")


def files_of(folder: Path, head: Mapping[str, Any]) -> Path:
    """Folder of an embedding's files; version 0.1 kept them beside the head."""
    return folder / str(head.get("files", ""))


def read_head(folder: Path) -> dict[str, Any] | None:
    """Header of an embedding, ``head.json``, None where it is absent or damaged."""
    try:
        head: dict[str, Any] = read_json(folder / "head.json")
        return head if head["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stored_predictions(model_folder: Path, dataset: Dataset, *, home: Home) -> "pd.DataFrame | None":
    """Stored predictions for a data set, a column a task, in the data set's order; None unless embedded already."""
    folder = place(model_folder, dataset, home=home)
    found = read(folder)
    return None if found is None else _predictions(found)


@cached(4)
def _predictions(found: Embedded) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(np.asarray(found.predictions), columns=list(found.tasks))
