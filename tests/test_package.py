"""The wheel, installed where no checkout is: all that the app needs is in it, and it works from any folder.

Built and installed without a network: the new environment has the wheel and, behind it, what this one has.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from browser import ROOT, middle, new_page, open_map
from playwright.sync_api import Browser, Locator, Page, expect

from mmexplore import __version__

pytest_plugins = ("browser",)
pytestmark = [pytest.mark.slow, pytest.mark.release, pytest.mark.timeout(900)]
CARRIED = ("mmexplore/", "pages/", "checkpoints/", "benchmarks/papers/", "benchmarks/results/", ".streamlit/", "app.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment's programs; what it installed itself comes before what is borrowed."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=os.name != "nt")
    told = venv.EnvBuilder().ensure_directories(place)
    pip(sys.executable, "--python", told.env_exe, "install", "--no-index", "--no-deps", str(wheel))
    ours = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    borrowed = "\n".join(dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib")))
    (Path(ours) / "borrowed.pth").write_text(borrowed + "\n", encoding="utf-8")
    return Path(told.bin_path)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings of another Streamlit app, where ours is called from."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / ".streamlit").mkdir()
    settings = '[server]\nbaseUrlPath = "another"\n[theme.light]\nprimaryColor = "#ff0000"\n'
    (folder / ".streamlit" / "config.toml").write_text(settings, encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Ours without a word of the checkout, and with an empty home."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | {"MMEXPLORE_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}


def pip(python: str, *words: str) -> None:
    done = subprocess.run([python, "-m", "pip", "-q", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def answered(installed: Path, words: list[str], cwd: Path, environment: dict[str, str]) -> dict:
    command = [str(installed / "mmexplore"), *words, "--json"]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_wheel_holds_all_that_is_carried_and_nothing_else(wheel: Path) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours = {name for name in listed.splitlines() if name.startswith(CARRIED) and (ROOT / name).exists()}
    ours -= {name for name in ours if name.startswith("checkpoints/") and name.endswith(".py")}
    expected = {name if name.startswith("mmexplore/") else f"mmexplore/shipped/{name}" for name in ours}
    found = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert found == expected
    assert {Path(name).suffix for name in found} >= {".py", ".js", ".css", ".html", ".svg", ".safetensors", ".parquet"}
    assert wheel.stat().st_size < 100e6


def test_what_is_installed_is_what_runs(installed: Path, elsewhere: Path, environment: dict[str, str]) -> None:
    code = "import mmexplore.runtime.places as p; print(p.ROOT); print(p.importable())"
    command = [str(installed / "python"), "-c", code]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    root, variables = done.stdout.splitlines()
    assert Path(root).is_relative_to(installed.parent.resolve())
    assert variables == "{}"


def test_the_models_are_there(installed: Path, elsewhere: Path, environment: dict[str, str]) -> None:
    models = answered(installed, ["models"], elsewhere, environment)["models"]
    shipped = {path.parent.name for path in (ROOT / "checkpoints").glob("*/card.json")}
    assert {model["name"] for model in models if model["shipped"]} == shipped | {"ecfp"}


def test_a_map_is_made(installed: Path, elsewhere: Path, environment: dict[str, str]) -> None:
    words = ["map", "--model", "solubility-dmpnn", "--data", "freesolv", "--method", "pca"]
    told = answered(installed, words, elsewhere, environment)
    assert told["n"] == 642
    assert Path(told["file"]).is_relative_to(environment["MMEXPLORE_HOME"])
    assert Path(told["file"]).is_file()


@pytest.fixture
def app(installed: Path, elsewhere: Path, environment: dict[str, str]) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The app's address and its process, opened from another folder on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(installed / "mmexplore"), "app", "--port", str(port), "--json"]
    with subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, f"the app ended with {process.wait()}"
            yield json.loads(line)["url"], process
        finally:
            process.terminate()


def click_a_molecule(page: Page, surface: Locator) -> None:
    """Move the pointer along the map's diagonals until a molecule's card shows, and click there."""
    x, y, width, height = middle(surface)
    for part in (step / 100 for step in range(-40, 41)):
        for at in ((x + part * width, y + part * height), (x + part * width, y - part * height)):
            page.mouse.move(*at)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if page.locator(".card").is_visible():
                page.mouse.click(*at)
                return
    raise AssertionError("no molecule along the map's diagonals")


@pytest.mark.browser
def test_the_app_opens_on_the_map_and_ctrl_c_ends_it(
    app: tuple[str, "subprocess.Popen[str]"], chromium: Browser
) -> None:
    url, process = app
    with urllib.request.urlopen(f"{url}/healthz") as told:
        assert json.load(told)["version"] == __version__
    page, seen = new_page(chromium, url)
    surface = open_map(page, url)
    ours = "rgb(11, 107, 125)"  # and not the red of the folder that it was opened from
    expect(page.get_by_role("tab", selected=True).first).to_have_css("color", ours)
    click_a_molecule(page, surface)
    page.wait_for_url(re.compile(r"row=\d+"))
    expect(page.locator("[data-testid=stCode] code")).not_to_be_empty()
    page.get_by_role("link", name="Results").click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    expect(page.get_by_role("tab", name="MMSA")).to_be_visible()
    page.close()
    assert seen.errors == []
    assert seen.foreign == []
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert process.stdout
    assert process.stdout.read() == ""
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/healthz")
