"""A real server and a real Chromium for tests of the screens; ``pytest_plugins = ("browser",)`` brings the fixtures.

Chromium is the one named by MMEXPLORE_CHROMIUM, one on the PATH, one that apt-get can install (root on Debian), or
playwright's own download, in this order. It knows no host but this one, and a page notes what it asks others for.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Locator, Page, Playwright, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from typer.testing import CliRunner

from mmexplore.cli.app import app

ROOT = Path(__file__).parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SOFTWARE_GL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
PATIENCE_MS = 240_000  # of every wait in a browser: what ends a wait is an event, and this a hang
TRIES = 8  # of what may be lost
expect.set_options(timeout=PATIENCE_MS)
NUMBERS = {name: BackMsg.DESCRIPTOR.fields_by_name[name].number for name in ("rerun_script",)}
NUMBERS |= {name: ForwardMsg.DESCRIPTOR.fields_by_name[name].number for name in ("new_session", "script_finished")}
NUMBERS |= {"is_auto_rerun": ClientState.DESCRIPTOR.fields_by_name["is_auto_rerun"].number}
NUMBERS |= {"early": ForwardMsg.FINISHED_EARLY_FOR_RERUN}
TALK = (Path(__file__).with_name("talk.js")).read_text(encoding="utf-8").replace("NUMBERS", json.dumps(NUMBERS))
MAP = "[...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.molecule-map')).shadowRoot"
LOSE_WEBGL = f"""() => new Promise(done => {{
  const canvas = {MAP}.querySelector("canvas");
  window.taken = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  canvas.addEventListener("webglcontextlost", () => requestAnimationFrame(() => requestAnimationFrame(done)));
  window.taken.loseContext();
}})"""


@dataclass(frozen=True)
class Server:
    """A running app: its address and its home."""

    url: str
    home: Path
    log: Path


@dataclass
class Seen:
    """What a page did behind the screen."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def chromium_path() -> str | None:
    """Where a Chromium is; None means playwright's own."""
    wanted = os.environ.get("MMEXPLORE_CHROMIUM")
    if wanted:
        return wanted
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, capture_output=True)
        if path := shutil.which("chromium"):
            return path
    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, capture_output=True)
    if done.returncode:
        pytest.fail("no Chromium is here and none could be installed: install one, or name it in MMEXPLORE_CHROMIUM")
    return None


def launch(playwright: Playwright, *more: str) -> Browser:
    """Chromium without a network, and with WebGL in software, which is there on every machine."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=[*SOFTWARE_GL, NO_NETWORK, *more])


def start_server(home: Path, where: Path = ROOT) -> tuple[subprocess.Popen[bytes], Server]:
    """``streamlit run app.py`` in a folder, on a free port with a home of its own; comes back when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    log = home / "server.txt"
    with log.open("wb") as out:
        env = os.environ | {"MMEXPLORE_HOME": str(home), "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, cwd=where, env=env, stdout=out, stderr=out)
    url = f"http://localhost:{port}"
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
                if answer.status == 200:
                    return process, Server(url, home, log)
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)  # a pause between two looks, not a limit
    raise RuntimeError(f"the server did not come up: {log.read_text()[-2000:]}")


@contextmanager
def running(home: Path) -> Iterator[Server]:
    """A server that is there as long as it is wanted."""
    process, found = start_server(home)
    try:
        yield found
    finally:
        process.kill()  # nobody waits for its answers any more
        process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server a worker, whose home has what the files before left."""
    with running(tmp_path_factory.mktemp("server-home")) as found:
        yield found


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for one file, which counts what is in its home or leaves things there."""
    with running(tmp_path_factory.mktemp("own-server-home")) as found:
        yield found


def mmexplore(server: Server, *words: str) -> None:
    """A command line in the server's home, as a user would type it; here, where torch may be imported already."""
    told = CliRunner(env={"MMEXPLORE_HOME": str(server.home)}).invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output


def lay_out(server: Server, data: str, model: str, view: str) -> None:
    """A PCA map, which needs no compiling; nothing where it is there."""
    made = server.home / f"{data}-{model}-{view}.made".replace(":", "-")
    if not made.exists():
        mmexplore(server, "map", "--model", model, "--data", data, "--view", view, "--method", "pca")
        made.touch()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What starts browsers; one a test file."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser a test file."""
    browser = launch(playwright)
    yield browser
    browser.close()


def new_page(
    browser: Browser, url: str, width: int = 1440, height: int = 900, scheme: str = "light"
) -> tuple[Page, Seen]:
    """A fresh visitor in a tab of its own, who need not read the scripts again that another tab has read.

    Nothing is routed through here: that would turn the browser's cache off and halve every page's speed.
    """
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(TALK)
    forget = {"origin": url, "storageTypes": "local_storage"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", forget)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = Seen()

    def note(request: Request) -> None:
        seen.requests.append(request.url)
        if not request.url.startswith((url, "data:", "blob:")):
            seen.foreign.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda line: seen.errors.append(line.text) if line.type == "error" else None)
    return page, seen


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """A visitor with nothing open yet; after the test, nothing foreign was asked for and no script failed."""
    opened, seen = new_page(chromium, server.url)
    opened.seen = seen  # type: ignore[attr-defined]
    yield opened
    opened.close()
    assert seen.foreign == [], "requests that leave this machine"
    assert seen.errors == [], "errors in the browser's console"


def open_map(page: Page, url: str) -> Locator:
    """Go to a page with a map and wait until it is painted; returns the surface that takes gestures."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    page.wait_for_selector(".molecule-map[data-painted][data-busy='no']")
    return page.locator(".molecule-map .surface")


def quiet(page: Page) -> None:
    """Wait until all that was asked of the server is answered and drawn."""
    page.wait_for_function("() => window.talk.quiet")


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """What is done inside asks the server for something, at once or in a moment; ends when its answer is drawn."""
    before = page.evaluate("window.talk.asked")
    yield
    page.wait_for_function("before => window.talk.asked > before && window.talk.quiet", arg=before)


def settle(page: Page) -> None:
    """Wait until the server has answered what was last done on the map and its picture is there."""
    page.wait_for_selector(".molecule-map[data-painted][data-busy='no']")
    quiet(page)


def download(button: Locator, **how: object) -> Download:
    """What a click downloads; a click that is lost, on a button that is drawn anew under the pointer, is done again."""
    for _ in range(TRIES):
        quiet(button.page)
        with suppress(PlaywrightTimeout):
            with button.page.expect_download(timeout=PATIENCE_MS / TRIES) as coming:
                button.click(**how)  # type: ignore[arg-type]
            return coming.value
    raise AssertionError("a click downloads nothing")


def next_frame(page: Page) -> None:
    """Wait until what the pointer or a key did is painted."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def point_at_one(page: Page, surface: Locator) -> tuple[float, float]:
    """Move the pointer over a map until it is on a molecule."""
    x, y, width, height = middle(surface)
    lit = surface.locator("xpath=../..")
    for down in range(1, 16):
        for across in range(1, 16):
            at = x + width * (across / 16 - 0.5), y + height * (down / 16 - 0.5)
            page.mouse.move(*at)
            if int(lit.get_attribute("data-lit") or -1) >= 0:
                return at
    raise AssertionError("no molecule under the pointer anywhere")


def middle(surface: Locator) -> tuple[float, float, float, float]:
    """Centre and size of the map in pixels."""
    box = surface.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"], box["height"]


def draw(page: Page, corners: list[tuple[float, float]]) -> None:
    """Drag the mouse along these corners."""
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
