"""Labels and the map card without a browser: a job makes each when asked for; then they are on the page."""

from pathlib import Path
from typing import Any

import pytest
from screens import page, shown

from mmexplore import studio
from mmexplore.runtime.jobs.folder import Job

pytest_plugins = ("screens",)
ASKED = {"model": "ecfp", "data": "solubility", "method": "PCA"}
_RUNNING = ("map", (), "a test", "maps", "running", "substructures", 3, 9, None, {}, "", 0.0, 0.0, False, Path("none"))


@pytest.fixture
def map_by_pca(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> studio.MapFile:
    monkeypatch.setattr("mmexplore.studio.maps.FIRST_MODEL", "ecfp")
    return studio.compute_map("ecfp", "solubility", "ecfp", "pca")


@pytest.mark.release
def test_labels_are_found_when_asked_for_and_a_click_selects_theirs(
    map_by_pca: studio.MapFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []
    drawn: list[Any] = []
    job = Job("20260101-000000-map-0001", *_RUNNING)  # type: ignore[arg-type]

    def start(*asked: Any) -> Job:
        started.append(asked)
        return job

    monkeypatch.setattr(studio, "start_labels", start)
    monkeypatch.setattr(studio, "job", lambda _: job)
    monkeypatch.setattr("mmexplore.ui.map.page.molecule_map", lambda _, what, __: drawn.append(what))
    page("1_Map.py", **ASKED)
    assert started == []
    assert (drawn[-1].labels, drawn[-1].contours) == ((), "")
    page("1_Map.py", **ASKED, labels="true", contours="true")
    assert started == [("ecfp", "solubility", "ecfp", "pca", 0)]
    assert drawn[-1].labels == ()
    assert drawn[-1].contours.startswith("blob/")
    found = studio.compute_labels(map_by_pca, "ecfp", "solubility")
    named = page("1_Map.py", **ASKED, labels="true")
    assert not named.exception
    assert drawn[-1].labels == found
    assert found
    assert len(started) == 1
    monkeypatch.setattr("mmexplore.ui.map.events.event", lambda _: {"kind": "label", "code": len(found) - 1})
    named.session_state["map"] = None

    def click() -> None:
        from mmexplore.ui.map import events

        events.happened("map")

    monkeypatch.setattr("mmexplore.ui.map.controls.tour.button", click)
    assert f"{len(found[-1].rows):,} selected" in shown(named.run())


@pytest.mark.release
def test_a_map_card_is_written_by_a_job_and_then_downloaded(
    map_by_pca: studio.MapFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "solubility-map.html"
    words = ("--card", str(file))
    done = ("map", words, "a test", "maps", "done", "", 1, 1, None, {}, "", 0.0, 0.0, False, Path("none"))
    job = Job("20260101-000000-map-0002", *done)  # type: ignore[arg-type]
    monkeypatch.setattr(studio, "start_map_card", lambda *_: job)
    monkeypatch.setattr(studio, "job_at_work", lambda _: None)
    monkeypatch.setattr(studio, "job", lambda _: job)
    monkeypatch.setattr("mmexplore.ui.map.page.molecule_map", lambda *_: None)
    opened = page("1_Map.py", **ASKED)
    file.write_text("<!doctype html>", encoding="utf-8")
    after = opened.button(key="map-card").click().run()
    assert not after.exception
    assert [one.label for one in after.get("download_button")].count("Download the map card") == 1
