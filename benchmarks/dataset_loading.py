"""How fast does a file of 20,000 SMILES become a data set, in one process and over workers, and when loaded again?

    python benchmarks/dataset_loading.py [turns] [--n 20000]

ZINC250k's first 20,000 where MMEXPLORE_DATA_DIR has it, else the embedded molecules, over and over. Variants take
turns; figures are medians of wall time.
"""

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from public import zinc
from record import Asked, record

from mmexplore.chem.standardize import standardize_all
from mmexplore.datasets import catalog
from mmexplore.runtime.home import default_home


def main(n: int, turns: int) -> None:
    smiles, source = zinc(n)
    smiles = list(itertools.islice(itertools.cycle(smiles), n))
    workers = len(os.sched_getaffinity(0))
    variants: dict[str, Callable[[], Any]] = {
        "one process": lambda: standardize_all(smiles, "strip", workers=0),
        f"our workers, {workers}": lambda: standardize_all(smiles, "strip", workers=workers),
    }
    with tempfile.TemporaryDirectory() as home:
        os.environ["MMEXPLORE_HOME"] = home
        path = Path(home, "molecules.smi")
        path.write_text("\n".join(smiles) + "\n")
        seconds: dict[str, list[float]] = {name: [] for name in [*variants, "first load of the file", "second load"]}
        for turn in range(turns):
            for name, run in variants.items():
                seconds[name].append(_timed(run))
            path.write_text("\n".join([*smiles, "C" * (turn + 1)]) + "\n")  # another content: the first load is one
            for name in ("first load of the file", "second load"):
                seconds[name].append(_timed(lambda: catalog.load(path, home=default_home())))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    rows = [
        {
            "variant": name,
            "seconds": round(value, 3),
            "molecules a second": round(n / value),
            "times one process": round(medians["one process"] / value, 2),
        }
        for name, value in medians.items()
    ]
    question = f"How fast do {n:,} SMILES ({source}) become a data set?"
    record("dataset_loading", question, f"python benchmarks/dataset_loading.py {turns}", rows)


def _timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("turns", 3, 1, nargs="?", type=int)
    asked.option("--n", 20_000, 300)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.turns)
