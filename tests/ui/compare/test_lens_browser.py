"""The lens in a real browser: keys move the slider, molecules go their way, who moves most is lit and listed."""

import pytest
from browser import Server, middle, mmexplore, new_page, next_frame, point_at_one, settle
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
STOPS = ("ecfp@ecfp", "solubility-dmpnn@dmpnn")


@pytest.fixture(scope="module", autouse=True)
def lens(server: Server) -> None:
    """All that the lens needs, made by the command line as a user would."""
    stops = [word for stop in STOPS for word in ("--stop", stop)]
    mmexplore(server, "lens", "--data", "solubility", "--method", "pca", *stops)


def open_lens(page: Page, server: Server, **more: str) -> None:
    asked = {"lens": "true", "method": "PCA", "panels": ",".join(STOPS)} | more
    page.goto(f"{server.url}/?{'&'.join(f'{name}={value}' for name, value in asked.items())}")
    page.wait_for_selector(".molecule-map[data-at]")
    settle(page)


def test_keys_move_the_slider_and_the_list_tells_who_moves(page: Page, server: Server) -> None:
    open_lens(page, server)
    root, slider = page.locator(".molecule-map"), page.get_by_role("slider", name="From map to map")
    expect(slider).to_have_attribute("aria-valuetext", "ecfp")
    slider.focus()
    slider.press("ArrowRight")
    next_frame(page)
    expect(root).to_have_attribute("data-at", "0.05")
    page.wait_for_url("**at=0.05*")
    settle(page)
    expect(root).to_have_attribute("data-at", "0.05")
    expect(page.get_by_text("Who moves most from ecfp to dmpnn")).to_be_visible()
    expect(page.get_by_text("of 10 stay near").first).to_be_visible()
    slider.press("End")
    next_frame(page)
    expect(slider).to_have_attribute("aria-valuetext", "dmpnn")
    settle(page)
    point_at_one(page, page.locator(".molecule-map .surface"))
    expect(page.locator(".molecule-map .card")).to_be_visible()


def test_a_link_brings_the_place_back_and_a_click_on_a_stop_goes_there(page: Page, server: Server) -> None:
    open_lens(page, server, at="0.50")
    root = page.locator(".molecule-map")
    expect(root).to_have_attribute("data-at", "0.50")
    x, y, *_ = middle(page.locator(".molecule-map .surface"))
    page.mouse.move(x, y)
    page.get_by_role("button", name="dmpnn", exact=True).click()
    expect(root).to_have_attribute("data-at", "1.00")
    page.wait_for_url("**at=1.00*")


def test_the_list_and_the_address_have_the_sliders_order_and_names_lie_below_their_places(
    page: Page, server: Server
) -> None:
    """Whatever order they were given in; a link in the other order is the same lens."""
    three = [*STOPS, "solubility-all-late@fingerprint"]
    words = [word for stop in three for word in ("--stop", stop)]
    mmexplore(server, "lens", "--data", "solubility", "--method", "pca", *words)
    orders = []
    for given in (three, [three[1], three[2], three[0]]):
        open_lens(page, server, panels=",".join(given))
        names = page.locator(".molecule-map .stop").all_inner_texts()
        page.wait_for_function("() => new URL(location.href).searchParams.get('panels')")
        panels = page.evaluate("() => new URL(location.href).searchParams.get('panels')").split(",")
        assert [panel.partition("@")[2] for panel in panels] == names
        page.get_by_role("button", name="3 stops").click()
        tags = page.get_by_test_id("stPopoverBody").locator("[data-tag]")
        expect(tags).to_have_count(len(names))
        assert [tag.partition(" of ")[0].strip() for tag in tags.all_inner_texts()] == names
        page.keyboard.press("Escape")
        orders.append(names)
    assert orders[0] in (orders[1], orders[1][::-1])
    slider, name = (page.locator(f".molecule-map {one}").bounding_box() for one in (".way", ".stop >> nth=1"))
    assert slider
    assert name
    assert abs(slider["x"] + slider["width"] / 2 - name["x"] - name["width"] / 2) < 2


def test_without_motion_it_jumps_from_stop_to_stop(server: Server, chromium: Browser) -> None:
    page, seen = new_page(chromium, server.url)
    page.emulate_media(reduced_motion="reduce")
    open_lens(page, server)
    slider = page.get_by_role("slider", name="From map to map")
    slider.focus()
    slider.press("ArrowRight")
    next_frame(page)
    expect(page.locator(".molecule-map")).to_have_attribute("data-at", "1.00")
    settle(page)
    page.close()
    assert seen.errors == []
