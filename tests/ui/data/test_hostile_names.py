"""A user's messy file in a real browser: each row is accounted for, and a name that is markup is text on every page."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import MAP, Server, download, new_page, open_map, settle
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
EVIL = "<img src=x onerror=alert(1)>"
ROWS = [
    f'"{EVIL}\r\nline two",CCO,5.1', "phenol,c1ccccc1O,6.2", "aniline,c1ccccc1N,4.4", "pyridine,c1ccncc1,3.9",
    "hexane,CCCCCC,2.7", "broken,C1CC,3.0", "", "ethanol again,OCC,5.3", "acetate,CC(=O)[O-].[Na+],4.0",
    "toluene,Cc1ccccc1,3.1",
]  # fmt: skip


@pytest.fixture(scope="module")
def visitor(own_server: Server, chromium: Browser) -> Iterator[Page]:
    """One visitor of all pages; no dialog may open, and no picture that a name asks for be fetched."""
    page, seen = new_page(chromium, own_server.url)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()
    assert dialogs == []
    assert seen.foreign == []
    assert [address for address in seen.requests if address.rstrip("/").endswith("/x")] == []


@pytest.fixture(scope="module")
def name(visitor: Page, own_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The data set's name after its upload."""
    file = tmp_path_factory.mktemp("given") / "hostile.csv"
    file.write_bytes("\r\n".join(["name,smiles,pIC50", *ROWS, ""]).encode())
    visitor.goto(f"{own_server.url}/Data")
    visitor.get_by_role("tab", name="Add your own").click()
    visitor.locator("input[type=file][accept*=csv]").set_input_files(file)
    expect(visitor.get_by_text("9 rows, 3 columns")).to_be_visible()
    visitor.get_by_role("button", name="Import", exact=True).click()
    visitor.get_by_role("button", name="Show this data set").click()
    expect(visitor.get_by_role("heading", name="hostile")).to_be_visible()
    return "hostile"


def lines_of(page: Page, title: str) -> dict[int, str]:
    """What the report's download says: reasons by line."""
    panel = page.get_by_test_id("stExpander").filter(has_text=title)
    button = panel.get_by_test_id("stDownloadButton").get_by_role("button")
    if "rejected" not in title:  # that is open from the start
        panel.locator("summary").click()
    with download(button).path().open(newline="") as file:
        return {int(row["line"]): row["reason"] for row in csv.DictReader(file)}


def test_each_row_is_accounted_for(visitor: Page, name: str) -> None:
    rejected = lines_of(visitor, "2 rejected")
    assert "unclosed ring" in rejected[8]
    assert rejected[9] == "empty line"
    assert 10 in lines_of(visitor, "1 merged")
    assert 11 in lines_of(visitor, "1 standardised")


def test_the_data_page_shows_the_name_as_text(visitor: Page, name: str) -> None:
    visitor.get_by_role("tab", name="Molecules").click()
    expect(visitor.locator("[data-testid=stDataFrame] td").filter(has_text=EVIL).first).to_be_attached()


def test_the_map_shows_the_name_as_text(visitor: Page, own_server: Server, name: str) -> None:
    surface = open_map(visitor, f"{own_server.url}/?data={name}&model=ecfp&method=PCA&search=%3Cimg")
    visitor.get_by_role("button", name="Select these").click()
    settle(visitor)
    cell = visitor.locator(".drawings .cell").filter(has_text=EVIL)
    expect(cell).to_be_visible()
    expect(visitor.locator("[data-testid=stDataFrame] td").filter(has_text=EVIL).first).to_be_attached()
    cell.click()
    visitor.wait_for_url(re.compile(r"row=0"))
    visitor.get_by_role("tab", name="Molecule").click()
    expect(visitor.get_by_test_id("stMarkdownContainer").filter(has_text=EVIL).first).to_be_visible()
    surface.focus()
    said = ""
    for key in 10 * ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        visitor.keyboard.press(key)
        visitor.wait_for_function(f"text => {MAP}.querySelector('.said').textContent != text", arg=said)
        said = visitor.locator(".said").text_content() or ""
        if EVIL in visitor.locator(".card .name").inner_text():
            break
    expect(visitor.locator(".card .name")).to_contain_text(EVIL)
    assert visitor.locator("img[src=x]").count() == 0


def test_rows_are_added(visitor: Page, own_server: Server, name: str, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text("name,smiles,pIC50\nanisole,COc1ccccc1,4.2\nphenol,Oc1ccccc1,6.4\nbroken,C1CC,1\n")
    visitor.goto(f"{own_server.url}/Data?data={name}")
    visitor.get_by_role("button", name="Add rows").click()
    visitor.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(file)
    visitor.get_by_role("button", name="Add these rows").click()
    expect(visitor.get_by_text("3 rows read: 1 new, 1 merged, 1 rejected")).to_be_visible()
