"""The server's own routes: what they answer, what they refuse, and what a browser may keep."""

import posixpath
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mmexplore import __version__, studio
from mmexplore.runtime import seals
from mmexplore.runtime.home import write_atomically
from mmexplore.ui.components.component_scripts import scripts
from mmexplore.ui.components.molecule_map import mask
from mmexplore.ui.server import blobs
from mmexplore.ui.server.routes import routes


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "version": __version__}


def test_below_a_base_path() -> None:
    below = TestClient(Starlette(routes=routes("/chem/")))
    assert below.get("/chem/healthz").status_code == 200
    assert below.get("/healthz").status_code == 404


def test_depict_by_smiles_and_by_row(client: TestClient) -> None:
    answer = client.get("/depict.svg", params={"smiles": "c1ccncc1", "width": 120, "height": 90})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "width='120px'" in answer.text
    by_row = client.get("/depict.svg", params={"data": "solubility", "row": 0})
    assert by_row.status_code == 200
    assert by_row.text != answer.text


def test_depict_dark_and_highlight_differ(client: TestClient) -> None:
    plain = client.get("/depict.svg?smiles=CCO").text
    assert client.get("/depict.svg?smiles=CCO&dark=1").text != plain
    assert (
        client.get("/depict.svg?smiles=CCO&smarts=O").text == client.get("/depict.svg?smiles=CCO&atoms=2").text != plain
    )


def test_depict_is_kept_by_its_tag(client: TestClient) -> None:
    tag = client.get("/depict.svg?smiles=CCO").headers["etag"]
    again = client.get("/depict.svg?smiles=CCO", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("smiles=C1CC", 400, "unclosed ring"),
        ("smiles=C%20C", 400, "blank"),
        ("smiles=C&smiles=N", 400, "smiles came 2 times"),
        ("", 400, "nothing to draw came"),
        ("data=solubility&row=1282", 404, "rows 0 to 1281"),
        ("data=solubility&row=-1", 400, "row is a whole number"),
        ("data=solubility&row=0000000000009999999999", 400, "row is a whole number"),
        ("data=no-such-set&row=0", 404, "no-such-set"),
        ("smiles=CCO&width=9999999", 400, "width is a whole number from 20 to 2,000"),
        ("smiles=CCO&width=%C2%B2%C2%B2", 400, "width is a whole number"),
        ("smiles=CCO&dark=yes", 400, "dark is 0 or 1"),
        ("smiles=CCO&atoms=7", 400, "atoms"),
        ("smiles=CCO&atoms=x", 400, "atoms are whole numbers"),
        ("smiles=CCO&smarts=%28%28", 400, "SMARTS"),
        ("smiles=CCO&smarts=C.C.C.C.C.C.C.C", 400, "8 components of the 6"),
    ],
)
def test_junk_is_answered_with_a_sentence(client: TestClient, query: str, status: int, words: str) -> None:
    answer = client.get(f"/depict.svg?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text
    assert "\n" not in answer.text.strip()


def test_no_request_downloads_a_data_set(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    absent = next(entry.name for entry in studio.datasets() if not entry.available)
    for address in ("card.json", "depict.svg"):
        answer = client.get(f"/{address}", params={"data": absent, "row": 0})
        assert (answer.status_code, "not on this machine" in answer.text) == (404, True)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30))
def test_no_text_breaks_the_drawing_or_comes_through_as_markup(client: TestClient, text: str) -> None:
    answer = client.get("/depict.svg", params={"smiles": text})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert "<script" not in answer.text


def test_card(client: TestClient) -> None:
    known = client.get("/card.json?data=solubility&row=3&model=ecfp").json()
    assert known["row"] == 3
    assert known["smiles"]
    assert all(len(fact) == 2 for fact in known["facts"])
    assert client.get("/card.json?data=solubility&row=99999").status_code == 404
    assert client.get("/card.json?data=solubility&row=3&model=no-such-model").status_code == 404
    assert client.get("/card.json").status_code == 400


def test_blobs_are_content_addressed_and_kept_for_good(client: TestClient) -> None:
    path = blobs.publish(b"\x00\x01points")
    assert path == blobs.publish(b"\x00\x01points")
    answer = client.get(f"/{path}")
    assert answer.content == b"\x00\x01points"
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/blob/nothing.bin").status_code == 404


def test_published_makes_once() -> None:
    made = []
    key = ("test", object())
    paths = {blobs.published(key, lambda: made.append(1) or b"once") for _ in range(3)}
    assert (len(paths), len(made)) == (1, 1)


def test_old_blobs_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "MOST_BYTES", 1000)
    first = blobs.publish(b"a" * 600)
    blobs.publish(b"b" * 600)
    assert blobs.content(first[5:-4]) is None
    assert len(blobs.content(blobs.publish(b"c" * 5000)[5:-4]) or b"") == 5000


def test_every_script_is_served_and_imports_only_what_is_there(client: TestClient) -> None:
    digest, files = scripts()
    for name, content in files.items():
        answer = client.get(f"/scripts/{digest}/{name}")
        assert answer.content == content
        assert answer.headers["content-type"].startswith("text/javascript")
        imported = re.findall(r'^import .* from "([^"]+)"', content.decode(), re.M)
        assert {posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in imported} <= set(files)
    assert client.get(f"/scripts/{digest}/routes.py").status_code == 404
    assert client.get(f"/scripts/{digest}/%2e%2e/ui/viewer3d.js").status_code == 404


def test_a_script_of_the_home_is_served_as_it_was_written(client: TestClient) -> None:
    path = studio.viewer_path()
    address = f"/viewer3d/{path.name}"
    write_atomically(path, b"let known = 1;")
    assert client.get(address).content == b"let known = 1;"
    path.write_bytes(b"let known = 2;")
    assert client.get(address).status_code == 404
    seals.remove(path)
    assert client.get(address).status_code == 404


@given(st.integers(1, 70).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_mask_holds_exactly_the_rows(drawn: tuple[int, set[int]]) -> None:
    n, rows = drawn
    bits = np.unpackbits(np.frombuffer(mask(np.array(sorted(rows), np.int64), n), np.uint8), count=n)
    assert set(np.flatnonzero(bits)) == rows
