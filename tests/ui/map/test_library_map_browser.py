"""A library's map in a real browser: density, then points; a card, a lasso, keys, a link, a picture, a lost WebGL."""

import re
import shutil
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from browser import LOSE_WEBGL, MAP, Server, answered, download, draw, middle, mmexplore, point_at_one, quiet
from PIL import Image
from placed_library import PREDICTED, crowded, placed
from playwright.sync_api import Locator, Page, expect

from mmexplore.explore.library.build import FOLDER

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
N, SHARDS = 150_000, 3
URL = f"/?map-of=library:+many&library-colour={PREDICTED}"
RESTS = ".molecule-map[data-drawn='points'][data-busy='no']"


@pytest.fixture(scope="module", autouse=True)
def library(server: Server) -> Iterator[None]:
    place = server.home / FOLDER / "many"
    placed(place, crowded(N, SHARDS))
    mmexplore(server, "library", "tiles", "many")
    yield
    shutil.rmtree(place)  # other files see a Map without libraries


def at_rest(page: Page, url: str) -> Locator:
    page.goto(url)
    page.wait_for_selector(RESTS)
    quiet(page)
    return page.locator(".molecule-map .surface")


def settled(page: Page) -> None:
    page.wait_for_selector(RESTS)
    quiet(page)


def ink(surface: Locator) -> int:
    """Pixels of a map that are colored."""
    pixels = np.asarray(Image.open(BytesIO(surface.screenshot())).convert("RGB"), int)
    return int((pixels.max(2) - pixels.min(2) > 40).sum())


def test_pointed_at_circled_and_walked(page: Page, server: Server) -> None:
    surface = at_rest(page, server.url + URL)
    lit = page.locator(".molecule-map")
    placed_there = sum(int(np.isfinite(part["x"]).sum()) for part in crowded(N, SHARDS))
    assert lit.get_attribute("data-points") == str(placed_there)
    assert ink(surface) > 1_000
    at = point_at_one(page, surface)
    row = int(lit.get_attribute("data-lit") or -1)
    card = page.locator(".molecule-map .card")
    expect(card.locator(".name")).to_have_text(re.compile(r"number \d+"))
    expect(card.locator("img")).to_have_js_property("complete", True)
    assert card.locator("img").evaluate("image => image.naturalWidth") > 0
    with answered(page):
        page.mouse.click(*at)
    settled(page)
    expect(page.get_by_text(f"row {row:,}")).to_be_visible()
    assert f"library-row={row}" in page.url

    x, y, width, height = middle(surface)
    corners = [(-0.3, -0.3), (0.3, -0.3), (0.3, 0.3), (-0.3, 0.3)]
    with answered(page):
        draw(page, [(x + a * width, y + b * height) for a, b in corners])
    count = page.get_by_role("heading", name=re.compile("molecules inside"))
    expect(count).to_be_visible()
    inside = int(re.sub(r"\D", "", count.inner_text().split(" molecules")[0]))
    assert 0 < inside <= placed_there
    saved = download(page.get_by_role("button", name=re.compile("CSV")))
    lines = saved.path().read_text().splitlines()
    assert len(lines) == 1 + min(inside, 10_000)
    surface.press("Escape")
    expect(count).to_be_hidden()

    surface.press("ArrowRight")
    expect(page.locator(".molecule-map .said")).to_have_text(re.compile("number"))
    with answered(page):
        surface.press("Enter")
    settled(page)
    assert f"library-row={row}" not in page.url


def test_where_one_looks_is_in_the_link(page: Page, server: Server) -> None:
    surface = at_rest(page, server.url + URL)
    for _ in range(4):
        surface.press("+")
    page.wait_for_url(re.compile(r"place=[^&]*3\.84"))
    settled(page)
    seen = surface.screenshot()
    again = at_rest(page, page.url)
    assert page.locator(".molecule-map").get_attribute("data-zoom") == "3.84"
    pictures = [np.asarray(Image.open(BytesIO(png)).convert("RGB"), int) for png in (seen, again.screenshot())]
    inner = np.abs(pictures[0] - pictures[1])[5:-5, 5:-5]  # who came by keys has a frame round the map
    assert (inner.max(2) > 60).mean() < 0.001
    surface.press("0")
    page.wait_for_url(lambda url: "place=" not in url)


def test_a_picture_is_saved_and_a_lost_webgl_comes_back(page: Page, server: Server) -> None:
    surface = at_rest(page, server.url + URL)
    saved = download(page.get_by_role("button", name="Save as picture"))
    assert saved.suggested_filename == "map.png"
    pixels = np.asarray(Image.open(saved.path()).convert("RGB"), int)
    assert (pixels.max(2) - pixels.min(2) > 40).sum() > 1_000
    before = ink(surface)
    page.evaluate(LOSE_WEBGL)
    page.evaluate(f"() => delete {MAP}.querySelector('.molecule-map').dataset.drawn")
    page.evaluate("window.taken.restoreContext()")
    page.wait_for_selector(RESTS)
    assert ink(surface) > 0.8 * before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_another_color_is_drawn_in_both_themes(page: Page, server: Server, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    surface = at_rest(page, server.url + URL)
    by_number = surface.screenshot()
    page.get_by_role("combobox", name="Colour by").click()
    with answered(page):
        page.get_by_role("option", name="density").click()
    page.wait_for_selector(RESTS)
    expect(page.locator(".molecule-map .legend .what")).to_have_text(re.compile("density"))
    page.wait_for_selector(RESTS)
    assert surface.screenshot() != by_number
    assert ink(surface) > 1_000
