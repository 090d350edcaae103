"""No two boxes of a page lie over each other and none is cut, on every page at three widths of the window.

A box is what Streamlit lays out as one element, and each button, picture or line of ours inside it. No table scrolls
sideways either.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Server, lay_out, mmexplore, new_page, quiet
from playwright.sync_api import Browser, Page, expect

from mmexplore import studio
from mmexplore.explore.maps import selections
from mmexplore.runtime.home import Home

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
WIDTHS = ((1440, 900), (1024, 768), (800, 768))
MODEL, DATA = "solubility-dmpnn", "freesolv"
SUGAR = "OCC1OC(O)C(O)C(O)C1OCCc1ccccc1"
ON = f"data={DATA}&model={MODEL}&row=268"
CLIFFS = f"/?{ON}&method=PCA&cliffs=true"
PAGES = {
    "Map": (f"/?{ON}&method=PCA", ".molecule-map[data-painted]"),
    "Map, three": (
        f"/?{ON}&method=PCA&compare=true&panels=ecfp@ecfp,{MODEL}@dmpnn,ecfp@ecfp",
        ".molecule-map[data-painted]",
    ),
    "Map, transformations": (f"{CLIFFS}&cliff-tabs=Transformations", "[data-testid=stDataFrame] canvas"),
    "Map, R groups": (
        f"{CLIFFS}&cliff-tabs=R+groups&core=c1ccccc1&selected=SELECTED",
        "[data-testid=stDataFrame] canvas",
    ),
    "Fusion": (f"/Fusion?{ON}", ".js-plotly-plot"),
    "Retrieval": (f"/Retrieval?{ON}&hits=3", ".list .hit img"),
    "Subgraphs": (f"/Subgraphs?{ON}&smiles=CC(=O)Nc1ccc(O)cc1", "[data-testid=stCode]"),
    "Subgraphs, a part": (f"/Subgraphs?{ON}&smiles={SUGAR}", "[data-testid=stDataFrame] canvas"),
    "Subgraphs, a group": (f"/Subgraphs?{ON}&subgraphs=A+group&class=low&most=10", "[data-testid=stDataFrame] canvas"),
    "Predict": (f"/Predict?{ON}&typed=CC(=O)Nc1ccc(O)cc1", "[data-testid=stCode]"),
    "Predict, three": (
        f"/Predict?{ON}&typed=CC(=O)Nc1ccc(O)cc1&by={MODEL}&by=solubility-mmfrl-intermediate&by=solubility-mmsa",
        "[data-testid=stCode]",
    ),
    "Train": (f"/Train?models={MODEL}", ".js-plotly-plot"),
    "Data": (f"/Data?data={DATA}&part=Labels", ".js-plotly-plot"),
    "Data, molecules": (f"/Data?data={DATA}&part=Molecules", "[data-testid=stDataFrame] canvas >> nth=1"),
    "Results": ("/Results", ".js-plotly-plot"),
}
OVERLAPS = (Path(__file__).parents[1] / "boxes.js").read_text(encoding="utf-8")
STILL = """() => {
  const boxes = [...document.querySelectorAll('[data-testid=stElementContainer]')];
  const now = JSON.stringify(boxes.map(box => box.getBoundingClientRect()));
  const same = now === window.boxesBefore;
  window.boxesBefore = now;
  return same;
}"""


def still(page: Page) -> None:
    """Wait until everything asked for is drawn and no box moves any more."""
    quiet(page)
    page.wait_for_function(STILL, polling=250)


@pytest.fixture(scope="module")
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """One visitor of all pages; what jobs would make is there."""
    mmexplore(server, "retrieve", "--query", "CCO", "--model", MODEL, "--data", DATA)
    group = ("--label", "expt", "--class", "low", "--most", "10")
    mmexplore(server, "motifs", "--model", MODEL, "--data", DATA, *group)
    mmexplore(server, "cliffs", "--data", DATA)
    lay_out(server, DATA, MODEL, "dmpnn")
    lay_out(server, DATA, "ecfp", "ecfp")
    opened, seen = new_page(chromium, server.url)
    yield opened
    opened.close()
    assert seen.foreign == []
    assert seen.errors == []


@pytest.mark.parametrize("title", list(PAGES))
def test_no_box_lies_over_another_and_none_is_cut(page: Page, server: Server, title: str) -> None:
    address, there = PAGES[title]
    page.set_viewport_size({"width": WIDTHS[0][0], "height": WIDTHS[0][1]})
    rings = np.array([row for row, text in enumerate(studio.dataset(DATA).smiles) if "c1ccccc1" in text])
    kept = selections.keep(studio.dataset(DATA), rings, home=Home(server.home))
    page.goto(server.url + address.replace("SELECTED", kept))
    expect(page.locator(there).first).to_be_visible()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        quiet(page)
        still(page)
        assert page.evaluate(OVERLAPS) == [], (title, width)


def test_the_map_is_most_of_the_window(page: Page, server: Server) -> None:
    page.goto(server.url + PAGES["Map"][0])
    expect(page.locator(PAGES["Map"][1])).to_be_visible()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        still(page)
        plane = page.locator(".plane").bounding_box()
        assert plane
        assert plane["width"] > (0.6 if width < 1200 else 0.45) * width, width
        assert plane["height"] > 0.55 * height, width
