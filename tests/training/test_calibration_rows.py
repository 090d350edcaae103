"""Calibration rows choose no epoch: whatever their labels are, the same weights come out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import part, weights

from mmexplore.datasets import Dataset, Task
from mmexplore.models import calibration, registry
from mmexplore.models.calibration import FEWEST_APART
from mmexplore.recipes.recipe import APART, Recipe, parse
from mmexplore.runtime.home import default_home
from mmexplore.runtime.progress import silent
from mmexplore.training.data import Prepared, prepare
from mmexplore.training.train import train

NETWORK = parse(
    {
        "data": {"split": "random", "fractions": (0.4, 0.45, 0.15)},
        "branches": [{"encoder": "dmpnn", "options": {"hidden_size": 12, "depth": 2}}],
        "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "device": "cpu", "precision": "float32"},
    }
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return part()


def prepared(recipe: Recipe, dataset: Dataset) -> Prepared:
    return prepare(recipe, dataset, silent, home=default_home())


def with_labels(dataset: Dataset, rows: np.ndarray, labels: np.ndarray) -> Dataset:
    changed = dataset.labels.copy()
    changed[rows] = labels
    return replace(dataset, labels=changed, digest=f"{dataset.digest}-{changed.sum()}")


def test_labels_of_calibration_rows_change_no_weight(dataset: Dataset, tmp_path: Path) -> None:
    rows = prepared(NETWORK, dataset).calibration
    assert len(rows) >= FEWEST_APART
    other = with_labels(dataset, rows, dataset.labels[rows][::-1] * 5 - 30)
    card = train(NETWORK, dataset, tmp_path / "a", home=default_home())
    again = train(NETWORK, other, tmp_path / "b", home=default_home())
    assert card.best_epoch == again.best_epoch
    assert card.split.calibration == len(rows)
    first, second = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    made = calibration.calibration(registry.model(str(tmp_path / "a"), home=default_home()))
    assert made is not None
    assert made.apart
    np.testing.assert_allclose(made.truth, dataset.labels[rows], rtol=1e-6)
    (tmp_path / "a" / "model" / calibration.FILE).unlink()  # as of a model that ships without labels
    same = calibration.calibration(registry.model(str(tmp_path / "a"), home=default_home()))
    assert same is not None
    assert same.apart
    np.testing.assert_allclose(same.truth, made.truth, rtol=1e-6)
    np.testing.assert_allclose(same.prediction, made.prediction, rtol=1e-6)
    assert card.coverage[0].of == card.split.sizes[2]


def test_they_are_a_part_of_the_validation_part_and_the_same_for_every_seed(dataset: Dataset) -> None:
    found = prepared(NETWORK, dataset)
    validation = found.parts["validation"]
    assert set(found.calibration) < set(validation)
    assert len(found.calibration) == round(len(validation) * APART)
    np.testing.assert_array_equal(np.sort([*found.calibration, *found.choosing]), validation)
    other = prepared(NETWORK.with_settings(["training.seed=8"]), dataset)
    np.testing.assert_array_equal(other.calibration, found.calibration)


def test_classes_are_shared_out_evenly(dataset: Dataset) -> None:
    rare = (np.arange(len(dataset)) % 5 == 0).astype(np.float32)[:, None]
    classed = replace(dataset, labels=rare, tasks=(Task("rare", "classification"),), digest="classed")
    found = prepared(NETWORK, classed)
    shares = [float(rare[rows].sum()) for rows in (found.calibration, found.choosing)]
    assert abs(shares[0] - shares[1]) <= 1


def test_few_rows_choose_and_calibrate_and_the_words_say_so(dataset: Dataset, tmp_path: Path) -> None:
    few = NETWORK.with_settings(["data.fractions=[0.6,0.2,0.2]", "training.epochs=1"])
    assert len(prepared(few, dataset).calibration) == 0
    assert len(prepared(NETWORK.with_settings(["data.calibration=0"]), dataset).calibration) == 0
    card = train(few, dataset, tmp_path, home=default_home())
    made = calibration.calibration(registry.model(str(tmp_path), home=default_home()))
    assert made is not None
    assert not made.apart
    assert card.split.calibration == 0
    assert "chose the epoch, too" in made.words


def test_what_is_fitted_at_once_calibrates_on_the_whole_part(dataset: Dataset) -> None:
    counts = {"encoder": "fingerprint_mlp", "name": "counts", "options": {"layers": 0}}
    boosting = parse({"data": {"split": "random"}, "branches": [counts], "baseline": {"name": "boosting"}})
    found = prepared(boosting, dataset)
    np.testing.assert_array_equal(found.calibration, found.parts["validation"])


def test_the_share_is_part_of_what_a_recipe_means() -> None:
    assert NETWORK.with_settings([f"data.calibration={APART}"]).digest == NETWORK.digest
    assert NETWORK.with_settings(["data.calibration=0"]).digest != NETWORK.digest
