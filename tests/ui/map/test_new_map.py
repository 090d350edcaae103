"""The Map of a set that has none yet, in a real browser: PCA shows at once, the method's own map takes its place."""

import re

import pytest
from browser import Server, open_map
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser


def test_pca_first_then_the_map_that_was_asked_for(page: Page, server: Server) -> None:
    open_map(page, f"{server.url}/?data=freesolv&model=ecfp&method=t-SNE")
    said = page.get_by_test_id("stCaptionContainer").filter(has_text="View ecfp of model ecfp")
    expect(said).to_have_text(re.compile("PCA$"))
    expect(page.get_by_text("PCA for now; t-SNE is being computed")).to_be_visible()
    points = [address for address in page.seen.requests if "/blob/" in address]  # type: ignore[attr-defined]
    expect(said).to_have_text(re.compile("t-SNE, seed 0$"))
    page.wait_for_selector(".molecule-map[data-busy='no']")
    expect(page.get_by_text("PCA for now")).to_have_count(0)
    expect(page.get_by_text("Davies-Bouldin").first).to_be_visible()
    page.wait_for_function("n => performance.getEntriesByType('resource').length > n", arg=len(points))
    later = [address for address in page.seen.requests if "/blob/" in address]  # type: ignore[attr-defined]
    assert later[-1] not in points, "other points were fetched"
