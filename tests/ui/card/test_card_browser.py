"""A map card opened as a file, without a network: points, a drawing under the pointer, search, colors, a picture."""

import re
from pathlib import Path

import pytest
from browser import draw, middle, point_at_one
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from mmexplore.cli.app import app

pytest_plugins = ("browser",)
pytestmark = pytest.mark.browser


@pytest.mark.release
def test_a_card_shows_its_molecules_offline(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "card.html"
    words = ["map", "--model", "ecfp", "--data", "freesolv", "--method", "pca", "--card", str(file), "--json"]
    done = CliRunner(env={"MMEXPLORE_HOME": str(tmp_path)}).invoke(app, words)
    assert done.exit_code == 0, done.output
    context = chromium.new_context(offline=True, viewport={"width": 1440, "height": 900})
    page, asked, errors = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(file.as_uri())
    page.wait_for_selector(".molecule-map[data-painted][data-busy='no']")
    surface = page.locator(".molecule-map .surface")

    point_at_one(page, surface)
    card = page.locator(".molecule-map .card")
    expect(card.locator("img")).to_have_attribute("src", re.compile("^data:image/svg"))
    expect(card.locator("dd").first).to_contain_text("kcal/mol")
    assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    page.get_by_label("Search").fill("c1ccccc1")
    expect(page.get_by_role("status").filter(has_text="found")).to_have_text(re.compile(r"^\d+ found$"))
    expect(page.locator(".molecules .one").first).to_be_visible()
    page.get_by_label("Search").fill("")
    page.get_by_label("Colour by").select_option(index=1)
    page.wait_for_selector(".molecule-map[data-busy='no']")
    x, y, width, height = middle(surface)
    corners = [(x - width / 4, y), (x, y - height / 2.2), (x + width / 4, y), (x, y + height / 2.2), (x - width / 4, y)]
    draw(page, corners)
    expect(page.locator(".molecules h2")).to_have_text(re.compile(r"^\d+ molecules$"))
    page.get_by_label("Density contours").check()
    expect(page.locator(".overlay .contours")).to_have_attribute("d", re.compile("^M"))
    with page.expect_download() as come:
        page.get_by_role("button", name="Save as picture").click()
    assert "<circle" in come.value.path().read_text(encoding="utf-8")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
    context.close()
