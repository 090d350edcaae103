"""How soon does each step of the guided walk stand, on a fresh home?

    python benchmarks/walk.py [--homes 3]

The app is opened in a home where nothing is known, in Chromium; once the Map stands, "Show me round" is clicked and
then "Next", each five seconds after the step before stood: whoever walks says a sentence. A step stands at the last
change of the page before two seconds without one, its script ended; that is counted from the click, the medians over
the homes. What the sidebar tells of a job is not of the step.
"""

import statistics
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from browser import launch, start_server  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402
from timing import calm  # noqa: E402

from mmexplore.ui.shell import tour  # noqa: E402

BUDGET = 1.0
LISTEN = """() => {
  window.changed = performance.now();
  document.addEventListener("click", () => { window.began = performance.now(); }, true);
  const beside = node => (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-testid=stSidebar]");
  new MutationObserver(seen => { if (!seen.every(one => beside(one.target))) window.changed = performance.now(); })
    .observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
STANDS = """quiet => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
  && performance.now() - window.changed > quiet"""
QUIET_MS, SENTENCE_MS = 2000, 5000


def main(homes: int) -> None:
    times: list[list[float]] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for _ in range(homes):
            process, server = start_server(own_home())
            try:
                times.append(walked(browser, server.url))
            finally:
                process.terminate()
                process.wait()
    rows: list[dict[str, Any]] = [
        {"step": number, "page": step.page, "title": step.title, "median s": statistics.median(seconds)}
        | {"worst s": max(seconds), "budget s": BUDGET}
        for number, (step, seconds) in enumerate(zip(tour.STEPS, zip(*times, strict=True), strict=True), 1)
    ]
    question = "seconds from a click of the guided walk until its step stands, fresh homes"
    record("walk", question, f"python benchmarks/walk.py --homes {homes}", rows)


def walked(browser: Browser, url: str) -> list[float]:
    """Seconds of each step, once the first page stands."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(url)
    page.get_by_role("link", name="Show me round").wait_for()
    page.evaluate(LISTEN)
    page.wait_for_function(STANDS, arg=QUIET_MS)
    calm(page, 10_000)
    found = []
    for number, step in enumerate(tour.STEPS, 1):
        page.get_by_role("link", name="Show me round" if number == 1 else "Next").click()
        page.get_by_text(f"{number} of {len(tour.STEPS)}: {step.title}").wait_for()
        page.wait_for_function(STANDS, arg=QUIET_MS)
        found.append(float(page.evaluate("(window.changed - window.began) / 1000")))
        calm(page, SENTENCE_MS - QUIET_MS)
    page.close()
    return found


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--homes", 3, 1)
    return asked


if __name__ == "__main__":
    main(command_line().parse_args().homes)
