"""Fusion and the guided walk in a real browser, on the shipped models: from the map to a subgraph without a network."""

import re

import pytest
from browser import Server
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]


def test_the_walk_goes_from_the_map_to_an_edit(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("link", name="Show me round").click()
    expect(page.get_by_text("1 of 6: A map of molecules")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("2 of 6: Each modality has its own map")).to_be_visible()
    expect(page.get_by_text("Who moves most from")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("3 of 6: A prediction in the label's unit")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("4 of 6: Take a modality away")).to_be_visible()
    expect(page.get_by_role("heading", name="Fusion")).to_be_visible()
    expect(page.get_by_role("tab", name="What if")).to_have_attribute("aria-selected", "true")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("5 of 6: The part that decides")).to_be_visible()
    expect(page.get_by_text("Under each modality's branch")).to_be_visible()
    expect(page.locator(".drawings img, .drawings svg").first).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("6 of 6: Change the molecule")).to_be_visible()
    expect(page.get_by_role("tab", name="Bench")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("cell", name="interval", exact=True)).to_be_visible()
    page.get_by_role("button", name="End").click()
    expect(page.get_by_text("6 of 6")).to_have_count(0)


def test_a_slider_moves_the_score(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Fusion?data=freesolv&model=freesolv-all-late&row=5")
    page.get_by_role("tab", name="What if").click()
    metric = page.get_by_test_id("stMetric")
    before = metric.inner_text()
    slider = page.get_by_role("slider", name=re.compile("smiles"))
    slider.focus()
    for _ in range(20):
        slider.press("ArrowLeft")
    expect(metric).not_to_have_text(before)
    expect(page.get_by_test_id("stMetricDelta")).to_be_visible()
    expect(page).to_have_url(re.compile("times=smiles"))
    page.reload()
    expect(page.get_by_test_id("stMetricDelta")).to_be_visible()
    page.get_by_role("button", name="All as learned").click()
    expect(page.get_by_test_id("stMetricDelta")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("times="))
    page.go_back()
    expect(page.get_by_test_id("stMetricDelta")).to_be_visible()


def test_every_tab_draws_something(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Fusion?data=freesolv&model=freesolv-mmfrl-intermediate&row=5")
    for tab in ("Modalities alike?", "Fusions compared", "Disagreement"):
        expect(page.get_by_role("tab", name=tab)).to_have_count(1)  # the tabs of the wait are gone
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
