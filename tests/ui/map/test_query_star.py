"""The star of a typed molecule without a browser: nothing is embedded for it before that is asked for."""

from pathlib import Path

import pytest
from screens import page, shown

from mmexplore import studio
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job

pytest_plugins = ("screens",)
_RUNNING = ("embed", (), "a test", "maps", "running", "embed", 3, 9, None, {}, "", 0.0, 0.0, False, Path("none"))


def test_a_text_that_is_both_a_molecule_and_a_pattern_starts_no_job(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    job = Job("20260101-000000-embed-0001", *_RUNNING)  # type: ignore[arg-type]

    def start(verb: str, *_: object, **__: object) -> Job:
        started.append(verb)
        return job

    monkeypatch.setattr(client, "start", start)
    monkeypatch.setattr(studio, "job", lambda _: job)
    monkeypatch.setattr(studio, "lacking", lambda panels, data: [panel.model for panel in panels])
    app = page("1_Map.py", search="c1ccncc1")
    assert not app.exception
    assert "molecules contain c1ccncc1" in shown(app)
    assert started == []
    next(button for button in app.button if button.label == "Place it on the map").click().run()
    assert not app.exception
    assert started == ["embed"]
