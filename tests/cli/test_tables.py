"""Tables for people: every verb that lists keeps within 100 columns, and what is cut is counted."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.cli.tables import WIDTH, printed
from mmexplore.datasets import Entry, Task
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client

pytest_plugins = ("screens",)
LATE, DATA = "freesolv-mmfrl-late", "freesolv"
ASKED = ["--model", LATE, "--data", DATA]
VERBS = {
    "models": ["models"],
    "datasets": ["datasets"],
    "jobs": ["jobs"],
    "map": ["map", "--model", "ecfp", "--data", DATA, "--method", "pca"],
    "fusion": ["fusion", *ASKED],
    "retrieve": ["retrieve", *ASKED, "--query", "cyclohexane", "--agreement", "20"],
    "subgraph": ["subgraph", "--model", "solubility-dmpnn", "--smiles", "OCC(O)C(O)C(O)C(O)CO"],
    "common": ["common", "--data", DATA, "--label", "expt", "--class", "low"],
}


def told(words: list[str]) -> str:
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a job that has much to say."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMEXPLORE_HOME", str(home))
        job = client.start("fetch", ["no-such-set"], title="a title of many words " * 6, home=default_home())
        list(client.follow(job.id, home=default_home()))
    return home


@pytest.mark.parametrize("verb", VERBS)
def test_no_line_is_wider_than_a_hundred_columns(verb: str, crowded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(crowded))
    monkeypatch.setenv("COLUMNS", "300")
    lines = [line for line in told(VERBS[verb]).splitlines() if not line.startswith("file: ")]  # a path stays whole
    assert len(lines) > 5
    assert max(map(len, lines)) <= WIDTH
    assert not any(mark in line for line in lines for mark in ("{", "}", "['"))


def test_hundreds_of_labels_are_counted(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tuple(Task(f"assay {number}", "classification") for number in range(617))
    entry = Entry("many", "Many", 8_615, tasks, "moleculenet", available=True)
    monkeypatch.setattr(studio, "datasets", lambda: [entry])
    assert "assay 0, assay 1, assay 2, assay 3 and 613 more" in told(["datasets"])
    assert len(json.loads(told(["datasets", "--json"]))["datasets"][0]["tasks"]) == 617


def test_a_line_a_model(home: Path) -> None:
    lines = told(["models"]).splitlines()
    for model in studio.models():
        assert any(line.strip().startswith(model.name) for line in lines)
    assert len(lines) < 8 + 2 * len(studio.models())
    asked = json.loads(told(["models", "--json"]))["models"]
    assert all(isinstance(row["metrics"], dict) for row in asked)


def test_long_tables_are_cut_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    printed({"rows": [{"row": number} for number in range(80)], "none": []})
    said = capsys.readouterr().out
    assert "and 30 more; --json gives all" in said
    assert "none: none" in said
