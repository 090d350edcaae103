"""Models from elsewhere on the Train page, without a browser: what the boxes start."""

from pathlib import Path

import pytest
from screens import page

from mmexplore import studio
from mmexplore.runtime.errors import BadCheckpoint
from mmexplore.runtime.jobs.folder import Job
from mmexplore.ui.components import follow_job

pytest_plugins = ("screens",)


def test_the_box_starts_an_import_and_says_how_it_ended(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, tuple[str, ...]]] = []
    words = ("models", (), "import", "imports", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
    done = Job("20260101-000000-models-ab12", *words)  # type: ignore[arg-type]

    def start(source: str, title: str = "", descriptors: tuple[str, ...] = ()) -> Job:
        asked.append((source, title, tuple(descriptors)))
        return done

    monkeypatch.setattr(studio, "admet_folder", lambda: Path("resources"))
    monkeypatch.setattr(studio, "start_model_import", start)
    monkeypatch.setattr(studio, "job", lambda _: done)
    app = page("6_Train.py")
    assert app.button(key="foreign/go").disabled
    app.button(key="foreign/admet").click().run()
    assert not app.exception
    assert asked == [(studio.ADMET, "", ())]
    assert any("It is here now" in one.value for one in app.success)


def test_an_uploaded_model_keeps_its_name_and_leaves_its_folder_for_none(empty_home: Path) -> None:
    kept = studio.keep_model_file("../../best.pt", b"one")
    assert (kept.name, kept.read_bytes()) == ("best.pt", b"one")
    assert kept.is_relative_to(empty_home / "uploads" / "models")
    again = studio.keep_model_file("best.pt", b"another")
    assert again.is_file()
    assert not kept.exists()


def test_why_it_failed_names_the_file_and_not_where_it_is_kept(empty_home: Path) -> None:
    kept = studio.keep_model_file("mine.zip", b"no zip")
    with pytest.raises(BadCheckpoint, match="is no zip that can be read") as refused:
        studio.import_model(str(kept))
    words = ("models", ("import", str(kept)), "import", "imports", "failed", "", 0, 0, None, {}, str(refused.value))
    said = follow_job.why(Job("20260101-000000-models-ab12", *words, 0.0, 0.0, False, Path("none")))  # type: ignore[arg-type]
    assert said.startswith("mine.zip is no zip")
    assert str(empty_home) not in said
