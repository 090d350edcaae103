"""Every figure leaves the browser as SVG, PNG, HTML and CSV, without a network and without a browser on the server."""

import re

import pytest
from browser import Server, answered, download, lay_out, open_map
from playwright.sync_api import Locator, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]


def saved(button: Locator, **how: object) -> tuple[str, bytes]:
    """Name and content of what a click downloads."""
    come = download(button, **how)
    return come.suggested_filename, come.path().read_bytes()


def test_a_chart_in_four_forms(page: Page, server: Server) -> None:
    open_map(page, server.url)
    page.get_by_role("link", name="Data").click()
    page.get_by_role("tab", name="Labels").click()
    chart = page.get_by_test_id("stPlotlyChart")
    expect(chart.locator(".main-svg").first).to_be_visible()
    camera = chart.locator(".modebar-btn[data-title^='Download']")
    chart.hover()
    name, content = saved(camera)
    assert name == "solubility-0.svg"
    assert content.startswith(b"<svg")
    page.get_by_role("button", name="Download", exact=False).last.click()
    name, content = saved(page.get_by_role("button", name="Figure (HTML)"))
    assert name == "solubility-0.html"
    assert b"Plotly.newPlot" in content
    assert not re.search(rb"<script[^>]+src=", content), "it needs no network"
    name, content = saved(page.get_by_role("button", name="Numbers (CSV)"))
    assert content.decode().splitlines()[0] == "trace,x,y"
    with answered(page):
        page.get_by_role("radio", name="PNG").click()
    page.keyboard.press("Escape")
    chart.hover()
    name, content = saved(camera)
    assert name == "solubility-0.png"
    assert content.startswith(b"\x89PNG")


def test_the_map_as_svg_and_png(page: Page, server: Server) -> None:
    lay_out(server, "freesolv", "ecfp", "ecfp")
    open_map(page, f"{server.url}/?data=freesolv&model=ecfp&method=PCA")
    button = page.get_by_role("button", name="Save as picture")
    name, content = saved(button)
    assert name == "map.svg"
    assert content.count(b"<circle") >= 642
    name, content = saved(button, modifiers=["Shift"])
    assert name == "map.png"
    assert content.startswith(b"\x89PNG")
