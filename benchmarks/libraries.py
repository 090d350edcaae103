"""Large data sets for benchmarks of the screens: real small molecules repeated, on a map of seeded blobs.

Written into a home as an import and a map job would leave them, without the hours that a million molecules take.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from mmexplore.datasets import Dataset, Report, Task, catalog, yours
from mmexplore.datasets import storage as dataset_files
from mmexplore.explore.maps import storage as map_file
from mmexplore.explore.maps.quality import Quality
from mmexplore.explore.maps.storage import MapFile
from mmexplore.models import registry
from mmexplore.runtime.home import default_home
from mmexplore.studio import maps


def library(n: int, where: Path, seed: int = 0) -> str:
    """A data set of n rows with one label and a "UMAP" map under the ECFP baseline; returns its name."""
    source, home = where / f"synthetic {n}.csv", default_home()
    real = catalog.load("solubility", home=home)
    pd.DataFrame({"smiles": real.smiles[:2]}).assign(name=f"of {n}").to_csv(source, index=False)
    name = catalog.add(source, f"synthetic {n}", home=home).name
    path, card, table = yours.upload(name, home=home), yours.cards(home=home)[name], _table(name, n, real, seed)
    place = home.folder("datasets") / catalog._key((path,), card["choices"], card["content"])
    dataset_files.write(place, table)
    yours.keep(name, f"{n:,} synthetic molecules", path, card["content"], card["choices"], table, home=home)
    _map(catalog.load(name, home=home), seed)
    return name


def blobs(n: int, seed: int = 0) -> np.ndarray:
    """Coordinates (n, 2) float32: thirty groups of unlike sizes."""
    rng = np.random.default_rng(seed)
    group = rng.choice(30, n, p=rng.dirichlet(np.ones(30)))
    return (rng.normal(size=(30, 2)) * 8 + 0)[group].astype(np.float32) + rng.normal(size=(n, 2)).astype(np.float32)


def _table(name: str, n: int, real: Dataset, seed: int) -> Dataset:
    rows = np.arange(n) % len(real)
    label = np.random.default_rng(seed).normal(size=(n, 1)).astype(np.float32)
    names = np.array([f"synthetic {i}" for i in range(n)], dtype=object)
    report = Report(read=n, kept=n)
    task = Task("label", "regression")
    return Dataset(
        name,
        name,
        hashlib.sha256(f"synthetic {n} {seed}".encode()).hexdigest(),
        real.smiles[rows],
        names,
        np.arange(n) + 2,
        label,
        (task,),
        pd.DataFrame(index=range(n)),
        report,
    )


def _map(table: Dataset, seed: int) -> None:
    folder = maps.map_folders(registry.model(registry.BASELINE, home=default_home()), table)[-1]
    path = map_file.place_of(folder, registry.BASELINE, "umap", 0)
    quality = Quality("synthetic points: nothing was scored")
    made = MapFile(path, blobs(len(table), seed), registry.BASELINE, "umap", 0, {}, quality, "2026-01-01", 0.0)
    map_file.save(made)
