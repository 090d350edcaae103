"""The Train and Data pages in a real browser: a training from the click to the map, and a messy upload."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Seen, Server, answered, new_page, quiet
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def visitor(own_server: Server, chromium: Browser) -> Iterator[tuple[Page, Seen]]:
    """A visitor of one page; nothing may leave the machine, no script may fail, no dialog may open."""
    page, seen = new_page(chromium, own_server.url)
    dialogs: list[str] = []

    def note(dialog: object) -> None:
        dialogs.append(str(dialog))

    page.on("dialog", note)
    yield page, seen
    page.close()
    assert seen.foreign == []
    assert dialogs == []
    assert seen.errors == []


def jobs_of(own_server: Server) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in (own_server.home / "jobs").glob("*/job.json")]


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").first.click()
    page.get_by_role("option", name=option, exact=True).click()


def of_epochs(page: Page, count: int) -> None:
    """Have the form's training last so many epochs."""
    page.get_by_role("tab", name="Training").click()
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill(str(count))
    with answered(page):
        epochs.press("Enter")


def test_a_training_from_the_click_to_the_map(visitor: tuple[Page, Seen], own_server: Server) -> None:
    page, _ = visitor
    page.goto(f"{own_server.url}/Train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    quiet(page)
    choose(page, "Preset", "dmpnn")
    quiet(page)
    of_epochs(page, 2)
    page.get_by_role("button", name="Start training").dblclick()
    expect(page.get_by_role("button", name="Cancel").first).to_be_visible()
    expect(page.get_by_text("Training loss", exact=True).first).to_be_visible()
    assert "job=" in page.url
    page.reload()
    expect(page.get_by_text("done", exact=False).first).to_be_visible()
    use = page.get_by_role("link", name="Use on the map").first
    expect(use).to_be_visible()
    assert [job["verb"] for job in jobs_of(own_server)] == ["train"], "a double click starts one training"
    expect(page.get_by_text("split scaffold", exact=False).first).to_be_visible()
    use.click()
    expect(page.get_by_text("trained on solubility")).to_be_visible()
    page.wait_for_url(lambda url: "/Train" not in url)


def test_a_stopped_training_goes_on_and_is_put_away(visitor: tuple[Page, Seen], own_server: Server) -> None:
    """What is pressed in a training's own part of the page is answered by the whole page."""
    page, _ = visitor
    page.goto(f"{own_server.url}/Train?data=freesolv")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("button", name="Start training")).to_be_visible()
    of_epochs(page, 2000)
    main.get_by_role("button", name="Start training").click()
    cancel, again = (main.get_by_role("button", name=name) for name in ("Cancel", "Continue"))
    expect(main.get_by_text("Training loss", exact=True)).to_be_visible()
    cancel.click()
    again.click()
    expect(cancel).to_be_visible()
    cancel.click()
    expect(again).to_be_visible()
    main.get_by_role("button", name="Close").click()
    expect(again).to_have_count(0)
    quiet(page)
    trainings = [job["verb"] for job in jobs_of(own_server)].count("train")
    expect(main.get_by_text(f"Other trainings ({trainings})", exact=True)).to_be_visible()


def test_a_messy_upload_becomes_a_data_set(visitor: tuple[Page, Seen], own_server: Server, tmp_path: Path) -> None:
    page, _ = visitor
    file = tmp_path / "messy.csv"
    rows = [f"{NASTY};CCO;5.1", "*b* $x$;c1ccccc1O;6.2", "salt;CC(=O)[O-].[Na+];4", "twice;OCC;5.3", "bad;C1CC;3"]
    file.write_bytes("\r\n".join(["Compound Name;Structure;pIC50", *rows, ""]).encode())
    page.goto(f"{own_server.url}/Data")
    expect(page.get_by_role("tab", name="Report")).to_be_visible()
    page.get_by_role("tab", name="Add your own").click()
    page.locator("input[type=file][accept*=csv]").set_input_files(file)
    expect(page.get_by_text("5 rows, 3 columns")).to_be_visible()
    page.get_by_label("Title", exact=True).fill(NASTY)
    with answered(page):
        page.get_by_label("Title", exact=True).press("Enter")
    page.get_by_role("button", name="Import", exact=True).dblclick()
    page.get_by_role("button", name="Show this data set").click()
    expect(page.get_by_role("heading", name=NASTY)).to_be_visible()
    expect(page.get_by_text("1 rejected", exact=True)).to_be_visible()
    assert len(list((own_server.home / "datasets" / "yours").glob("*.json"))) == 1, "two clicks import once"
    page.get_by_role("tab", name="Molecules").click()
    page.wait_for_function("() => performance.getEntriesByType('resource').some(r => r.name.includes('/depict.svg'))")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove this data set").click()
    expect(page.get_by_role("heading", name=NASTY)).to_be_hidden()
    assert not list((own_server.home / "datasets" / "yours").glob("*.json"))
