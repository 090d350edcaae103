"""A touch screen in a real browser: two fingers zoom and pan the map, one does what a mouse does."""

import re

import pytest
from browser import Server, lay_out, open_map, settle
from map_pointer import a_molecule, expect_at
from playwright.sync_api import Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
URL = "/?model=ecfp&method=PCA"


@pytest.fixture(scope="module", autouse=True)
def a_map(server: Server) -> None:
    lay_out(server, "solubility", "ecfp", "ecfp")


def touch(page: Page, *steps: list[tuple[float, float]]) -> None:
    """Fingers on the screen: where all of them are at each step; after the last they are lifted."""
    screen = page.context.new_cdp_session(page)
    for number, fingers in enumerate(steps):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
        screen.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": points}
        )
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    screen.detach()


def test_two_fingers_zoom_and_pan_and_what_was_between_them_stays_between_them(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    row, x, y = a_molecule(page, surface)
    fingers = [(apart, step) for step, apart in enumerate((40, 60, 80, 100, 120))]
    touch(
        page, *[[(x + 6 * step - apart, y - 4 * step), (x + 6 * step + apart, y - 4 * step)] for apart, step in fingers]
    )
    page.wait_for_selector(".molecule-map[data-zoom='3.00']")
    expect_at(page, row, x + 24, y - 16)
    touch(page, [(x + 24, y - 76), (x + 24, y + 44)], [(x - 36, y + 30), (x + 24, y + 30)])
    page.wait_for_selector(".molecule-map[data-zoom='1.50']")
    expect_at(page, row, x - 6, y + 30)
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$"))).to_have_count(0)
    assert "row=" not in page.url


def test_one_finger_moves_chooses_and_draws(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    row, x, y = a_molecule(page, surface)
    page.get_by_role("button", name="Move", exact=True).click()
    touch(page, [(x, y)], [(x + 20, y)], [(x + 20, y + 30)])
    expect_at(page, row, x + 20, y + 30)
    touch(page, [(x + 20, y + 30)])
    page.wait_for_url(re.compile(rf"row={row}\b"))
    settle(page)
    page.get_by_role("button", name="Box", exact=True).click()
    touch(page, [(x, y)], [(x + 20, y + 60)], [(x + 40, y + 60)])
    settle(page)
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first).to_be_visible()
