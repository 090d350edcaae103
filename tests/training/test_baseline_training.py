"""Baselines, stacks and frozen branches are trained as networks are, and see no molecule that is not for training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import part
from sklearn.preprocessing import QuantileTransformer

from mmexplore.datasets import Dataset, Task
from mmexplore.datasets.splits import split
from mmexplore.explore.explain.fusion import fusion_report
from mmexplore.explore.neighbors.query import embed_few
from mmexplore.features.store import features
from mmexplore.models import checkpoints, registry
from mmexplore.models.embed import embedding
from mmexplore.recipes.presets import CEILING, PATIENCE, preset
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import default_home
from mmexplore.runtime.registry import BASELINES
from mmexplore.training.train import train

FAST = {"rounds": 10, "rounds_of_classes": 10}
TINY = {"hidden_size": 12, "depth": 2}
CPU = {"training": {"device": "cpu", "precision": "float32", "epochs": 2, "batch_size": 32}}
COUNTS = {"encoder": "fingerprint_mlp", "name": "counts", "options": {"layers": 0}}
DESCRIPTORS = {"encoder": "descriptor_mlp", "name": "descriptors", "options": {"layers": 0}}
DATA = {"data": {"split": "random"}}
BOOSTING = parse(DATA | {"branches": [COUNTS, DESCRIPTORS], "baseline": {"name": "boosting", "options": FAST}})


def stack_of(gates: str = "constant") -> Recipe:
    """Boosting, a support vector machine on a frozen encoder, and a network."""
    frozen = {"encoder": "dmpnn", "name": "graph", "options": TINY, "frozen": True}
    members = [
        {"name": "boosting", "branches": [COUNTS], "baseline": {"name": "boosting", "options": FAST}},
        {"name": "svm", "branches": [frozen, DESCRIPTORS], "baseline": {"name": "svm"}},
        {"name": "network", "branches": [{"encoder": "dmpnn", "options": TINY}], **CPU},
    ]
    return parse(DATA | CPU | {"branches": [], "stack": {"members": members, "folds": 2, "gates": gates}})


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return part()


def mutated(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """Other labels of these molecules."""
    labels = dataset.labels.copy()
    labels[rows] = labels[rows][::-1] * 3 + 1
    return replace(dataset, labels=labels, digest=f"{dataset.digest}-mutated")


def classed(dataset: Dataset) -> Dataset:
    high = (dataset.labels > np.median(dataset.labels)).astype(np.float32)
    other = np.where(np.arange(len(high))[:, None] % 3 == 0, np.nan, 1 - high).astype(np.float32)
    tasks = (Task("high", "classification"), Task("low", "classification"))
    return replace(dataset, labels=np.hstack([high, other]), tasks=tasks, digest=f"{dataset.digest}-classed")


def predicted(folder: Path, task: str) -> np.ndarray:
    return pd.read_parquet(folder / "predictions.parquet")[task].to_numpy()


@pytest.mark.parametrize("recipe", [BOOSTING, stack_of()], ids=["boosting", "stack"])
def test_no_label_of_validation_or_test_part_is_seen(recipe: Recipe, dataset: Dataset, tmp_path: Path) -> None:
    if recipe.stacks:  # a network watches its validation part, as it is there for
        values = recipe.model_dump(mode="json")
        values["stack"]["members"] = values["stack"]["members"][:2]
        recipe = parse(values)
    parts = split(list(dataset.smiles), "random", 0, (0.8, 0.1, 0.1))
    others = np.concatenate([parts.validation, parts.test])
    train(recipe, dataset, tmp_path / "a", home=default_home())
    train(recipe, mutated(dataset, others), tmp_path / "b", home=default_home())
    task = dataset.tasks[0].name
    np.testing.assert_array_equal(predicted(tmp_path / "a", task), predicted(tmp_path / "b", task))


@pytest.mark.parametrize("name", BASELINES.names())
def test_a_baseline_sees_no_row_of_the_test_part(name: str, dataset: Dataset, tmp_path: Path) -> None:
    """What it learned is the same arrays, whatever the molecules and labels of the other parts are."""
    quick = {"boosting": FAST, "forest": {"trees": 5}}.get(name, {})
    recipe = parse(DATA | {"branches": [COUNTS, DESCRIPTORS], "baseline": {"name": name, "options": quick}})
    parts = split(list(dataset.smiles), "random", 0, (0.8, 0.1, 0.1))
    others = np.concatenate([parts.validation, parts.test])
    smiles = dataset.smiles.copy()
    smiles[others] = [f"{'C' * (number + 3)}[Se]CCCl" for number in range(len(others))]
    foreign = replace(mutated(dataset, others), smiles=smiles, digest="foreign")
    train(recipe, dataset, tmp_path / "a", home=default_home())
    train(recipe, foreign, tmp_path / "b", home=default_home())
    one, other = (checkpoints.load(tmp_path / run / "model").state_dict() for run in "ab")
    assert one.keys() == other.keys()
    assert [key for key, values in one.items() if not torch.equal(values, other[key])] == []


def test_a_baseline_is_a_model_like_any_other(dataset: Dataset, tmp_path: Path) -> None:
    home = default_home()
    folder = registry.new_run("my boosting", home=home)
    card = train(BOOSTING, dataset, folder, name="my boosting", home=home)
    assert card.metrics["test"]["rmse"] > 0
    assert (card.epochs_run, card.encoder_epochs) == (0, 0)
    assert not (folder / "resume").exists()
    kept = [path for path in (folder / "model").iterdir() if not seals.is_seal(path)]
    assert {path.suffix for path in kept} == {".json", ".md", ".safetensors"}
    model = registry.model(folder.name, home=home)
    assert model.name in [one.name for one in registry.models(home=home)]
    assert model.views == ("features", "counts", "descriptors")
    made = embedding(model, dataset, home=home)
    assert made.view("features").shape == (len(dataset), 1024 + made.dimensions["descriptors"])
    np.testing.assert_array_equal(made.view("counts"), made.view("features")[:, :1024])
    np.testing.assert_allclose(made.predictions[:, 0], predicted(folder, dataset.tasks[0].name), rtol=1e-6, atol=1e-6)
    few = embed_few(model.folder, list(dataset.smiles[:3]), home=home)
    np.testing.assert_allclose(few.predictions, made.predictions[:3], rtol=1e-6, atol=1e-6)
    twin = registry.model(f"untrained:{model.name}", home=home)
    assert embed_few(twin.folder, ["CCO"], home=home).views["counts"].shape == (1, 1024)


def test_descriptors_are_ranked_among_the_training_molecules_alone(dataset: Dataset, tmp_path: Path) -> None:
    train(BOOSTING, dataset, tmp_path, home=default_home())
    parts = split(list(dataset.smiles), "random", 0, (0.8, 0.1, 0.1))
    raw = features("rdkit_descriptors", dataset.smiles, home=default_home()).take(np.arange(len(dataset)))
    values = raw.columns["values"].astype(np.float64)
    theirs = QuantileTransformer(n_quantiles=len(parts.train), output_distribution="normal", subsample=None)
    theirs.fit(values[parts.train])
    knots = checkpoints.load(tmp_path / "model").state_dict()["branches.1.scale.knots"].numpy()
    np.testing.assert_allclose(knots[[0, -1]], theirs.quantiles_[[0, -1]], rtol=1e-5)
    made = embed_few(tmp_path / "model", list(dataset.smiles[parts.test]), home=default_home())
    expected = np.clip(theirs.transform(values[parts.test]), -3, 3)
    assert np.abs(made.views["descriptors"] - expected).mean() < 0.02


@pytest.mark.parametrize("gates", ["constant", "learned"])
def test_a_stack_is_a_late_fusion_of_models(gates: str, dataset: Dataset, tmp_path: Path) -> None:
    home = default_home()
    card = train(stack_of(gates), dataset, tmp_path, home=home)
    assert card.encoder_epochs == 2 * 3, "the network, whole and without each of two folds"
    model = registry.model(str(tmp_path), home=home)
    assert model.recipe is not None
    assert model.recipe.summands == model.views == ("boosting", "svm", "network")
    report = fusion_report(model, dataset, home=home)
    assert (report.fusion, report.scale) == ("stack", "z-score")
    np.testing.assert_allclose((report.w * report.p).sum(1), report.prediction, atol=1e-6)
    assert (report.w >= 0).all()
    known = predicted(tmp_path, dataset.tasks[0].name)
    np.testing.assert_allclose(report.prediction * report.std + report.mean, known, rtol=1e-4, atol=1e-4)


def test_a_stack_of_several_classes_with_gaps(dataset: Dataset, tmp_path: Path) -> None:
    values = stack_of().model_dump(mode="json")
    values["stack"]["members"] = values["stack"]["members"][:2]
    card = train(parse(values), classed(dataset), tmp_path, home=default_home())
    assert set(card.per_task["test"]) == {"high", "low"}
    assert 0 <= predicted(tmp_path, "low").min() <= predicted(tmp_path, "low").max() <= 1
    assert any(note.startswith("constant weights") for note in card.notes)


@pytest.mark.parametrize("fusion", ["intermediate", "late"])
def test_a_frozen_branch_stays_as_it_began_and_is_run_once(
    fusion: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branches = [
        {"encoder": "gin", "name": "still", "options": {"layers": 2, "hidden_size": 12}, "frozen": True},
        {"encoder": "dmpnn", "name": "moving", "options": TINY},
        {"encoder": "descriptor_mlp", "name": "descriptors", "options": {"dimension": 12}},
    ]
    recipe = parse(DATA | CPU | {"branches": branches, "fusion": {"name": fusion}})
    torch.manual_seed(0)
    from mmexplore.nn.encoders.gin import GIN

    seen, forward = [], GIN.forward
    monkeypatch.setattr(GIN, "forward", lambda self, records: seen.append(records.n) or forward(self, records))
    card = train(recipe, dataset, tmp_path, home=default_home())
    assert sum(seen) == len(dataset)
    assert card.encoder_epochs == 2 * card.epochs_run
    ended = checkpoints.load(tmp_path / "model").state_dict()
    shorter = train(recipe.with_settings(["training.epochs=1"]), dataset, tmp_path / "one", home=default_home())
    other = checkpoints.load(tmp_path / "one" / "model").state_dict()
    assert shorter.epochs_run == 1
    same = {name: torch.equal(value, other[name]) for name, value in ended.items()}
    assert all(equal for name, equal in same.items() if name.startswith("branches.0."))
    assert not all(equal for name, equal in same.items() if name.startswith("branches.1."))


def test_training_until_it_settles_is_one_rule() -> None:
    for name in ("dmpnn", "mmfrl_late", "all_intermediate"):
        training = preset(name, settled=True).training
        assert (training.epochs, training.patience) == (CEILING, PATIENCE)
    assert preset("boosting", settled=True) == preset("boosting", quick=True) == preset("boosting")


def test_the_watched_score_chooses_the_weights(dataset: Dataset, tmp_path: Path) -> None:
    recipe = parse(DATA | CPU | {"branches": [{"encoder": "dmpnn", "options": TINY}]})
    watching = recipe.with_settings(["training.watch=mae", "training.epochs=4"])
    card = train(watching, dataset, tmp_path, home=default_home())
    history = json.loads((tmp_path / "history.json").read_text())
    assert card.best_epoch == 1 + int(np.argmin([epoch["validation_mae"] for epoch in history]))
    with pytest.raises(BadRecipe, match="roc_auc"):
        train(recipe.with_settings(["training.watch=roc_auc"]), dataset, tmp_path / "b", home=default_home())


@pytest.mark.parametrize(("name", "digest"), [("mmfrl_late", "e8b0d167c41390f1"), ("dmpnn", "adc97f1112aa9439")])
def test_recipes_of_version_0_1_keep_their_digest(name: str, digest: str) -> None:
    assert preset(name).digest == digest
    assert preset(name).with_settings(["branches.0.frozen=true"]).digest != digest
    if preset(name).fusion.name == "late":
        assert preset(name).with_settings(["fusion.options.modality_dropout=0.2"]).digest != digest


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stack": {"members": [{"name": "a"}]}, "branches": []}, "two members"),
        ({"stack": {"members": [{"name": "a"}, {"name": "b"}]}}, "no branches"),
        ({"baseline": {"name": "boosting", "options": {"leafs": 3}}}, "leafs"),
        ({"baseline": {"name": "svm"}, "pretraining": {"name": "mmsa"}}, "without labels"),
        ({"baseline": {"name": "svm"}, "branches": [{"encoder": "gin", "name": "features"}]}, "another name"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(changed: dict, said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        parse(changed)
