"""Odd requests to a real server: never a 500, never a file of the server, never later than the deadline.

Routes are asked over sockets, as a browser never would; page addresses over the WebSocket, as a browser does.
"""

import http.client
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from fuzzing.crew import ANSWERED, LATE, REFUSED, SILENT, TRACEBACK, Came, dice_of, pace
from fuzzing.molecules import ODD, SMILES
from mmexplore.runtime import deadline

GRACE = 2.0
PATIENCE = 120.0
PAGE_SECONDS = 60.0
"""A page has no deadline; one that is not drawn by then counts as late."""
SECRET = "CCO secret-of-the-server"
_PAGES = ("", "Map", "Fusion", "Retrieval", "Subgraphs", "Train", "Data", "Results", "Nowhere")
_ROUTES = (*("depict.svg", "card.json") * 2, "healthz", "blob/x.bin", "frame/x.html", "viewer3d/x.js")
_OTHERS = (
    "_stcore/health", "_stcore/host-config", "_stcore/upload_file/x/y", "media/x.png", "component/x/y.js", "static/x",
    "_stcore/metrics", "_stcore/script-health-check", "_stcore/bidi-components/history/x", "app/static/x", "robots.txt",
    "scripts/a/b.js", "scripts/../../etc/passwd", "../../../etc/passwd", "component/streamlit_ketcher/x",
)  # fmt: skip
_NAMES = ("data", "row", "model", "smiles", "smarts", "atoms", "width", "height", "dark", "faint", "x")
_PARAMETERS = (
    "data", "model", "view", "method", "color", "tab", "selection", "cluster", "group", "threshold", "label", "query",
    "molecule", "step", "use", "seed", "space", "page", "smarts", "of", "walk", "x",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request: method, target as it goes over the wire, and headers beside ``Host``; or a page's address."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    page: str | None = None
    query: str = ""


def made(seed: int, number: int, secret: str) -> Request:
    """The request of a case; ``secret`` is a file that no answer may hold anything of."""
    dice = dice_of(seed, "urls", number)
    if number % 10 == 0:
        fields = [(dice.choice(_PARAMETERS), _value(dice, secret)) for _ in range(dice.randint(1, 5))]
        return Request("GET", "", page=dice.choice(_PAGES), query=urlencode(fields, errors="replace"))
    path = dice.choice(_ROUTES) if dice.random() < 0.7 else dice.choice(_OTHERS + _PAGES)
    if dice.random() < 0.15:
        odd = ("%00", "%2e%2e%2f" * 8 + "etc/passwd", "/..;/", "//", "%ff", "\\..\\", "%0d%0ax:y")
        path += quote(dice.choice([f"/{_value(dice, secret)}", *odd]), safe="%/.;\\")
    fields = [(dice.choice(_NAMES), _value(dice, secret)) for _ in range(dice.randint(0, 6))]
    if path.endswith("card.json") and dice.random() < 0.5:
        fields = [("data", "solubility"), ("row", _value(dice, secret)), *fields[:1]]
    target = f"/{path}?{urlencode(fields, errors='replace')}"
    if dice.random() < 0.1:
        target = dice.choice(["", "//", "/%", "/\\"]) + target.replace("=", dice.choice(["=", "%3d", "[]="]), 1)
    headers = _headers(dice) if dice.random() < 0.3 else ()
    method = "GET" if dice.random() < 0.85 else dice.choice(["HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH"])
    return Request(method, "/" + target.lstrip("/") if not target.startswith("/") else target, headers)


def _value(dice: random.Random, secret: str) -> str:
    signs, known = (0, 9, 10, 13, 34, 39, 60, 62, 127, 233, 8232, 65533, 128512), ("solubility", "ecfp", "bace")
    endless = ("B" * 1_990, "C1CC1" * 400, "[$(C" * 300, ".".join(["[C,c]"] * 7), "C" * 9_000, "(" * 3_000)
    places = ("/etc/passwd", "/proc/self/environ", "C:\\a.csv", "\\\\server\\a.csv", "uploads/secret.smi", "~/.netrc")
    ways: list[Callable[[], str]] = [
        lambda: dice.choice([*known, "untrained:", *(f"untrained:{one}-dmpnn" for one in known)]),
        lambda: dice.choice(SMILES + ODD),
        lambda: str(dice.choice([0, 1, -1, 5, 10**6, 10**9, 10**30, "1e3", "0x10", "٣", "²", "1.5", "NaN", "inf", ""])),
        lambda: dice.choice([secret, f"file://{secret}", "../" * dice.randint(1, 12) + secret.lstrip("/")]),
        lambda: dice.choice(places),
        lambda: "".join(chr(dice.choice(signs)) for _ in range(6)),
        lambda: dice.choice(endless),
        lambda: "<script>alert(1)</script>",
        lambda: ",".join(str(dice.randrange(-5, 99_999)) for _ in range(dice.randint(1, 40))),
        lambda: dice.choice(["{{7*7}}", "'; drop table x; --", "%s%s%n", "${jndi:ldap://x}", "[]", "{}"]),
    ]  # fmt: skip
    return dice.choice(ways)()


def _headers(dice: random.Random) -> tuple[tuple[str, str], ...]:
    ways = [
        ("Host", dice.choice(["evil.example", "localhost.evil", "", "[::1", "a@localhost", "localhost:9e9"])),
        ("Origin", dice.choice(["http://evil.example", "null", "file://", "http://localhost:1", "http://["])),
        ("Range", "bytes=0-99999999999"),
        ("If-None-Match", '"' + "a" * 5_000 + '"'),
        ("Accept-Encoding", dice.choice(["gzip;q=x", "br, *;q=0", ""])),
        ("Content-Length", dice.choice(["0", "-1", "9"])),
        ("X-Forwarded-Host", "evil.example"),
        ("Cookie", "_streamlit_xsrf=" + "z" * 2_000),
        ("Upgrade", "websocket"),
    ]  # fmt: skip
    return tuple(dice.sample(ways, dice.randint(1, 2)))


@contextmanager
def server(place: Path) -> Iterator[tuple[str, Path, Path]]:
    """A running app in a home with a secret among its files: its address, that file, and its log."""
    from browser import start_server

    home = place / "home"
    (home / "uploads").mkdir(parents=True)
    secret = place / "secret.smi"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    (home / "uploads" / "secret.smi").symlink_to(secret)
    process, found = start_server(home)
    try:
        for _ in range(4):  # its processes are warm
            _asked(found.url, Request("GET", f"/depict.svg?smiles={'C' * (_ + 3)}"))
        _drawn(found.url, Request("GET", "", page=""))
        yield found.url, secret, found.log
    finally:
        process.terminate()
        process.wait()


def begin(place: str) -> Callable[[int, int, str, str], Came]:
    """Asks a server, each request over a connection of its own; nothing is kept in ``place``."""
    Path(place).mkdir(exist_ok=True)

    def answer(seed: int, number: int, url: str, secret: str) -> Came:
        request = made(seed, number, secret)
        ask, limit = (_asked, deadline.seconds()) if request.page is None else (_drawn, PAGE_SECONDS)
        for _ in range(2):
            started = time.perf_counter()
            came = ask(url, request)
            took = time.perf_counter() - started
            if came.what in (SILENT, TRACEBACK) or took <= limit + GRACE or took <= (limit + GRACE) * pace():
                return came
        return Came(LATE, f"{took:.1f} s: {request}"[:600])

    return answer


def keep(seed: int, number: int, folder: Path) -> Path:
    """Write the request of a case where a person can look at it."""
    path = folder / f"{number}.txt"
    path.write_text(repr(made(seed, number, "/secret.smi")), encoding="utf-8", errors="replace")
    return path


def _asked(url: str, request: Request) -> Came:  # noqa: PLR0911 - one return an outcome
    line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PAGE_SECONDS)
    headers = dict(request.headers)
    target = request.target.encode("ascii", "replace").decode().replace(" ", "%20")
    try:
        line.putrequest(request.method, target, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in request.headers:
            line.putheader(name, value)
        line.endheaders()
        answer = line.getresponse()
        body = answer.read(1 << 20).decode("utf-8", "replace")
    except (http.client.RemoteDisconnected, http.client.BadStatusLine, ConnectionError):
        return Came(REFUSED, "the connection was closed")
    except TimeoutError:
        return Came(LATE, f"no answer in {PAGE_SECONDS:g} s: {request}"[:600])
    except (http.client.InvalidURL, ValueError) as error:
        return Came(REFUSED, f"no client sends this: {error}")
    finally:
        line.close()
    if answer.status >= 500:
        return Came(TRACEBACK, f"{answer.status} to {request}: {body[:300]}"[:900])
    if "secret-of-the-server" in body or "root:x:0" in body or f"HOME={os.environ.get('HOME', '/root')}" in body:
        return Came(SILENT, f"a file of the server came for {request}"[:900])
    if "Traceback (most" in body:
        return Came(TRACEBACK, f"{answer.status} to {request}: {body[:300]}"[:900])
    return Came(ANSWERED if answer.status < 400 else REFUSED)


def _drawn(url: str, request: Request) -> Came:
    """A page drawn for its address: no exception and no word of a failure stands on it."""
    asked = BackMsg()
    asked.rerun_script.query_string = request.query
    asked.rerun_script.page_name = request.page or ""
    place = url.replace("http://", "ws://") + "/_stcore/stream"
    words: Any = {"origin": url, "subprotocols": ["streamlit"], "max_size": None, "proxy": None}
    with connect(place, **words) as socket:
        socket.send(asked.SerializeToString())
        while True:
            try:
                message = ForwardMsg.FromString(socket.recv(timeout=PAGE_SECONDS))
            except TimeoutError:
                return Came(LATE, f"not drawn: {request}"[:600])
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                return Came(TRACEBACK, f"{request}: {element.exception.message}"[:900])
            words = element.alert.body if element.WhichOneof("type") == "alert" else ""
            if "Something went wrong" in words:
                return Came(TRACEBACK, f"{request}: {words}"[:900])
            if "secret-of-the-server" in str(element):
                return Came(SILENT, f"a file of the server came for {request}"[:900])
            ended = message.WhichOneof("type") == "script_finished"
            if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return Came(ANSWERED)


def tracebacks(log: Path) -> int:
    """Traces that the server wrote meanwhile."""
    return log.read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call last)")
