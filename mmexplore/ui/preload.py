"""What the first page will ask for is named in the answer that brings the app, so that it comes beside Streamlit's own.

Streamlit asks for a widget's script only once the page's first message names the widget, and the map's scripts only
after that: three trips in a row, which the ``Link`` header (RFC 8288) saves. What this Streamlit does not have is left
out.
"""

from functools import cache
from pathlib import Path

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmexplore.ui.molecule_map import address, scripts

_WIDGETS = ("BidiComponent", "ButtonGroup", "Html", "Input", "Selectbox", "TextInput")


class Preload:
    """Adds the ``Link`` header to every page of HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the start of an HTML answer with a header more."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_html(message["headers"]):
                message["headers"] = [*message["headers"], (b"link", link().encode())]
            await send(message)

        await self.app(scope, receive, told if scope["type"] == "http" else send)


@cache
def link() -> str:
    """The header: the modules of the map, and Streamlit's of the widgets round it."""
    ours = [address(f"molecule_map/{scripts()[0]}/{name}") for name in scripts()[1]]
    theirs = Path(st.__file__).parent / "static" / "static" / "js"
    found = [path.name for widget in _WIDGETS for path in theirs.glob(f"{widget}.*.js")]
    return ", ".join(
        f"<{path}>; rel=modulepreload; fetchpriority=low"
        for path in [*ours, *(address(f"static/js/{n}") for n in found)]
    )


def _is_html(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
