"""A library in an object store: what is pulled is what was pushed, whoever was stopped on the way; half is refused."""

import json
from pathlib import Path
from typing import Any

import fsspec
import pytest
from library_data import built, content, planned, serially, sources

from mmexplore.explore.library import build, objects
from mmexplore.explore.library.build import Library
from mmexplore.runtime.errors import BadRecipe, Cancelled, Damaged, NotAvailable
from mmexplore.runtime.progress import silent

PLACE = "memory://bucket/toy"


@pytest.fixture
def memory() -> Any:
    found = fsspec.filesystem("memory")
    found.store.clear()
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="module")
def library(here: Path) -> Library:
    return built(here, here / "library", sources(here / "source"))


def test_what_is_pulled_is_what_was_pushed_and_goes_on(
    library: Library, here: Path, memory: Any, tmp_path: Path
) -> None:
    first = objects.push(library, PLACE, silent)
    assert (first.kept, objects.push(library, PLACE, silent).moved) == (0, 0)
    target = Library("other", tmp_path / "other")
    assert objects.pull(target, PLACE, silent).moved == first.moved
    assert objects.pull(target, PLACE, silent).moved == 0
    assert content(target.folder) == content(library.folder)
    done = build.build(target, str(here / "source"), 20, planned(here, target), serially, silent)
    assert (done.made, done.kept) == (0, len(library.parts))


def test_a_push_that_is_stopped_is_not_pulled_and_goes_on(
    library: Library, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_SAVED_SECONDS", 0.0)

    def stops(stage: str, done: int, total: int, /, **_: float) -> None:
        if len(memory.find("/bucket")) > 5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        objects.push(library, PLACE, stops)
    with pytest.raises(NotAvailable, match="not whole yet"):
        objects.pull(Library("toy", tmp_path / "toy"), PLACE, silent)
    assert objects.push(library, PLACE, silent).kept >= 4
    objects.pull(Library("toy", tmp_path / "toy"), PLACE, silent)
    assert content(tmp_path / "toy") == content(library.folder)


def test_what_changed_is_brought_and_what_left_goes(here: Path, memory: Any, tmp_path: Path) -> None:
    source = sources(tmp_path / "source")
    library, target = built(here, tmp_path / "library", source), Library("other", tmp_path / "other")
    objects.push(library, PLACE, silent)
    objects.pull(target, PLACE, silent)
    (source / "b.csv").unlink()
    (source / "more.smi").write_text("CCO\n")
    library = built(here, library.folder, source)
    assert 0 < objects.push(library, PLACE, silent).moved < 5
    objects.pull(target, PLACE, silent)
    assert content(target.folder) == content(library.folder)
    names = {path.rpartition("/")[2] for path in memory.find("/bucket") if "/shards/" in path}
    assert names == {path.name for path in library.folder.glob("shards/*.parquet")}


def test_what_a_store_has_wrong_is_refused(library: Library, memory: Any, tmp_path: Path) -> None:
    target = Library("toy", tmp_path / "toy")
    with pytest.raises(NotAvailable, match="is not there"):
        objects.pull(target, PLACE, silent)
    with pytest.raises(NotAvailable, match="cannot be used"):
        objects.push(library, "nowhere://x", silent)
    objects.push(library, PLACE, silent)
    path = next(path for path in memory.find("/bucket") if "/shards/" in path)
    memory.pipe_file(path, memory.cat_file(path)[:-1] + b"?")
    with pytest.raises(Damaged, match="push the library again"):
        objects.pull(target, PLACE, silent)
    assert not (target.folder / build.CARD).exists()
    for name in ("../elsewhere", "/etc/elsewhere", "other/file"):
        told = {"whole": True, "objects": {name: {"size": 1, "digest": ""}}}
        memory.pipe_file("/bucket/toy/manifest.json", json.dumps(told).encode())
        with pytest.raises(Damaged, match="no file of a library"):
            objects.pull(target, PLACE, silent)


def test_shards_are_not_written_to_a_store(tmp_path: Path) -> None:
    from mmexplore.runtime.home import Home

    with pytest.raises(BadRecipe, match="library push"):
        build.folder_for("toy", Path("s3://bucket/toy"), home=Home(tmp_path))
