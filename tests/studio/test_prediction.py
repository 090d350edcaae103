"""Predictions of new molecules: each row comes back, in its order, however it is cut into parts and however often it is
killed; the numbers are those of the embedding, the domain is RDKit's Tanimoto."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from fused_models import DATA, saved
from predicted_models import HARD, TASK, check_hard, hard_file, trained
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from mmexplore import studio
from mmexplore.explore import batch_prediction
from mmexplore.runtime.errors import BadRecipe, BadTable, UnknownName

pytest_plugins = ("screens",)
ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from mmexplore import studio
from mmexplore.explore import batch_prediction

batch_prediction._PART_ROWS = 64

def heard(stage, done, total, /, **values):
    if stage == "predict" and done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

studio.predict("toy", sys.argv[1], sys.argv[2], progress=heard)
"""


@pytest.fixture
def toy(empty_home: Path) -> str:
    return trained(empty_home)


def read(path: Path) -> pd.DataFrame:
    ways = {".csv": pd.read_csv, ".tsv": lambda p: pd.read_csv(p, sep="\t"), ".parquet": pd.read_parquet}
    found: pd.DataFrame = ways.get(path.suffix, pd.read_excel)(path)
    return found


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".xlsx"])
def test_twelve_hard_rows_come_back_each_right(toy: str, tmp_path: Path, ending: str) -> None:
    made = studio.predict(toy, hard_file(tmp_path), tmp_path / f"out{ending}")
    assert (made.n, made.predicted) == (12, 7)
    table = read(tmp_path / f"out{ending}")
    own = ["no", "name", "smiles", "batch"]
    ours = [TASK, f"{TASK}_low", f"{TASK}_high", f"{TASK}_std", "nearest_training", "nearest_similarity", "in_domain"]
    assert list(table) == [*own, *ours, "status", "smiles_used"]
    check_hard(table)
    text = pd.read_csv(tmp_path / f"out{ending}", dtype=str) if ending == ".csv" else table
    assert text["no"].astype(int).tolist() == list(range(1, 13))
    if ending == ".csv":
        assert text["batch"].tolist() == [f"{place:03d}" for place in range(12)]
        assert text["name"].tolist()[1] == "'=1+1"
    if ending == ".xlsx":
        sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
        assert (sheet["B3"].value, sheet["B3"].data_type) == ("=1+1", "s")


def test_frames_and_lists_give_the_same(toy: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"smiles": [row[1] for row in HARD]})
    for data in (frame, frame["smiles"].tolist()):
        made = studio.predict(toy, data).frame
        assert made is not None
        check_hard(made)


def test_an_sd_file_keeps_its_blocks_and_fields(toy: str, tmp_path: Path) -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("c1ccccc1O"))
    (tmp_path / "in.sdf").write_text(f"first{block}> <status>\nmine\n\n$$$$\nsecond\n\n\nno block\nM  END\n$$$$\n")
    studio.predict(toy, tmp_path / "in.sdf", tmp_path / "out.sdf")
    records = (tmp_path / "out.sdf").read_text().split("$$$$\n")[:-1]
    assert len(records) == 2
    assert records[0].startswith("first\n")
    assert block.split("\n", 1)[1] in records[0]
    assert "> <status>\nmine\n" in records[0]
    assert "> <predicted_status>\npredicted\n" in records[0]
    assert "> <smiles_used>\nOc1ccccc1\n" in records[0]
    assert "> <predicted_status>\ncannot read the mol block" in records[1]
    table = read_back(toy, tmp_path / "in.sdf", tmp_path)
    assert list(table)[:2] == ["title", "status"]
    assert "mol block" not in table


def read_back(model: str, data: Path, folder: Path) -> pd.DataFrame:
    studio.predict(model, data, folder / "again.csv")
    return pd.read_csv(folder / "again.csv")


def test_numbers_are_those_of_the_embedding(toy: str) -> None:
    known = studio.embed(toy, DATA).predictions[:, 0]
    made = studio.predict(toy, DATA)
    assert made.frame is not None
    assert made.n == len(known)
    (task,) = made.tasks
    assert task.column == f"predicted_{TASK}"  # the data set has a column of that name
    np.testing.assert_allclose(made.frame[task.column], known, atol=1e-5)


