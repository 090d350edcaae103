"""``mmexplore import``: its flags, its JSON and the table of rows; refusals are sentences that name the user's file."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from rdkit import Chem
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.runtime.errors import BadRecipe, BadTable, MmexploreError, UnknownName

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")
TABLE = "smiles,name,IC50 nM,cls\nCCO,a,100,0\nOCC,b,>1000,0\nC1CC,c,10,1\nCCN.Cl,=d,1,2\nCCC,e,5,1\nCCCC,f,5,2\n"


def told(*words: str) -> dict:
    done = CliRunner().invoke(app, ["import", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".xlsx"])
def test_json_and_table_of_rows(written, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"rows{ending}"
    label = ["--label", "IC50 nM:regression", "--log", "--qualifiers", "bound"]
    values = told(written(TABLE), "--name", "Mine", *label, "--out", out)
    assert list(values) == ["data", "report", "columns", "notes", "file"]
    assert values["report"] == {"read": 6, "kept": 4, "merged": 1, "standardised": 1, "rejected": 1}
    labels = [{"name": "IC50 nM", "kind": "regression"}]
    assert values["columns"] == {"smiles": "smiles", "name": "name", "labels": labels}
    assert (values["data"], values["file"]) == ("mine", str(out))
    read = {".csv": pd.read_csv, ".tsv": lambda p: pd.read_csv(p, sep="\t"), ".parquet": pd.read_parquet}
    rows = read.get(ending, pd.read_excel)(out)
    assert list(rows.columns) == ["line", "status", "reason", "smiles", "name", "IC50 nM"]
    assert rows["line"].tolist() == [2, 3, 4, 5, 6, 7]
    assert rows["status"].tolist() == ["kept", "merged", "rejected", "kept", "kept", "kept"]
    assert rows["IC50 nM"].round(3).tolist() == [7, 6, 8, 9, 8.301, 8.301]
    if ending == ".xlsx":
        assert openpyxl.load_workbook(out).active["E5"].value == "=d"
        assert openpyxl.load_workbook(out).active["E5"].data_type == "s"


def test_shell_and_api_give_one_answer(written) -> None:
    path = written(TABLE)
    values = told(path, "--name", "one", "--label", "IC50 nM", "--threshold", "50", "--salts", "keep")
    made = studio.add_dataset(path, "two", targets=["IC50 nM"], threshold=50.0, salts="keep", duplicates="merge")
    assert studio.dataset(values["data"]).digest == made.digest
    assert values["columns"]["labels"] == [{"name": "IC50 nM", "kind": "classification"}]


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ([], BadTable, "--label cls:classification"),
        (["--label", "cls", "--log"], BadRecipe, "unit of 'cls'"),
        (["--label", "IC50 nM", "--log", "--unit", "furlong"], BadRecipe, "M, mM, µM"),
        (["--label", "nothing"], UnknownName, "no column is called 'nothing'"),
        (["--smiles", "nothing"], UnknownName, "no column is called 'nothing'"),
        (["--qualifiers", "some"], BadRecipe, "drop, bound, classes"),
        (["--label", "IC50 nM", "--qualifiers", "classes"], BadRecipe, "--threshold"),
        (["--salts", "some"], BadRecipe, "strip, keep"),
        (["--sheet", "one"], BadTable, "'mine.csv' is no Excel workbook"),
        (["--out", "rows.doc"], BadTable, r"\.csv"),
        (["--name", "bbbp", "--label", "cls:regression", "--overwrite"], BadTable, "never replaced"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_kept(written, words, error, says) -> None:
    path = written(TABLE, "mine.csv")
    with pytest.raises(error, match=says) as caught:
        CliRunner().invoke(app, ["import", str(path), *words], catch_exceptions=False)
    assert "\n" not in str(caught.value)
    assert not [entry for entry in studio.datasets() if entry.source == "yours"]
    assert not list((studio.home().path / "uploads").glob("*.csv"))


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "smiles\n", "smiles\nC1CC\n"])
def test_an_error_names_the_users_file_or_title(written, content: str) -> None:
    with pytest.raises(MmexploreError) as caught:
        CliRunner().invoke(
            app, ["import", str(written(content, "mine.csv")), "--name", "other"], catch_exceptions=False
        )
    assert "other.csv" not in str(caught.value)


def test_the_same_file_is_not_kept_twice_and_another_gets_a_number_or_replaces(written) -> None:
    label = ["--label", "IC50 nM"]
    first, again = (told(written(TABLE), "--name", "mine", *label) for _ in range(2))
    assert (first["data"], again["data"]) == ("mine", "mine")
    assert "not kept twice" in again["notes"][-1]
    other = written("smiles,y\nCCO,1.5\nCCN,2\n", "other.csv")
    numbered = told(other, "--name", "mine")
    assert numbered["data"] == "mine_2"
    assert "is taken" in numbered["notes"][-1]
    assert told(other, "--name", "mine", "--label", "y", "--overwrite")["data"] == "mine"
    assert len(studio.dataset("mine")) == 2
    yours = {entry.name: (entry.rows, entry.molecules) for entry in studio.datasets() if entry.source == "yours"}
    assert yours == {"mine": (2, 2), "mine_2": (2, 2)}


def test_a_mol_block_is_a_column(written) -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    values = told(written(f"ethanol{block}> <y>\n1.5\n\n$$$$\n", "t.sdf"))
    assert values["columns"] == {
        "smiles": "mol block",
        "name": "title",
        "labels": [{"name": "y", "kind": "regression"}],
    }
    assert told(written("smiles\nCCO\n"), "--smiles", "smiles")["columns"]["name"] is None


def test_a_table_for_people_fits(written, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["import", str(written(TABLE)), "--label", "IC50 nM"], catch_exceptions=False)
    assert max(map(len, done.stdout.splitlines())) <= 100
    listed = CliRunner().invoke(app, ["datasets"], catch_exceptions=False).stdout
    assert "rows read" in listed
    assert "kept" in listed
