"""Labels on the Map in a real browser: none lies on another one, a key or a click selects, a link brings them back."""

import re

import pytest
from browser import Server, answered, lay_out, mmexplore, next_frame, open_map, settle
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser
URL = "/?data=freesolv&model=ecfp&method=PCA&labels=true&contours=true"
BOXES = "labels => labels.filter(one => !one.hidden).map(one => one.getBoundingClientRect().toJSON())"


@pytest.mark.release
def test_labels_lie_apart_at_every_zoom_and_select_by_keyboard(page: Page, server: Server) -> None:
    lay_out(server, "freesolv", "ecfp", "ecfp")
    mmexplore(server, "map", "--model", "ecfp", "--data", "freesolv", "--method", "pca", "--labels")
    surface = open_map(page, server.url + URL)
    labels = page.locator(".molecule-map .region")
    expect(labels.locator("visible=true").first).to_be_visible()
    expect(page.locator(".overlay .contours")).to_have_attribute("d", re.compile("^M"))
    frame = surface.bounding_box()
    assert frame
    for _ in range(4):
        boxes = labels.evaluate_all(BOXES)
        for number, one in enumerate(boxes):
            assert one["left"] >= frame["x"]
            assert one["top"] >= frame["y"]
            assert one["right"] <= frame["x"] + frame["width"]
            assert one["bottom"] <= frame["y"] + frame["height"]
            for other in boxes[number + 1 :]:
                across = min(one["right"], other["right"]) - max(one["left"], other["left"])
                down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
                assert min(across, down) <= 0
        surface.press("+")
        next_frame(page)
    surface.press("0")
    next_frame(page)
    first = labels.locator("visible=true").first
    held = re.search(r"of the ([\d,]+) molecules here", first.get_attribute("aria-label") or "")
    assert held
    first.focus()
    with answered(page):
        page.keyboard.press("Enter")
    settle(page)
    expect(page.get_by_text(f"{held[1]} selected").first).to_be_visible()
    assert "labels=true" in page.url
    assert "contours=true" in page.url
