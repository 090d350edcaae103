"""A comparison in a real browser: what is pointed at or drawn in one map is so in all of them."""

import re

import pytest
from browser import Server, download, draw, lay_out, middle, new_page, next_frame, point_at_one, settle
from playwright.sync_api import Browser, Locator, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
N = 1282
VIEWS = (("ecfp", "ecfp"), ("untrained:solubility-dmpnn", "dmpnn"), ("solubility-dmpnn", "dmpnn"))


@pytest.fixture(scope="module", autouse=True)
def maps(server: Server) -> None:
    """Maps that need no compiling, made by the command line as a user would; one of them is shipped."""
    for model, view in VIEWS[:2]:
        lay_out(server, "solubility", model, view)


def url(server: Server, *panels: int) -> str:
    chosen = ",".join("@".join(VIEWS[panel]) for panel in panels)
    return f"{server.url}/?compare=true&method=PCA&panels={chosen}"


def open_maps(page: Page, server: Server, *panels: int) -> list[Locator]:
    page.goto(url(server, *panels))
    return painted(page, len(panels))


def painted(page: Page, n: int) -> list[Locator]:
    """The surfaces of all maps, once all are drawn and idle."""
    expect(page.locator(".molecule-map[data-painted][data-busy='no']")).to_have_count(n)
    settle(page)
    return page.locator(".molecule-map .surface").all()


def lit(page: Page) -> list[str | None]:
    return [each.get_attribute("data-lit") for each in page.locator(".molecule-map").all()]


def selected(page: Page) -> int:
    return int(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first.inner_text().split()[0].replace(",", ""))


def test_pointing_at_a_molecule_lights_it_up_in_all_maps_without_the_server(page: Page, server: Server) -> None:
    surfaces = open_maps(page, server, 2, 1, 0)
    before = len(page.seen.requests)  # type: ignore[attr-defined]
    for k, surface in enumerate(surfaces):
        point_at_one(page, surface)
        rows = lit(page)
        assert len(set(rows)) == 1
        assert rows[0] != "-1"
        shown = [page.locator(".molecule-map .echoed").nth(m).is_visible() for m in range(3)]
        assert shown == [m != k for m in range(3)]
        expect(page.locator(".molecule-map .card").nth(k)).to_be_visible()
        assert [page.locator(".molecule-map .card").nth(m).is_visible() for m in range(3)].count(True) == 1
    asked = page.seen.requests[before:]  # type: ignore[attr-defined]
    known = ("/card.json", "/depict.svg", "/static/js/")  # the last is what charts are drawn by, read beforehand
    assert [r for r in asked if not any(part in r for part in known)] == []
    page.mouse.move(5, 5)
    expect(page.locator(".molecule-map[data-lit='-1']")).to_have_count(3)


def test_the_lit_place_is_the_molecules_own(page: Page, server: Server) -> None:
    """Pointing at the ring in the other map finds the molecule there, or one on the very same spot."""
    surfaces = open_maps(page, server, 2, 0)
    point_at_one(page, surfaces[0])
    ring, box = page.locator(".echoed").nth(1), surfaces[1].bounding_box()
    assert box
    lit_up = [float(ring.get_attribute(name) or 0) for name in ("cx", "cy")]
    page.mouse.move(box["x"] + lit_up[0], box["y"] + lit_up[1])
    expect(page.locator(".molecule-map").nth(1)).not_to_have_attribute("data-lit", "-1")
    expect(page.locator(".hovered").nth(1)).to_be_visible()
    found = [float(page.locator(".hovered").nth(1).get_attribute(name) or 0) for name in ("cx", "cy")]
    assert found == pytest.approx(lit_up, abs=1)
    assert lit(page)[0] == lit(page)[1] != "-1"


