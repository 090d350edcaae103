"""The Map in a real browser: what a chemist does with it, on the data set that the app opens on."""

import re

import pytest
from browser import MAP, Server, answered, draw, lay_out, middle, new_page, next_frame, open_map, settle
from map_pointer import hover_a_molecule
from playwright.sync_api import Browser, Locator, Page, expect

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser
N = 1282
URL = "/?model=ecfp&method=PCA"


@pytest.fixture(scope="module", autouse=True)
def a_map(server: Server) -> None:
    """A map that needs no trained model and no compiling, made by the command line as a user would."""
    lay_out(server, "solubility", "ecfp", "ecfp")


def everything(page: Page, server: Server) -> Locator:
    """Open the map and draw a box round all of it."""
    surface = open_map(page, server.url + URL)
    x, y, width, height = middle(surface)
    page.get_by_role("button", name="Box", exact=True).click()
    draw(page, [(x - width / 2 + 3, y - height / 2 + 3), (x + width / 2 - 3, y + height / 2 - 3)])
    settle(page)
    return surface


def test_the_app_opens_on_a_real_map_with_its_quality(page: Page, server: Server) -> None:
    open_map(page, server.url + URL)
    expect(page.get_by_role("heading", name=re.compile(f"{N:,} molecules"))).to_be_visible()
    for text in ("Davies-Bouldin", "NMI", "permuted labels"):
        expect(page.get_by_text(text).first).to_be_visible()


@pytest.mark.release
def test_the_card_shows_the_molecule_under_the_pointer_and_stays_inside(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    hover_a_molecule(page, surface)
    expect(page.locator(".card .smiles")).not_to_be_empty()  # then it has its size
    card, plane = page.locator(".card").bounding_box(), page.locator(".plane").bounding_box()
    assert card
    assert plane
    assert plane["x"] <= card["x"]
    assert card["x"] + card["width"] <= plane["x"] + plane["width"]
    assert plane["y"] <= card["y"]
    assert card["y"] + card["height"] <= plane["y"] + plane["height"]
    page.wait_for_function(f"() => {MAP}.querySelector('.card img').naturalWidth > 0")


@pytest.mark.release
def test_box_selects_all_shift_adds_escape_clears(page: Page, server: Server) -> None:
    surface = everything(page, server)
    expect(page.get_by_text(f"{N:,} selected").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text(f"{N:,} selected")).to_have_count(0)
    x, y, width, height = middle(surface)
    top, bottom, left, right = y - height / 2 + 3, y + height / 2 - 3, x - width / 2 + 3, x + width / 2 - 3
    page.get_by_role("button", name="Lasso").click()
    draw(page, [(left, top), (x, top), (x, bottom), (left, bottom), (left, top + 20)])
    settle(page)
    first = page.get_by_text(re.compile(r"^[\d,]+ selected$")).first.inner_text()
    page.keyboard.down("Shift")
    draw(page, [(x, top), (right, top), (right, bottom), (x, bottom), (x, top + 20)])
    page.keyboard.up("Shift")
    settle(page)
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first).not_to_have_text(first)
    both = int(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first.inner_text().split()[0].replace(",", ""))
    assert int(first.split()[0].replace(",", "")) < both <= N
    assert both > 0.98 * N  # the corners beside the start of each lasso are cut off
    expect(page.locator(".drawings .cell").first).to_be_visible()


@pytest.mark.release
def test_the_current_molecule_stands_in_the_url_and_survives_reload_and_page_change(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    page.mouse.click(*hover_a_molecule(page, surface))
    page.wait_for_url(re.compile(r"row=\d+"))
    row = re.search(r"row=(\d+)", page.url)
    assert row
    expect(page.locator("[data-testid=stCode] code")).not_to_be_empty()
    smiles = page.locator("[data-testid=stCode] code").inner_text()
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name="Data").click()
    page.wait_for_url(re.compile(r"/Data"))
    page.wait_for_url(re.compile(rf"row={row[1]}"))
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name="Map").click()
    page.wait_for_selector(".molecule-map[data-painted]")
    assert "method=PCA" in page.url
    page.reload()
    page.wait_for_selector(".molecule-map[data-painted]")
    assert f"row={row[1]}" in page.url
    page.get_by_role("tab", name="Molecule").click()
    expect(page.locator("[data-testid=stCode] code")).to_have_text(smiles)


