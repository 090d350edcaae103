"""Weights to chemprop and back: the same numbers there and here, and nothing of a file is run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("chemprop")
from chemprop import nn as chemprop_nn
from chemprop.models import MPNN, load_model, save_model
from packed_records import graphs_of
from toy_models import save_model as save_toy

from mmexplore.datasets import Task
from mmexplore.features.store import features
from mmexplore.models import registry
from mmexplore.nn.dataloader import batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.training import chemprop_io, warm_start

SMILES = ["CCO", "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "[Na+].[Cl-]", "O=S(=O)(c1ccc(Br)cc1)N1CCOCC1"]
REGRESSION = [Task("logS", "regression"), Task("logP", "regression")]


def predictor(tasks: list[Task], *names: str, start: str = "", hidden_layers: int = 1, **options: object) -> Predictor:
    torch.manual_seed(0)
    branches = [
        {"encoder": "dmpnn", "name": name, "start": start, "options": {"hidden_size": 32} | options}
        for name in names or ("dmpnn",)
    ]
    fusion: dict[str, Any] = {"options": {"hidden_layers": hidden_layers, "hidden_size": 24}}
    recipe: dict[str, Any] = {"branches": branches, "fusion": {"name": "late"} if len(branches) > 1 else fusion}
    made = Predictor(parse(recipe), tasks).eval()
    if tasks[0].kind == "regression":
        made.label_mean.copy_(torch.linspace(-3, 1, len(tasks)))
        made.label_std.copy_(torch.linspace(0.5, 2, len(tasks)))
    return made


def ours(model: Predictor) -> np.ndarray:
    known = {"graph2d": features("graph2d", SMILES, home=default_home())}
    nothing = np.empty((len(SMILES), len(model.tasks)), np.float32)
    with torch.inference_mode():
        return model.predict(next(batches(known, nothing, np.arange(len(SMILES)), len(SMILES)))).numpy()


@pytest.mark.parametrize(("readout", "depth", "hidden_layers"), [("mean", 3, 1), ("sum", 2, 2), ("norm", 4, 1)])
def test_a_whole_model_predicts_the_same_in_chemprop(
    tmp_path: Path, readout: str, depth: int, hidden_layers: int
) -> None:
    model = predictor(REGRESSION, readout=readout, depth=depth, hidden_layers=hidden_layers)
    assert chemprop_io.save(model, "dmpnn", tmp_path / "model.pt") == "the whole model"
    theirs = load_model(tmp_path / "model.pt").eval()
    with torch.inference_mode():
        np.testing.assert_allclose(theirs(graphs_of(SMILES)).numpy(), ours(model), atol=1e-5)


def test_probabilities_are_the_same(tmp_path: Path) -> None:
    model = predictor([Task("active", "classification"), Task("toxic", "classification")])
    chemprop_io.save(model, "dmpnn", tmp_path / "model.pt")
    with torch.inference_mode():
        found = load_model(tmp_path / "model.pt").eval()(graphs_of(SMILES)).numpy()
    np.testing.assert_allclose(found, ours(model), atol=1e-6)


@pytest.mark.slow
@pytest.mark.release
def test_chemprops_command_line_takes_it(tmp_path: Path) -> None:
    model = predictor(REGRESSION)
    chemprop_io.save(model, "dmpnn", tmp_path / "model.pt")
    pd.DataFrame({"smiles": SMILES}).to_csv(tmp_path / "some.csv", index=False)
    words = ["predict", "--test-path", str(tmp_path / "some.csv"), "--model-paths", str(tmp_path / "model.pt")]
    words += [
        "--multi-hot-atom-featurizer-mode",
        "V1",
        "--preds-path",
        str(tmp_path / "out.csv"),
        "--accelerator",
        "cpu",
    ]
    command = [sys.executable, "-c", "from chemprop.cli.main import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = pd.read_csv(tmp_path / "out.csv")[["logS", "logP"]].to_numpy()
    np.testing.assert_allclose(found, ours(model), atol=1e-5)


@pytest.mark.release
def test_the_shell_writes_one(tmp_path: Path) -> None:
    save_toy(tmp_path / "toy")
    words = ["--model", str(tmp_path / "toy"), "--out", str(tmp_path / "new" / "toy.pt"), "--json"]
    command = [sys.executable, "-m", "mmexplore", "chemprop", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout)["holds"] == "the message passing of 'dmpnn' under a fresh head"
    )  # it has tasks of two kinds
    assert load_model(tmp_path / "new" / "toy.pt").message_passing.W_h.out_features == 16


def test_a_replica_goes_to_chemprop_and_starts_another_one(tmp_path: Path) -> None:
    model = predictor(REGRESSION, "smiles", "image")
    said = chemprop_io.save(model, "image", tmp_path / "replica.pt")
    assert said == "the message passing of 'image' under a fresh head"
    again = predictor(REGRESSION, "one", start=f"chemprop:{tmp_path / 'replica.pt'}")
    assert not torch.equal(again.branches[0].W_h.weight, model.branches[1].W_h.weight)
    assert warm_start.begin(again, home=default_home()) == (
        "branch 'one' started from chemprop's checkpoint replica.pt",
    )
    for name, value in model.branches[1].state_dict().items():
        assert torch.equal(again.branches[0].state_dict()[name], value)


def a_chemprop_model(**options: Any) -> MPNN:
    body = chemprop_nn.BondMessagePassing(**({"d_v": 133, "d_h": 32} | options))
    units = chemprop_nn.UnscaleTransform([1.0], [2.0])
    head = chemprop_nn.RegressionFFN(input_dim=32, output_transform=units)
    return MPNN(body, chemprop_nn.MeanAggregation(), head, metrics=[chemprop_nn.metrics.RMSE()])


def test_a_model_and_a_foundation_file_of_chemprop_start_a_branch(tmp_path: Path) -> None:
    theirs = a_chemprop_model()
    save_model(tmp_path / "model.pt", theirs, ["logS"])
    plain = {k: v for k, v in theirs.message_passing.hparams.items() if isinstance(v, int | float | bool)}
    foundation = {"hyper_parameters": plain, "state_dict": theirs.message_passing.state_dict()}
    torch.save(foundation, tmp_path / "foundation.pt")
    expected = theirs.message_passing.state_dict()
    for file in ("model.pt", "foundation.pt"):
        model = predictor(REGRESSION, start=f"chemprop:{tmp_path / file}")
        warm_start.begin(model, home=default_home())
        for name, value in model.branches[0].state_dict().items():
            assert torch.equal(value, expected[name])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"d_v": 72}, "d_v 133, and the file 72; chemprop reads v1's 133"),
        ({"depth": 5}, "depth 3, and the file 5"),
        ({"activation": "tanh"}, "activation relu, and the file tanh"),
        ({"bias": True}, "bias False, and the file True"),
    ],
)
def test_what_would_compute_something_else_is_refused(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    save_model(tmp_path / "model.pt", a_chemprop_model(**options))
    with pytest.raises(BadRecipe, match=words):
        warm_start.begin(predictor(REGRESSION, start=f"chemprop:{tmp_path / 'model.pt'}"), home=default_home())


class Dangerous:
    """What an evil file would have run: __reduce__ names a function that reading must not call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    trap = {"hyper_parameters": {"d_v": Dangerous(tmp_path / "sprung")}, "state_dict": {}}
    torch.save(trap, tmp_path / "trap.pt")
    with pytest.raises((BadRecipe, BadCheckpoint)):
        warm_start.begin(predictor(REGRESSION, start=f"chemprop:{tmp_path / 'trap.pt'}"), home=default_home())
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"not a file of torch", b"PK\x03\x04 cut off"])
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.pt").write_bytes(content)
    with pytest.raises(BadCheckpoint, match="cannot be read as a chemprop 2 checkpoint"):
        warm_start.begin(predictor(REGRESSION, start=f"chemprop:{tmp_path / 'file.pt'}"), home=default_home())


def test_a_file_that_is_not_there_or_not_for_this_encoder(tmp_path: Path) -> None:
    absent: Recipe = predictor(REGRESSION, start=f"chemprop:{tmp_path / 'absent.pt'}").recipe
    with pytest.raises(NotAvailable, match="there is no such file"):
        registry.check_starts(absent, home=default_home())
    (tmp_path / "file.pt").write_bytes(b"")
    gin = Predictor(parse({"branches": [{"encoder": "gin", "start": f"chemprop:{tmp_path / 'file.pt'}"}]}), REGRESSION)
    with pytest.raises(BadRecipe, match="starts a dmpnn or an mpnn, and branch 'gin' is a gin"):
        warm_start.begin(gin, home=default_home())
    with pytest.raises(BadRecipe, match="'gin' came; this model has: none"):
        chemprop_io.save(gin, "gin", tmp_path / "out.pt")
