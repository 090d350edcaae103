"""How soon is there something to look at, and the UMAP itself, beside umap-learn in a fresh process?

    python benchmarks/first_map.py [--rounds 1]

Every figure is a process of its own: from its start to coordinates in a file. Given are embeddings of the NCI set
(ECFP4 reduced to 256 principal components, the width of a learned one) in a .npy file. Each way runs twice: ``first``
with an empty cache of compiled code, as after an installation, ``later`` with the cache that its first run left. PCA is
what the map shows until the chosen method is done. trust: trustworthiness, 10 neighbours, higher is better.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from record import Asked, record, smallest

from mmexplore.runtime.home import default_home

OURS = "import numpy as n; from mmexplore.explore.maps.project import project; "
OURS += "n.save({out!r}, project(n.load({x!r}), {method!r}))"
THEIRS = "import numpy as n; from umap import UMAP; n.save({out!r}, UMAP(random_state=0).fit_transform(n.load({x!r})))"
WAYS = {
    "umap-learn": (THEIRS, ""),
    "something to look at (PCA)": (OURS, "pca"),
    "our UMAP": (OURS, "umap"),
}


def embeddings(path: Path, n: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    from mmexplore.datasets import catalog
    from mmexplore.models import embed

    bits = embed.baseline(catalog.load("nci", home=default_home()), home=default_home()).view("ecfp")[:n]
    x: np.ndarray = PCA(min(256, len(bits)), random_state=0).fit_transform(bits.astype(np.float32)).astype(np.float32)
    np.save(path, x)
    return x


def seconds(way: str, folder: Path, cache: Path) -> float:
    code, method = WAYS[way]
    code = code.format(x=str(folder / "x.npy"), out=str(folder / f"{way}.npy"), method=method)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONWARNINGS": "ignore"}
    if smallest():
        environment["NUMBA_DISABLE_JIT"] = "1"  # to compile takes a minute, and a few points do without
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def one_round(folder: Path, number: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for time_of in ("first", "later"):
        for way in WAYS:
            cache = folder / f"cache-{number}-{way}"
            found.setdefault(way, {})[time_of] = seconds(way, folder, cache)
    return found


def main(n: int, rounds: int) -> None:
    from sklearn.manifold import trustworthiness

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("MMEXPLORE_HOME", str(folder / "home"))
        x = embeddings(folder / "x.npy", n)
        turns = [one_round(folder, number) for number in range(rounds)]
        trust = {way: trustworthiness(x, np.load(folder / f"{way}.npy"), n_neighbors=10) for way in WAYS}
    rows: list[dict[str, Any]] = []
    for way in WAYS:
        took = {when: statistics.median(turn[way][when] for turn in turns) for when in ("first", "later")}
        theirs = {when: statistics.median(turn["umap-learn"][when] for turn in turns) for when in took}
        times = {f"times umap-learn, {when}": theirs[when] / took[when] for when in took}
        budget = {"budget": 8 if "PCA" in way else 1, "trust": trust[way]}
        rows.append({"way": way} | {f"{when}, s": took[when] for when in took} | times | budget)
    question = f"How soon is there a map of {len(x)} new molecules, beside umap-learn?"
    record("first_map", question, f"python benchmarks/first_map.py --rounds {rounds}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 4999, 25)
    asked.option("--rounds", 1, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.rounds)
