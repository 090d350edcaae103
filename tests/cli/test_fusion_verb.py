"""The verb ``fusion``: keys that stay, contributions that add up, and what is without some modalities."""

import csv
import json
from pathlib import Path

import pytest
from fused_models import DATA, NAMES, saved
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.runtime.errors import UnknownName

pytest_plugins = ("screens",)


def told(*words: str) -> dict:
    done = CliRunner().invoke(app, ["fusion", "--data", DATA, "--json", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


@pytest.mark.parametrize("fusion", ["late", "intermediate"])
@pytest.mark.parametrize("absent", ["mean", "zero"])
def test_contributions_add_up_and_older_keys_stay(fusion: str, absent: str, empty_home: Path) -> None:
    saved(empty_home, "toy", fusion, NAMES)
    out = empty_home / "scores.csv"
    found = told("--model", "toy", "--absent", absent, "--stress", "--without", "image", "--out", str(out))
    older = {"model", "data", "task", "fusion", "scale", "unit", "mean", "std", "n", "modalities", "similarities"}
    assert older | {"rows", "skipped"} <= found.keys()
    assert found["absent"] == absent
    for row in found["rows"]:
        assert {"smiles", "prediction", "prediction_in_unit", "w", "p"} <= row.keys()
        assert found["start"] + sum(row["contributions"].values()) == pytest.approx(row["prediction_in_unit"], abs=1e-4)
        without = row["prediction_in_unit"] - row["contributions"]["image"]
        assert row["without"] == pytest.approx(without, abs=1e-4) or fusion == "intermediate"
        if fusion == "late":
            total = sum(row["w"][name] * row["p"][name] for name in NAMES)
            assert total == pytest.approx(row["prediction"], abs=1e-6)
    assert [row["subsets"] for row in found["missing"]] == [1, 3, 3, 1]
    assert [row["modality"] for row in found["added"]] == list(NAMES)
    assert found["judged"]["metric"] == "rmse"
    with out.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found["subsets"]) == 8


def test_names_that_are_not_there_are_refused(empty_home: Path) -> None:
    saved(empty_home, "toy", "late", NAMES)
    with pytest.raises(UnknownName, match="'smell'"):
        told("--model", "toy", "--without", "smell")
    refused = CliRunner().invoke(app, ["fusion", "--data", DATA, "--model", "toy", "--absent", "median"])
    assert refused.exit_code != 0
