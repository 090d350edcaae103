"""What does a rerun of the Map page cost when the map is there, against an empty script and an empty page of the app?

All on the server alone, as Streamlit's AppTest runs them, one after the other. Run: python benchmarks/page_rerun.py
"""

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
os.environ["MMEXPLORE_HOME"] = tempfile.mkdtemp(prefix="mmexplore-bench-")
sys.path.insert(0, str(ROOT))

from libraries import library  # noqa: E402
from record import record  # noqa: E402
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402
from streamlit.testing.v1.local_script_runner import LocalScriptRunner  # noqa: E402

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
    ways = {"empty": empty.run, "framed": frame.run, "all": page.run, "page": lambda: within_the_frame(page)}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TRIES):
        for name, run in ways.items():
            began = time.process_time()  # of all threads: other programs on the machine do not count
            run()
            times[name].append(1000 * (time.process_time() - began))
    medians = {name: statistics.median(values) for name, values in times.items()}
    against = {f"{name} / empty": medians[name] / medians["empty"] for name in ways if name != "empty"}
    return {"n": n} | {f"{name}_ms": value for name, value in medians.items()} | against


def within_the_frame(page: AppTest) -> None:
    """What runs after a click on the map, on its controls or beside it: the page, not the frame."""
    fragments = page._fragment_storage.resolve_target("map page")
    ask = LocalScriptRunner.request_rerun

    def narrowly(runner: LocalScriptRunner, data: RerunData) -> bool:
        runner._requests = ScriptRequests()  # AppTest has asked for all of it already
        return ask(runner, replace(data, fragment_id_queue=fragments))

    with patch.object(LocalScriptRunner, "request_rerun", narrowly):
        page.run()
    assert not page.exception, page.exception


if __name__ == "__main__":
    main()
