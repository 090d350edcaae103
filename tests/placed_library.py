"""Libraries whose molecules have their places already, written as a build leaves them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mmexplore.explore.library.build import CARD, Library
from mmexplore.explore.library.shard import MapPart, ModelPart, Work, folder_of
from mmexplore.explore.library.sources import INPUT, MANIFEST
from mmexplore.runtime.home import json_text, write_json

MODEL, TASK = "model", "SOL"
SMILES = ("CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "CCN(CC)CC", "c1ccncc1")
PREDICTED = f"{MODEL}: {TASK}"


def placed(folder: Path, shards: Iterable[dict[str, np.ndarray]], mapped: bool = True) -> Library:
    """A library of shards with columns ``x``, ``y`` (NaN: no place), ``value`` and, if wanted, ``smiles``."""
    parts, work = [], Work(models=(ModelPart(MODEL, (), {}, (TASK,)),), map=MapPart("", "", "") if mapped else None)
    place = folder_of(folder)
    place.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(shards):
        n = len(one["x"])
        smiles = one.get("smiles", np.array(SMILES, object)[np.arange(n) % len(SMILES)])
        names = [f"number {row}" for row in range(n)]
        columns = {"line": np.arange(n) + 1, "name": names, "smiles": smiles, PREDICTED: one["value"]}
        columns |= {"logP": one["value"] * 0 + np.float32(number)}
        if mapped:
            columns |= {"map x": one["x"], "map y": one["y"]}
        told = {"input": f"{number}", "work": work.digest}
        table = pa.table(columns).replace_schema_metadata({b"mmexplore": json_text(told)})
        pq.write_table(table, place / f"part-{number:05}.parquet", compression="zstd", row_group_size=16_384)
        parts.append({"name": f"part-{number:05}", "rows": n, "digest": f"{number}"})
    card = {"format": 1, "source": "numbers", "shard_rows": 0, "work": work.plain(), "layers": {}}
    write_json(folder / CARD, card)
    write_json(folder / INPUT / f"all{MANIFEST}", {"source": "numbers.smi", "parts": parts, "notes": []})
    return Library(folder.name, folder)


def crowded(n: int, shards: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Shards of n molecules in all: dense and thin groups, a hundredth without a place, values with gaps."""
    rng = np.random.default_rng(seed)
    group = rng.choice(12, n, p=rng.dirichlet(np.full(12, 0.4)))
    xy = rng.normal(size=(12, 2))[group] * 6 + rng.normal(size=(n, 2)) * rng.uniform(0.05, 1, 12)[group, None]
    xy[rng.random(n) < 0.01] = np.nan
    value = np.where(rng.random(n) < 0.1, np.nan, xy[:, 0] + rng.normal(size=n))
    parts = np.array_split(np.arange(n), shards)
    return [{"x": xy[p, 0].astype("f4"), "y": xy[p, 1].astype("f4"), "value": value[p].astype("f4")} for p in parts]
