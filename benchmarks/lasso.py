"""How soon after the mouse is released does the panel say how many molecules a lasso holds, at 100,000 molecules?

Beside it the same points in Streamlit's own ``st.plotly_chart`` (scattergl) with ``on_select="rerun"``, which sends
every selected point to the server. Same Chromium, WebGL in software.

Run: python benchmarks/lasso.py [--n 100000] [--turns 5]
"""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import numpy as np  # noqa: E402
from browser import draw, launch, open_map, start_server  # noqa: E402
from libraries import blobs, library  # noqa: E402
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402
from timing import calm  # noqa: E402

QUESTION = "seconds from the release of the mouse to the new count of selected molecules"
BUDGET_SECONDS = 1.0
THEIRS = """
import numpy as np, plotly.graph_objects as go, streamlit as st
xy = np.load("xy.npy")
figure = go.Figure(go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers"), {"dragmode": "lasso", "height": 570})
said = st.plotly_chart(figure, on_select="rerun", key="plot")
st.markdown(f"{len(said.selection.points):,} selected")
"""
LISTEN = """() => {
  const count = () => [...document.querySelectorAll("[data-testid=stMarkdownContainer]")]
    .map(e => e.innerText.trim()).find(text => /^[\\d,]+ selected$/.test(text)) ?? "";
  let said = count();
  window.times = [];
  document.addEventListener("pointerup", e => { window.began = performance.now(); }, true);
  new MutationObserver(() => {
    const now = count();
    if (now && now !== said) window.times.push((performance.now() - window.began) / 1000, now);
    said = now || said;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main(n: int, turns: int) -> None:
    home = own_home()
    theirs = home / "plotly"
    theirs.mkdir()
    (theirs / "app.py").write_text(THEIRS, encoding="utf-8")
    np.save(theirs / "xy.npy", blobs(n))
    name = library(n, home)
    servers = [start_server(home), start_server(theirs, theirs)]
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            ways = {
                "our map": lambda: ours(browser, f"{servers[0][1].url}/?data={name}&model=ecfp", turns),
                "st.plotly_chart": lambda: plotlys(browser, servers[1][1].url, turns),
            }
            rows = [{"n": n, "way": way} | summed(measure) for way, measure in ways.items()]
    finally:
        for process, _ in servers:
            process.terminate()
    record("lasso", QUESTION, f"python benchmarks/lasso.py --n {n} --turns {turns}", rows)


def ours(browser: Browser, address: str, turns: int) -> list[list[float | str]]:
    """Lassos on the app's own page."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    surface = open_map(page, address)
    calm(page, 3000)
    return lassos(page, surface.bounding_box(), turns)


def plotlys(browser: Browser, address: str, turns: int) -> list[list[float | str]]:
    """The same lassos on Streamlit's chart."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot .gl-canvas")
    calm(page, 10_000)
    return lassos(page, page.locator(".js-plotly-plot .nsewdrag").first.bounding_box(), turns)


def lassos(page: Page, box: FloatRect | None, turns: int) -> list[list[float | str]]:
    """Draw lassos of growing size round the middle; the seconds and the count after each."""
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(LISTEN)
    for turn in range(turns):
        a, b = (box[side] * (0.2 + 0.2 * turn / turns) for side in ("width", "height"))
        draw(page, [(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b), (x - a, y - b + 5)])
        page.wait_for_function("turn => window.times.length >= 2 * (turn + 1)", arg=turn, timeout=120_000)
        calm(page, 2000)
    found = page.evaluate("window.times")
    return [found[i : i + 2] for i in range(0, len(found), 2)]


def summed(measure: Callable[[], list[list[float | str]]]) -> dict[str, float | str]:
    """Median and worst, and what the last lasso held."""
    found = measure()
    seconds = [float(took) for took, _ in found]
    middle = statistics.median(seconds)
    return {"median_s": middle, "worst_s": max(seconds), "budget_s": BUDGET_SECONDS, "last": str(found[-1][1])}


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 100_000, 500)
    asked.option("--turns", 5, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.turns)
