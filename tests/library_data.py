"""What tests of libraries share: two files with rows that are hard, a small model, an engine without processes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from toy_models import SMILES, save_model

from mmexplore.explore.library import build, planning, shard
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.engines import Made
from mmexplore.explore.library.shard import Work
from mmexplore.models.registry import model
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import silent

HARD = ("C1CC", "CCO.CCN", "", "[#6]~[#6]", "CCN(CC)CC.Cl")
"""Refused but for the last one, whose salt is stripped."""
REFUSED = 4
ROWS = len(SMILES) + len(HARD)
VIEW = "model@dmpnn"


def sources(folder: Path) -> Path:
    """A folder with a CSV file of molecules that have names, a file of SMILES lines below it, and one of words."""
    (folder / "below").mkdir(parents=True)
    first, second = SMILES[:50], [*SMILES[50:], *HARD]
    names = [f"number {i}" for i in range(len(second))]
    pd.DataFrame({"id": names, "smiles": second}).to_csv(folder / "b.csv", index=False)
    (folder / "below" / "a.smi").write_text("\n".join(first) + "\n", encoding="utf-8")
    (folder / "README.txt").write_text("no molecules")
    return folder


def planned(home: Path, target: Library, *, seed: int = 0, vectors: str = "float32", mapped: bool = True) -> Work:
    """A model of drawn weights with its view, its predictions and places on a map of random vectors."""
    if not (home / "model").is_dir():
        save_model(home / "model", seed)
    part = planning.model_part(model(str(home / "model"), home=Home(home)))
    drawn = np.random.default_rng(0).random((50, part.views["dmpnn"]), np.float32)
    on = planning.landmarks(target, drawn, drawn[:, :2], VIEW, "map") if mapped else None
    return planning.work([part], on, vectors=vectors)


def serially(names: Sequence[str], library: str, work: Work, careful: bool) -> Made:
    """An engine of this process."""
    for name in names:
        yield name, json.loads(shard.made([name], library, work.plain(), careful))


def built(home: Path, folder: Path, source: Path, shard_rows: int = 20, **options: Any) -> Library:
    """A library made here."""
    target = Library("toy", folder)
    build.build(target, str(source), shard_rows, planned(home, target, **options), serially, silent)
    return Library("toy", folder)


def content(library: Path) -> dict[str, bytes]:
    """Every shard, and every table of what was rejected, byte by byte."""
    files = [*library.glob("shards/*.parquet"), *library.glob("rejected/*/*.parquet")]
    return {str(path.relative_to(library)): path.read_bytes() for path in files}
