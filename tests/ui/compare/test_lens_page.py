"""The lens without a browser: its stops, the job that makes it, who moves, and what the slider tells."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from screens import page, shown
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio import ViewRef

STOPS = [ViewRef("ecfp", "ecfp"), ViewRef("solubility-dmpnn", "dmpnn")]
ASKED = {"lens": "true", "method": "PCA", "data": "solubility", "panels": "ecfp@ecfp,solubility-dmpnn@dmpnn"}
_RUNNING = ("lens", (), "a lens", "maps", "running", "embed", 3, 9, None, {}, "", 0.0, 0.0, False, Path("none"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, visited: Path) -> Path:
    """A home with the lens in it. To be copied."""
    home = tmp_path_factory.mktemp("lens")
    shutil.copytree(visited, home, dirs_exist_ok=True)
    words = ["lens", "--data", "solubility", "--method", "pca", "--json"]
    words += [word for stop in STOPS for word in ("--stop", f"{stop.model}@{stop.view}")]
    told = CliRunner(env={"MMEXPLORE_HOME": str(home)}).invoke(app, words)
    assert told.exit_code == 0, told.output
    return home


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would be started."""
    started: list[tuple[Any, ...]] = []
    job = Job("20260101-000000-lens-0001", *_RUNNING)  # type: ignore[arg-type]

    def start(*asked: Any) -> Job:
        started.append(asked)
        return job

    monkeypatch.setattr(studio, "start_lens", start)
    monkeypatch.setattr(studio, "job", lambda _: job)
    return started


def test_what_is_not_there_a_job_makes(
    tmp_path: Path, visited: Path, jobs: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(visited, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    app = page("1_Map.py", **ASKED)
    assert not app.exception
    assert "The lens appears as soon as each of its maps is there" in shown(app)
    assert [asked[1:] for asked in jobs] == [("solubility", "pca", 0)]
    assert tuple(jobs[0][0]) == tuple(STOPS)


@pytest.mark.release
def test_a_lens_that_is_there_is_drawn_with_who_moves(
    made: Path, jobs: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(made))
    drawn: list[Any] = []
    monkeypatch.setattr("mmexplore.ui.compare.lens.molecule_map", lambda _, what, __: drawn.append(what))
    app = page("1_Map.py", **ASKED, at="0.40")
    assert not app.exception
    assert jobs == []
    assert drawn[-1].lens.names == ("ecfp", "dmpnn")
    assert drawn[-1].lens.at == 0.4
    assert len(drawn[-1].lens.points) == 2
    assert len(drawn[-1].lens.lit) == 1
    assert "in the order in which they move least" in shown(app)
    page("1_Map.py", **ASKED, at="nan")
    assert drawn[-1].lens.at == 0.0


@pytest.mark.release
def test_movers_are_those_that_share_the_fewest_neighbors(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(made))
    lens = studio.lens(STOPS, "solubility", "pca")
    assert lens is not None
    moved = studio.movers(lens, 0, "solubility")
    assert moved is not None
    assert len(moved.rows) == 12
    change = studio.disagreement(*STOPS, "solubility", 10)
    assert moved.change.tolist() == sorted(change[np.isfinite(change)].tolist(), reverse=True)[:12]
    for near, stop in ((moved.near_from, lens.stops[0]), (moved.near_to, lens.stops[1])):
        query = studio.query_of_row("solubility", int(moved.rows[0]))
        hits = studio.hits(query, stop, "solubility", 4)
        assert sorted(hits.rows.tolist()) == sorted(near[0].tolist())
