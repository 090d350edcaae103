"""Subgraphs in a real browser: a molecule and its smallest part, in 3D too, the other side, a selection as a group."""

import io
import re

import pytest
from browser import Server, draw, lay_out, middle, open_map, quiet, settle
from PIL import Image
from playwright.sync_api import Page, expect

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


def test_the_maps_selection_becomes_a_group_and_a_job_searches_it(page: Page, server: Server) -> None:
    lay_out(server, "solubility", "ecfp", "ecfp")
    surface = open_map(page, f"{server.url}/?method=PCA")
    x, y, width, height = middle(surface)
    page.get_by_role("button", name="Box").click()
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
