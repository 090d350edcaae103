"""The verb ``cliffs``: its JSON, its files, and what it refuses."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from cliff_data import CORES, PARTS, planted
from rdkit import Chem
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.runtime.errors import MmexploreError


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cliffs-verb") / "planted.csv"
    data = planted()
    pd.DataFrame({"smiles": data.smiles, "logS": data.labels[:, 0]}).to_csv(path, index=False)
    return path


def told(*words: str) -> dict:
    done = CliRunner().invoke(app, ["cliffs", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.release
def test_cliffs_transformations_and_r_groups_with_their_files(table: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("pairs.xlsx", "changes.csv", "groups.sdf", "pairs.sdf")}
    words = ["--data", str(table), "--gap", "1.5", "--k", "5", "--core", "c1ccccc1"]
    asked = ["--out", files["pairs.xlsx"], "--transformations", files["changes.csv"], "--r-groups", files["groups.sdf"]]
    found = told(*words, *map(str, asked))
    assert (found["task"], found["gap"], found["labeled"]) == ("logS", 1.5, len(CORES) * len(PARTS))
    assert len(found["cliffs"]) == 5
    assert found["count"] >= len(CORES)
    assert all(one["difference"] >= 1.5 for one in found["cliffs"])
    sheet = list(openpyxl.load_workbook(files["pairs.xlsx"], read_only=True).active.iter_rows(values_only=True))
    assert len(sheet) == found["count"] + 1
    assert {"tanimoto", "difference", "SALI", "smiles a", "smiles b"} <= set(sheet[0])
    moves = pd.read_csv(files["changes.csv"])
    assert len(moves) == len(found["transformations"]) > 0
    held = [mol for mol in Chem.SDMolSupplier(str(files["groups.sdf"])) if mol]
    assert len(held) == len(found["r_groups"])
    assert all(mol.HasProp("R1") for mol in held)
    told(*words[:4], "--out", str(files["pairs.sdf"]), "--by", "difference")
    records = [mol.GetPropsAsDict() for mol in Chem.SDMolSupplier(str(files["pairs.sdf"]))]
    assert len(records) == 2 * found["count"]
    assert [one["pair"] for one in records[:4]] == [1, 1, 2, 2]
    assert records[1]["logS"] - records[0]["logS"] == pytest.approx(records[0]["difference"], abs=1e-3)


@pytest.mark.parametrize(
    "words",
    [
        ["--near", "far"],
        ["--least", "0"],
        ["--by", "name"],
        ["--label", "nope"],
        ["--r-groups", "a.sdf"],
        ["--out", "pairs.docx"],
        ["--out", "no/such/folder/pairs.sdf"],
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(table: Path, words: list[str]) -> None:
    with pytest.raises(MmexploreError):
        CliRunner().invoke(app, ["cliffs", "--data", str(table), *words], catch_exceptions=False)
