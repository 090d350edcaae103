"""``mmexplore predict``: its flags, its JSON and its table; refusals are sentences."""

import json
from pathlib import Path

import pandas as pd
import pytest
from predicted_models import TASK, check_hard, hard_file, trained
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.runtime.errors import BadRecipe, UnknownName

pytest_plugins = ("screens",)


def told(*words: str) -> dict:
    done = CliRunner().invoke(app, ["predict", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_the_shell_gives_each_hard_row_back(empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, path = trained(empty_home), hard_file(tmp_path)
    values = told("--model", model, "--data", path, "--out", tmp_path / "out.csv", "--interval", "0.8")
    assert list(values)[:6] == ["model", "n", "predicted", "not_predicted", "file", "tasks"]
    assert (values["model"], values["n"], values["predicted"], values["not_predicted"]) == (model, 12, 7, 5)
    assert values["tasks"] == [{"name": TASK, "unit": "kcal/mol", "column": TASK}]
    check_hard(pd.read_csv(values["file"]))
    monkeypatch.chdir(tmp_path)
    assert told("--model", model, "--data", path)["file"] == "hard-predictions.csv"


def test_models_with_commas_and_a_level_that_is_none(empty_home: Path, tmp_path: Path) -> None:
    trained(empty_home, "a")
    trained(empty_home, "b", 1)
    words = ("--data", hard_file(tmp_path), "--out", tmp_path / "out.csv")
    both = told("--model", "a,b", *words)
    assert [task["column"] for task in both["tasks"]] == [f"a:{TASK}", f"b:{TASK}"]
    assert told("--model", "a", "--model", "b", *words)["tasks"] == both["tasks"]
    with pytest.raises(BadRecipe, match="between 0 and 1"):
        told("--model", "a", *words, "--interval", "90")
    with pytest.raises(UnknownName, match="'c'"):
        told("--model", "a,c", *words)
