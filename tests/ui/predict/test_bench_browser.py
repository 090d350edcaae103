"""The bench in a real browser, on a shipped model: an edit, the pinned molecule, Undo, and the address."""

import pytest
from browser import Server, quiet
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]


def test_an_edit_is_held_against_the_pinned_molecule_and_undone(page: Page, server: Server) -> None:
    asked = "data=solubility&model=solubility-all-late&predict=Bench"
    page.goto(f"{server.url}/Predict?{asked}&bench=CC(%3DO)Nc1ccc(O)cc1")
    expect(page.get_by_text("adds smiles")).to_be_visible()
    page.get_by_role("button", name="Pin this molecule").click()
    expect(page.get_by_text("The pinned molecule is this one.")).to_be_visible()
    box = page.get_by_role("textbox", name="Molecule")
    box.fill("CC(=O)Nc1ccc(F)cc1")
    box.press("Enter")
    expect(page.get_by_text("Lit: the atoms that differ.")).to_be_visible()
    expect(page.get_by_text("2 steps")).to_be_visible()
    quiet(page)
    assert "pinned=" in page.url
    page.get_by_role("button", name="Undo").click()
    expect(box).to_have_value("CC(=O)Nc1ccc(O)cc1")
    expect(page.get_by_text("The pinned molecule is this one.")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
