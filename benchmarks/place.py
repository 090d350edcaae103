"""How long does it take to put 500 new molecules onto a map, beside umap-learn's own transform?

    python benchmarks/place.py [--n 4000] [--rounds 5]

ECFP-coloured noise would flatter neither side: rows are ECFP4 fingerprints of the NCI set reduced to 256 principal
components, the width of a learned embedding. ``transform`` is timed warm: its first call, which compiles and builds an
index, is listed beside it. Both run on one thread; trust is the trustworthiness (10 neighbours) of old and new points
together, higher is better.
"""

import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np
from record import Asked, record
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from mmexplore.datasets import catalog
from mmexplore.explore.maps.project import place
from mmexplore.models import embed
from mmexplore.runtime.home import default_home

warnings.filterwarnings("ignore")


def rows_of(n: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """``n`` molecules that have a map, and those that come new; different molecules, the same in every run."""
    data = catalog.load("nci", home=default_home())
    bits = np.unique(embed.baseline(data, home=default_home()).view("ecfp"), axis=0)
    bits = np.random.default_rng(0).permutation(bits)[: n + new]
    x = PCA(min(256, len(bits)), random_state=0).fit_transform(bits.astype(np.float32)).astype(np.float32)
    return x[:-new], x[-new:]


def seconds(way: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    started = time.perf_counter()
    found = way()
    return time.perf_counter() - started, found


def main(n: int, more: int, rounds: int) -> None:
    from umap import UMAP

    x, new = rows_of(n, more)
    fitted = UMAP(random_state=0).fit(x)
    xy = fitted.embedding_.astype(np.float32)
    ways = {"umap-learn transform": lambda: fitted.transform(new), "place": lambda: place(new, x, xy)}
    first = {name: seconds(way)[0] for name, way in ways.items()}
    turns = [{name: seconds(way) for name, way in ways.items()} for _ in range(rounds)]
    took = {name: statistics.median(turn[name][0] for turn in turns) for name in ways}
    rows: list[dict[str, Any]] = [
        {
            "way": name,
            "first call, s": first[name],
            "warm, ms": 1e3 * took[name],
            "times umap-learn": took["umap-learn transform"] / took[name],
            "budget": 20 if name == "place" else 1,
            "trust": trustworthiness(np.vstack([x, new]), np.vstack([xy, turns[0][name][1]]), n_neighbors=10),
        }
        for name in ways
    ]
    question = f"How long does it take to put {more} new molecules onto a map of {len(x)}?"
    record("place", question, f"python benchmarks/place.py --n {n} --rounds {rounds}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 4000, 200)
    asked.option("--new", 500, 20)
    asked.option("--rounds", 5, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.new, chosen.rounds)
