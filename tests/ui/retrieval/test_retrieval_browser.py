"""Retrieval in a real browser: lists that light up together, a click that walks on, a star on the map, the editor."""

import re
from collections.abc import Iterator

import pytest
from browser import Server, lay_out, mmexplore, open_map
from playwright.sync_api import Page, expect

from mmexplore.explore.explain import viewer_script

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
MODEL, DATA, HYDROXY = "solubility-dmpnn", "freesolv", "CC(=O)Nc1cccc(O)c1"
ASKED = f"data={DATA}&model={MODEL}&hits=4"
VIEWER = "window.$3Dmol = { createViewer: box => { const call = () => {"
VIEWER += " box.dataset.calls = Number(box.dataset.calls || 0) + 1; };"
VIEWER += (
    " return new Proxy({}, { get: (_, name) => () => { call(); if (name === 'render') box.dataset.drawn = 'yes'; } });"
)
VIEWER += " } };"


@pytest.fixture(scope="module", autouse=True)
def embedded(server: Server) -> Iterator[None]:
    """What jobs would make: embeddings of the model and its untrained twin, a first map; a stand-in for 3Dmol.js."""
    mmexplore(server, "retrieve", "--query", "CCO", "--model", MODEL, "--data", DATA)
    lay_out(server, DATA, MODEL, "dmpnn")
    (server.home / "scripts").mkdir(exist_ok=True)
    script = server.home / "scripts" / f"3Dmol-{viewer_script.VERSION}.js"
    script.write_text(VIEWER)
    yield
    script.unlink()  # others on this server draw with the real one


def open_lists(page: Page, server: Server, more: str) -> None:
    page.goto(f"{server.url}/Retrieval?{ASKED}&{more}")
    expect(page.locator(".list .hit").first).to_be_visible()


def test_a_shared_hit_lights_up_in_every_list_and_a_click_walks_on(page: Page, server: Server) -> None:
    open_lists(page, server, "row=268")
    assert page.locator(".list").count() == 3
    first = page.locator(".list .hit").first
    first.hover()
    expect(page.locator(".hit.lit")).not_to_have_count(0)
    second = page.locator(".list").nth(2).locator(".hit").nth(1)
    name = second.get_attribute("title") or ""
    second.click()
    expect(page.get_by_text(re.compile(f"{re.escape(name)}.*, the query"))).to_be_visible()
    expect(page.locator(f'.hit[title="{name}"]')).to_have_count(0)
    assert "row=" in page.url
    page.go_back()  # a step of the history is a click
    expect(page.get_by_text("cyclohexane, the query")).to_be_visible()


def test_a_typed_smiles_is_embedded_and_a_link_shows_it_again(page: Page, server: Server) -> None:
    open_lists(page, server, "row=268")
    page.get_by_label("Query").fill(HYDROXY)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Typed molecule, the query")).to_be_visible()
    nearest = page.locator(".list").nth(2).locator(".hit").first
    expect(nearest).not_to_have_attribute("title", "cyclohexane")  # the lists come some time after the query's card
    name = nearest.get_attribute("title") or ""
    page.goto(page.url)
    expect(page.get_by_text("Typed molecule, the query")).to_be_visible()
    expect(nearest).to_have_attribute("title", name)


def test_the_molecule_in_space_comes_from_this_server(page: Page, server: Server) -> None:
    open_lists(page, server, "row=268")
    page.get_by_text("3D", exact=True).first.click()
    framed = page.frame_locator("iframe[title^='One conformer of']")
    expect(framed.locator(".viewer3d [data-drawn='yes']")).to_have_attribute("data-calls", "7")
    assert framed.locator("script[src]").evaluate("script => script.src").startswith(f"{server.url}/viewer3d/")


def test_a_typed_molecule_lands_on_the_map_as_a_star_with_a_card(page: Page, server: Server) -> None:
    open_map(page, f"{server.url}/?data={DATA}&model={MODEL}&method=PCA&search={HYDROXY.replace('=', '%3D')}")
    star = page.locator(".star")
    expect(star).to_be_visible()
    box = star.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".card")).to_contain_text(HYDROXY)
    expect(page.locator(".card")).to_contain_text("Typed molecule")
    page.get_by_label("Search").fill("no molecule((")
    page.keyboard.press("Enter")
    expect(page.get_by_text("reads neither as SMILES nor as SMARTS")).to_be_visible()
    expect(star).to_be_hidden()


def test_what_is_drawn_goes_into_the_box(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/Retrieval?{ASKED}&query=c1ccccc1O")
    expect(page.locator(".list .hit").first).to_be_visible()
    page.locator(".st-key-query-editor button, [data-testid=stPopover] button").first.click()
    editor = page.frame_locator("iframe[title*=ketcher]")
    expect(editor.get_by_role("button", name="Apply")).to_be_visible()
    expect(editor.locator("[class*=intermediateCanvas] svg")).to_contain_text("OH")  # drawn some time after the buttons
    editor.get_by_role("button", name="Apply").click()
    box = page.get_by_label("Query")
    expect(box).to_have_value("Oc1ccccc1")
    expect(page.locator("iframe[title*=ketcher]")).to_have_count(0)


def test_peaks_are_a_query_that_a_link_holds(page: Page, server: Server) -> None:
    mmexplore(server, "embed", "--model", "joint", "--data", DATA)
    open_lists(page, server, "row=268")
    page.get_by_test_id("stButtonGroup").get_by_text("Peaks", exact=True).click()
    page.get_by_label("Peaks (13C, ppm)").fill("137.8, 129.1 d, 128.3 d, 125.4 d, 21.4 q")
    page.keyboard.press("Enter")
    expect(page.get_by_text("5 peaks, the query")).to_be_visible()
    expect(page.locator(".list")).to_have_count(3)
    expect(page.locator(".list").nth(2).locator(".hit").first).to_have_attribute("title", "toluene")
    page.goto(page.url)
    expect(page.get_by_text("5 peaks, the query")).to_be_visible()
    page.get_by_label("Peaks (13C, ppm)").fill("banana")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is no peak")).to_be_visible()
