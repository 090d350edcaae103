"""Tables for people: every verb that lists keeps within 100 columns, and what is cut is counted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.cli.tables import WIDTH, printed
from mmexplore.datasets import Entry, Task
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job

pytest_plugins = ("screens",)
LATE, DATA = "freesolv-all-late", "freesolv"
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


ODD = (
    "two\nlines",
    "right\u202eto left",
    "\u200fmark",
    "nul\0bell\a",
    "x" * 5_000,
    "\u5206\u5b50" * 40,
    "tab\there",
    "\ud800",
)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_one_row_whose_signs_are_seen(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": name, "rows": 7, "title": name}, {"name": "next", "rows": 8, "title": "plain"}]
    printed({"rows": rows, "title": name, "named": {name: [{"a": 1}]}})
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.splitlines())
    assert not any(mark in said for mark in ("\u202e", "\u200f", "\0", "\a"))
    table = said.partition("title: ")[0]
    assert max(cell_len(line) for line in table.splitlines()) <= WIDTH
    assert len(table.splitlines()) < 20
    assert len([line for line in table.splitlines() if " 7" in line]) == 1


@pytest.mark.parametrize("verb", ["datasets", "models", "jobs"])
def test_verbs_list_odd_names_whole_in_json(verb: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    entries = [Entry(name, name, 1, (Task(name, "regression"),), "yours", available=True) for name in ODD[:-1]]
    known = [replace(studio.models()[0], name=name, title=name) for name in ODD[:-1]]
    words: dict[str, Any] = dict.fromkeys(("verb", "device", "stage"), "map") | {
        "id": "1",
        "arguments": (),
        "values": {},
    }
    numbers: dict[str, Any] = dict.fromkeys(("done", "total", "created", "updated"), 1) | {"seconds_left": None}
    about = words | numbers | {"state": "done", "died": False, "folder": Path()}
    jobs = [Job(title=name, message=name, **about) for name in ODD[:-1]]
    for listed, found in (("datasets", entries), ("models", known), ("list_jobs", jobs)):
        monkeypatch.setattr(studio, listed, lambda found=found: found)
    monkeypatch.setattr(studio, "baseline_of", lambda _: None)
    assert max(cell_len(line) for line in told([verb]).splitlines()) <= WIDTH
    key = "title" if verb == "jobs" else "name"
    assert [row[key] for row in json.loads(told([verb, "--json"]))[verb]] == list(ODD[:-1])


def test_long_tables_are_cut_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    printed({"rows": [{"row": number} for number in range(80)], "none": []})
    said = capsys.readouterr().out
    assert "and 30 more; --json gives all" in said
    assert "none: none" in said
