"""How many frames a second does the modality lens move, at 10,000 and 100,000 molecules?

The project's own painter in Chromium with WebGL in software, the slider swept from stop to stop, as the page has it
painted while points move. Against it, in the same run: WebGL for the same frames, by places mixed there or uploaded.

    python benchmarks/lens.py [--most 100000] [--frames 120]
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from browser import launch, start_server  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402

from mmexplore.ui.components.component_scripts import scripts  # noqa: E402

QUESTION = "frames a second of a lens that moves, as the page paints it, and by WebGL in software alone"


def main() -> None:
    chosen = command_line().parse_args()
    process, server = start_server(own_home())
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1000, "height": 700}, bypass_csp=True)
            page.set_default_timeout(300_000)
            page.goto(f"{server.url}/healthz")
            modules = f"{server.url}/scripts/{scripts()[0]}/molecule_map"
            work = (Path(__file__).parent / "lens_frames.js").read_text()
            sizes = [n for n in (10_000, 100_000) if n <= chosen.most] or [chosen.most]
            rows = [{"n": n} | page.evaluate(work, [modules, n, chosen.frames]) for n in sizes]
    finally:
        process.terminate()
    command = f"python benchmarks/lens.py --most {chosen.most} --frames {chosen.frames}"
    record("lens", QUESTION, command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--most", 100_000, 1_000)
    asked.option("--frames", 120, 4)
    return asked


if __name__ == "__main__":
    main()
