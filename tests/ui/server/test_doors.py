"""Doors of the server: names and no paths, foreign hosts and origins refused, headers on every answer."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screens import PATIENCE
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe, MmexploreError, UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.studio import hosts
from mmexplore.ui.server import guard
from mmexplore.ui.server.guard import Doors, Guard
from mmexplore.ui.server.routes import routes
from mmexplore.ui.shell import navigation

FRAME = str(navigation.PAGES.parent / "mmexplore" / "ui" / "shell" / "visit.py")
SECRET = "CCO my-secret-key"
HERE = {"host": "localhost:8501"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


@pytest.fixture(scope="module")
def guarded() -> TestClient:
    """All routes and a WebSocket behind the guard, which knows a host and a site besides its own."""

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    named = Doors((*guard.LOOPBACK, "lab.example.org", "*.lan"), ("https://portal.example.org",))
    middleware = [Middleware(Guard, ask=lambda: named)]
    everything = [*routes(), WebSocketRoute("/_stcore/stream", talk)]
    return TestClient(Starlette(routes=everything, middleware=middleware), base_url="http://localhost:8501")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.smi"
    path.write_text(SECRET + "\n")
    return path


def spellings(path: Path) -> list[str]:
    """Ways to name a file of the server."""
    plain = str(path)
    inside = default_home().folder("uploads") / "link.smi"
    inside.unlink(missing_ok=True)
    inside.symlink_to(path)
    odd = ["~/.netrc", "~", "\\\\server\\share\\a.csv", "C:\\a.csv", "C:/a.csv", "solubility/../x.csv", ".", "..", "/"]
    relative = [os.path.relpath(path), f"./{os.path.relpath(path)}", os.path.relpath(inside, default_home().path)]
    quoted = [f'"{plain}"', quote(plain, safe=""), plain.replace("/", "//"), f" {plain}", f"{plain}\0", f"{plain}#x"]
    return [plain, path.as_uri(), str(inside), *relative, *quoted, *odd, "/etc/passwd", "../" * 20 + "etc/passwd"]


def kept() -> set[str]:
    """All files of users that lie in the home, and the tables made of them."""
    found = (path for kind in ("datasets", "uploads") for path in (default_home() / kind).rglob("*"))
    return {str(path) for path in found if path.is_file() and not path.name.startswith(".")}  # no seals


def test_no_request_leads_to_a_file(client: TestClient, secret: Path) -> None:
    studio.dataset("solubility")
    ways, before = spellings(secret), kept()
    for way in ways:
        for address in ("/card.json?row=0&", "/depict.svg?row=0&", "/card.json?data=solubility&row=0&model="):
            query = f"{quote(way)}" if address.endswith("model=") else urlencode({"data": way})
            answer = client.get(address + query)
            assert answer.status_code in (400, 404), (address, way)
            assert answer.headers["content-type"].startswith("text/plain")
            assert "secret-key" not in answer.text
    assert kept() == before


def test_uploads_go_by_their_names(client: TestClient) -> None:
    made = studio.add_dataset("CCO ethanol\nCCN ethylamine", "two of mine")
    assert client.get("/card.json", params={"data": made.name, "row": 1}).json()["name"] == "ethylamine"
    assert client.get("/depict.svg", params={"data": made.name, "row": 1}).status_code == 200
    studio.remove_dataset(made.name)
    assert client.get("/card.json", params={"data": made.name, "row": 1}).status_code == 404


NAMES = st.sampled_from(["data", "row", "model", "smiles", "smarts", "atoms", "width", "height", "dark", "x"])
VALUES = st.one_of(
    st.text(max_size=12),
    st.integers(-(10**30), 10**30).map(str),
    st.sampled_from(["solubility", "ecfp", "untrained:ecfp", "untrained:", "CCO", "1,2", "", "0", "1", "%00", "²"]),
)
PATHS = st.one_of(
    st.sampled_from(
        ["depict.svg", "card.json", "healthz", "blob/x.bin", "frame/x.html", "viewer3d/x.js", "scripts/a/b"]
    ),
    st.text(max_size=8).map(lambda name: f"blob/{quote(name)}.bin"),
    st.text(max_size=8).map(lambda name: f"scripts/{quote(name)}/{quote(name)}"),
)


@settings(max_examples=120, deadline=None)
@given(path=PATHS, query=st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_no_query_breaks_a_route(client: TestClient, path: str, query: list[tuple[str, str]]) -> None:
    answer = client.get(f"/{path}?{urlencode(query, errors='replace')}")
    assert answer.status_code in (200, 400, 404), answer.text
    if answer.status_code != 200:
        assert "Traceback" not in answer.text
        assert len(answer.text) < 4000


def page_of(**query: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_a_link_leads_to_no_file(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BadRecipe("no jobs in this test")

    monkeypatch.setattr(studio, "start_map", refuse)
    model = next(one for one in studio.models() if one.card)
    first = list(studio.first_choice()[:3])
    for query in ({"data": str(secret)}, {"model": f"untrained:{model.folder}"}, {"use": str(model.folder)}):
        app = page_of(**query)
        assert not app.exception
        assert [box.value for box in app.sidebar.selectbox] == first


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as the server is."""
    studio.names_only()
    yield
    hosts.VISITORS.clear()


