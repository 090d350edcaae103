"""What a new user reads first: help without markup, and how the app ends when it is told to."""

import signal
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mmexplore.cli import open_app
from mmexplore.cli.app import app
from mmexplore.runtime.errors import NotAvailable

VERBS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [[], *([verb] for verb in VERBS)], ids=["mmexplore", *VERBS])
def test_help_shows_words_and_no_markup(words: list[str]) -> None:
    told = CliRunner().invoke(app, [*words, "--help"], catch_exceptions=False)
    assert told.exit_code == 0
    assert "`" not in told.stdout
    assert ":class:" not in told.stdout


class Ended:
    """A server that has ended with a return code."""

    def __init__(self, code: int) -> None:
        self.returncode = code

    def wait(self, *_: Any) -> int:
        return self.returncode

    def poll(self) -> int:
        return self.returncode

    def terminate(self) -> None:
        pass


@pytest.mark.parametrize("up", [True, False], ids=["it was up", "it was coming up"])
@pytest.mark.parametrize("code", [-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM])
def test_a_signal_to_the_whole_group_is_no_mistake(code: int, up: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``timeout`` and a service manager end it: the server may be gone before we hear of it."""
    _fake(code, up, monkeypatch)
    open_app.open_app(port=8501, host="localhost", as_json=True)


@pytest.mark.parametrize("up", [True, False])
def test_a_server_that_ends_by_itself_is_told(up: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(3, up, monkeypatch)
    with pytest.raises(NotAvailable, match="code 3"):
        open_app.open_app(port=8501, host="localhost", as_json=True)


def _fake(code: int, up: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(open_app, "_check", lambda *_: None)
    monkeypatch.setattr(open_app, "_started", lambda *_: Ended(code))
    if up:
        monkeypatch.setattr(open_app, "_url", lambda *_: "http://localhost:8501")
