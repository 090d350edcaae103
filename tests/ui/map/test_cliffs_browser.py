"""Cliffs on the Map in a real browser: lines between molecules, one pair after another, a link that brings it back."""

import io
import re

import openpyxl
import pytest
from browser import Server, download, lay_out, mmexplore, open_map, settle
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser
URL = "/?data=freesolv&model=ecfp&method=PCA&cliffs=true"


@pytest.fixture(scope="module", autouse=True)
def known_cliffs(server: Server) -> None:
    """A map and the cliffs, made by the command line as a user would."""
    lay_out(server, "freesolv", "ecfp", "ecfp")
    mmexplore(server, "cliffs", "--data", "freesolv")


@pytest.mark.release
def test_a_pair_is_looked_at_and_the_link_brings_it_back(page: Page, server: Server) -> None:
    open_map(page, server.url + URL)
    expect(page.get_by_role("heading", name=re.compile("Cliffs of"))).to_be_visible()
    lines = page.locator(".overlay .edges")
    assert len(re.findall("M", lines.get_attribute("d") or "")) > 3
    first = page.locator(".overlay .edge").get_attribute("d")
    page.get_by_role("button", name="Look at it").last.click()  # of chains ECFP sees no length
    page.wait_for_url(re.compile(r"pair=\d+-\d+"))
    settle(page)
    second = page.locator(".overlay .edge").get_attribute("d")
    assert second
    assert second != first
    pair = re.search(r"pair=(\d+-\d+)", page.url)
    page.reload()
    page.wait_for_selector(".molecule-map[data-painted][data-busy='no']")
    settle(page)
    assert pair
    assert pair[1] in page.url
    assert page.locator(".overlay .edge").get_attribute("d") == second


@pytest.mark.release
def test_all_pairs_and_changes_go_to_excel(page: Page, server: Server) -> None:
    open_map(page, server.url + URL + "&cliff-tabs=Transformations")
    expect(page.get_by_text("transformations in three or more groups")).to_be_visible()
    content = io.BytesIO(download(page.get_by_role("button", name="Excel").first).path().read_bytes())
    assert next(openpyxl.load_workbook(content).active.iter_rows(values_only=True))[1:3] == ("from", "to")
