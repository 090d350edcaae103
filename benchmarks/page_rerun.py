"""What does a rerun of the Map page cost when the map is there, against a rerun of an empty page?

Both on the server alone, as Streamlit's AppTest runs them, one after the other. Run: python benchmarks/page_rerun.py
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
os.environ["MMEXPLORE_HOME"] = tempfile.mkdtemp(prefix="mmexplore-bench-")
sys.path.insert(0, str(ROOT))

from libraries import library  # noqa: E402
from record import record  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

TRIES = 30


def main() -> None:
    empty = AppTest.from_string("import streamlit as st\nst.title('nothing')", default_timeout=60).run()
    rows = [compared(empty, n) for n in (1_282, 100_000)]
    record("page_rerun", "milliseconds of a rerun with the map cached", "python benchmarks/page_rerun.py", rows)


def compared(empty: AppTest, n: int) -> dict[str, float | int]:
    """Median milliseconds of both, interleaved."""
    page = AppTest.from_file(str(ROOT / "mmexplore" / "ui" / "frame.py"), default_timeout=120)
    page.query_params.update({"data": library(n, Path(os.environ["MMEXPLORE_HOME"])), "model": "ecfp"})
    page.run()
    assert not page.exception, page.exception
    times: dict[str, list[float]] = {"empty_ms": [], "map_ms": []}
    for _ in range(TRIES):
        for name, app in (("empty_ms", empty), ("map_ms", page)):
            began = time.perf_counter()
            app.run()
            times[name].append(1000 * (time.perf_counter() - began))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {"n": n} | medians | {"ratio": medians["map_ms"] / medians["empty_ms"]}


if __name__ == "__main__":
    main()
