"""The app's first answer names what comes next, and names only what is there."""

import re
from pathlib import Path

import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from mmexplore.ui.preload import Preload
from mmexplore.ui.routes import routes


def answer(request: Request) -> Response:
    return HTMLResponse("<html>") if request.url.path == "/" else JSONResponse({})


CLIENT = TestClient(
    Starlette(routes=[Route("/", answer), Route("/json", answer), *routes()], middleware=[Middleware(Preload)])
)


def test_a_page_names_scripts_that_are_there() -> None:
    paths = re.findall(r"<([^>]+)>; rel=modulepreload", CLIENT.get("/").headers["link"])
    ours = [path for path in paths if path.startswith("/molecule_map/")]
    theirs = [Path(streamlit.__file__).parent / "static" / path.lstrip("/") for path in paths if path not in ours]
    assert ours
    assert {CLIENT.get(path).status_code for path in ours} == {200}
    assert theirs
    assert all(path.is_file() for path in theirs)


def test_what_is_no_page_stays_as_it_is() -> None:
    assert "link" not in CLIENT.get("/json").headers
