"""Visitors who sign in, where ``secrets.toml`` names a provider (OpenID Connect): each has a home of his own.

Streamlit asks the provider and keeps who came in a signed cookie. A page's run knows it from its session, an address of
the server from the cookie; what neither names is refused, so that nothing falls back on another's home.
"""

import fnmatch
import hashlib
import json
import logging
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks, get_secrets_auth_section, is_authlib_installed
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from mmexplore.runtime import cache, logs
from mmexplore.runtime.errors import NotAvailable
from mmexplore.studio import hosts
from mmexplore.ui.shell import navigation

log = logging.getLogger(__name__)

_asking: ContextVar[str] = ContextVar("visitor", default="")
_SEEN: dict[str, str] = {}
"""Visitors of this process, and what the audit log calls them."""
_OPEN = re.compile(
    r"/(static/.*|scripts/.*|component/.*|healthz|favicon\S*|auth/\w+|oauth2callback|_stcore/(?!upload).*)"
)
"""Addresses that hold nothing of anybody's; the WebSocket of a page asks by itself who came."""


def signs_in() -> bool:
    """Whether visitors sign in here: from now on each has a home. Raises NotAvailable without what that takes."""
    if not get_secrets_auth_section():
        return False
    if not is_authlib_installed():
        raise NotAvailable(
            "secrets.toml names a provider to sign in by, which takes an extra: pip install 'mmexplore[serve]'"
        )
    hosts.sign_in_by(_now)
    cache.separate(_home)
    logs.keep_audit(hosts.shared_home(), lambda: _SEEN.get(_asking.get(), _asking.get()))
    return True


def _home() -> str:
    from mmexplore import studio

    return str(studio.home().path)


def _now() -> str:
    """Who asks, "" for nobody that is known here."""
    if context := get_script_run_ctx(suppress_warning=True):
        _asking.set(identity(context.user_info))  # threads that this run starts are given its context
    return _asking.get()


def identity(user: Mapping[str, Any]) -> str:
    """Sixteen hex digits that stand for a person of a provider, "" for who is not signed in, or not let in.

    >>> identity({"is_logged_in": True, "iss": "https://id.example.org", "sub": "7", "email": "jane@example.org"})
    '87b0a2cab4be3b03'
    """
    if not user.get("is_logged_in") or not user.get("sub") or not let_in(user):
        return ""
    found = hashlib.sha256(json.dumps([user.get("iss"), user["sub"]], allow_nan=False).encode()).hexdigest()[:16]
    _SEEN[found] = called(user)
    return found


def called(user: Mapping[str, Any]) -> str:
    """What a person is called: the address, the name, or what the provider numbers him by."""
    return str(user.get("email") or user.get("name") or user.get("sub") or "")


def let_in(user: Mapping[str, Any]) -> bool:
    """Whether MMEXPLORE_ALLOW_USERS (addresses, or ``*@example.org``) lets a person in; unset, it lets in all."""
    wanted = [one.strip().lower() for one in os.environ.get("MMEXPLORE_ALLOW_USERS", "").split(",") if one.strip()]
    address = str(user.get("email") or "").lower()
    proven = bool(address) and user.get("email_verified") is not False
    return not wanted or (proven and any(fnmatch.fnmatchcase(address, one) for one in wanted))


def of_cookies(cookies: Mapping[str, str]) -> str:
    """Who sent these cookies, as :func:`identity`."""

    def signed(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(get_cookie_secret(), name, value.encode("latin-1"))

    try:
        user = json.loads(get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    except (ValueError, UnicodeError):
        return ""
    return identity(user) if isinstance(user, dict) else ""


class Visitors:
    """ASGI middleware: addresses that hold somebody's data are answered for who is signed in, others with 401."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        base = str(st.get_option("server.baseUrlPath") or "").strip("/")
        self._root = f"/{base}" if base else ""
        self._pages = {"/", *(f"/{navigation.title(page)}" for page in navigation.pages())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the visitor who asks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = _asking.set(of_cookies(cookie_parser(Headers(scope=scope).get("cookie", ""))))
        try:
            path = str(scope["path"]).removeprefix(self._root) or "/"
            if _asking.get() or path in self._pages or _OPEN.fullmatch(path):
                await self.app(scope, receive, send)
            else:
                logs.audit("refused", address=path[:200])
                headers = {"Cache-Control": "no-store"}
                await PlainTextResponse("sign in on the app's first page", 401, headers=headers)(scope, receive, send)
        finally:
            _asking.reset(token)
