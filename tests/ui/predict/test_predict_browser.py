"""Predict in a real browser, on a shipped model: a molecule in the address, its drawing, another interval, and Back."""

from pathlib import Path

import pytest
from browser import Server, quiet
from hard_tables import TABLES
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser


@pytest.mark.release
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


@pytest.mark.release
def test_a_workbook_is_predicted_from_the_sheet_that_is_chosen(page: Page, server: Server, tmp_path: Path) -> None:
    table = next(one for one in TABLES if one.name == "sheets.xlsx")
    asked = "data=solubility&model=solubility-dmpnn&predict=A%20file%20or%20a%20data%20set"
    page.goto(f"{server.url}/Predict?{asked}")
    page.locator("input[type=file][accept*=csv]").set_input_files(table.write(tmp_path))
    page.get_by_role("combobox", name="Sheet").click()
    page.get_by_role("option", name="to do").click()
    expect(page.get_by_role("combobox", name="Structures in column")).to_have_value("structure")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("2 rows, 1 predicted, 1 not")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
