"""The widget's one text in a real browser, with the widget itself as its kernel; no server and no network are there."""

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import draw, middle, point_at_one
from playwright.sync_api import Browser, expect

from mmexplore.ui.notebook import MapWidget

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser
BETWEEN = (Path(__file__).with_name("kernel_between.js")).read_text(encoding="utf-8").partition("\n")[2]


def _state(widget: MapWidget) -> dict[str, Any]:
    """What the widget tells the browser, bytes as base64."""
    told = {name: base64.b64encode(getattr(widget, name)).decode() for name in ("_points", "_codes", "_selected")}
    return told | {"height": widget.height, "_shown": widget._shown}


@pytest.mark.release
def test_a_lasso_in_the_browser_selects_here_and_a_pointer_brings_a_card(chromium: Browser) -> None:
    widget, page, errors = MapWidget(height=400), chromium.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)

    def kernel(name: str, asked: Any) -> Any:
        if name != "did":
            return getattr(widget, name)(asked, [])[0]
        widget._handle_custom_msg(asked, [])
        return _state(widget)

    page.expose_function("kernel", kernel)
    page.evaluate(BETWEEN, [widget._esm, _state(widget)])
    root, surface = page.locator(".molecule-map"), page.locator(".molecule-map .surface")
    expect(root).to_have_attribute("data-busy", "no")
    page.wait_for_selector(".molecule-map[data-painted]")
    x, y, width, height = middle(surface)
    assert 390 < height <= 400

    point_at_one(page, surface)
    card = page.locator(".molecule-map .card")
    expect(card.locator("dd").first).to_contain_text("log mol/L")
    expect(card.locator("img")).to_have_attribute("src", re.compile("^data:image/svg"))
    expect(card.locator("img")).to_be_visible()

    corners = [(x - width / 4, y), (x, y - height / 2.2), (x + width / 4, y), (x, y + height / 2.2), (x - width / 4, y)]
    draw(page, corners)
    page.wait_for_selector(".molecule-map[data-busy='no']")
    assert 0 < len(widget.selection) < len(widget.xy)
    assert np.isfinite(widget.xy[list(widget.selection)]).all()

    surface.press("Escape")
    page.wait_for_selector(".molecule-map[data-busy='no']")
    assert widget.selection == ()
    assert page.evaluate("() => { window.takeAway(); return window.listening(); }") == 0
    assert errors == []
    page.close()
