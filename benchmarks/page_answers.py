"""How soon do pages answer on the shipped models: a slider of What if, a query of Retrieval, a molecule of Subgraphs?

    MMEXPLORE_DATA_DIR=... python benchmarks/page_answers.py [--turns 8]

From the key that is pressed in Chromium until what it asks for stands on the page: the new score, the heading over the
new hits, the SMILES of the smallest subgraph. The first answer of each, for which the server imports torch, is apart.
"""

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import numpy as np  # noqa: E402
from browser import launch, start_server  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from record import Asked, own_home, record  # noqa: E402
from timing import calm  # noqa: E402

from mmexplore import studio  # noqa: E402

MODELS = {
    "freesolv": "freesolv-all-late",
    "solubility": "solubility-all-late",
    "lipophilicity": "lipophilicity-all-late",
}
BUDGETS = {"Fusion, What if": 0.3, "Retrieval": 0.3, "Subgraphs": 2.0}
WAIT_MS = 90_000
LISTEN = """selector => {
  const read = () => [...document.querySelectorAll(selector)].map(e => e.innerText).join("|");
  let said = read();
  window.times = [];
  document.addEventListener("keydown", e => { window.began = performance.now(); }, true);
  window.watch?.disconnect();
  window.watch = new MutationObserver(() => {
    const now = read();
    if (now && now !== said) window.times.push((performance.now() - window.began) / 1000);
    said = now || said;
  });
  window.watch.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main(turns: int, only: list[str]) -> None:
    home = Path(os.environ.get("MMEXPLORE_HOME") or own_home())
    chosen = {data: MODELS[data] for data in only}
    for data, model in chosen.items():
        studio.embed(model, data)
        studio.embed(studio.UNTRAINED + model, data)
    process, server = start_server(home)
    rows: list[dict[str, Any]] = []
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            for data, model in chosen.items():
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.set_default_timeout(WAIT_MS)
                for what, ask in {"Fusion, What if": what_if, "Retrieval": retrieve, "Subgraphs": explain}.items():
                    first, *later = ask(page, f"{server.url}", f"data={data}&model={model}&row=5", data, turns)
                    rows.append(
                        {"page": what, "model": model, "molecules": len(studio.dataset(data)), "first s": first}
                        | {"median s": statistics.median(later), "worst s": max(later), "budget s": BUDGETS[what]}
                    )
                page.close()
    finally:
        process.terminate()
    question = "seconds from a key until a page shows the answer, on the shipped models"
    record("page_answers", question, f"python benchmarks/page_answers.py --turns {turns}", rows)


def what_if(page: Page, url: str, choice: str, _data: str, turns: int) -> list[float]:
    """A modality's slider, from one end to the other and back."""
    page.goto(f"{url}/Fusion?{choice}")
    page.get_by_role("tab", name="What if").click()
    page.get_by_test_id("stMetricValue").first.wait_for()
    slider = page.get_by_role("slider", name="descriptors")
    slider.focus()
    return timed(page, "[data-testid=stMetricValue]", turns, lambda turn: slider.press(("Home", "End")[turn % 2]))


def retrieve(page: Page, url: str, choice: str, data: str, turns: int) -> list[float]:
    """Queries by SMILES, molecules of the set."""
    page.goto(f"{url}/Retrieval?{choice}")
    page.get_by_text("Most like").first.wait_for()
    return typed(page, "Query", "[data-testid=stCaptionContainer]", data, turns)


def explain(page: Page, url: str, choice: str, data: str, turns: int) -> list[float]:
    """Molecules of the set that have an answer."""
    page.goto(f"{url}/Subgraphs?{choice}")
    page.get_by_label("Molecule", exact=True).wait_for()
    calm(page, 20_000)
    return typed(page, "Molecule", "[data-testid=stMarkdownContainer] strong:first-child", data, turns)


def typed(page: Page, label: str, answer: str, data: str, turns: int) -> list[float]:
    """Seconds until the answer to each of some molecules."""
    smiles = studio.dataset(data).smiles
    rows = np.random.default_rng(0).choice(len(smiles), turns, replace=False).tolist()

    def ask(turn: int) -> None:
        box = page.get_by_label(label, exact=True)
        box.fill(str(smiles[rows[turn]]))
        box.press("Enter")

    return timed(page, answer, turns, ask)


def timed(page: Page, answer: str, turns: int, act: Callable[[int], None]) -> list[float]:
    """Seconds from the last key of each act to the first change of the answer."""
    calm(page, 3000)
    found = []
    for turn in range(turns):
        page.evaluate(LISTEN, answer)
        act(turn)
        page.wait_for_function("() => window.times.length > 0")
        calm(page, 2500)
        found.append(float(page.evaluate("window.times[0]")))
    return found


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--turns", 8, 2)
    asked.option("--only", list(MODELS), ["solubility"], nargs="+", choices=MODELS)
    return asked


if __name__ == "__main__":
    asked = command_line().parse_args()
    main(asked.turns, asked.only)
