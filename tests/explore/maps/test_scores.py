"""Which classes a colour makes, which split a model recorded, and scores that are kept by what they were made from."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_models import a_dataset, save_model

from mmexplore.chem import descriptors
from mmexplore.datasets import Dataset, splits
from mmexplore.explore.maps import color_choices, colors, compute, scores
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.quality import classes_of, quality
from mmexplore.models import registry
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import Home, write_atomically


def test_a_labels_color_makes_the_classes_that_its_map_was_scored_by() -> None:
    data = a_dataset()
    task = data.tasks[0]
    made = scores.color_classes(data, task.name, colors.of_label(data, 0))
    assert made.how == compute.quality_classes(data).how
    assert (made.codes == classes_of(data.labels[:, 0], task.name, task.kind).codes).all()


def test_categories_are_classes_and_numbers_are_cut() -> None:
    data = a_dataset()
    n = len(data)
    values = np.arange(n, dtype=np.float32) % 2
    values[0] = np.nan
    found = scores.color_classes(data, "phase", Color("phase", values, ("I", "II")))
    assert found.codes.tolist() == [-1, *(np.arange(1, n) % 2).tolist()]
    assert len(scores.color_classes(data, "logP", Color("logP", np.arange(n, dtype=np.float32))).names) == 3


def test_a_model_without_a_split_of_the_data_says_why(tmp_path: Path) -> None:
    home = Home(tmp_path)
    data = a_dataset()
    ecfp = registry.model(registry.BASELINE, home=home)
    assert scores.split_of(ecfp, data, home=home).parts is None
    assert "not trained" in scores.split_of(ecfp, data, home=home).why
    save_model(tmp_path / "model")
    other = registry.model(str(tmp_path / "model"), home=home)
    assert scores.split_of(other, data, home=home).parts is None
    assert scores.split_of(other, data, home=home).why


def a_trained(home: Home, data: Dataset, pretrains: bool = False) -> Model:
    """A model that says it was trained on the data, with the split of its training."""
    folder = home.path / "runs" / "toy" / "model"
    save_model(folder)
    found = registry.model("toy", home=home)
    assert found.card
    assert found.recipe
    tasks = () if pretrains else found.card.data.tasks
    used = found.card.data.model_copy(update={"digest": data.digest, "tasks": tasks})
    recipe = found.recipe.model_copy(update={"data": found.recipe.data.model_copy(update={"split": "random"})})
    if pretrains:
        recipe = recipe.model_copy(update={"pretraining": recipe.pretraining.model_copy(update={"name": "mmsa"})})
    else:
        parts = np.array(["train", "test", "validation"])[np.arange(len(data)) % 3]
        values = {task.name: np.zeros(len(data), np.float32) for task in found.card.data.tasks}
        content = io.BytesIO()
        pd.DataFrame({"split": parts} | values).to_parquet(content)
        write_atomically(folder.parent / "predictions.parquet", content.getvalue())
    return replace(found, recipe=recipe, card=found.card.model_copy(update={"data": used}))


def test_an_untrained_twin_is_scored_on_its_originals_test_part(tmp_path: Path) -> None:
    home, data = Home(tmp_path), a_dataset()
    trained = a_trained(home, data)
    twin = registry.model("untrained:toy", home=home)
    assert twin.original == registry.model("toy", home=home)
    ours, its = (
        scores.split_of(trained, data, home=home),
        scores.split_of(replace(twin, original=trained), data, home=home),
    )
    assert its.parts is not None
    assert (ours.parts == its.parts).all()  # type: ignore[union-attr]
    assert ours.digest == its.digest
    x = np.random.default_rng(0).normal(size=(len(data), 3)).astype(np.float32)
    classes = classes_of(np.arange(len(data)) % 2, "kind", "classification")
    assert quality(x, x[:, :2], classes, permutations=2, split=its).test is not None
    assert scores.split_of(replace(twin, original=None), data, home=home).parts is None


def test_a_pretraining_and_its_twin_have_the_split_that_the_recipe_tells(tmp_path: Path) -> None:
    home, data = Home(tmp_path), a_dataset()
    trained = a_trained(home, data, pretrains=True)
    assert trained.recipe
    found = scores.split_of(trained, data, home=home)
    told = splits.split(data.smiles, "random", trained.recipe.data.split_seed, trained.recipe.data.fractions)
    assert found.parts is not None
    assert [np.flatnonzero(found.parts == p).tolist() for p in ("train", "validation", "test")] == [
        part.tolist() for part in (told.train, told.validation, told.test)
    ]
    twin = replace(registry.model("untrained:toy", home=home), original=trained)
    assert scores.split_of(twin, data, home=home).digest == found.digest


def test_descriptors_come_from_workers_with_their_progress_and_one_that_fails_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smiles = ["CCO", "c1ccccc1", "not a molecule", "CC(=O)O", "CCN"]
    told: list[tuple[str, int, int]] = []

    def note(stage: str, done: int, total: int, /, **_: float) -> None:
        told.append((stage, done, total))

    monkeypatch.setattr(descriptors, "_CHUNK", 2)
    found = descriptors.table(smiles, note)
    assert told[0] == ("descriptors", 0, 5)
    assert told[-1] == ("descriptors", 5, 5)
    assert np.isnan(found.loc[2]).all()
    np.testing.assert_array_equal(found.to_numpy(), np.array(descriptors.rows(smiles), float))
    some = descriptors.rows(smiles, ["logP", "rings"])
    np.testing.assert_array_equal(np.array(some, float), found[["logP", "rings"]].to_numpy())


def test_a_color_that_takes_long_is_quick_once_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, data = Home(tmp_path), a_dataset()
    view = registry.model(registry.BASELINE, home=home).view()
    monkeypatch.setattr(colors, "INLINE_ROWS", 2)
    name = "descriptor: logP"
    assert not color_choices.is_quick(view, data, name, home=home)

    def stop(stage: str, done: int, total: int, /, **_: float) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        color_choices.color(view, data, name, stop, home=home)
    assert not color_choices.is_quick(view, data, name, home=home)
    made = color_choices.color(view, data, name, home=home)
    assert color_choices.is_quick(view, data, name, home=home)
    assert np.isfinite(made.values).all()
