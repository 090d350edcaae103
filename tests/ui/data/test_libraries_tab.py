"""The Libraries tab of the Data page, without a browser: how far each is, and what was rejected, as a table."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_data import REFUSED, ROWS, built, sources
from screens import PAGES, PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.explore.library import build
from mmexplore.runtime.home import default_home

pytest_plugins = ("screens",)


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Iterator[build.Library]:
    folder = default_home().folder(build.FOLDER) / "toy"
    yield built(tmp_path, folder, sources(tmp_path / "source"), mapped=False)
    shutil.rmtree(folder)


def page() -> AppTest:
    app = AppTest.from_file(str(PAGES / "7_Data.py"), default_timeout=PATIENCE)
    app.query_params["sets"] = "Libraries"
    app.run()
    assert not app.exception
    return app


def test_without_a_library_the_tab_says_how_one_is_made(home: Path) -> None:
    assert any("mmexplore library build" in code.value for code in page().code)


def test_a_library_says_how_far_it_is_and_what_it_rejected(library: build.Library) -> None:
    app = page()
    (line,) = next(frame.value for frame in app.dataframe if "rejected" in frame.value).to_dict("records")
    assert (line["made"], line["rows"], line["of"], line["rejected"], line["left"]) == (1, ROWS, ROWS, REFUSED, "")
    rejected = next(frame.value for frame in app.dataframe if "reason" in frame.value)
    assert len(rejected) == REFUSED
    assert set(rejected["source"]) == {"b.csv"}
    assert rejected["reason"].str.len().min() > 0
    assert len(studio.library_rejected("toy", most=2)) == 2


def test_what_is_left_failed_or_damaged_is_said(library: build.Library) -> None:
    first, second, third, *_ = sorted((library.folder / "shards").glob("*.parquet"))
    first.unlink()
    second.write_bytes(b"PAR1")
    third.unlink()
    build._log(library, {"shard": third.stem, "stage": "build", "failed": "every process that tried it died"})
    app = page()
    (line,) = next(frame.value for frame in app.dataframe if "rejected" in frame.value).to_dict("records")
    assert line["rows"] < line["of"]
    assert line["failed"] == 1
    said = "\n".join(one.value for one in app.warning).replace("\\", "").replace("\u2060", "")
    assert f"{third.stem}: every process that tried it died" in said
    assert second.name in said
    assert any(code.value == "mmexplore library build --name toy" for code in app.code)
