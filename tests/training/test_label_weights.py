"""Weights of classes and tasks in the loss, and tasks of both kinds in one model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scored_models import a_table
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional
from toy_models import a_dataset

from mmexplore import studio
from mmexplore.datasets import Task
from mmexplore.models import metrics
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import preset
from mmexplore.recipes.recipe import Recipe, Training, parse
from mmexplore.runtime.errors import BadRecipe
from mmexplore.training.checks import check
from mmexplore.training.data import Prepared
from mmexplore.training.supervised import criterion, label_weights, loss_of

pytest_plugins = ("screens",)
BOTH = (Task("active", "classification"), Task("logP", "regression"))
SMALL = [
    "training.epochs=2",
    "training.batch_size=32",
    "branches.0.options.hidden_size=16",
    "training.precision=float32",
]


def prepared(labels: np.ndarray, tasks: tuple[Task, ...]) -> Prepared:
    rows = np.arange(len(labels))
    parts = {"train": rows, "validation": rows, "test": rows}
    zero, one = np.zeros(len(tasks), np.float32), np.ones(len(tasks), np.float32)
    return Prepared({}, labels.astype(np.float32), tasks, parts, zero, one, ())


def some_labels() -> np.ndarray:
    rng = np.random.default_rng(0)
    labels = np.column_stack([(rng.random(60) < 0.2), rng.normal(size=60)]).astype(float)
    labels[rng.random(labels.shape) < 0.2] = np.nan
    return labels


def test_balanced_weights_are_scikit_learns() -> None:
    labels = some_labels()
    weights = label_weights(Training(class_weights="balanced"), prepared(labels, BOTH))
    assert weights is not None
    known = labels[np.isfinite(labels[:, 0]), 0]
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=known)
    assert [float(weights.others[0]), float(weights.ones[0])] == pytest.approx(expected.tolist())
    assert float(weights.ones[1]) == float(weights.others[1]) == 1


def test_given_weights_are_pytorchs_and_task_weights_have_a_mean_of_one() -> None:
    labels = some_labels()
    given = Training(class_weights="given", positive_weights=(5,), task_weights=(3, 1))
    weights = label_weights(given, prepared(labels, BOTH))
    assert weights is not None
    assert weights.ones.tolist() == pytest.approx([7.5, 0.5])
    assert weights.others.tolist() == pytest.approx([1.5, 0.5])
    assert label_weights(Training(), prepared(labels, BOTH)) is None


def test_each_task_has_the_loss_of_its_kind() -> None:
    predictor = Predictor(Recipe(), BOTH)
    predictor.label_mean[1], predictor.label_std[1] = 2.0, 0.5
    outputs, labels = torch.randn(12, 2), torch.tensor(some_labels()[:12]).float()
    known = torch.isfinite(labels)
    entropy = functional.binary_cross_entropy_with_logits(
        outputs[known[:, 0], 0], labels[known[:, 0], 0], reduction="sum"
    )
    square = (outputs[known[:, 1], 1] - (labels[known[:, 1], 1] - 2) / 0.5).square().sum()
    assert loss_of(predictor, outputs, labels) == pytest.approx(float((entropy + square) / known.sum()), rel=1e-5)


def test_weights_of_one_change_nothing() -> None:
    predictor = Predictor(Recipe(), BOTH)
    outputs, labels = torch.randn(12, 2), torch.tensor(some_labels()[:12]).float()
    alike = label_weights(Training(task_weights=(2, 2)), prepared(some_labels(), BOTH))
    assert float(loss_of(predictor, outputs, labels, alike)) == float(loss_of(predictor, outputs, labels))


def test_a_given_weight_is_pytorchs_pos_weight() -> None:
    predictor = Predictor(Recipe(), BOTH[:1])
    labels = torch.tensor(np.nan_to_num(some_labels()[:12, :1])).float()
    outputs = torch.randn(12, 1)
    weights = label_weights(Training(class_weights="given", positive_weights=(4,)), prepared(labels.numpy(), BOTH[:1]))
    expected = functional.binary_cross_entropy_with_logits(outputs, labels, pos_weight=torch.tensor([4.0]))
    assert float(loss_of(predictor, outputs, labels, weights)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "tasks", "sentence"),
    [
        (["training.task_weights=[1,2,3]"], BOTH, "one number in task_weights, and 3 came for 2 tasks"),
        (["training.class_weights=balanced"], BOTH[1:], "no target is a classification"),
        (["training.class_weights=given", "training.positive_weights=[1,2,3]"], BOTH, "or one each, and 3 came"),
    ],
)
def test_weights_that_say_nothing_are_refused(settings: list[str], tasks: tuple[Task, ...], sentence: str) -> None:
    data = a_dataset()
    labels = np.resize(np.nan_to_num(some_labels())[:, [BOTH.index(task) for task in tasks]], (len(data), len(tasks)))
    from dataclasses import replace

    table = replace(data, labels=labels.astype(np.float32), tasks=tasks)
    (told,) = check(preset("dmpnn").with_settings([*settings, "data.split=random"]), table).refusals
    assert sentence in told


def test_a_recipe_refuses_weights_that_are_none() -> None:
    for training in ({"task_weights": [0, 1]}, {"class_weights": "given"}, {"positive_weights": [2]}):
        with pytest.raises(BadRecipe):
            parse({"training": training})


@pytest.mark.parametrize("name", ["dmpnn", "boosting"])
def test_classes_and_numbers_are_learned_by_one_model(empty_home: Path, name: str) -> None:
    data = a_table(empty_home)
    settings = [f"data.dataset={data.name}", "data.split=random", "training.class_weights=balanced"]
    recipe = preset(name).with_settings([*settings, *(SMALL if name == "dmpnn" else [])])
    model = studio.train(recipe, empty_home / "runs" / "m")
    assert model.card is not None
    test = model.card.metrics["test"]
    assert {"loss", "roc_auc", "rmse"} <= test.keys()
    assert set(model.card.per_task["test"]["active"]) & {"rmse", "r2"} == set()
    known = studio.predictions(model.name, data.name)
    assert known is not None
    assert known["active"].between(0, 1).all()
    assert not known["logP"].between(0, 1).all()
    found = studio.evaluate(model.name)
    assert found.metrics["rmse"] == pytest.approx(test["rmse"])
    assert found.nearest is not None
    assert {"bedroc", "kendall"} <= found.metrics.keys()
    if name == "dmpnn":
        history = studio.history(model.name)
        assert "validation_loss" in history
        assert history["validation_loss"].idxmin() == model.card.best_epoch
        assert any("tasks of both kinds" in note for note in model.card.notes)


def test_tasks_of_both_kinds_are_watched_by_their_loss() -> None:
    labels = np.nan_to_num(some_labels())
    assert criterion(prepared(labels, BOTH)) == "loss"
    assert criterion(prepared(labels, BOTH), "rmse") == "rmse"
    assert "loss" in metrics.LOWER_IS_BETTER


@pytest.mark.release
def test_balanced_baselines_call_the_rare_class_more_often() -> None:
    from mmexplore.runtime.registry import BASELINES

    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 4)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=150) > 1.6).astype(float)
    weight = np.where(y == 1, 8.0, 1.0)
    for name in ("boosting", "forest", "ridge", "svm"):
        fitted = BASELINES[name]({"x": 4}, 1, ["x"])
        plain, more = (
            fitted.predict_task(x, {k: np.asarray(v) for k, v in fitted.fit_task(x, y, "classification", 0, w).items()}
                                | ({"support": x} if name == "svm" else {}))
            for w in (None, weight)
        )  # fmt: skip
        assert more.mean() > plain.mean(), name
