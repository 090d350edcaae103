"""Every control of Fusion, Retrieval and Subgraphs is used in a real browser, and nothing breaks.

Controls are found on the page, not listed here: a new one is tried the day it is there.
"""

from collections.abc import Callable, Iterator

import pytest
from browser import Server, answered, download, mmexplore, new_page, quiet
from playwright.sync_api import Browser, Locator, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
LATE = "data=freesolv&model=freesolv-all-late&row=5"  # the smallest set that a shipped fusion is for
TABS = {
    "Fusion": ("Weights", "What if", "Modalities alike?", "Fusions compared", "Disagreement"),
    "Retrieval": ("Hits as a table", "Agreement with ECFP", "Near and far"),
    "Subgraphs": ("One molecule", "A group", "Exam"),
}


@pytest.fixture(scope="module")
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """One visitor of all three pages."""
    mmexplore(server, "embed", "--model", "freesolv-all-late", "--data", "freesolv")  # else the tabs only wait
    opened, seen = new_page(chromium, server.url)
    yield opened
    opened.close()
    assert seen.foreign == []
    assert seen.errors == []


def push(control: Locator) -> None:
    control.click()


def push_and_go_back(control: Locator) -> None:
    """Another choice, then the one that was there: the page may be another one meanwhile."""
    page = control.page
    chosen = control.locator("xpath=ancestor::*[@data-testid='stButtonGroup'][1]").locator("[aria-checked=true]")
    before = chosen.first.inner_text() if chosen.count() else ""
    same = control.inner_text() == before
    control.click()
    quiet(page)
    if before and not same:
        page.get_by_role("radio", name=before, exact=True).first.click()


def slide(control: Locator) -> None:
    control.focus()
    with answered(control.page):
        control.press("ArrowLeft" if control.get_attribute("value") == control.get_attribute("max") else "ArrowRight")


def choose_and_go_back(control: Locator) -> None:
    """Another value, then the one that was there, so that the page is whole for the next control."""
    before = control.input_value()
    control.click()
    options = control.page.get_by_role("option")
    others = [n for n, name in enumerate(options.all_inner_texts()) if name != before]
    if others:  # the first: the last data set may be one that takes minutes to embed
        options.nth(others[0]).click()
    else:
        control.page.keyboard.press("Escape")
    quiet(control.page)
    control.click()
    control.page.get_by_role("option", name=before, exact=True).first.click()


def choose_more(control: Locator) -> None:
    control.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter", "Escape"):
        control.press(key)


def look_inside(control: Locator) -> None:
    control.click()
    inside = control.page.get_by_test_id("stPopoverBody")
    expect(inside).to_be_visible()
    for button in inside.get_by_test_id("stDownloadButton").get_by_role("button").all():
        save(button)
    control.page.keyboard.press("Escape")


def save(control: Locator) -> None:
    assert download(control).path().stat().st_size > 0


def type_junk(control: Locator) -> None:
    page = control.page
    control.fill("C1CC junk <b>")
    control.press("Enter")
    quiet(page)
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    control.fill("CC(=O)Nc1ccc(O)cc1")
    control.press("Enter")


USES: dict[str, Callable[[Locator], None]] = {
    "[data-testid=stPopoverButton]:visible": look_inside,
    "[data-testid=stDownloadButton] button:visible": save,
    "[data-testid=stButtonGroup] [role=radio]:visible": push_and_go_back,
    "input[type=range]": slide,
    "[data-testid=stNumberInputStepUp]:visible": push,
    "[data-testid=stSelectbox] input:visible": choose_and_go_back,
    "[data-testid=stMultiSelect] input:visible": choose_more,
    "[data-testid=stCheckbox] label:visible": push,
    "[data-testid=stButton] button:visible": push,
    "[data-testid=stTextInput] input:visible": type_junk,
}
"""What is done with each kind of control, those that change the page least first."""


@pytest.mark.parametrize("title", list(TABS))
def test_every_control_answers(page: Page, server: Server, title: str) -> None:
    page.goto(f"{server.url}/{title}?{LATE}")
    main, used = page.get_by_test_id("stMain"), set()
    for name in TABS[title]:
        tab = main.get_by_role("tab", name=name)
        expect(tab).to_be_visible()
        tab.click()
        quiet(page)
        for kind, use in USES.items():
            for number in range(main.locator(kind).count()):
                expect(main.locator("[class*=stream][class*=cancel]")).to_have_count(0)  # it goes with the last answer
                control = main.locator(kind).nth(number)
                if not control.count() or not control.is_enabled():
                    continue
                label = f"{kind} {control.get_attribute('aria-label') or control.inner_text()}"
                if label in used:
                    continue
                used.add(label)
                print(name, label)  # the last one, where a test fails
                use(control)
                quiet(page)
                broken = page.get_by_test_id("stException")
                assert not broken.count(), f"{title}, {name}, {label}: {broken.first.inner_text()}"
                expect(main.get_by_role("tab", name=name)).to_be_visible()
    assert len(used) > 10
