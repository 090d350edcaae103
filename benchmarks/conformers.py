"""What do conformers cost: two processes against one, MMFF off, capped and full, fewer conformers?

    python benchmarks/conformers.py [molecules] [turns]

ZINC250k's molecules where MMEXPLORE_DATA_DIR has it, else embedded ones. Variants take turns in one run, each on the
same molecules with an empty store; figures are medians. Pools are timed by the clock on the wall, their workers warm;
MMFF by processor time of this one process, all five conformers unless said. The last rows say how far an untrained
ComENet takes two conformers of one molecule apart, beside two molecules: less is better.
"""

import os
import statistics
import tempfile
import time
from functools import partial
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from public import zinc
from record import Asked, record
from timing import seconds
from torch import Tensor

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.featurize import Chunk, featurize
from mmexplore.features.modalities.graph3d import Graph3D
from mmexplore.features.store import features
from mmexplore.features.workers import featurised
from mmexplore.nn.dataloader import collate
from mmexplore.nn.encoders.comenet import ComENet
from mmexplore.nn.geometry.conformers import how_made
from mmexplore.runtime.home import default_home

PER_CHUNK = 8  # small, so that two workers end together


def main(molecules: int, turns: int) -> None:
    found, source = zinc(20_000)
    chosen = np.random.default_rng(0).permutation(len(found))[:molecules]
    smiles = [canonical(parse(found[i])) for i in chosen]
    rows = [*pool_rows(smiles, turns), *mmff_rows(smiles, turns), *noise_rows(smiles)]
    question = f"What do conformers of {molecules} molecules ({source}) cost?"
    record("conformers", question, f"python benchmarks/conformers.py {molecules} {turns}", rows)


def pool_rows(smiles: list[str], turns: int) -> list[dict[str, Any]]:
    """Serial, and over two warm workers, default options; what they make is checked to be equal."""
    chunks = [smiles[i : i + PER_CHUNK] for i in range(0, len(smiles), PER_CHUNK)]
    list(featurised("graph3d", {}, [["C"], ["C"]], 2))
    serial, pooled = [], []
    for _ in range(turns):
        serial.append(seconds(lambda: [featurize(Graph3D(), chunk) for chunk in chunks]))
        pooled.append(seconds(lambda: list(featurised("graph3d", {}, chunks, 2))))
    check_equal(featurize(Graph3D(), chunks[0]), next(iter(featurised("graph3d", {}, chunks[:1], 1)))[1])
    one, two = statistics.median(serial), statistics.median(pooled)
    return [
        {"what": "serial", "molecules/s": len(smiles) / one},
        {"what": "2 processes", "molecules/s": len(smiles) / two, "ratio": one / two, "budget": 1.7},
    ]


def check_equal(one: Chunk, other: Chunk) -> None:
    assert all(np.array_equal(one.packed.columns[name], other.packed.columns[name]) for name in one.packed.columns)


def mmff_rows(smiles: list[str], turns: int) -> list[dict[str, Any]]:
    """Molecules a second of processor time; the ratio is the time of MMFF off over that of the variant."""
    variants = {f"MMFF {mmff}": Graph3D(mmff=mmff) for mmff in ("off", "capped", "full")}
    variants["MMFF capped, 1 conformer"] = Graph3D(conformers=1, mmff="capped")
    times: dict[str, list[float]] = {name: [] for name in variants}
    some = smiles[:: max(1, len(smiles) // 48)]
    for _ in range(turns):
        for name, member in variants.items():
            times[name].append(seconds(partial(featurize, member, some), time.process_time))
    median = {name: statistics.median(t) for name, t in times.items()}
    rows = [{"what": name, "molecules/s": len(some) / s, "ratio": median["MMFF off"] / s} for name, s in median.items()]
    made = how_made(featurize(Graph3D(), some).packed)
    return [*rows, *({"what": f"of {len(some)}: {words}", "molecules": n} for words, n in made.items())]


def noise_rows(smiles: list[str]) -> list[dict[str, Any]]:
    """Mean distance between embeddings of two conformers of a molecule, over that between molecules."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["MMEXPLORE_HOME"] = home
        return [
            {"what": f"two conformers against two molecules, MMFF {mmff}", "ratio": noise(smiles[:64], mmff)}
            for mmff in ("off", "capped", "full")
        ]


def noise(smiles: list[str], mmff: str) -> float:
    one, other = (embedded(smiles, {"mmff": mmff, "conformers": 1, "seed": seed}) for seed in (0, 1))
    apart = torch.cdist(one, other)
    same = apart.diagonal().sum()
    return float(same / len(smiles) / ((apart.sum() - same) / (apart.numel() - len(smiles))))


def embedded(smiles: list[str], options: dict[str, Any]) -> Tensor:
    """By an untrained ComENet, ``(n, 256)``."""
    torch.manual_seed(0)
    found = features("graph3d", smiles, options, workers=1, home=default_home())
    with torch.no_grad():
        embeddings: Tensor = ComENet().eval()(collate(found.take(np.arange(len(smiles))), "graph3d"))
    return embeddings


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("molecules", 128, 4, nargs="?", type=int)
    asked.option("turns", 3, 1, nargs="?", type=int)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.molecules, chosen.turns)
