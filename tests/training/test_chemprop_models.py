"""Whole models of chemprop 2: they predict here what they predict there; what none here has is refused by name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

pytest.importorskip("chemprop")
from chemprop import nn as chemprop_nn
from chemprop.data import BatchMolGraph
from chemprop.featurizers import SimpleMoleculeMolGraphFeaturizer, get_multi_hot_atom_featurizer
from chemprop.featurizers.bond import MultiHotBondFeaturizer, RIGRBondFeaturizer
from chemprop.featurizers.molecule import MoleculeFeaturizerRegistry
from chemprop.models import MPNN, MulticomponentMPNN, load_model, save_model
from chemprop.nn.transforms import GraphTransform, ScaleTransform, UnscaleTransform
from rdkit import Chem

from mmexplore.features.store import features
from mmexplore.nn.dataloader import batches
from mmexplore.nn.graphs.features import SCHEMES
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe
from mmexplore.runtime.home import default_home
from mmexplore.training import chemprop_io, chemprop_models, warm_start

SMILES = [
    "CCO", "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "[Na+].[Cl-]", "O=S(=O)(c1ccc(Br)cc1)N1CCOCC1", "[Xe]", "C",
    "F[Si](F)(F)F", "[H][H]", "*c1ccccc1", "C/C=C/C#N", "O=[Se]=O", "[Fe+2].[O-]C", "N->[Pt](Cl)(Cl)<-N",
    "CN1CCC[C@H]1C",
]  # fmt: skip
SMILES = [Chem.CanonSmiles(smiles) for smiles in SMILES]


def graphs(mode: str = "V2") -> BatchMolGraph:
    bonds = RIGRBondFeaturizer() if mode == "RIGR" else MultiHotBondFeaturizer()
    featurizer = SimpleMoleculeMolGraphFeaturizer(get_multi_hot_atom_featurizer(mode), bonds)
    return BatchMolGraph([featurizer(Chem.MolFromSmiles(smiles)) for smiles in SMILES])


def ours(model: Predictor) -> np.ndarray:
    known = {m: features(m, SMILES, o, home=default_home()) for m, o in model.recipe.modalities.items()}
    nothing = np.empty((len(SMILES), len(model.tasks)), np.float32)
    with torch.inference_mode():
        return model.predict(next(batches(known, nothing, np.arange(len(SMILES)), len(SMILES)))).numpy()


WIDTHS = {"V1": (133, 14), "V2": (72, 14), "ORGANIC": (44, 14), "RIGR": (52, 2)}


def a_model(
    mode: str = "V2",
    body: Any = chemprop_nn.BondMessagePassing,
    pool: Any = None,
    head: Any = chemprop_nn.RegressionFFN,
    hidden: Any = 20,
    layers: int = 1,
    activation: Any = "relu",
    batch_norm: bool = False,
    extra: int = 0,
    **options: Any,
) -> MPNN:
    torch.manual_seed(0)
    width, tasks = 24, 2
    passing = body(*WIDTHS[mode], d_h=width, activation=activation, **options)
    about: dict[str, Any] = {"n_tasks": tasks, "input_dim": width + extra, "hidden_dim": hidden, "n_layers": layers}
    if issubclass(head, chemprop_nn.RegressionFFN):
        about["output_transform"] = UnscaleTransform([1.5, -2.0], [2.0, 0.25])
    scale = ScaleTransform(torch.rand(extra).tolist(), (torch.rand(extra) + 0.5).tolist()) if extra else None
    made = MPNN(
        passing, pool or chemprop_nn.MeanAggregation(), head(**about, activation=activation),
        batch_norm=batch_norm, X_d_transform=scale,
    )  # fmt: skip
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
        if isinstance(layer, nn.PReLU):
            layer.weight.data.fill_(0.7)
    return made.eval()


def kept(model: MPNN, folder: Path, names: Any = ("a", "b")) -> Path:
    save_model(folder / "model.pt", model, list(names))
    return folder / "model.pt"


def theirs(path: Path, mode: str = "V2", extra: torch.Tensor | None = None) -> np.ndarray:
    with torch.inference_mode():
        found: np.ndarray = load_model(path).eval()(graphs(mode), None, extra).numpy()
    return found


@pytest.mark.parametrize("mode", ["V2", "ORGANIC", "RIGR"])
def test_atoms_and_bonds_have_chemprops_features(mode: str) -> None:
    scheme, batch = SCHEMES[mode.lower()], graphs(mode)
    known = next(batches({"graph2d": features("graph2d", SMILES, home=default_home())}, np.empty((len(SMILES), 0)),
                         np.arange(len(SMILES)), len(SMILES))).records["graph2d"]  # fmt: skip
    assert (scheme.atoms, scheme.bonds) == WIDTHS[mode]
    assert torch.equal(scheme.of_atoms(known), batch.V)
    assert torch.equal(scheme.of_bonds(known).repeat_interleave(2, 0), batch.E)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "V1", "bias": True, "activation": nn.ELU(alpha=0.5), "pool": chemprop_nn.SumAggregation()},
        {"mode": "ORGANIC", "activation": "tanh", "depth": 5, "layers": 3, "undirected": True},
        {"mode": "RIGR", "activation": nn.PReLU(), "pool": chemprop_nn.NormAggregation(norm=7.0)},
        {"body": chemprop_nn.AtomMessagePassing, "activation": "leakyrelu", "bias": True, "batch_norm": True},
        {"body": chemprop_nn.AtomMessagePassing, "mode": "RIGR", "depth": 1, "undirected": True, "layers": 0},
        {"pool": chemprop_nn.AttentiveAggregation(output_size=24), "hidden": [30, 10], "layers": 2},
        {"head": chemprop_nn.BinaryClassificationFFN, "activation": nn.GELU(), "batch_norm": True},
        {"head": chemprop_nn.BinaryClassificationFFN, "activation": "selu", "dropout": 0.3},
    ],
    ids=str,
)
def test_a_model_predicts_here_what_it_predicts_there(tmp_path: Path, options: dict[str, Any]) -> None:
    path = kept(a_model(**options), tmp_path)
    found = chemprop_models.load(path)
    kind = "classification" if "head" in options else "regression"
    assert [(task.name, task.kind) for task in found.tasks] == [("a", kind), ("b", kind)]
    np.testing.assert_allclose(ours(found.predictor), theirs(path, options.get("mode", "V2")), atol=1e-5)
    chemprop_io.save(found.predictor, "mpnn", tmp_path / "again.pt")
    np.testing.assert_allclose(
        theirs(tmp_path / "again.pt", options.get("mode", "V2")), ours(found.predictor), atol=1e-5
    )


def test_of_a_mean_with_its_variance_the_mean_is_predicted(tmp_path: Path) -> None:
    path = kept(a_model(head=chemprop_nn.MveFFN), tmp_path)
    found = chemprop_models.load(path)
    np.testing.assert_allclose(ours(found.predictor), theirs(path)[..., 0], atol=1e-5)
    assert "MVE" in found.notes[0]


@pytest.mark.parametrize("names", [["rdkit_2d"], ["morgan_binary"], ["morgan_count", "rdkit_2d"]], ids=str)
def test_descriptors_are_what_chemprop_makes_of_them(tmp_path: Path, names: list[str]) -> None:
    makers = [MoleculeFeaturizerRegistry[name]() for name in names]
    rows = [np.hstack([make(Chem.MolFromSmiles(smiles)) for make in makers]) for smiles in SMILES]
    extra = torch.tensor(np.nan_to_num(np.array(rows, np.float32)))
    path = kept(a_model(extra=extra.shape[1]), tmp_path)
    with pytest.raises(BadRecipe, match=r"descriptors besides the graph, and no config\.toml beside it says which"):
        chemprop_models.load(path)
    expected = theirs(path, extra=extra)
    np.testing.assert_allclose(ours(chemprop_models.load(path, names).predictor), expected, rtol=1e-5, atol=1e-5)
    (tmp_path / "config.toml").write_text(f"molecule-featurizers = [{', '.join(names)}]\nadd-h = false\n")
    np.testing.assert_allclose(ours(chemprop_models.load(path).predictor), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(BadRecipe, match="and morgan_binary, morgan_binary are 4,096"):
        chemprop_models.load(path, ["morgan_binary"] * 2)
    with pytest.raises(BadRecipe, match="'v1_rdkit_2d' are not made here"):
        chemprop_models.load(path, ["v1_rdkit_2d"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"head": chemprop_nn.EvidentialFFN}, "an evidential head"),
        ({"head": chemprop_nn.predictors.QuantileFFN}, "a quantile head"),
        ({"head": chemprop_nn.BinaryDirichletFFN}, "a Dirichlet head"),
        ({"head": chemprop_nn.SpectralFFN}, "a spectral head"),
        ({"d_vd": 5}, "descriptors of atoms from a file"),
        ({"activation": nn.Hardtanh()}, "activation 'hardtanh'"),
    ],
    ids=str,
)
def test_what_no_model_here_has_is_refused_by_name(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRecipe, match=words):
        chemprop_models.load(kept(a_model(**options), tmp_path))


def test_other_kinds_of_models_are_refused_by_name(tmp_path: Path) -> None:
    body = chemprop_nn.BondMessagePassing(d_h=24)
    two = chemprop_nn.MulticomponentMessagePassing([body, body], 2)
    head = chemprop_nn.RegressionFFN(input_dim=48)
    several = MulticomponentMPNN(two, chemprop_nn.MeanAggregation(), head)
    with pytest.raises(BadRecipe, match="takes several components"):
        chemprop_models.load(kept(several, tmp_path))
    reactions = MPNN(
        chemprop_nn.BondMessagePassing(106, 28, d_h=24), chemprop_nn.MeanAggregation(), a_model().predictor
    )
    with pytest.raises(BadRecipe, match="reads reactions"):
        chemprop_models.load(kept(reactions, tmp_path))
    of_atoms = a_model()
    of_atoms.hparams["message_passing"]["cls"] = chemprop_nn.MABBondMessagePassing
    with pytest.raises(BadRecipe, match="atoms' or bonds' targets"):
        chemprop_models.load(kept(of_atoms, tmp_path))
    scaled = GraphTransform(ScaleTransform([0.0] * 72, [1.0] * 72), nn.Identity())
    with pytest.raises(BadRecipe, match="without extra atom or bond features"):
        chemprop_models.load(kept(a_model(graph_transform=scaled), tmp_path))
    torch.save({"args": {}, "state_dict": {}, "data_scaler": None}, tmp_path / "one.pt")
    with pytest.raises(BadCheckpoint, match="a model of chemprop 1"):
        chemprop_models.load(tmp_path / "one.pt")


def test_arrays_that_do_not_fit_their_description_are_refused(tmp_path: Path) -> None:
    model = a_model()
    content = {"hyper_parameters": model.hparams, "state_dict": model.state_dict(), "output_columns": ["a", "b"]}
    content["state_dict"]["message_passing.W_h.weight"] = torch.zeros(3, 3)
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(BadCheckpoint, match="do not fit"):
        chemprop_models.load(tmp_path / "odd.pt")
    del content["state_dict"]["predictor.ffn.0.0.weight"]
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(BadCheckpoint, match="no feed-forward head"):
        chemprop_models.load(tmp_path / "odd.pt")


def test_a_foundation_file_starts_a_branch_and_comes_in_without_a_head(tmp_path: Path) -> None:
    """A file of CheMeleon's form, whose width is 2,048 and depth 6: 72 + 14 features, ReLU, no bias."""
    body = chemprop_nn.BondMessagePassing(72, 14, d_h=64, depth=6)
    plain = {k: v for k, v in body.hparams.items() if isinstance(v, int | float | bool)} | {"activation": "relu"}
    torch.save({"hyper_parameters": plain, "state_dict": body.state_dict()}, tmp_path / "foundation.pt")
    start = f"chemprop:{tmp_path / 'foundation.pt'}"

    def branch(**options: Any) -> Predictor:
        torch.manual_seed(1)
        values: dict[str, Any] = {"branches": [{"encoder": "mpnn", "start": start, "options": options}]}
        return Predictor(parse(values), [])

    with pytest.raises(BadRecipe, match=r"--set branches.0.options.depth=6 --set branches.0.options.hidden_size=64"):
        warm_start.begin(branch(), home=default_home())
    started = branch(depth=6, hidden_size=64, readout="mean")
    assert "started from chemprop's checkpoint foundation.pt" in warm_start.begin(started, home=default_home())[0]
    for name, value in body.state_dict().items():
        assert torch.equal(started.branches[0].state_dict()[name], value)
    alone = chemprop_models.load(tmp_path / "foundation.pt")
    assert alone.tasks == ()
    assert torch.equal(alone.predictor.branches[0].W_h.weight, body.W_h.weight)


