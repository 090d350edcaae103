"""Guard before every route and the WebSocket: which hosts and origins may ask, and what browsers do with answers.

A page elsewhere can make a visitor's browser ask this server, under any name that it gives to this address; so only
names of this machine, and those that the user gives, are hosts, and only pages of such hosts may ask. Starlette's own
middlewares leave WebSockets or origins out.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmexplore.studio.hosts import allowed_frames, allowed_hosts

LOOPBACK = ("localhost", "127.0.0.1", "::1")
BASE = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }'
"""Script that tells Streamlit's page where the server is, so that it asks nowhere else for it first."""
_POLICY = "Content-Security-Policy"
_EVERYWHERE = ("", "0.0.0.0", "::")
_PAGE = (
    "default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval' {}; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
_COMPONENT = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
"""Of a foreign component's frame (the sketcher), which brings inline scripts and compiles WebAssembly."""


@dataclass(frozen=True)
class Doors:
    """Allowed hosts, by name without a port, the sites that may show our pages in a frame, and where the pages are."""

    hosts: tuple[str, ...] = LOOPBACK
    frames: tuple[str, ...] = ()
    root: str = ""

    def refusal(self, headers: Headers) -> str:
        """Why a request is not let in, in words; "" where it is."""
        host = _name(headers.get("host", ""))
        if host is None or not self._knows(host):
            return (
                f"this server is not called {headers.get('host', '')[:80]!r}; if it is to be, start it with "
                "mmexplore app --allow-host NAME, or with MMEXPLORE_ALLOW_HOSTS=NAME"
            )
        origin = headers.get("origin")
        if origin is None or _place(origin) == headers["host"].lower():
            return ""
        name = _name(_place(origin))
        if name and name not in LOOPBACK and self._knows(name):  # a proxy that gives the server another name
            return ""
        return f"pages of {origin[:80]!r} may not ask this server"

    def policy(self, path: str, own: str | None) -> str:
        """Content security policy of an answer: its own, else that of our pages, and who may show it in a frame."""
        inner = path.startswith((f"{self.root}/component/", f"{self.root}/frame/"))
        pages = _COMPONENT if inner else _PAGE.format(" ".join(_inline_hashes()))
        ancestors = " ".join([*(["'self'"] if inner else []), *self.frames]) or "'none'"
        return f"{own or pages}; frame-ancestors {ancestors}"

    def _knows(self, host: str) -> bool:
        return host in self.hosts or any(host.endswith(known[1:]) for known in self.hosts if known.startswith("*."))


def doors() -> Doors:
    """Doors of this server: loopback, the address that it was told to listen on, and what the environment names."""
    listens = [str(st.get_option(name) or "").lower() for name in ("server.address", "browser.serverAddress")]
    hosts = [*LOOPBACK, *(host for host in listens if host not in _EVERYWHERE), *allowed_hosts()]
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return Doors(tuple(dict.fromkeys(hosts)), allowed_frames(), f"/{base}" if base else "")


class Guard:
    """ASGI middleware: refuses foreign hosts and origins with 403, and gives every answer its security headers."""

    def __init__(self, app: ASGIApp, ask: Callable[[], Doors] = doors) -> None:
        self.app = app
        self._doors = ask()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        why = self._doors.refusal(Headers(scope=scope))

        async def guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message.setdefault("headers", [])
                self._add(MutableHeaders(scope=message), str(scope["path"]))
            await send(message)

        if not why:
            await self.app(_as_same_origin(scope), receive, guarded)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why[:120]})  # before it is accepted: 403
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
            await guarded({"type": "http.response.start", "status": 403, "headers": headers})
            await guarded({"type": "http.response.body", "body": why.encode(errors="replace")})

    def _add(self, headers: MutableHeaders, path: str) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers[_POLICY] = self._doors.policy(path, headers.get(_POLICY))


def _as_same_origin(scope: Scope) -> Scope:
    """The same request as from our own pages: Streamlit's list of origins is another one, and it would look it up."""
    given = Headers(scope=scope)
    if "origin" not in given or _place(given["origin"]) == given["host"].lower():
        return scope
    headers = MutableHeaders(raw=list(scope["headers"]))
    headers["origin"] = f"http://{given['host']}"
    return {**scope, "headers": headers.raw}


def _name(host: str) -> str | None:
    """Host name without its port, lower case; None for what is no host."""
    try:
        parsed = urlsplit(f"//{host}")
        _ = parsed.port  # raises for what is none
    except ValueError:
        return None
    if parsed.netloc != host or "@" in host or parsed.path or parsed.query or parsed.fragment:
        return None
    return parsed.hostname.rstrip(".") if parsed.hostname else None


def _place(origin: str) -> str:
    """Host and port of an origin; "" for one that is no web page's."""
    try:
        parsed = urlsplit(origin)
    except ValueError:
        return ""
    return parsed.netloc.lower() if parsed.scheme in ("http", "https") else ""


@cache
def index() -> str:
    """Page of Streamlit's, in which every page of ours is drawn; it knows where its server is."""
    text = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return text.replace("<script", f"<script>{BASE}</script>\n    <script", 1)


@cache
def _inline_hashes() -> tuple[str, ...]:
    """What lets the page's own inline scripts run, and no other."""
    inline = re.findall(r"<script>(.*?)</script>", index(), re.DOTALL)
    return tuple(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in inline)