STARTS: list[Callable[[str], object]] = [
    studio.dataset,
    studio.model,
    lambda path: studio.start_map(path, "solubility", "ecfp", "pca"),
    lambda path: studio.start_map("ecfp", path, "ecfp", "pca"),
    lambda path: studio.start_embedding("ecfp", path),
    studio.start_fetch,
    lambda path: studio.molecule_card(path, 0),
    lambda path: studio.find(path, "CCO"),
]


@pytest.mark.parametrize("call", STARTS)
def test_the_door_takes_names_only_from_visitors(visitors: None, secret: Path, call: Callable[[str], object]) -> None:
    before = studio.list_jobs()
    with pytest.raises(UnknownName):
        call(str(secret))
    assert studio.list_jobs() == before


@pytest.mark.parametrize("start", ["chemprop:a.pt", "hub:/etc", "hub:../x", "hub:mmexplore", "models/a", "/etc"])
def test_a_visitors_recipe_names_no_file(visitors: None, start: str) -> None:
    recipe = Recipe.model_validate({"branches": [{"encoder": "dmpnn", "start": start}]})
    with pytest.raises(MmexploreError, match=r"called|command line|published"):
        studio.start_training(recipe, "a run")


@pytest.mark.parametrize(
    ("host", "origin", "let_in"),
    [
        ("localhost:8501", None, True),
        ("LOCALHOST:8501", "http://localhost:8501", True),
        ("127.0.0.1:1", "http://127.0.0.1:1", True),
        ("[::1]:8501", "http://[::1]:8501", True),
        ("lab.example.org", "https://lab.example.org", True),
        ("a.b.lan:80", None, True),
        ("localhost:8501", "https://lab.example.org", True),  # behind a proxy
        ("evil.example.org", None, False),
        ("lan", None, False),
        ("localhost.evil.example.org", None, False),
        ("localhost@evil.example.org", None, False),
        ("evil.example.org/localhost", None, False),
        ("localhost:x", None, False),
        ("", None, False),
        ("0.0.0.0:8501", None, False),
        ("localhost:8501", "http://localhost:3000", False),
        ("localhost:8501", "https://evil.example.org", False),
        ("localhost:8501", "null", False),
        ("localhost:8501", "file://", False),
    ],
)
def test_hosts_and_origins(guarded: TestClient, host: str, origin: str | None, let_in: bool) -> None:
    headers = {"host": host} | ({"origin": origin} if origin is not None else {})
    answer = guarded.get("/healthz", headers=headers)
    assert answer.status_code == (200 if let_in else 403), answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    if let_in:
        with guarded.websocket_connect("/_stcore/stream", headers=headers) as talk:
            assert talk.receive_text() == "hello"
    else:
        assert "\n" not in answer.text
        assert answer.text
        with pytest.raises(WebSocketDisconnect), guarded.websocket_connect("/_stcore/stream", headers=headers):
            pass


@pytest.mark.parametrize(
    "path", ["/", "/Fusion", "/healthz", "/depict.svg?smiles=CCO", "/card.json", "/blob/x.bin", "/no"]
)
def test_every_answer_has_its_headers(guarded: TestClient, path: str) -> None:
    headers = guarded.get(path, headers=HERE).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert policy.endswith("; frame-ancestors https://portal.example.org")
    assert "'unsafe-eval'" not in policy
    scripts = next((part for part in policy.split("; ") if part.startswith("script-src")), "")
    assert "unsafe-inline" not in scripts


def test_nobody_frames_our_pages_unless_named() -> None:
    assert Doors().policy("/", None).endswith("; frame-ancestors 'none'")
    assert Doors().policy("/component/x/index.html", None).endswith("; frame-ancestors 'self'")
    assert Doors(root="/chem").policy("/component/x", None).endswith("; frame-ancestors 'none'")


def test_a_page_in_a_frame_runs_its_own_scripts_alone(guarded: TestClient) -> None:
    from mmexplore.ui.server import blobs

    path = blobs.publish_page("<script>1</script>")
    one, other = (guarded.get(f"/{path}", headers=HERE) for _ in range(2))
    assert one.text != other.text
    nonce = one.text.removeprefix('<script nonce="').partition('"')[0]
    policy = one.headers["content-security-policy"]
    assert f"script-src 'nonce-{nonce}' 'self';" in policy
    assert policy.endswith("frame-ancestors 'self' https://portal.example.org")
    shared = blobs.publish(b"<script>2</script>")
    assert guarded.get(f"/frame/{shared[5:-4]}.html", headers=HERE).status_code == 404


def test_each_page_knows_where_its_server_is(guarded: TestClient) -> None:
    for title in ("", *map(navigation.title, navigation.pages())):
        answer = guarded.get(f"/{title}", headers=HERE)
        assert answer.text.count(guard.BASE) == 1
        assert answer.text.index(guard.BASE) < answer.text.index("<script type=")


def test_what_the_user_names_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hosts.HOSTS, "Lab.example.org, ,192.0.2.7")
    monkeypatch.setenv(hosts.FRAMES, "https://portal.example.org:8443")
    made = guard.doors()
    assert {"localhost", "lab.example.org", "192.0.2.7"} <= set(made.hosts)
    assert made.frames == ("https://portal.example.org:8443",)


@given(st.text(max_size=30))
def test_what_is_named_cannot_write_a_policy(text: str) -> None:
    for setting in (hosts.HOSTS, hosts.FRAMES):
        try:
            found = hosts.checked(setting, [text])
        except BadRecipe:
            continue
        assert not set("".join(found)) & set(" ;,'\"\n\r\t")
