"""What `deploy/` holds works by its parts: the image's steps, a hub's command line, the proxy, and names that agree."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml
from browser import ROOT, launch, open_map
from playwright.sync_api import Playwright

pytest_plugins = ("browser",)
pytestmark = pytest.mark.release
DEPLOY, NAME = ROOT / "deploy", "lab.example.org"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def app(program: list[str], home: Path, *words: str, cwd: Path = ROOT) -> Iterator[int]:
    """The app by its command line; the port that it answers on."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"MMEXPLORE_HOME": str(home), "OMP_NUM_THREADS": "1"}
    port = free_port()
    command = [*program, "app", *words, "--port", str(port), "--json"]
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["url"].endswith(str(port))
        try:
            yield port
        finally:
            process.terminate()


OURS = [sys.executable, "-m", "mmexplore"]


@pytest.mark.timeout(3600)
def test_the_images_steps_leave_an_app_that_answers(tmp_path: Path) -> None:
    """As the Dockerfile runs them, in an empty folder, with all packages from the index."""
    place, empty = tmp_path / "place", tmp_path / "empty"
    empty.mkdir()
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", ".site", "__pycache__", "tests")
    shutil.copytree(ROOT, source, ignore=ignored, symlinks=True)
    done = subprocess.run(
        ["sh", str(source / "deploy" / "install.sh"), str(source), str(place)],
        cwd=empty, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No matching distribution" in done.stderr or "Temporary failure in name resolution" in done.stderr:
        pytest.skip(f"the packages are not to be had here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    with app([str(place / "bin" / "mmexplore")], tmp_path / "data", cwd=empty) as port:
        looked = re.search(r"HEALTHCHECK .*CMD (\[.*\])", (DEPLOY / "Dockerfile").read_text())
        assert looked
        command = json.loads(looked.group(1).replace("8501", str(port)))
        subprocess.run([str(place / "bin" / command[0]), *command[1:]], check=True, cwd=empty)


def test_a_space_may_show_the_app_and_others_may_not(tmp_path: Path) -> None:
    """Of the Space's command line everything but the port and the address to listen on, which is every one there."""
    (line,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "space" / "Dockerfile").read_text(), re.M)
    words = json.loads(line)
    assert words[:2] == ["mmexplore", "app"]
    kept = [word for flag, value in zip(words[2:-1:2], words[3:-1:2], strict=True) for word in (flag, value)
            if flag not in ("--host", "--port")]  # fmt: skip
    with app(OURS, tmp_path, *kept) as port:
        answers = {}
        for host in ("me-explore.hf.space", "elsewhere.example.org"):
            connection = HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/", headers={"Host": host})
            answers[host] = connection.getresponse()
        assert answers["me-explore.hf.space"].status == 200
        policy = answers["me-explore.hf.space"].headers["Content-Security-Policy"]
        assert "frame-ancestors https://huggingface.co" in policy
        assert answers["elsewhere.example.org"].status == 403


def test_the_files_agree() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    image = (DEPLOY / "Dockerfile").read_text()
    served = compose["services"]["app"]
    port = re.search(r"EXPOSE (\d+)", image)
    assert port
    assert f"reverse_proxy app:{port.group(1)}" in (DEPLOY / "Caddyfile").read_text()
    assert (ROOT / served["build"]["dockerfile"]).is_file()
    assert "data:/data" in served["volumes"]
    assert "MMEXPLORE_HOME=/data" in image
    known = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "mmexplore").rglob("*.py"))
    told = [*served["environment"], *re.findall(r"MMEXPLORE_LIMIT_\w+", (DEPLOY / "space" / "Dockerfile").read_text())]
    assert [name for name in told if name not in known] == []


# ---- the proxy --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proxy:
    http: int
    https: int

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.https}"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx with our site, but for ports and certificate, before an app that knows the site's name."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not here: apt-get install nginx openssl")
    folder, found = tmp_path_factory.mktemp("proxy"), Proxy(free_port(), free_port())
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-days", "2"]
    subprocess.run(
        [*make, "-keyout", "key.pem", "-out", "certificate.pem"], cwd=folder, check=True, capture_output=True
    )
    with app(OURS, folder / "home", "--allow-host", NAME) as port:
        site = (DEPLOY / "nginx.conf").read_text()
        changes = {
            "listen 80;": f"listen 127.0.0.1:{found.http};",
            "listen 443 ssl;": f"listen 127.0.0.1:{found.https} ssl;",
            "/etc/ssl/certs/lab.example.org.pem": str(folder / "certificate.pem"),
            "/etc/ssl/private/lab.example.org.key": str(folder / "key.pem"),
            "http://127.0.0.1:8501": f"http://127.0.0.1:{port}",
        }
        for ours, here in changes.items():
            assert site.count(ours) == 1
            site = site.replace(ours, here)
        places = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi"))
        places += "".join(f"{kind}_temp_path {folder / kind};\n" for kind in ("uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user}daemon off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\nevents {{}}\n"
            f"http {{\naccess_log off;\n{places}{site}\n}}\n"
        )
        with subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]) as process:
            try:
                while process.poll() is None:
                    try:
                        socket.create_connection(("127.0.0.1", found.https), timeout=1).close()
                        break
                    except OSError:
                        continue
                assert process.poll() is None, (folder / "error.log").read_text()
                yield found
            finally:
                process.terminate()


def asked(proxy: Proxy, path: str, method: str = "GET", content: bytes | None = None, host: str = "") -> int:
    unsigned = ssl.create_default_context()
    unsigned.check_hostname, unsigned.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(f"https://127.0.0.1:{proxy.https}{path}", content, method=method)
    request.add_header("Host", host or f"{NAME}:{proxy.https}")
    try:
        with urllib.request.urlopen(request, context=unsigned) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_the_proxy_leads_to_the_app_by_its_name_alone(proxy: Proxy) -> None:
    assert asked(proxy, "/healthz") == 200
    assert asked(proxy, "/card.json?data=solubility&row=0") == 200
    assert asked(proxy, "/healthz", host="elsewhere.example.org") == 403
    large = asked(proxy, "/_stcore/upload_file/none/none", "PUT", b"x" * 2_000_000)
    assert large not in (413, 502), "nginx itself takes no more than a megabyte"
    connection = HTTPConnection("127.0.0.1", proxy.http)
    connection.request("GET", "/Data?data=freesolv", headers={"Host": NAME})
    moved = connection.getresponse()
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{NAME}/Data?data=freesolv")


@pytest.mark.browser
def test_a_map_comes_through_the_proxy_over_https(proxy: Proxy, playwright: Playwright) -> None:
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost"
    browser = launch(playwright, rules)
    page = browser.new_context(ignore_https_errors=True).new_page()
    sockets: list[str] = []
    page.on("websocket", lambda one: sockets.append(one.url))
    open_map(page, proxy.url)
    assert sockets
    assert all(url.startswith(f"wss://{NAME}:") for url in sockets)
    browser.close()
