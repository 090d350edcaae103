"""The map in a real browser that has no WebGL, or loses it and gets it back or not."""

from io import BytesIO

import pytest
from browser import LOSE_WEBGL, MAP, Server, launch, lay_out, middle, new_page, open_map
from map_pointer import a_molecule, expect_at, hover_a_molecule
from PIL import Image, ImageChops
from playwright.sync_api import Page, Playwright, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
URL = "/?model=ecfp&method=PCA"
N = 1282
AFTER_A_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@pytest.fixture(scope="module", autouse=True)
def a_map(server: Server) -> None:
    lay_out(server, "solubility", "ecfp", "ecfp")


def unlike(one: bytes, other: bytes) -> int:
    """The largest difference of two pictures in any channel of any pixel, 0 to 255."""
    pictures = [Image.open(BytesIO(png)).convert("RGB") for png in (one, other)]
    return max(most for _, most in ImageChops.difference(*pictures).getextrema())


def test_a_lost_webgl_that_is_restored_paints_the_same_picture(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    x, y, *_ = middle(surface)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.mouse.move(0, 0)
    page.wait_for_selector(".molecule-map:not([data-zoom='1.00'])")
    page.wait_for_function(AFTER_A_FRAME)
    seen, painted = surface.screenshot(), int(page.locator(".molecule-map").get_attribute("data-painted") or 0)
    page.evaluate(LOSE_WEBGL)
    assert unlike(surface.screenshot(), seen) > 100
    page.evaluate("window.taken.restoreContext()")
    page.wait_for_function(f"n => Number({MAP}.querySelector('.molecule-map').dataset.painted) > n", arg=painted)
    page.wait_for_function(AFTER_A_FRAME)
    assert unlike(surface.screenshot(), seen) < 8  # a new context may round otherwise
    expect(page.locator(".sampled")).to_be_hidden()


def test_a_webgl_that_stays_lost_gives_way_to_svg(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    row, x, y = a_molecule(page, surface)
    page.evaluate(LOSE_WEBGL)
    expect(page.locator(".sampled circle")).to_have_count(N)
    expect(page.locator(".plane canvas")).to_be_hidden()
    expect_at(page, row, x, y)
    point = page.locator(".sampled circle").nth(int(row)).bounding_box()
    assert point
    assert abs(point["x"] + point["width"] / 2 - x) < 1
    assert abs(point["y"] + point["height"] / 2 - y) < 1


def test_without_webgl_the_map_is_drawn_as_svg_below_the_tools(server: Server, playwright: Playwright) -> None:
    browser = launch(playwright, "--disable-3d-apis")
    plain, seen = new_page(browser, server.url, 1600, 600)  # a low map: its height is what limits it
    surface = open_map(plain, server.url + URL)
    assert plain.locator(".sampled circle").count() == N
    points = f"[...{MAP}.querySelectorAll('.sampled circle')]"
    highest = plain.evaluate(f"Math.min(...{points}.map(point => point.getBoundingClientRect().top))")
    assert highest >= plain.evaluate(f"{MAP}.querySelector('.tools').getBoundingClientRect().bottom")
    hover_a_molecule(plain, surface)
    browser.close()
    assert seen.foreign == []
