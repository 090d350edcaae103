"""How soon does the map answer the pointer, at 1,282 to 1,000,000 molecules, and how does Plotly's scattergl do?

Both run in the same Chromium with WebGL in software, on the same points, with drawings from the same server.
Run: python benchmarks/hover.py [--most 1000000]
"""

import statistics
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import plotly  # noqa: E402
from browser import MAP, Server, launch, middle, new_page, open_map, settle, start_server  # noqa: E402
from libraries import library  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402
from timing import calm  # noqa: E402

QUESTION = "milliseconds from the pointer's move to the drawn card; seconds to draw, recolour and grey out"

PLOTLY_MOST = 100_000  # beyond that it is not measured: the script would take too long
# Where the page was drawn anew since, the map is another one: it is listened to again before each move.
LISTEN = f"""() => {{
  const root = {MAP}, image = root.querySelector(".card img");
  if (window.image === image) return;
  window.image = image;
  window.times ??= [];
  root.querySelector(".surface").addEventListener("pointermove", e => {{ window.began = e.timeStamp; }}, true);
  image.addEventListener("load", () => image.decode().then(() => window.times.push(performance.now() - window.began)));
}}"""


def main() -> None:
    chosen = command_line().parse_args()
    sizes = [n for n in (1_282, 100_000, 1_000_000) if n <= chosen.most]
    home = own_home()
    names = {n: library(n, home) for n in sizes}
    process, server = start_server(home)
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            rows = [measured(browser, server, n, name, chosen.moves) for n, name in names.items()]
    finally:
        process.terminate()
    record("hover", QUESTION, "python benchmarks/hover.py", rows)


def measured(browser: Browser, server: Server, n: int, name: str, moves: int) -> dict[str, float | int | str]:
    """One size: the pointer on the app's own page, then both ways to draw on bare pages."""
    page, seen = new_page(browser, server.url)
    surface = open_map(page, f"{server.url}/?data={name}&model=ecfp")
    calm(page, 5000)
    settle(page)
    x, y, *_ = middle(surface)
    ours = sweep(page, x - 200, y - 150, moves, LISTEN)
    blobs = [address for address in seen.requests if "/blob/" in address][:1]
    modules = next(address for address in seen.requests if "/molecule_map/" in address).rpartition("/")[0]
    page.close()
    mine, _ = drawn(browser, server, "hover_ours.js", modules, blobs)
    times: dict[str, float | int | str] = {"cards": len(ours)}
    times |= {"card_ms": statistics.median(ours), "card_ms_worst": max(ours)}
    times |= {f"{what}_s": took for what, took in mine.items()}
    if n <= PLOTLY_MOST:
        theirs, hovers = drawn(browser, server, "hover_plotly.js", modules, blobs, moves)
        times |= {"card_ms_plotly": statistics.median(hovers)} | {f"{what}_s_plotly": t for what, t in theirs.items()}
    return {"n": n} | times


def sweep(page: Page, x: float, y: float, moves: int, listen: str = "() => {}") -> list[float]:
    """Move about until so many cards were drawn, and rest on each until it is; the milliseconds of each."""
    for move in range(20 * moves):
        page.evaluate(listen)
        if page.evaluate("window.times.length") >= moves:
            return list(page.evaluate("window.times"))
        page.mouse.move(x + 41 * move % 400, y + 23 * move % 300)
        page.wait_for_timeout(150)
        page.wait_for_function("() => window.image.complete")
        page.wait_for_timeout(50)
    raise RuntimeError(f"only {page.evaluate('window.times')} cards in {20 * moves} moves")


def drawn(
    browser: Browser, server: Server, script: str, modules: str, blobs: list[str], moves: int = 0
) -> tuple[dict[str, float], list[float]]:
    """Run a script on an empty page of the server; returns its seconds, and the milliseconds of a sweep."""
    page = browser.new_page(viewport={"width": 1000, "height": 700}, bypass_csp=True)  # the scripts are not the app's
    page.set_default_timeout(300_000)
    page.goto(f"{server.url}/healthz")
    if moves:
        page.add_script_tag(path=Path(plotly.__file__).parent / "package_data" / "plotly.min.js")
    took = page.evaluate((Path(__file__).parent / script).read_text(), [modules, blobs])
    times = sweep(page, 300, 200, moves) if moves else []
    page.close()
    return took, times


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--most", 1_000_000, 1_282)
    asked.option("--moves", 12, 2)
    return asked


if __name__ == "__main__":
    main()
