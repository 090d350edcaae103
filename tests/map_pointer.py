"""The pointer over a map in a real browser: which molecule is where on the page."""

from browser import point_at_one
from playwright.sync_api import Locator, Page, expect


def hover_a_molecule(page: Page, surface: Locator) -> tuple[float, float]:
    """Move the pointer over the map until it is on a molecule, whose card shows."""
    at = point_at_one(page, surface)
    expect(page.locator(".card")).to_be_visible()
    return at


def a_molecule(page: Page, surface: Locator) -> tuple[str, float, float]:
    """A row and where exactly its point is on the page."""
    hover_a_molecule(page, surface)
    row, box = page.locator(".molecule-map").get_attribute("data-lit"), surface.bounding_box()
    ring = page.locator(".overlay .hovered")
    assert row
    assert box
    return row, box["x"] + float(ring.get_attribute("cx") or 0), box["y"] + float(ring.get_attribute("cy") or 0)


def expect_at(page: Page, row: str, x: float, y: float) -> None:
    """The molecule under the pointer there is that one."""
    page.mouse.move(0, 0)
    page.mouse.move(x, y)
    expect(page.locator(".molecule-map")).to_have_attribute("data-lit", row)
