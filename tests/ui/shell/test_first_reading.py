"""A data set that is used for the first time: its reading is told in the page's place, and only then."""

from collections.abc import Callable

import pytest
from screens import PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.studio import Dataset
from mmexplore.ui.shell import navigation

pytest_plugins = ("screens",)
FRAME = str(navigation.PAGES.parent / "mmexplore" / "ui" / "shell" / "visit.py")


def test_reading_is_told_while_it_lasts_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    from streamlit.delta_generator import DeltaGenerator

    plain, reading = studio.dataset, DeltaGenerator.progress

    def dataset(name: str, progress: Callable[..., None] | None = None) -> Dataset:
        if progress is not None:
            progress("standardise", 3, 9)
        return plain(name)

    def bar(self: DeltaGenerator, value: float, text: str = "", **about: object) -> DeltaGenerator:
        told.append(text)
        return reading(self, value, text)

    monkeypatch.setattr(studio, "dataset", dataset)
    monkeypatch.setattr(DeltaGenerator, "progress", bar)
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    app.query_params["model"] = "ecfp"
    app.run()
    assert not app.exception
    first = [text for text in told if "3 of 9 molecules" in text]
    assert len(first) == 1
    assert "Reading solubility" in first[0]
    app.run()
    assert [text for text in told if "3 of 9 molecules" in text] == first
    assert not any("3 of 9" in str(bar.value) for bar in app.get("progress"))
