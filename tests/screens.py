"""A page without a browser, with a home of its own and no shipped models; ``pytest_plugins = ("screens",)``."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[1] / "pages"
PATIENCE = 240  # seconds that a run of a page may take: what ends it is its end, and this a hang
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def empty_home(tmp_path: Path, visited: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test alone with what a first visit leaves there, and no shipped models."""
    shutil.copytree(visited, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.setattr("mmexplore.models.registry.SHIPPED", tmp_path / "none")
    return tmp_path


def page(name: str, **query: str | list[str]) -> AppTest:
    """A page after its first run, opened with these query parameters."""
    app = AppTest.from_file(str(PAGES / name), default_timeout=PATIENCE)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def shown(app: AppTest) -> str:
    """All text of a page, tables apart."""
    kinds = (app.markdown, app.caption, app.text, app.error, app.warning, app.info, app.subheader, app.title)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
