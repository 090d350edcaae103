"""Every page in both themes, judged by axe-core: nothing serious, be it ours or Streamlit's."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Server, draw, lay_out, middle, new_page, open_map, quiet, settle
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.browser, pytest.mark.release]
SERIOUS = ("serious", "critical")
STREAMLITS: set[tuple[str, str]] = set()  # (rule, target) inside Streamlit's own widgets that no theme or option mends


@pytest.fixture(scope="module", autouse=True)
def a_map(server: Server) -> None:
    lay_out(server, "solubility", "ecfp", "ecfp")


def a_selection(page: Page, url: str) -> None:
    """The map with molecules selected and one of them current, under both tabs."""
    surface = open_map(page, f"{url}/?model=ecfp&method=PCA&row=3")
    x, y, width, height = middle(surface)
    page.get_by_role("button", name="Box", exact=True).click()
    draw(page, [(x - width / 4, y - height / 4), (x + width / 4, y + height / 4)])
    settle(page)
    expect(page.locator(".drawings .cell").first).to_be_visible()
    serious(page, "Map, selection")
    page.get_by_role("tab", name="Molecule").click()
    expect(page.locator("[data-testid=stCode]")).to_be_visible()


def a_training(page: Page, url: str) -> None:
    page.goto(f"{url}/Train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    quiet(page)


def a_data_set(page: Page, url: str) -> None:
    page.goto(f"{url}/Data")
    expect(page.get_by_role("tab", name="Report")).to_be_visible()
    quiet(page)
    serious(page, "Data, catalogue")
    page.get_by_role("tab", name="Add your own").click()
    page.get_by_role("tab", name="Labels").click()
    expect(page.locator(".js-plotly-plot")).to_be_visible()


def a_prediction(page: Page, url: str) -> None:
    """A molecule with its prediction, then the bench."""
    page.goto(f"{url}/Predict?data=solubility&model=solubility-all-late&typed=CC(%3DO)Nc1ccc(O)cc1")
    expect(page.get_by_text("Nearest training molecule")).to_be_visible()
    serious(page, "Predict, a molecule")
    page.goto(f"{url}/Predict?predict=Bench&data=solubility&model=solubility-all-late&bench=CCO&pinned=CCN")
    expect(page.get_by_text("Lit: the atoms that differ.")).to_be_visible()
    expect(page.get_by_text("adds smiles")).to_be_visible()


def serious(page: Page, where: str) -> None:
    """Fails on what axe calls serious or critical and Streamlit cannot be blamed for."""
    quiet(page)
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    told = {(v["id"], str(node["target"][-1]), node["html"][:200]) for v in found for node in v["nodes"]}
    ours = sorted(one for one in told if one[:2] not in STREAMLITS)
    assert not ours, f"{where}: {ours}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("visit", [a_selection, a_training, a_data_set, a_prediction], ids=lambda visit: visit.__name__)
def test_nothing_serious(chromium: Browser, server: Server, scheme: str, visit: object) -> None:
    page, _ = new_page(chromium, server.url, scheme=scheme)
    visit(page, server.url)  # type: ignore[operator]
    serious(page, visit.__name__)  # type: ignore[attr-defined]
    page.close()


def test_the_map_is_one_link_away(chromium: Browser, server: Server) -> None:
    page, _ = new_page(chromium, server.url)
    open_map(page, f"{server.url}/?model=ecfp&method=PCA")
    link = page.get_by_role("link", name="Skip to the map")
    expect(link).to_be_attached()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".molecule-map .surface")).to_be_focused()
    page.goto(f"{server.url}/Results")
    expect(page.get_by_role("tab").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#stMain")).to_be_focused()
    page.close()