@pytest.mark.release
def test_each_gesture_is_a_step_back_and_a_link_to_a_molecule_opens_its_tab(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    tab = page.locator("[role=tab][aria-selected=true]")
    page.mouse.click(*hover_a_molecule(page, surface))
    page.wait_for_url(re.compile(r"row=\d+&beside=Molecule"))
    settle(page)
    x, y, width, height = middle(surface)
    page.get_by_role("button", name="Box", exact=True).click()
    draw(page, [(x - width / 4, y - height / 4), (x + width / 4, y + height / 4)])
    page.wait_for_url(re.compile(r"selected=[0-9a-f]{16}"))
    settle(page)
    whole, selected = page.url, page.get_by_text(re.compile(r"^[\d,]+ selected$")).first.inner_text()
    page.go_back()
    expect(page.get_by_text(selected)).to_have_count(0)
    expect(tab).to_have_text("Molecule")
    page.go_back()
    expect(page).to_have_url(server.url + URL)
    expect(tab).to_have_text("Selection")
    page.goto(whole)
    expect(page.get_by_text(selected).first).to_be_visible()
    page.goto(server.url + URL + "&row=5")
    expect(tab).to_have_text("Molecule")


@pytest.mark.release
def test_arrow_keys_walk_and_the_card_is_announced(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    surface.focus()
    said = [""]
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_function(f"text => {MAP}.querySelector('.said').textContent != text", arg=said[-1])
        said.append(page.locator(".said").text_content() or "")
    assert len(set(said[1:])) >= 3
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"row=\d+"))


@pytest.mark.release
def test_search_lights_up_and_junk_is_answered_in_words(page: Page, server: Server) -> None:
    open_map(page, server.url + URL + "&search=c1ccncc1")
    expect(page.get_by_text(re.compile("molecules contain c1ccncc1"))).to_be_visible()
    page.get_by_role("button", name="Select these").click()
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("C1CC(((")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("reads neither as SMILES nor as SMARTS"))).to_be_visible()


@pytest.mark.release
def test_what_changes_nothing_is_answered_too(page: Page, server: Server) -> None:
    """A line round nothing goes, and Escape takes away the card that keys have walked to."""
    surface = open_map(page, server.url + URL)
    x, y, width, height = middle(surface)
    corner = x - width / 2 + 4, y + height / 2 - 4
    draw(page, [corner, (corner[0] + 9, corner[1]), (corner[0] + 9, corner[1] - 9), (corner[0], corner[1] - 9)])
    settle(page)
    expect(page.locator(".molecule-map .overlay polygon[points]:not([points=''])")).to_have_count(0)
    surface.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".molecule-map .card")).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    expect(page.locator(".molecule-map .card")).to_be_hidden()


@pytest.mark.release
@pytest.mark.parametrize("url", [URL, "/?method=PCA&lens=true"])
def test_what_comes_and_goes_above_the_map_leaves_it_zoom_and_tool(page: Page, server: Server, url: str) -> None:
    """Whatever has a map built anew has it lose both."""
    surface = open_map(page, server.url + url)
    x, y, *_ = middle(surface)
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    settle(page)
    page.locator(".molecule-map").evaluate("map => { map.dataset.mine = 'yes'; }")
    box = page.get_by_label("Search", exact=True)
    for text in ("C1CC junk", "benzene", "CCCCCCCCCCCC(=O)NCCN", ""):
        with answered(page):
            box.fill(text)
            box.press("Enter")
        settle(page)
        expect(page.locator(".molecule-map")).to_have_attribute("data-mine", "yes")
    expect(surface).to_have_attribute("data-tool", "box")


def test_another_colour_sends_colours_only(page: Page, server: Server) -> None:
    open_map(page, server.url + URL)
    before = {r for r in page.seen.requests if "/blob/" in r}  # type: ignore[attr-defined]
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="SOL_classification").click()
    expect(page.locator(".legend .entry").first).to_be_visible()
    settle(page)
    new = {r for r in page.seen.requests if "/blob/" in r} - before  # type: ignore[attr-defined]
    assert len(new) == 1
    assert "colour=SOL_classification" in page.url
    entry = page.locator(".legend .entry").first
    n = (entry.locator(".count").text_content() or "").strip()
    entry.click()
    settle(page)
    expect(page.get_by_text(f"{n} selected").first).to_be_visible()


@pytest.mark.release
def test_a_zoomed_map_stays_zoomed_when_the_page_runs_again(page: Page, server: Server) -> None:
    surface = open_map(page, server.url + URL)
    x, y, *_ = middle(surface)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -500)
    page.wait_for_function(f"() => {MAP}.querySelector('.molecule-map').dataset.zoom > 2")
    next_frame(page)
    zoom = page.locator(".molecule-map").get_attribute("data-zoom")
    page.get_by_role("tab", name="Molecule").click()
    settle(page)
    assert page.locator(".molecule-map").get_attribute("data-zoom") == zoom
    page.mouse.dblclick(x + 3, y + 3)
    page.wait_for_selector(".molecule-map[data-zoom='1.00']")


@pytest.mark.release
@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (1024, 768, "dark")])
def test_nothing_is_cut_off(chromium: Browser, server: Server, width: int, height: int, scheme: str) -> None:
    small, seen = new_page(chromium, server.url, width, height, scheme)
    surface = open_map(small, server.url + URL)
    _, _, wide, tall = middle(surface)
    assert wide > 350
    assert tall >= 350
    assert small.evaluate("document.documentElement.scrollWidth") <= width
    small.get_by_test_id("stSidebar").hover()
    small.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    small.wait_for_function(f"w => {MAP}.querySelector('.surface').clientWidth > w + 50", arg=wide)
    small.close()
    assert seen.foreign == []
