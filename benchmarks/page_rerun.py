"""What does a rerun of the Map page cost when the map is there, against an empty script and an empty page of the app?

All on the server alone, as Streamlit's AppTest runs them, one after the other. Run: python benchmarks/page_rerun.py
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

VISIT = ROOT / "mmexplore" / "ui" / "visit.py"
TRIES = 30


def main() -> None:
    empty = AppTest.from_string("import streamlit as st\nst.title('nothing')", default_timeout=60).run()
    rows = [compared(empty, framed(), n) for n in (1_282, 100_000)]
    record("page_rerun", "CPU milliseconds of a rerun with the map cached", "python benchmarks/page_rerun.py", rows)


def framed() -> AppTest:
    """An empty page with navigation, pickers and job banner round it, as every page of the app has them."""
    page = Path(os.environ["MMEXPLORE_HOME"]) / "1_Empty.py"
    page.write_text("import streamlit as st\nst.title('nothing')\n", encoding="utf-8")
    script = f"""
import runpy
from pathlib import Path
from unittest.mock import patch
with patch("mmexplore.ui.places.pages", lambda: [Path({str(page)!r})]):
    runpy.run_path({str(VISIT)!r})
"""
    return AppTest.from_string(script, default_timeout=60).run()


def compared(empty: AppTest, frame: AppTest, n: int) -> dict[str, float | int]:
    """Median milliseconds of all three, interleaved."""
    page = AppTest.from_file(str(VISIT), default_timeout=120)
    page.query_params.update({"data": library(n, Path(os.environ["MMEXPLORE_HOME"])), "model": "ecfp"})
    page.run()
    time.sleep(2.5)  # what was read from a folder is kept once the folder has been quiet for two seconds
    assert not page.exception, page.exception
    assert not frame.exception, frame.exception
    times: dict[str, list[float]] = {"empty_ms": [], "framed_ms": [], "map_ms": []}
    for _ in range(TRIES):
        for name, app in (("empty_ms", empty), ("framed_ms", frame), ("map_ms", page)):
            began = time.process_time()  # of all threads: other programs on the machine do not count
            app.run()
            times[name].append(1000 * (time.process_time() - began))
    medians = {name: statistics.median(values) for name, values in times.items()}
    against = {f"against {name}": medians["map_ms"] / medians[f"{name}_ms"] for name in ("empty", "framed")}
    return {"n": n} | medians | against


if __name__ == "__main__":
    main()
