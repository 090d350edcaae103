"""The fog without a browser: a job computes it when asked for; then its share is told and doubtful points fade."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from screens import page, shown

from mmexplore import studio
from mmexplore.runtime.jobs.folder import Job
from mmexplore.ui.components.molecule_map import Shown, mask

pytest_plugins = ("screens",)
ASKED = {"model": "ecfp", "data": "solubility", "method": "PCA"}
_RUNNING = ("map", (), "a test", "maps", "running", "permuted maps", 3, 9, None, {}, "", 0.0, 0.0, False, Path("none"))


@pytest.mark.release
def test_the_fog_is_computed_when_asked_for_and_kept(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.studio.maps.FIRST_MODEL", "ecfp")
    started: list[tuple[Any, ...]] = []
    drawn: list[Shown] = []
    job = Job("20260101-000000-map-0001", *_RUNNING)  # type: ignore[arg-type]

    def start(*asked: Any) -> Job:
        started.append(asked)
        return job

    monkeypatch.setattr(studio, "start_trust", start)
    monkeypatch.setattr(studio, "job", lambda _: job)
    monkeypatch.setattr("mmexplore.ui.map.page.molecule_map", lambda _, what, __: drawn.append(what))
    made = studio.compute_map("ecfp", "solubility", "ecfp", "pca")
    assert "doubtful" not in shown(page("1_Map.py", **ASKED))
    assert started == []
    page("1_Map.py", **ASKED, fog="true")
    assert started == [("ecfp", "solubility", "ecfp", "pca", 0)]
    assert {(what.faded, what.fading) for what in drawn} == {("", "")}
    found = studio.compute_trust(made, "ecfp", "solubility", "ecfp")
    plain = page("1_Map.py", **ASKED)
    assert f"{found.share:.1%} of the places on the PCA map are doubtful" in shown(plain)
    assert (drawn[-1].faded, drawn[-1].fading) == ("", "")
    foggy = page("1_Map.py", **ASKED, fog="true")
    assert not foggy.exception
    assert drawn[-1].faded
    assert drawn[-1].fading.startswith(f"{found.doubtful.sum()} of 1,282 fade")
    assert len(started) == 1
    rows = np.flatnonzero(found.doubtful)
    assert 0 < len(rows) < len(made.xy)
    assert len(mask(rows, len(made.xy))) == -(-len(made.xy) // 8)
    foggy.button(key="select-doubtful").click().run()
    assert f"{len(rows):,} selected" in shown(foggy)
    color = studio.color("ecfp", "solubility", "ecfp", "trust: pca")
    np.testing.assert_array_equal(color.values == 1, found.doubtful)
