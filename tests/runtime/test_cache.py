"""Laws of what is kept until its folder changes: read once, never stale, whatever the clock of the file system."""

import os
import time
from pathlib import Path

import pytest

from mmexplore.datasets import catalog, moleculenet, yours
from mmexplore.models import registry
from mmexplore.runtime.cache import FolderCache
from mmexplore.runtime.home import default_home

LONG_AGO = 1_000_000_000


def age(*folders: Path) -> None:
    for folder in folders:
        os.utime(folder, ns=(LONG_AGO, LONG_AGO))


@pytest.fixture
def read_folders() -> list[Path]:
    return []


@pytest.fixture
def names(read_folders: list[Path]) -> FolderCache[list[str]]:
    """Names in a folder and in the folders below."""

    def read(place: Path) -> tuple[list[str], list[Path]]:
        read_folders.append(place)
        below = [place, *(path for path in place.rglob("*") if path.is_dir())]
        return sorted(path.name for path in place.rglob("*")), below

    return FolderCache(read)


def test_a_quiet_folder_is_read_once(tmp_path: Path, names: FolderCache[list[str]], read_folders: list[Path]) -> None:
    (tmp_path / "below").mkdir()
    age(tmp_path / "below", tmp_path)
    assert names(tmp_path) == names(tmp_path) == ["below"]
    assert len(read_folders) == 1


@pytest.mark.parametrize("where", ["", "below"])
def test_a_change_is_seen_at_once(tmp_path: Path, names: FolderCache[list[str]], where: str) -> None:
    (tmp_path / "below").mkdir()
    age(tmp_path / "below", tmp_path)
    assert names(tmp_path) == ["below"]
    (tmp_path / where / "new").touch()
    assert names(tmp_path) == ["below", "new"]
    (tmp_path / where / "new").unlink()
    assert names(tmp_path) == ["below"]


def test_changes_within_one_tick_of_the_clock_are_seen(tmp_path: Path, names: FolderCache[list[str]]) -> None:
    now = time.time_ns()
    for name in "abc":
        (tmp_path / name).touch()
        os.utime(tmp_path, ns=(now, now))
        assert names(tmp_path)[-1] == name


def test_a_folder_that_comes_and_goes(tmp_path: Path, names: FolderCache[list[str]]) -> None:
    place = tmp_path / "later"
    assert names(place) == []
    place.mkdir()
    (place / "x").touch()
    assert names(place) == ["x"]
    (place / "x").unlink()
    place.rmdir()
    assert names(place) == []


def test_a_data_set_shows_when_it_is_added_and_is_gone_when_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    before = catalog.entries(home=default_home())
    age(default_home().folder("datasets", "yours"))
    assert catalog.entries(home=default_home()) == before
    made = catalog.add("CCO\nCCN\n", "mine", home=default_home())
    assert made.name in yours.cards(home=default_home())
    assert [entry.name for entry in catalog.entries(home=default_home())][-1] == made.name
    age(tmp_path / "datasets" / "yours")
    assert made.name in yours.cards(home=default_home())
    catalog.remove(made.name, home=default_home())
    assert catalog.entries(home=default_home()) == before


def test_a_file_that_is_put_there_makes_its_data_set_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data" / "a" / "b").mkdir(parents=True)
    assert moleculenet.find("bace", home=default_home()) is None
    age(tmp_path / "data" / "a" / "b", tmp_path / "data" / "a", tmp_path / "data", default_home().folder("datasets"))
    assert moleculenet.find("bace", home=default_home()) is None
    (tmp_path / "data" / "a" / "b" / "bace.csv").touch()
    assert moleculenet.find("bace", home=default_home()) == tmp_path / "data" / "a" / "b" / "bace.csv"


def test_a_model_is_found_by_its_name_as_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    assert [
        registry.model(model.name, home=default_home()) for model in registry.models(home=default_home())
    ] == registry.models(home=default_home())
