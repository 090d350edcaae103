"""``mmexplore library``: it answers in JSON, and what kill -9 ends goes on to the same bytes, by every engine."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from library_data import REFUSED, ROWS, VIEW, built, content, planned, sources
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.explore.library import build, engines
from mmexplore.explore.library.build import Library
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.runtime.progress import silent

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys
from pathlib import Path
from library_data import planned
from mmexplore.explore.library import build, engines
from mmexplore.explore.library.build import Library
here, folder, engine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def heard(stage, done, total, /, **values):
    if stage == "build" and done:
        os.kill(os.getpid(), signal.SIGKILL)

target = Library("toy", folder)
build.build(target, str(here / "source"), 20, planned(here, target), engines.engine(engine, 1), heard)
"""


def need_ray() -> None:
    """Skips where Ray is not installed; it reads its environment when it is imported, which is the engine's to do."""
    if not importlib.util.find_spec("ray"):
        pytest.skip("the extra scale is not installed")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verbs")


@pytest.fixture(scope="module")
def whole(here: Path) -> Library:
    return built(here, here / "whole", sources(here / "source"))


def answered(*words: str) -> Any:
    found = CliRunner().invoke(app, ["library", *words, "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_library_is_listed_asked_and_searched_by_its_name(whole: Library) -> None:
    place = default_home().folder(build.FOLDER) / "toy"
    place.symlink_to(whole.folder)
    try:
        (listed,) = answered()["libraries"]
        assert (listed["library"], listed["rows"], listed["shards"]) == ("toy", ROWS, len(whole.parts))
        (stage,) = answered("status", "toy")["stages"]
        assert (stage["rows"], stage["rejected"], stage["failed"]) == (ROWS, REFUSED, {})
        for view in ("", VIEW):
            found = answered("search", "toy", "--query", "OCCCC", "--view", view, "--k", "3", "--within", "logP::2")
            assert found["query"] == "CCCCO"
            assert (found["how"], found["recall"], len(found["hits"])) == ("exact", 1.0, 3)
            assert all(hit["logP"] <= 2 and hit["smiles"] != "CCCCO" for hit in found["hits"])
    finally:
        place.unlink()
    refused = CliRunner().invoke(app, ["library", "status", "nobody"])
    assert refused.exit_code
    assert "nobody" in str(refused.exception)


def test_tiles_of_a_map_are_made_once_and_told(whole: Library, tmp_path: Path) -> None:
    folder = shutil.copytree(whole.folder, tmp_path / "library")
    placed = ROWS - REFUSED
    told = answered("tiles", str(folder))
    assert (told["map"], told["tiles"]["placed"], told["tiles"]["tiles"]) == ("map", placed, [1])
    assert told["tiles"]["bytes"] == sum(p.stat().st_size for p in folder.glob("tiles/**/[!.]*.*"))
    assert answered("tiles", str(folder), "--map", "map") == told
    refused = CliRunner().invoke(app, ["library", "tiles", str(folder), "--map", "umap"])
    assert refused.exit_code
    assert "'umap'" in str(refused.exception)


@pytest.mark.release
def test_a_library_s_own_map_comes_with_its_tiles(whole: Library, tmp_path: Path) -> None:
    folder = shutil.copytree(whole.folder, tmp_path / "library")
    told = answered("map", str(folder), "--method", "pca", "--workers", "1")
    assert told["tiles"]["placed"] == ROWS - REFUSED
    assert answered("tiles", str(folder)) == {"library": str(folder), "map": told["layer"], "tiles": told["tiles"]}
    assert answered("tiles", str(folder), "--map", "map")["tiles"]["key"] != told["tiles"]["key"]
    some = build.folder_of(folder, told["layer"]) / f"{whole.parts[0].name}.parquet"
    some.unlink()  # as where the map was stopped while its molecules were placed
    assert answered("tiles", str(folder)) == {"library": str(folder), "map": told["layer"], "tiles": told["tiles"]}
    assert some.is_file()


def test_without_the_extra_a_sentence_says_what_to_install(whole: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmexplore.explore.library import search

    for package in ("ray", "lancedb", "FPSim2", "FPSim2.FPSim2lib"):
        monkeypatch.setitem(sys.modules, package, None)
    for ask in (
        lambda: search.lance_index(whole, VIEW),
        lambda: search.fpsim2_index(whole),
        lambda: next(engines.engine("ray")(["x"], str(whole.folder), whole.work, False)),
    ):
        with pytest.raises(NotAvailable, match=r"mmexplore\[scale\]"):
            ask()


@pytest.mark.release
@pytest.mark.parametrize("engine", engines.NAMES)
def test_whoever_asked_is_killed_and_asked_again(engine: str, whole: Library, here: Path, tmp_path: Path) -> None:
    if engine == "ray":
        need_ray()
    path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-c", PROGRAM, str(here), str(tmp_path / "library"), engine]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert 0 < len(Library("toy", tmp_path / "library").done()) < len(whole.parts)
    target = Library("toy", tmp_path / "library")
    work = planned(here, target)
    build.build(target, str(here / "source"), 20, work, engines.engine(engine, 1), silent)
    assert content(target.folder) == content(whole.folder)


@pytest.mark.parametrize(
    ("engine", "mark"),
    [("local", "runtime.workers"), pytest.param("ray", "ray::made", marks=pytest.mark.release)],
)
def test_a_killed_worker_costs_the_shard_in_hand(
    engine: str, mark: str, whole: Library, here: Path, tmp_path: Path
) -> None:
    if engine == "ray":
        need_ray()
    killed: list[int] = []

    def heard(stage: str, done: int, total: int, /, **_: float) -> None:
        for process in psutil.Process().children(recursive=True) if stage == "build" and not killed else ():
            with suppress(psutil.Error):  # one that has ended meanwhile
                if mark in " ".join(process.cmdline()):
                    process.kill()
                    killed.append(process.pid)
                    return

    target = Library("toy", tmp_path / "library")
    work = planned(here, target)
    build.build(target, str(here / "source"), 5, work, engines.engine(engine, 1), heard)
    assert killed
    serial = built(here, tmp_path / "serial", here / "source", 5)
    assert content(target.folder) == content(serial.folder)


@pytest.mark.release
@pytest.mark.parametrize("mark", ["raylet/raylet", "gcs/gcs_server"])
def test_a_killed_part_of_ray_itself_ends_the_run_in_words(
    mark: str, whole: Library, here: Path, tmp_path: Path
) -> None:
    need_ray()

    def heard(stage: str, done: int, total: int, /, **_: float) -> None:
        for process in psutil.Process().children(recursive=True) if stage == "build" and done else ():
            with suppress(psutil.Error):
                if mark in process.cmdline()[0]:
                    process.kill()
                    return

    target = Library("toy", tmp_path / "library")
    work = planned(here, target)
    with pytest.raises(NotAvailable, match="Ray ended on the way"):
        build.build(target, str(here / "source"), 5, work, engines.engine("ray", 1), heard)
    assert not [one for one in psutil.Process().children(recursive=True) if "/ray/core/" in command_of(one)]
    build.build(target, str(here / "source"), 5, work, engines.engine("ray", 1), silent)
    assert content(target.folder) == content(built(here, tmp_path / "serial", here / "source", 5).folder)


def command_of(process: psutil.Process) -> str:
    """What a process was started by, "" of one that has ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def test_a_cluster_whose_head_is_gone_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_HEAD_SECONDS", 0.2)
    monkeypatch.setattr(engines, "_LOOK_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        look = engines._watch(
            SimpleNamespace(get_runtime_context=lambda: SimpleNamespace(gcs_address=address)), address
        )
        look()

    def looking() -> None:
        while True:
            look()

    with pytest.raises(NotAvailable, match=f"nobody answers at {address}"):
        looking()


@pytest.mark.release
def test_a_library_is_built_by_the_command_line_in_its_own_session(here: Path, whole: Library, tmp_path: Path) -> None:
    """With a terminal's things taken away: no stdin, SIGINT kept back, as jobs and shells start it."""
    need_ray()
    command = [sys.executable, "-m", "mmexplore", "library", "build", str(here / "source"), "--out"]
    command += [str(tmp_path / "library"), "--model", str(here / "model"), "--shard-rows", "20", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--engine", "ray", "--workers", "1"], env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["rejected"], told["made"]) == (ROWS, REFUSED, len(whole.parts))
