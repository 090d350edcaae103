"""Training learns, repeats, refuses what cannot be learned, and keeps what its card says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from chemprop.schedulers import build_NoamLike_LRSched
from sklearn.metrics import mean_squared_error, roc_auc_score

from mmexplore.datasets import Dataset, Task, catalog
from mmexplore.datasets.splits import split
from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import preset
from mmexplore.recipes.recipe import Recipe, Training
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home, read_json
from mmexplore.training import supervised
from mmexplore.training.objective import learning_rate
from mmexplore.training.supervised import loss_of
from mmexplore.training.train import train

TINY = ["branches.0.options.hidden_size=24", "branches.0.options.depth=2", "fusion.options.hidden_size=16"]
SETTINGS = [*TINY, "training.epochs=3", "training.batch_size=16", "training.device=cpu", "training.precision=float32"]
DMPNN = preset("dmpnn").with_settings([*SETTINGS, "data.split=random", "training.schedule=constant"])


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_rows(catalog.load("solubility", home=default_home()), 120)


def first_rows(whole: Dataset, n: int) -> Dataset:
    step = len(whole) // n
    rows = np.arange(n) * step
    regression = (Task("logS", "regression", "log mol/L"),)
    return replace(
        whole, digest=f"{whole.digest}-{n}", smiles=whole.smiles[rows], labels=whole.labels[rows, :1], tasks=regression
    )


def classed(dataset: Dataset, *columns: np.ndarray) -> Dataset:
    """The same molecules with 0/1 labels: whether the solubility is high, or these columns."""
    labels = np.stack(columns or [(dataset.labels[:, 0] > np.median(dataset.labels[:, 0]))], 1).astype(np.float32)
    tasks = tuple(Task(f"task {i}", "classification") for i in range(labels.shape[1]))
    return replace(dataset, labels=labels, tasks=tasks, digest=f"{dataset.digest}-{labels.shape[1]}-classed")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return checkpoints.load(folder / "model").state_dict()


class Heard(list[tuple[str, int, int, dict[str, float]]]):
    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        self.append((stage, done, total, values))


@pytest.mark.slow
def test_a_regression_learns_and_its_scores_are_those_of_its_predictions(dataset: Dataset, tmp_path: Path) -> None:
    recipe = DMPNN.with_settings(["training.epochs=25", "training.learning_rate=0.003"])
    heard = Heard()
    card = train(recipe, dataset, tmp_path, name="mine", progress=heard, home=default_home())
    table = pd.read_parquet(tmp_path / "predictions.parquet")
    assert list(table.columns) == ["row", "split", "logS", "truth: logS"]
    np.testing.assert_array_equal(table["row"], np.arange(len(dataset)))
    np.testing.assert_allclose(table["truth: logS"], dataset.labels[:, 0])
    for part, size in zip(("train", "validation", "test"), card.split.sizes, strict=True):
        rows = table[table["split"] == part]
        assert len(rows) == size
        if part != "train":
            rmse = mean_squared_error(rows["truth: logS"], rows["logS"]) ** 0.5
            assert card.metrics[part]["rmse"] == pytest.approx(rmse, rel=1e-5)
    in_training = table[table["split"] == "train"]
    assert mean_squared_error(in_training["truth: logS"], in_training["logS"]) < 0.5 * in_training["truth: logS"].var()
    history = read_json(tmp_path / "history.json")
    assert card.best_epoch == 1 + int(np.argmin([epoch["validation_rmse"] for epoch in history]))
    assert card.metrics["validation"]["rmse"] == pytest.approx(
        history[card.best_epoch - 1]["validation_rmse"], rel=1e-5
    )
    assert (card.name, card.epochs_run, len(history)) == ("mine", 25, 25)
    assert not (tmp_path / "resume").exists()
    epochs = [values for stage, _, _, values in heard if stage == "train" and "train_loss" in values]
    assert len(epochs) == 25
    assert {"train_loss", "validation_rmse", "molecules_per_second", "seconds_left"} <= epochs[0].keys()


def test_missing_labels_count_nowhere(dataset: Dataset, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    high = (dataset.labels[:, 0] > -3).astype(float)
    holes = np.where(rng.random(len(high)) < 0.5, np.nan, high)
    constant = np.where(rng.random(len(high)) < 0.5, np.nan, 1.0)
    several = classed(dataset, high, holes, constant)
    card = train(DMPNN, several, tmp_path, home=default_home())
    table = pd.read_parquet(tmp_path / "predictions.parquet")
    test = table[table["split"] == "test"]
    known = test["truth: task 1"].notna()
    areas = [
        roc_auc_score(test["truth: task 0"], test["task 0"]),
        roc_auc_score(test["truth: task 1"][known], test["task 1"][known]),
    ]
    assert card.metrics["test"]["roc_auc"] == pytest.approx(np.mean(areas))
    assert card.metrics["test"]["tasks"] == 2
    assert any("1 of 3 tasks have no two different labels" in note for note in card.notes)
    assert table[["task 0", "task 1", "task 2"]].to_numpy().min() >= 0


def test_the_loss_is_the_mean_over_labels_that_are_there() -> None:
    recipe = DMPNN
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(6, 2))
    labels[rng.random(labels.shape) < 0.4] = np.nan
    outputs, known = rng.normal(size=(6, 2)), ~np.isnan(labels)
    model = Predictor(recipe, [Task("a", "regression"), Task("b", "regression")])
    model.label_mean.copy_(torch.tensor([1.0, 2.0]))
    model.label_std.copy_(torch.tensor([0.5, 3.0]))
    expected = (((labels - [1, 2]) / [0.5, 3] - outputs) ** 2)[known].mean()
    found = loss_of(model, torch.tensor(outputs).float(), torch.tensor(labels).float())
    assert float(found) == pytest.approx(expected, rel=1e-5)
    model = Predictor(recipe, [Task("a", "classification"), Task("b", "classification")])
    yes = np.where(known, labels > 0, np.nan)
    p = 1 / (1 + np.exp(-outputs))
    expected = -np.log(np.where(yes == 1, p, 1 - p))[known].mean()
    found = loss_of(model, torch.tensor(outputs).float(), torch.tensor(yes).float())
    assert float(found) == pytest.approx(expected, rel=1e-5)
    gradient = torch.zeros(6, 2, requires_grad=True)
    loss_of(model, gradient, torch.tensor(yes).float()).backward()
    assert gradient.grad is not None
    np.testing.assert_array_equal(gradient.grad.numpy() != 0, known)


@pytest.mark.release
def test_the_same_seed_gives_the_same_weights(dataset: Dataset, tmp_path: Path) -> None:
    recipe = DMPNN.with_settings(["branches.0.options.dropout=0.2"])
    for name in ("one", "other"):
        train(recipe, dataset, tmp_path / name, home=default_home())
    assert all(torch.equal(a, weights(tmp_path / "other")[k]) for k, a in weights(tmp_path / "one").items())
    train(recipe.with_settings(["training.seed=1"]), dataset, tmp_path / "seed 1", home=default_home())
    other = weights(tmp_path / "seed 1")
    assert not any(torch.equal(a, other[k]) for k, a in weights(tmp_path / "one").items() if k.endswith("weight"))


@pytest.mark.release
def test_patience_ends_a_training_that_does_not_get_better(dataset: Dataset, tmp_path: Path) -> None:
    recipe = DMPNN.with_settings(["training.epochs=60", "training.patience=3", "training.learning_rate=0.1"])
    card = train(recipe, dataset, tmp_path, home=default_home())
    assert card.epochs_run == card.best_epoch + 3 < 60


@pytest.mark.parametrize(("epochs", "warmup"), [(10, 2.0), (4, 0.0), (5, 1.5)])
def test_noam_is_chemprops_schedule(epochs: int, warmup: float) -> None:
    training = Training(epochs=epochs, schedule="noam", warmup_epochs=warmup, learning_rate=1e-3)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], 1e-4)
    steps, warm = 7, int(warmup * 7)
    theirs = build_NoamLike_LRSched(optimizer, warm, epochs * steps - warm, 1e-4, 1e-3, 1e-4)
    for step in range(epochs * steps):
        assert learning_rate(training, step, steps) == pytest.approx(theirs.get_last_lr()[0], rel=1e-6), step
        optimizer.step()
        theirs.step()


@pytest.mark.release
def test_gin_trains_with_weight_decay_and_noam(dataset: Dataset, tmp_path: Path) -> None:
    options = ["branches.0.options.hidden_size=16", "branches.0.options.layers=2", "training.weight_decay=0.01"]
    common = ["training.epochs=2", "training.batch_size=16", "training.schedule=noam", "data.split=random"]
    card = train(preset("gin").with_settings([*options, *common]), classed(dataset), tmp_path, home=default_home())
    assert card.data.tasks[0].kind == "classification"
    assert card.metrics["test"].keys() == {"roc_auc", "pr_auc", "cross_entropy", "tasks"}


def test_without_labels_to_validate_with_the_last_weights_are_kept(dataset: Dataset, tmp_path: Path) -> None:
    labels = dataset.labels.copy()
    labels[split(list(dataset.smiles), "random").validation] = np.nan
    card = train(DMPNN, replace(dataset, labels=labels, digest="none to validate"), tmp_path, home=default_home())
    assert card.best_epoch == card.epochs_run
    assert card.metrics.keys() == {"test"}
    assert "no labels" in card.notes[0]


def refused(dataset: Dataset, *settings: str, **changes: Any) -> tuple[Recipe, Dataset]:
    return DMPNN.with_settings(settings), replace(dataset, **changes)


def test_what_cannot_be_learned_is_refused_in_words(dataset: Dataset, tmp_path: Path) -> None:
    n, labels = len(dataset), dataset.labels
    two = (Task("a", "regression"), Task("b", "classification"))
    nothing = np.full((n, 1), np.nan, np.float32)
    few = np.where(np.arange(n)[:, None] < 9, labels, np.nan)
    half_empty = {"labels": np.hstack([labels, nothing]), "tasks": (two[0], replace(two[0], name="b"))}
    odd = {"labels": np.full((n, 1), 2.0), "tasks": two[1:]}
    cases = {
        "no labels to learn from": refused(dataset, labels=nothing),
        "no labels to": refused(dataset, labels=labels[:, :0], tasks=()),
        "'b' of 'solubility' holds no number": refused(dataset, **half_empty),
        "9 molecules": refused(dataset, labels=few),
        "are 0 and 1, and 2 came": refused(dataset, **odd),
        "one class": refused(dataset, labels=np.ones((n, 1), np.float32), tasks=two[1:]),
        "one value": refused(dataset, labels=np.ones((n, 1), np.float32)),
        "no label column 'potency'; there are: logS": refused(dataset, 'data.targets=["potency"]'),
        "infinite": refused(dataset, labels=np.where(np.arange(n)[:, None] == 3, np.inf, labels)),
    }
    for sentence, (recipe, data) in cases.items():
        with pytest.raises(BadRecipe, match=sentence):
            train(recipe, data, tmp_path, home=default_home())
    assert list(tmp_path.iterdir()) == []


def test_a_diverging_training_is_named(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "loss_of", lambda model, outputs, labels: outputs.sum() * float("nan"))
    with pytest.raises(BadRecipe, match=r"nan in epoch 1.*learning rate below 0\.001"):
        train(DMPNN, dataset, tmp_path, home=default_home())


def test_a_device_that_is_not_there_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(NotAvailable, match="cuda"):
            train(DMPNN.with_settings(["training.device=cuda"]), dataset, tmp_path, home=default_home())
    with pytest.raises(NotAvailable, match="64"):
        train(DMPNN.with_settings(["training.devices=64"]), dataset, tmp_path, home=default_home())


def test_a_card_is_returned_as_it_was_written(dataset: Dataset, tmp_path: Path) -> None:
    card: Card = train(DMPNN.with_settings(["training.epochs=1"]), dataset, tmp_path, home=default_home())
    assert checkpoints.read(tmp_path / "model")[1] == card
    assert card.data.digest == dataset.digest
    assert card.weights_sha256
