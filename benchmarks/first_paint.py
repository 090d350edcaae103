"""What does the first page cost: CPU seconds of imports against `import torch`, seconds until map and scores are seen?

The first start has an empty home, the second finds what the first left. Run: python benchmarks/first_paint.py
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import launch, open_map, start_server  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402

SCREENS = "import streamlit, mmexplore.ui.server.routes, mmexplore.ui.shell.startup, mmexplore.ui.map.page"


def main(tries: int) -> None:
    imports: dict[str, list[float]] = {"import torch": [], "screens": [], "screens beyond streamlit": []}
    for _ in range(tries):
        imports["import torch"].append(seconds("import torch"))
        imports["screens"].append(seconds(SCREENS))
        imports["screens beyond streamlit"].append(imports["screens"][-1] - seconds("import streamlit"))
    torch = statistics.median(imports["import torch"])
    rows = [
        {"what": what, "seconds": statistics.median(t), "of torch": statistics.median(t) / torch}
        for what, t in imports.items()
    ]
    home = own_home()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for which in ("first", "second"):
            server, page = start(browser, home)
            rows.append({"what": f"{which} start: command to an answering server", "seconds": server})
            rows.append({"what": f"{which} start: page load to map and scores", "seconds": page})
    record("first_paint", "seconds until the first page is seen", "python benchmarks/first_paint.py", rows)


def seconds(code: str) -> float:
    """CPU time of a fresh interpreter that runs this."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def start(browser: Browser, home: Path) -> tuple[float, float]:
    """Seconds until the server answers, and from the page load to a painted map with DBI and NMI beside it."""
    began = time.perf_counter()
    process, server = start_server(home)
    up = time.perf_counter()
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900})  # nothing listens in: that would slow it
        open_map(page, server.url)
        page.get_by_text("Davies-Bouldin").first.wait_for()
        seen = time.perf_counter()
        page.close()
    finally:
        process.terminate()
        process.wait()
    return up - began, seen - up


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--tries", 5, 1)
    return asked


if __name__ == "__main__":
    main(command_line().parse_args().tries)
