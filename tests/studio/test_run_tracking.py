"""A training logged to MLflow, through a stand-in of its module: what is sent, and when it is refused."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from toy_models import card
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli import app as verbs
from mmexplore.models.exchange import tracking
from mmexplore.runtime.errors import BadRecipe, NotAvailable

pytest_plugins = ("screens",)


class Sent(ModuleType):
    """What is used of MLflow's module."""

    def __init__(self) -> None:
        super().__init__("mlflow")
        self.params: dict[str, str] = {}
        self.metrics: list[tuple[int | None, dict[str, float]]] = []
        self.texts: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.uri = self.experiment = ""
        self.runs: list[str] = []
        self.broken = False

    def set_tracking_uri(self, uri: str) -> None:
        self.uri = uri

    def set_experiment(self, name: str) -> None:
        if self.broken:
            raise ConnectionError("no route to host")
        self.experiment = name

    @contextmanager
    def start_run(self, *, run_name: str) -> Iterator[Any]:
        self.runs.append(run_name)
        yield SimpleNamespace(info=SimpleNamespace(run_id=f"run-{len(self.runs)}"))

    def set_tags(self, tags: dict[str, str]) -> None:
        self.tags |= tags

    def log_params(self, params: dict[str, str]) -> None:
        assert 0 < len(params) <= 100
        assert not params.keys() & self.params.keys()
        assert all(len(value) <= 500 for value in params.values())
        self.params |= params

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        assert all(isinstance(value, float) and value == value for value in metrics.values())  # noqa: PLR0124
        self.metrics.append((step, metrics))

    def log_text(self, text: str, file: str) -> None:
        self.texts[file] = text


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setitem(sys.modules, "mlflow", made)
    return made


def test_a_run_holds_the_recipe_each_epoch_and_the_scores(empty_home: Path, mlflow: Sent) -> None:
    card(empty_home, "one", rmse=0.5)
    assert studio.log_run("one", "http://lab:5000") == ["run-1"]
    assert (mlflow.uri, mlflow.experiment) == ("http://lab:5000", tracking.EXPERIMENT)
    assert mlflow.params["branches.0.encoder"] == "dmpnn"
    assert [step for step, _ in mlflow.metrics] == [1, 2, None]
    assert mlflow.metrics[0][1] == {"train_loss": 0.5, "validation_rmse": 2.0}
    assert mlflow.metrics[-1][1] == {"validation_rmse": 0.5, "test_rmse": 1.0, "test_tasks": 1.0}
    assert mlflow.tags["mmexplore.data"] == "solubility"
    assert mlflow.texts["README.md"].startswith("---\nlibrary_name: mmexplore\n")


def test_the_option_logs_what_was_trained(
    empty_home: Path, mlflow: Sent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card(empty_home, "one")
    folder = str(empty_home / "runs" / "one")
    monkeypatch.setattr(verbs, "_training", lambda *_: lambda _: {"model": folder})
    words = ["train", "dmpnn", "--data", "solubility", "--mlflow", "place", "--json"]
    done = CliRunner().invoke(verbs.app, words, catch_exceptions=False)
    assert json.loads(done.stdout) == {"model": folder, "mlflow": ["run-1"]}


def test_refusals(empty_home: Path, mlflow: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    card(empty_home, "one")
    mlflow.broken = True
    with pytest.raises(NotAvailable, match=r"is trained and lies in .*no route to host"):
        studio.log_run("one", "http://lab:5000")
    with pytest.raises(BadRecipe, match="no run to log"):
        studio.log_run(studio.BASELINE, "place")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setattr(verbs, "_training", lambda *_: lambda _: pytest.fail("a training began"))
    with pytest.raises(NotAvailable, match=r"mmexplore\[mlflow\]"):
        CliRunner().invoke(verbs.app, ["train", "dmpnn", "--mlflow", "place"], catch_exceptions=False)
