"""Models from elsewhere are models like ours: listed, predicting, embedded, colored, explained, and written out."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from toy_models import save_model as save_toy
from typer.testing import CliRunner

pytest.importorskip("chemprop")
from chemprop import nn as chemprop_nn
from chemprop.models import MPNN, load_model, save_model
from rdkit import Chem

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.features.store import features
from mmexplore.models import checkpoints
from mmexplore.models.exchange import onnx_export
from mmexplore.models.predict import Inference
from mmexplore.nn.dataloader import collate
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")
ROWS = ["CC(=O)Oc1ccccc1C(=O)O", "CCO", "C[C@H](N)C(=O)O", "O=S(=O)(c1ccc(Br)cc1)N1CCOCC1", "CCN(CC)CC", "c1ccncc1"]
SMILES = [Chem.CanonSmiles(smiles) for smiles in ROWS]


def file(folder: Path, name: str = "best.pt", seed: int = 0, head: Any = chemprop_nn.BinaryClassificationFFN) -> Path:
    """A model of chemprop with its default features."""
    torch.manual_seed(seed)
    body = chemprop_nn.BondMessagePassing(d_h=16)
    folder.mkdir(parents=True, exist_ok=True)
    model = MPNN(body, chemprop_nn.NormAggregation(norm=5.0), head(n_tasks=2, input_dim=16, hidden_dim=12))
    save_model(folder / name, model, ["active", "toxic"])
    return folder / name


def told(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def by_chemprop(path: Path) -> np.ndarray:
    from chemprop.data import BatchMolGraph
    from chemprop.featurizers import SimpleMoleculeMolGraphFeaturizer

    make = SimpleMoleculeMolGraphFeaturizer()
    with torch.inference_mode():
        found: np.ndarray = (
            load_model(path).eval()(BatchMolGraph([make(Chem.MolFromSmiles(s)) for s in SMILES])).numpy()
        )
    return found


def here(name: str, smiles: list[str] | None = None) -> np.ndarray:
    return Inference(studio.model(name), home=default_home())(smiles or SMILES).values


def test_a_foreign_model_is_one_of_ours(tmp_path: Path) -> None:
    source = file(tmp_path / "kinase" / "model_0")
    made = told("models", "import", str(source))
    assert (made["model"], made["title"], made["views"]) == ("kinase", "kinase", ["mpnn", "hidden"])
    listed = next(row for row in told("models")["models"] if row["name"] == "kinase")
    assert (listed["task"], listed["shipped"]) == ("classification", False)
    table = tmp_path / "some.csv"
    pd.DataFrame({"smiles": ROWS, "mine": range(len(ROWS))}).to_csv(table, index=False)
    told("predict", "--model", "kinase", "--data", str(table), "--out", str(tmp_path / "out.csv"))
    out = pd.read_csv(tmp_path / "out.csv")
    np.testing.assert_allclose(out[["active", "toxic"]].to_numpy(), by_chemprop(source), atol=1e-5)
    data = studio.add_dataset("\n".join(f"{smiles} m{row}" for row, smiles in enumerate(SMILES)), "Few").name
    assert told("embed", "--model", "kinase", "--data", data)["dim"] == 16
    assert told("embed", "--model", "kinase", "--data", data, "--view", "hidden")["dim"] == 12
    hits = told("retrieve", "--model", "kinase", "--data", data, "--query", SMILES[0])
    assert "mpnn" in json.dumps(hits)
    part = told("subgraph", "--model", "kinase", "--smiles", SMILES[0], "--task", "active", "--threshold", "0.01")
    assert part
    assert "kinase" in {model.name for model in studio.predicting_models()}
    assert {"prediction: active", "prediction: toxic"} <= set(studio.color_names("kinase", data))
    told("models", "rename", "kinase", "Their kinase")
    assert told("models", "delete", "kinase", "--yes") == {"deleted": "kinase"}


def test_a_folder_of_several_is_an_ensemble_and_goes_out_and_in_as_a_zip(tmp_path: Path) -> None:
    files = [file(tmp_path / "run" / f"model_{seed}", seed=seed) for seed in range(3)]
    made = studio.import_model(str(tmp_path / "run"), "Three")
    assert isinstance(made, studio.Ensemble)
    assert made.card is not None
    assert made.card.metrics == {}
    expected = np.mean([by_chemprop(one) for one in files], axis=0)
    np.testing.assert_allclose(here(made.name), expected, atol=1e-5)
    assert "ensemble" in studio.write_model(made.name, tmp_path / "three.zip")
    for name in [made.name, *(member.name for member in made.members)]:
        studio.delete_model(name)
    assert studio.import_model(str(tmp_path / "three.zip")).digest == made.digest


def test_a_model_of_ours_goes_out_and_in_as_a_zip_and_a_folder(tmp_path: Path, own_home: Path) -> None:
    save_toy(own_home / "runs" / "toy" / "model")
    about = told("models", "export", "toy", "--out", str(tmp_path / "toy.zip"))
    assert about["holds"] == "the model's folder"
    before = studio.model("toy").digest
    again = studio.import_model(str(tmp_path / "toy.zip"), "Again")
    assert (again.name, again.title, again.digest) == ("again", "Again", before)
    by_folder = studio.import_model(str(own_home / "runs" / "toy"))
    assert (by_folder.name, by_folder.digest) == ("toy-2", before)
    assert studio.import_model(str(own_home / "runs" / "toy" / "model")).name == "toy-3"


def test_what_is_no_model_is_refused_in_words(tmp_path: Path, own_home: Path) -> None:
    save_toy(tmp_path / "toy")
    with (tmp_path / "toy" / "weights.safetensors").open("r+b") as weights:
        weights.seek(200)
        weights.write(b"\xff" * 8)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.pt").write_text("no model")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("../card.json", "{}")
    for source, kind, words in (
        ("toy", BadCheckpoint, "is not what its card names"),
        ("empty", BadCheckpoint, "holds no model"),
        ("text.pt", BadCheckpoint, "cannot be read as a chemprop 2 checkpoint"),
        ("other.zip", BadCheckpoint, "is no model folder"),
        ("absent.pt", NotAvailable, "there is no file or folder"),
    ):
        with pytest.raises(kind, match=words):
            studio.import_model(str(tmp_path / source))
    runs = own_home / "runs"
    assert not runs.is_dir() or not any(path.is_dir() for path in runs.iterdir())
    file(tmp_path / "mixed" / "model_0")
    file(tmp_path / "mixed" / "model_1", head=chemprop_nn.RegressionFFN)
    with pytest.raises(BadRecipe, match="not of one form"):
        studio.import_model(str(tmp_path / "mixed"))
    with pytest.raises(BadRecipe, match=r"as \.zip, \.pt \(chemprop 2\) or \.onnx, and 'toy\.h5' came"):
        studio.write_model("bbbp-mmsa", tmp_path / "toy.h5")


@pytest.mark.parametrize("kind", ["foreign", "dmpnn"])
@pytest.mark.release
def test_onnx_predicts_what_the_model_does(tmp_path: Path, own_home: Path, kind: str) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    if kind == "foreign":
        name = studio.import_model(str(file(tmp_path / "kinase" / "model_0"))).name
    else:
        save_toy(own_home / "runs" / "toy" / "model")
        name = "toy"
    assert "the whole network" in studio.write_model(name, tmp_path / "model.onnx")
    predictor = checkpoints.load(studio.model(name).folder)
    network = onnx_export.Network(predictor)
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    for chosen in (SMILES, ["C"]):
        known = features("graph2d", chosen, home=default_home())
        records = {"graph2d": collate(known.take(np.arange(len(chosen))), "graph2d")}
        given = {key: value.numpy() for key, value in network.inputs(records).items()}
        (found,) = session.run(None, {one.name: given[one.name] for one in session.get_inputs()})
        np.testing.assert_allclose(found, here(name, chosen), atol=1e-5)


def test_what_onnx_cannot_hold_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="ONNX cannot hold branch 'graph2d', a gin"):
        studio.write_model("bbbp-mmsa", tmp_path / "model.onnx")
    with pytest.raises(BadRecipe, match="ONNX holds a network that predicts"):
        studio.write_model("mmfrl", tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.skipif(studio.admet_folder() is None, reason="the extra 'admet' is not installed: pip install .[admet]")
def test_admet_ai_predicts_here_what_chemprop_makes_of_its_files() -> None:
    folder = studio.admet_folder()
    assert folder is not None
    made = studio.import_model(studio.ADMET)
    assert isinstance(made, studio.Ensemble)
    assert made.card is not None
    names = [task.name for task in made.card.data.tasks]
    assert (len(names), len(made.members)) == (41, 5)
    units = {task.name: task.unit for task in made.card.data.tasks}
    assert units["Solubility_AqSolDB"] == "log(mol/L)"
    expected = np.hstack([
        np.mean([by_chemprop(path) for path in sorted((folder / "models" / kind).glob("*.pt"))], axis=0)
        for kind in ("admet_classification", "admet_regression")
    ])  # fmt: skip
    np.testing.assert_allclose(here(made.name), expected, rtol=1e-5, atol=1e-5)
    data = studio.add_dataset("\n".join(f"{smiles} m{row}" for row, smiles in enumerate(SMILES)), "Few").name
    studio.embed(made.name, data)
    colors = studio.color_names(made.name, data)
    assert {f"prediction: {name}" for name in names} <= set(colors)
    shown = studio.color(made.name, data, "hidden", "prediction: hERG")
    np.testing.assert_allclose(shown.values, expected[:, names.index("hERG")], atol=1e-5)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.studio.upkeep.admet_folder", lambda: None)
    with pytest.raises(NotAvailable, match=r"pip install 'mmexplore\[admet\]'"):
        studio.import_model(studio.ADMET)
