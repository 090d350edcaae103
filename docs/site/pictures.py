"""Pictures of the documents, taken anew from the app that runs.

    PYTHONPATH=. python docs/site/pictures.py http://localhost:8501 [NAME ...]

What is looked at ships with the app, so that they come out alike on any machine. Each is one step of `nowhere-else.md`.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import FilePayload, Page, sync_playwright
from rdkit import Chem
from rdkit.Chem import Draw, rdDistGeom

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT / "tests"))
from browser import launch  # noqa: E402

ADDRESSES = {
    "lens": "?lens=true&method=PCA&at=2.5",
    "trust": "?fog=true&method=PCA",
    "labels": "?labels=true&contours=true",
    "cliffs": "?cliffs=true",
    "contributions": "Fusion?step=4",
    "part": "Subgraphs?step=5",
    "bench": "Predict?step=6",
    "peaks": "Retrieval?query-by=Peaks&peaks=137.9, 129.1 d, 128.3 d, 125.4 d, 21.4 q",
    "picture": "Retrieval?query-by=Picture",
    "conformer": "Retrieval?query-by=Conformer",
}
SCROLLED = {"cliffs": 620}
"""Pixels of the page above the picture."""
GIVEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
"""What is drawn, or folded, and given to a page that asks for a file: ibuprofen."""
BUSY = "[data-testid=stSpinner], [data-stale=true], [data-busy=yes], [data-testid=stMain] [data-testid=stProgress]"
COLORS = 128
SIZE = {"width": 1440, "height": 900}


def taken(page: Page, address: str, scrolled: int) -> bytes:
    """Picture of the main part of a page, as PNG, once nothing is awaited there."""
    page.goto(address)
    page.locator("h1").first.wait_for()
    _settle(page)
    if made := {"picture": _drawn, "conformer": _folded}.get(address.rpartition("=")[2].lower()):
        page.locator("input[type=file]").first.set_input_files(made())
        _settle(page)
    for end in page.get_by_role("button", name="End", exact=True).all():  # of the walk, whose step brought the page
        end.click()
        _settle(page)
    page.get_by_test_id("stMain").evaluate(f"main => main.scrollTo(0, {scrolled})")
    _settle(page)
    box = page.get_by_test_id("stMain").bounding_box()
    assert box
    whole = Image.open(io.BytesIO(page.screenshot()))
    packed = io.BytesIO()
    kept = whole.crop((int(box["x"]), 0, whole.width, whole.height))
    kept.convert("RGB").quantize(COLORS).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _drawn() -> FilePayload:
    """A drawing in another style than the app's: bold bonds, turned."""
    pen = Draw.MolDraw2DCairo(400, 300)
    style = pen.drawOptions()
    style.bondLineWidth = 4
    style.rotate = 20
    pen.DrawMolecule(Chem.MolFromSmiles(GIVEN))
    pen.FinishDrawing()
    return {"name": "drawn.png", "mimeType": "image/png", "buffer": pen.GetDrawingText()}


def _folded() -> FilePayload:
    """A conformer as SDF."""
    whole = Chem.AddHs(Chem.MolFromSmiles(GIVEN))
    rdDistGeom.EmbedMolecule(whole, randomSeed=1)
    block = Chem.MolToMolBlock(whole) + "$$$$\n"
    return {"name": "conformer.sdf", "mimeType": "chemical/x-mdl-sdfile", "buffer": block.encode()}


def _settle(page: Page) -> None:
    """Wait until nothing is at work; what a first look does not show yet is waited for by the second."""
    for _ in range(2):
        page.wait_for_timeout(2_000)
        page.wait_for_function(f"!document.querySelector({BUSY!r})")


def main(url: str, *names: str) -> None:
    """Take those that are named, or all, from the app at this address."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        page = launch(playwright).new_context(viewport=SIZE, bypass_csp=True).new_page()
        page.set_default_timeout(240_000)
        for name in names or ADDRESSES:
            content = taken(page, f"{url}/{ADDRESSES[name]}", SCROLLED.get(name, 0))
            (PICTURES / f"{name}.png").write_bytes(content)
            print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