def test_order_and_parts_change_nothing(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    smiles = [*studio.dataset(DATA).smiles[:90].tolist(), "C1CC", ""]
    whole = studio.predict(toy, smiles).frame
    order = np.random.default_rng(0).permutation(len(smiles))
    turned = studio.predict(toy, [smiles[place] for place in order]).frame
    monkeypatch.setattr(batch_prediction, "_PART_ROWS", 64)
    parts = studio.predict(toy, [*smiles, "CCO"]).frame
    assert whole is not None
    assert turned is not None
    assert parts is not None
    back = turned.iloc[np.argsort(order)].reset_index(drop=True)
    for other in (back, parts.iloc[:-1]):
        pd.testing.assert_frame_equal(whole, other, atol=1e-5, check_exact=False)


def test_the_domain_is_tanimoto_by_hand(toy: str) -> None:
    smiles = ["CCO", "CC(=O)Nc1ccc(O)cc1", "C1CC2CCC1CC2", "FC(F)(F)C(F)(F)C(F)(F)C(F)(F)I", "O=S(=O)(O)c1ccc2ccccc2c1"]
    made = studio.predict(toy, smiles).frame
    assert made is not None
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    training = studio.dataset(DATA).smiles[:514]
    bits = [generator.GetFingerprint(Chem.MolFromSmiles(one)) for one in training]
    nearest = [max(DataStructs.BulkTanimotoSimilarity(one, bits[:i] + bits[i + 1 :])) for i, one in enumerate(bits)]
    edge = np.quantile(nearest, 0.05, method="inverted_cdf")
    for number, one in enumerate(smiles):
        found = DataStructs.BulkTanimotoSimilarity(generator.GetFingerprint(Chem.MolFromSmiles(one)), bits)
        assert made["nearest_similarity"][number] == pytest.approx(max(found), abs=1e-6)
        assert made["nearest_training"][number] == training[int(np.argmax(found))]
        assert made["in_domain"][number] == (max(found) >= edge)


def test_intervals_are_the_calibrations(toy: str) -> None:
    made = studio.predict(toy, ["CCO", "CCCC"], interval=0.8).frame
    found = studio.calibration(toy)
    assert made is not None
    assert found is not None
    low, high = found.interval(0, made[TASK].to_numpy(), None, 0.8)
    np.testing.assert_allclose(made[f"{TASK}_low"], low, rtol=1e-5)
    np.testing.assert_allclose(made[f"{TASK}_high"], high, rtol=1e-5)
    assert made[f"{TASK}_std"].isna().all()


def test_models_side_by_side_and_names_that_are_taken(toy: str, empty_home: Path) -> None:
    saved(empty_home, "other", "single", ("dmpnn",), 1)
    frame = pd.DataFrame({"SMILES": ["CCO", "C1CC"], "status": ["mine", "too"], f"toy:{TASK}": [1.5, 2.5]})
    made = studio.predict([toy, "other"], frame)
    table = made.frame
    assert table is not None
    assert [task.column for task in made.tasks] == [f"predicted_toy:{TASK}", f"other:{TASK}"]
    assert table["status"].tolist() == ["mine", "too"]
    assert table["predicted_status"][0] == "predicted"
    assert table["other:nearest_training"].isna().all()  # nothing says which molecules trained it
    alone = studio.predict("other", frame).frame
    assert alone is not None
    assert table[f"other:{TASK}"][0] == pytest.approx(alone[TASK][0], abs=1e-6)


@pytest.mark.release
def test_a_killed_run_goes_on_and_leaves_no_half_file(toy: str, tmp_path: Path) -> None:
    smiles = studio.dataset(DATA).smiles[:300].tolist()
    (tmp_path / "in.smi").write_text("\n".join(smiles))
    out = tmp_path / "out.csv"
    command = [sys.executable, "-c", KILLED, str(tmp_path / "in.smi"), str(out), "130"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    shelf = {"PYTHONPATH": path}
    done = subprocess.run(command, env=os.environ | shelf, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not out.exists()
    (parts,) = (studio.home().path / "predictions" / "parts").iterdir()
    before = {part.name: part.stat().st_mtime_ns for part in parts.glob("0*.parquet")}
    assert len(before) == 2
    command[-1] = "999"
    again = subprocess.run(command, env=os.environ | shelf, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert {name: (parts / name).stat().st_mtime_ns for name in before} == before
    table = pd.read_csv(out)
    assert table["smiles"].tolist() == smiles
    as_given = table["smiles_used"].isna()  # a charged one is neutralised
    known = studio.embed(toy, DATA).predictions[:300, 0]
    np.testing.assert_allclose(table[TASK][as_given], known[as_given], atol=1e-5)
    assert as_given.sum() > 290


@pytest.mark.parametrize(
    ("models", "data", "out", "error", "says"),
    [
        ("ecfp", ["CCO"], None, BadRecipe, "name a trained model"),
        ("untrained:toy", ["CCO"], None, BadRecipe, "has learned nothing"),
        ("nobody", ["CCO"], None, UnknownName, "no model is called 'nobody'"),
        (["toy", "toy"], ["CCO"], None, BadRecipe, "different names"),
        ("toy", "nothing", None, UnknownName, "no data set is called 'nothing'"),
        ("toy", "none.csv", None, BadTable, "there is no file"),
        ("toy", ["CCO"], "out.pdf", BadTable, "predictions are written as"),
        ("toy", pd.DataFrame({"a": ["x"]}), None, BadTable, "name the SMILES column"),
    ],
)
def test_mistakes_are_sentences(toy: str, models, data, out, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        studio.predict(models, data, out)


def test_one_molecule_is_the_table_of_one_row(toy: str) -> None:
    (found,) = studio.predict_molecule([toy], "CCO")
    made = studio.predict(toy, ["CCO"]).frame
    assert made is not None
    (one,) = found.estimates
    assert one.value == pytest.approx(made[TASK][0], abs=1e-6)
    assert (found.nearest, found.inside) == (made["nearest_training"][0], made["in_domain"][0])
    assert (studio.read_structure("CCO.Cl").smiles, studio.read_structure("CCO.Cl", "keep").smiles) == ("CCO", "CCO.Cl")
