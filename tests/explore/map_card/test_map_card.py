"""Laws of a map card: what a user named becomes no markup, the same map makes the same bytes, and it stays small."""

import base64
import gzip
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cliff_data import made
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.datasets import Dataset, Task
from mmexplore.explore.map_card import content as card_content
from mmexplore.explore.map_card.content import content
from mmexplore.explore.map_card.page import html, in_script
from mmexplore.explore.maps.quality import Quality
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.regions.labels import MapLabel
from mmexplore.models.registry import ecfp_view
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home

NASTY = "</script><img src=x onerror=alert(1)>"
SMILES = ["CCO", "C[NH3+]", "c1ccccc1", "C[C@H](N)C(=O)O", "[13CH4]", "CC(=O)Oc1ccccc1C(=O)O"]
TAGS = ("script", "img", "iframe", "object", "link", "form", "base")


class _Elements(HTMLParser):
    """Elements of a page, and the text of its scripts by their kind."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._kind = str(dict(attrs).get("type", "")) if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._kind:
            self.texts[self._kind] = self.texts.get(self._kind, "") + data


def _shown(n: int) -> MapFile:
    xy = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    return MapFile(Path("ecfp-pca.parquet"), xy, "ecfp", "pca", 0, {}, Quality("not computed"), "2026-01-01", 1.0)


def _data(name: str = NASTY) -> Dataset:
    data = made(SMILES, np.arange(6, dtype=np.float32)[:, None], Task(name, "regression", name))
    return replace(data, name=name, title=name, names=np.array([name] * 6, object))


def _page(data: Dataset, tmp_path: Path, **more: Any) -> str:
    quality = Quality("classes of a test", dbi=1.5, dbi_permuted=9.0)
    return html(content(ecfp_view(), data, _shown(len(data)), quality, home=Home(tmp_path), **more))


def _read(page: str) -> tuple[_Elements, dict[str, Any], dict[str, bytes]]:
    elements = _Elements()
    elements.feed(page)
    about = json.loads(elements.texts["application/json"])
    whole = gzip.decompress(base64.b64decode(elements.texts["application/octet-stream"]))
    parts, at = {}, 0
    for name, length in about["parts"]:
        parts[name] = whole[at : at + length]
        at += length
    return elements, about, parts


def test_what_a_user_named_becomes_no_markup_and_comes_back_whole(tmp_path: Path) -> None:
    named = MapLabel(0, 0, 0, "c1ccccc1", "c1ccccc1", (2, 5), 2, 2, 0, 4, 0.001)
    page = _page(_data(), tmp_path, labels=[named])
    elements, about, parts = _read(page)
    assert NASTY not in page
    usual = [tag for tag, _ in _read(_page(_data("plain"), tmp_path, labels=[named]))[0].found]
    assert [tag for tag, _ in elements.found] == usual
    assert {tag for tag in usual if tag in TAGS} == {"script", "form"}
    assert not any(name.startswith("on") or name in ("src", "href") for _, about in elements.found for name in about)
    assert about["data"]["name"] == about["colors"][0]["name"] == NASTY
    words = json.loads(parts["words"])
    assert words["names"] == [NASTY] * 6
    assert words["smiles"] == _data().smiles.tolist()
    np.testing.assert_array_equal(np.frombuffer(parts["points"], np.float32), _shown(6).xy.ravel())
    assert np.frombuffer(parts["rows"], np.uint32).tolist() == [2, 5]
    assert (about["scores"][0]["full"], about["scores"][0]["full_permuted"]) == (1.5, 9.0)


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_json_in_a_script_holds_what_it_was_given_and_ends_nothing(key: str, value: str) -> None:
    text = in_script({key: [value, NASTY]})
    assert json.loads(text) == {key: [value, NASTY]}
    assert not {"<", ">", "&", "\u2028", "\u2029"} & set(text)


def test_the_same_map_makes_the_same_bytes_and_asks_nobody(tmp_path: Path) -> None:
    data = _data("plain")
    page = _page(data, tmp_path / "one")
    assert page == _page(data, tmp_path / "two")
    elements, about, _ = _read(page)
    policy = next(about for tag, about in elements.found if tag == "meta" and "http-equiv" in about)
    assert str(policy["content"]).startswith("default-src 'none';")
    assert about["command"].startswith(
        "mmexplore map --model ecfp --data plain --view ecfp --method pca --seed 0 --card"
    )


def test_too_many_molecules_are_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_content, "MOST", 5)
    with pytest.raises(MmexploreError, match="up to 5 molecules, and 6 came"):
        _page(_data(), tmp_path)
