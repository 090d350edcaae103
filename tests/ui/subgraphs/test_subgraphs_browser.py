"""Subgraphs in a real browser: a molecule and its smallest part, in 3D too, the other side, a selection as a group."""

import io
import re

import pytest
from browser import Server, answered, draw, lay_out, middle, open_map, quiet, settle
from PIL import Image
from playwright.sync_api import Page, expect

from mmexplore import studio
from mmexplore.explore.explain import viewer_script
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
SUGAR = "OCC1OC(O)C(O)C(O)C1OCCc1ccccc1"


def test_a_molecule_its_smallest_part_and_the_next_one(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("link", name="Subgraphs").first.click()
    box = page.get_by_label("Molecule", exact=True)
    box.fill(SUGAR)
    box.press("Enter")
    cells = page.locator(".drawings button.cell")
    expect(cells.first).to_be_visible()
    expect(cells.first).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("cell", name="score as a fragment")).to_be_visible()
    code = page.locator("[data-testid=stCode] code").first
    first = code.inner_text()
    cells.nth(1).focus()
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(code).not_to_have_text(first)
    second = code.inner_text()
    page.get_by_text("below", exact=True).click()
    expect(page.get_by_text("nothing of it is sought")).to_be_visible()
    page.get_by_role("button", name="Seek above instead").click()
    expect(code).to_have_text(second)


def test_sizes_follow_the_molecule_until_they_are_moved(page: Page, server: Server) -> None:
    """The browser keeps what a slider shows, whatever its default is, unless it is told."""
    page.goto(server.url + "/Subgraphs")
    box = page.get_by_label("Molecule", exact=True)
    handles = page.locator(".st-key-atoms input[type=range]")

    def sizes(smiles: str) -> list[str | None]:
        with answered(page):
            box.fill(smiles)
            box.press("Enter")
        quiet(page)
        return [handle.get_attribute("value") for handle in handles.all()]

    for smiles in (SUGAR, "O=C1CCCCC1", "C", SUGAR):
        low, high = studio.part_sizes(smiles)
        assert sizes(smiles) == list(map(str, (low, high) if low <= high else (1, 2))), smiles
    handles.first.focus()
    with answered(page):
        page.keyboard.press("ArrowRight")
    moved = [handle.get_attribute("value") for handle in handles.all()]
    assert sizes("O=C1CCCCC1") == moved


def test_a_reload_finds_the_job_that_is_at_work(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Subgraphs?subgraphs=A+group&most=20&model=solubility-dmpnn")
    page.get_by_role("button", name="Find what tells it from the rest").click()
    working = page.get_by_test_id("stMain").get_by_role("progressbar")
    expect(working).to_be_visible()
    page.reload()
    expect(working.or_(page.get_by_role("heading", name="Maximum common subgraph")).first).to_be_visible()
    expect(page.get_by_role("heading", name="Maximum common subgraph")).to_be_visible()


def test_the_maps_selection_becomes_a_group_and_a_job_searches_it(page: Page, server: Server) -> None:
    lay_out(server, "solubility", "ecfp", "ecfp")
    surface = open_map(page, f"{server.url}/?method=PCA")
    x, y, width, height = middle(surface)
    page.get_by_role("button", name="Box", exact=True).click()
    draw(page, [(x - width / 4, y - height / 4), (x + width / 4, y + height / 4)])
    settle(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Subgraphs").click()
    page.wait_for_url(re.compile("/Subgraphs"))
    expect(page.get_by_text(re.compile(r"[\d,]+ selected molecules of solubility"))).to_be_visible()
    most = page.get_by_label("Searched at most", exact=True)
    most.fill("10")
    most.press("Enter")
    page.get_by_role("button", name="Find what tells it from the rest").click()
    expect(page.get_by_role("heading", name="Maximum common subgraph")).to_be_visible()
    expect(page.get_by_role("heading", name="Motifs that tell the group from the rest")).to_be_visible()


def test_3dmol_draws_under_our_policy(page: Page, server: Server) -> None:
    """The fixture sees to it that no script was refused and nothing foreign was asked."""
    try:
        viewer_script.fetch(home=Home(server.home))
    except NotAvailable as why:
        pytest.skip(str(why))
    page.goto(f"{server.url}/Subgraphs?data=solubility&smiles={SUGAR}&subgraphs/way=3D")
    canvas = page.frame_locator("iframe").locator("canvas")
    expect(canvas).to_be_visible()
    quiet(page)
    page.wait_for_function("() => document.querySelector('iframe').contentDocument.readyState == 'complete'")
    drawn = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB").getcolors(1 << 20)
    assert drawn is not None
    assert len(drawn) > 50, "an empty canvas has one color"
