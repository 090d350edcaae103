"""Predict in a real browser, on a shipped model: a molecule in the address, its drawing, another interval, and Back."""

import pytest
from browser import Server, quiet
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser


def test_a_molecule_is_predicted_and_drawn(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Predict?data=solubility&model=solubility-dmpnn&typed=CC(%3DO)Nc1ccc(O)cc1.Cl")
    expect(page.get_by_text("Tanimoto")).to_be_visible()
    expect(page.get_by_text("salt stripped")).to_be_visible()
    expect(page.locator(".drawings img, .drawings svg")).to_have_count(2)
    expect(page.get_by_role("columnheader", name="90 % interval")).to_be_visible()
    page.get_by_role("combobox", name="Interval").click()
    page.get_by_role("option", name="95 %").click()
    expect(page.get_by_role("columnheader", name="95 % interval")).to_be_visible()
    quiet(page)
    assert "level=95" in page.url
    page.get_by_role("tab", name="A file or a data set").click()
    expect(page.get_by_role("button", name="Predict", exact=True)).to_be_disabled()
    expect(page.get_by_test_id("stException")).to_have_count(0)