def test_what_is_drawn_in_one_is_selected_in_all(page: Page, server: Server) -> None:
    surfaces = open_maps(page, server, 2, 1, 0)
    x, y, width, height = middle(surfaces[1])
    top, bottom, left = y - height / 2 + 3, y + height / 2 - 3, x - width / 2 + 3
    before = {r for r in page.seen.requests if "/blob/" in r}  # type: ignore[attr-defined]
    times = [int(m.get_attribute("data-painted") or 0) for m in page.locator(".molecule-map").all()]
    draw(page, [(left, top), (x, top), (x, bottom), (left, bottom), (left, top + 20)])
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$")).first).to_be_visible()
    page.wait_for_function(
        "before => [...document.querySelectorAll('*')].flatMap(e => e.shadowRoot ? "
        "[...e.shadowRoot.querySelectorAll('.molecule-map')] : []).filter((m, i) => +m.dataset.painted > before[i])"
        ".length === before.length",
        arg=times,
    )
    first = selected(page)
    new = {r for r in page.seen.requests if "/blob/" in r} - before  # type: ignore[attr-defined]
    assert len(new) == 1  # one mask for all of them
    page.keyboard.down("Shift")
    box = middle(surfaces[2])
    page.get_by_role("button", name="Box", exact=True).click()
    draw(page, [(box[0] - box[2] / 2 + 3, box[1] - box[3] / 2 + 3), (box[0] + box[2] / 2 - 3, box[1] + box[3] / 2 - 3)])
    page.keyboard.up("Shift")
    expect(page.get_by_text(f"{N:,} selected").first).to_be_visible()
    assert 0 < first < N
    surfaces[0].focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text(re.compile(r"^[\d,]+ selected$"))).to_have_count(0)


def test_a_click_in_one_is_the_current_molecule_of_all_and_a_link_shows_the_same(page: Page, server: Server) -> None:
    surfaces = open_maps(page, server, 0, 2)
    page.mouse.click(*point_at_one(page, surfaces[1]))
    page.wait_for_url(re.compile(r"row=\d+"))
    painted(page, 2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].filter(e => e.shadowRoot?.querySelector('.molecule-map'))"
        ".every(e => e.shadowRoot.querySelector('.current').style.display === 'block')"
    )
    expect(page.locator("[data-testid=stCode] code")).not_to_be_empty()
    page.get_by_role("button", name="Add a map").click()
    painted(page, 3)
    page.wait_for_url(re.compile(r"panels=[^&]*(,|%2C)[^&]*(,|%2C)"))
    address = page.url
    page.reload()
    painted(page, 3)
    assert page.url == address
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name="Data").click()
    page.wait_for_url(re.compile(r"/Data"))
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name="Map").click()
    painted(page, 3)
    assert sorted(page.url.partition("?")[2].split("&")) == sorted(address.partition("?")[2].split("&"))


def test_the_bar_works_on_all_maps(page: Page, server: Server) -> None:
    surfaces = open_maps(page, server, 0, 1)
    zoom = page.locator(".molecule-map")
    assert page.get_by_role("toolbar").filter(visible=True).count() == 1
    page.get_by_role("button", name="Zoom in").click()
    for k in range(2):
        expect(zoom.nth(k)).to_have_attribute("data-zoom", "1.50")
    page.mouse.move(*middle(surfaces[0])[:2])
    page.mouse.wheel(0, -300)  # the page's
    next_frame(page)
    expect(zoom.first).to_have_attribute("data-zoom", "1.50")
    page.get_by_role("button", name="Move").click()
    assert [surface.get_attribute("data-tool") for surface in surfaces] == ["move", "move"]
    text = download(page.get_by_role("button", name="Save as picture")).path().read_text()
    assert text.count("<circle") > N
    assert all(name in text for name in ("ecfp, ecfp", "solubility-dmpnn, untrained, dmpnn"))


def test_another_data_set_under_six_maps_and_two_clicks_at_once(page: Page, server: Server) -> None:
    open_maps(page, server, 0, 0, 0, 0, 0, 0)
    close = page.get_by_role("button").filter(has=page.locator("[data-testid=stIconMaterial]", has_text="close"))
    close.nth(1).dblclick(delay=10)
    painted(page, 5)
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="freesolv").click()
    expect(page.get_by_role("heading", name=re.compile("642 molecules"))).to_be_visible()
    expect(page.locator(".molecule-map[aria-label], .surface[aria-label^='642 molecules']")).to_have_count(5)
    painted(page, 5)
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="solubility").click()
    expect(page.locator(".surface[aria-label^='1,282 molecules']")).to_have_count(5)


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (1024, 768, "dark")])
def test_nothing_is_cut_off(chromium: Browser, server: Server, width: int, height: int, scheme: str) -> None:
    small, seen = new_page(chromium, server.url, width, height, scheme)
    surfaces = open_maps(small, server, 0, 1, 2, 0)
    boxes = [surface.bounding_box() for surface in surfaces]
    assert all(box and box["width"] > 300 and box["height"] >= 215 for box in boxes)
    assert all(box and box["x"] + box["width"] <= width for box in boxes)
    assert small.evaluate("document.documentElement.scrollWidth") <= width
    small.close()
    assert (seen.foreign, seen.errors) == ([], [])
