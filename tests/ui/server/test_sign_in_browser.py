"""Visitors who sign in by a provider have homes of their own, and no address shows one what is another's."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import PATIENCE_MS, ROOT, TALK, launch, open_map, quiet
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

pytest.importorskip("authlib", reason="signing in takes the extra 'serve'")
from identity_provider import CLIENT, SECRET, Provider, provider

from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs import client
from mmexplore.ui.server import visitors
from mmexplore.ui.shell import navigation

pytestmark = [pytest.mark.browser, pytest.mark.release]
pytest_plugins = ("browser",)
TABLE = "smiles,name,active\n" + "".join(f"{'C' * n}O,molecule of Jane {n},{n % 2}\n" for n in range(1, 31))


@dataclass(frozen=True)
class Served:
    url: str
    home: Path
    provider: Provider

    def home_of(self, who: str) -> Path:
        user = {"is_logged_in": True, "iss": self.provider.url, "sub": who.partition("@")[0], "email": who}
        return self.home / "visitors" / visitors.identity(user)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with provider() as found:
        secrets = home / "secrets.toml"
        secrets.write_text(
            f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"x" * 40}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{found.url}/.well-known/openid-configuration"\n'
        )
        env = os.environ | {"MMEXPLORE_HOME": str(home), "OMP_NUM_THREADS": "1"}
        env |= {"MMEXPLORE_ALLOW_USERS": "*@example.org", "MMEXPLORE_LIMIT_JOBS": "3"}
        command = [sys.executable, "-m", "mmexplore", "app", "--port", str(port), "--secrets", str(secrets), "--json"]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            try:
                yield Served(url, home, found)
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


def signed_in(served: Served, chromium: Browser, who: str) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(TALK)
    page.goto(served.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=who).click()
    return context, page


@pytest.fixture(scope="module")
def jane(served: Served, chromium: Browser) -> Iterator[tuple[BrowserContext, Page, list[str]]]:
    """Jane with a data set of her own and its map on the screen, and what her browser fetched."""
    context, page = signed_in(served, chromium, "jane@example.org")
    expect(page.get_by_text("Signed in as jane@example.org")).to_be_visible()
    table = served.home / "hers.csv"
    table.write_text(TABLE)
    env = os.environ | {"MMEXPLORE_HOME": str(served.home_of("jane@example.org"))}
    for words in (
        ["import", str(table), "--name", "hers"],
        ["map", "--model", "ecfp", "--data", "hers", "--method", "pca"],
    ):
        subprocess.run([sys.executable, "-m", "mmexplore", *words], cwd=ROOT, env=env, check=True, capture_output=True)
    client.start("train", ["nothing.json"], title="job of Jane", home=Home(served.home_of("jane@example.org")))
    page.goto(f"{served.url}/Train")
    expect(page.get_by_text("job of Jane").first).to_be_visible()
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if answer.ok else None)
    open_map(page, f"{served.url}/?data=hers&model=ecfp&row=3")
    expect(page.get_by_text("molecule of Jane").first).to_be_visible()
    yield context, page, asked
    context.close()


def blobs_in(addresses: list[str]) -> list[str]:
    return sorted({url for url in addresses if "/blob/" in url})


def status(context: BrowserContext, url: str) -> int:
    return context.request.get(url).status


def test_who_is_not_signed_in_gets_the_door_alone(served: Served, chromium: Browser) -> None:
    for address in (
        "card.json?data=solubility&row=0",
        "depict.svg?smiles=CCO",
        "blob/0.bin",
        "frame/0.html",
        "media/0",
    ):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{served.url}/{address}")
    with urllib.request.urlopen(f"{served.url}/healthz") as answer:
        assert json.load(answer)["status"] == "ok"
    context = chromium.new_context()
    context.add_cookies([{"name": "_streamlit_user", "value": "forged", "url": served.url}])
    assert status(context, f"{served.url}/card.json?data=solubility&row=0") == 401
    page = context.new_page()
    page.goto(f"{served.url}/Data?data=solubility")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.get_by_text("Solubility").count() == 0
    context.close()


def test_two_visitors_see_two_homes(
    served: Served, chromium: Browser, jane: tuple[BrowserContext, Page, list[str]]
) -> None:
    hers, _, asked = jane
    blobs = blobs_in(asked)
    own = [f"{served.url}/card.json?data=hers&row=0", f"{served.url}/depict.svg?data=hers&row=0", *blobs]
    assert [status(hers, url) for url in own] == [200] * len(own)
    his, page = signed_in(served, chromium, "bob@example.org")
    expect(page.get_by_text("Signed in as bob@example.org")).to_be_visible()
    shown: list[str] = []
    page.on("response", lambda answer: shown.append(answer.url))
    open_map(page, served.url)
    own = [url for url in own if url not in blobs_in(shown)]  # the map that the app opens on has the same bytes for all
    assert blobs_in(own), "a map is drawn from bytes that the server gives by address"
    assert status(his, f"{served.url}/card.json?data=solubility&row=0") == 200
    assert [status(his, url) for url in own] == [404] * len(own)
    page.goto(f"{served.url}/?data=hers&model=ecfp&row=3")  # a link that Jane sent
    expect(page.get_by_text("hers", exact=False).first).to_be_visible()
    assert page.get_by_text("molecule of Jane").count() == 0
    page.goto(f"{served.url}/Data")
    expect(page.get_by_text("Signed in as bob@example.org")).to_be_visible()
    assert "molecule of Jane" not in page.content()
    page.goto(f"{served.url}/Train")
    expect(page.get_by_text("Signed in as bob@example.org")).to_be_visible()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert "job of Jane" not in page.content()
    elsewhere = [path for path in served.home.rglob("*hers*") if served.home_of("jane@example.org") not in path.parents]
    assert elsewhere == [served.home / "hers.csv"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert status(his, f"{served.url}/card.json?data=solubility&row=0") == 401
    his.close()


def test_every_page_knows_who_is_there(served: Served, jane: tuple[BrowserContext, Page, list[str]]) -> None:
    """Callbacks, fragments and threads of a page, too: none of them is answered that nobody is signed in."""
    page = jane[1]
    for path in navigation.pages():
        page.goto(f"{served.url}/{navigation.title(path)}?data=solubility&model=solubility-all-late")
        expect(page.get_by_text("Signed in as jane@example.org")).to_be_visible()
        quiet(page)
        assert page.get_by_text("nobody is signed in").count() == 0
        assert page.get_by_text("Something went wrong").count() == 0
    log = served.home / "logs" / "mmexplore.log"
    said = log.read_text() if log.is_file() else ""
    assert "nobody is signed in" not in said
    assert "Traceback" not in said


def test_whom_the_server_does_not_allow_stays_outside(served: Served, chromium: Browser) -> None:
    context, page = signed_in(served, chromium, "mallory@elsewhere.org")
    expect(page.get_by_text("mallory@elsewhere.org has no access")).to_be_visible()
    assert status(context, f"{served.url}/card.json?data=solubility&row=0") == 401
    context.close()


def test_the_audit_log_says_who_did_what(served: Served, jane: tuple[BrowserContext, Page, list[str]]) -> None:
    assert status(jane[0], f"{served.url}/healthz") == 200
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{served.url}/card.json?data=hers&row=1")
    lines = [json.loads(line) for line in (served.home / "logs" / "audit.jsonl").read_text().splitlines()]
    acts = [(line["who"], line["action"]) for line in lines]
    assert ("jane@example.org", "visit") in acts
    assert ("jane@example.org", "page") in acts
    assert any(line["action"] == "refused" and line["address"] == "/card.json" and not line["who"] for line in lines)
