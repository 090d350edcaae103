"""The Map of a set that has none yet, in a real browser: PCA shows at once, the method's own map takes its place."""

import re

import pytest
from browser import Server, open_map
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
OTHER_POINTS = """() => {
  const blobs = performance.getEntriesByType("resource").filter(entry => entry.name.includes("/blob/"));
  const largest = Math.max(...blobs.map(entry => entry.decodedBodySize));
  return new Set(blobs.filter(entry => entry.decodedBodySize === largest).map(entry => entry.name)).size === 2;
}"""
"""Of all that the map fetched the coordinates are the largest: two maps, two of them."""


def test_pca_first_then_the_map_that_was_asked_for(page: Page, server: Server) -> None:
    open_map(page, f"{server.url}/?data=freesolv&model=ecfp&method=t-SNE")
    said = page.get_by_test_id("stCaptionContainer").filter(has_text="View ecfp of model ecfp")
    expect(said).to_have_text(re.compile("PCA$"))
    expect(page.get_by_text("PCA for now; t-SNE is being computed")).to_be_visible()
    expect(said).to_have_text(re.compile("t-SNE, seed 0$"))
    page.wait_for_selector(".molecule-map[data-busy='no']")
    expect(page.get_by_text("PCA for now")).to_have_count(0)
    expect(page.get_by_text("Davies-Bouldin").first).to_be_visible()
    page.wait_for_function(OTHER_POINTS)
