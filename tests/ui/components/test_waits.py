"""A job at a button: it is started once it is asked for, and a refusal is a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.jobs import folder
from mmexplore.ui.components import follow_job


def script() -> None:
    from mmexplore import studio
    from mmexplore.ui.components import waits

    waits.made_when_asked("a key", "Probe it", lambda: studio.start_doubts("solubility"), "Not finished.", "Again")


def test_a_job_is_started_when_it_is_asked_for_and_a_refusal_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refused(data: str) -> studio.Job:
        asked.append(data)
        raise NotAvailable("no spectra here")

    monkeypatch.setattr(studio, "start_doubts", refused)
    monkeypatch.setattr(studio, "job_at_work", lambda _: None)
    app = AppTest.from_function(script, default_timeout=120).run()
    assert not app.exception
    assert asked == []
    app.button[0].click().run()
    assert asked == ["solubility"]
    assert [one.value for one in app.toast] == ["no spectra here"]
    assert [one.label for one in app.button] == ["Probe it"]


def test_what_has_ended_is_a_part_of_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a fragment its buttons (continue, close, open) would run that part again and leave the page as it was."""

    def no_fragment(*_: object, **__: object) -> None:
        raise AssertionError("what is pressed here concerns the page")

    monkeypatch.setattr("streamlit.fragment", no_fragment)
    drawn: list[object] = []
    follow_job.follow(lambda: [], drawn.append, [], every=None)
    assert drawn == [[]]


@pytest.mark.parametrize(
    ("state", "stage", "message", "told"),
    [
        ("queued", "", "waiting for PCA map of bbbp", "waiting for PCA map of bbbp"),
        ("queued", "", "", "its process is being started"),
        ("running", "", "", "reading what it needs"),
        ("running", "embed", "", "embed"),
    ],
)
def test_a_wait_says_what_it_waits_for(state: folder.State, stage: str, message: str, told: str) -> None:
    about = (0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
    job = studio.Job("a-job", "map", (), "", "cpu", state, stage, *about)
    assert follow_job.words(replace(job, message=message)) == told