def test_models_of_other_tasks_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    classes = kept(a_model(head=chemprop_nn.BinaryClassificationFFN, layers=2), tmp_path, ["x", "y"])
    values = kept(a_model(layers=2), tmp_path / "one")
    parts = {"classes": chemprop_models.load(classes), "values": chemprop_models.load(values)}
    both = chemprop_models.side_by_side(parts)
    assert [task.name for task in both.tasks] == ["x", "y", "a", "b"]
    np.testing.assert_allclose(ours(both.predictor), np.hstack([theirs(classes), theirs(values)]), atol=1e-5)
    assert "'values' under a fresh head" in chemprop_io.save(both.predictor, "values", tmp_path / "both.pt")


TRAININGS = {
    "plain": "-t regression",
    "bias": "-t regression --message-bias --activation ELU --ffn-num-layers 2 --aggregation mean",
    "described": "-t regression --atom-messages --activation PRELU --molecule-featurizers rdkit_2d morgan_binary",
    "classes": "-t classification --undirected --ensemble-size 2 --multi-hot-atom-featurizer-mode RIGR",
}
_PROGRAM = """
import json, sys
from chemprop.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["chemprop", *words]
    main()
"""


@pytest.mark.slow
@pytest.mark.release
def test_what_chemprops_command_line_trains_predicts_here_the_same(tmp_path: Path) -> None:
    n = 40
    smiles = [f"{'C' * (1 + i % 9)}{'ONPS'[i % 4]}{'C' * (i % 5)}" for i in range(n)]
    table = pd.DataFrame({"smiles": smiles, "value": np.linspace(-2, 5, n)})
    table.to_csv(tmp_path / "values.csv", index=False)
    table.assign(value=np.arange(n) % 3 == 0).astype({"value": int}).to_csv(tmp_path / "classes.csv", index=False)
    calls = []
    for name, words in TRAININGS.items():
        file = "classes.csv" if name == "classes" else "values.csv"
        train = f"train -i {file} -o {name} --epochs 2 --warmup-epochs 1 --batch-size 8 --accelerator cpu {words}"
        calls.append(train.split())
        predict = f"predict -i values.csv -o {name}.csv --model-paths {name} --accelerator cpu --drop-extra-columns"
        kinds = [part for part in words.split("--") if part.startswith(("molecule-feat", "multi-hot"))]
        calls.append([*predict.split(), *(word for part in kinds for word in f"--{part}".split())])
    command = [sys.executable, "-c", _PROGRAM, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    global SMILES  # noqa: PLW0603
    before, SMILES = SMILES, smiles
    try:
        for name in TRAININGS:
            files = sorted((tmp_path / name).rglob("best.pt"))
            found = np.mean([ours(chemprop_models.load(file).predictor) for file in files], axis=0)
            expected = pd.read_csv(tmp_path / f"{name}.csv")[["value"]].to_numpy()
            np.testing.assert_allclose(found, expected, atol=1e-5)
        last = next((tmp_path / "plain").rglob("last.ckpt"))
        assert chemprop_models.load(last).tasks[0].name == "pred_0"
    finally:
        SMILES = before
