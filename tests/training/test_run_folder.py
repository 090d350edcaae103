"""A run folder belongs to one training at a time, keeps how it computes, and is left behind whole or not at all."""

import errno
import itertools
import os
from pathlib import Path

import pytest
import torch
from interrupted import part, weights

from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import devices, files
from mmexplore.runtime import home as homes
from mmexplore.runtime.devices import ProductTiming
from mmexplore.runtime.errors import Cancelled, Taken
from mmexplore.runtime.home import Home, default_home, read_json
from mmexplore.training.train import train


@pytest.fixture
def recipe() -> Recipe:
    options = {"hidden_size": 8, "depth": 2}
    training = {"epochs": 2, "batch_size": 32, "device": "cpu"}
    return Recipe.model_validate(
        {"data": {"split": "random"}, "branches": [{"encoder": "dmpnn", "options": options}], "training": training}
    )


def test_a_folder_is_for_one_training_and_a_model_is_not_trained_over(recipe: Recipe, tmp_path: Path) -> None:
    told: list[str] = []

    def second(stage: str, done: int, total: int, /, **values: float) -> None:
        if stage == "train" and not told:
            with pytest.raises(Taken) as error:
                train(recipe, part(), tmp_path / "run", home=default_home())
            told.append(str(error.value))

    train(recipe, part(), tmp_path / "run", progress=second, home=default_home())
    assert told == [f"another process trains into {tmp_path / 'run'} now; give another --out, or wait for it"]
    before = (tmp_path / "run" / "model" / "card.json").read_bytes()
    with pytest.raises(Taken, match="holds a finished model; give another --out, or --overwrite"):
        train(recipe, part(), tmp_path / "run", home=default_home())
    assert (tmp_path / "run" / "model" / "card.json").read_bytes() == before
    train(recipe, part(), tmp_path / "run", overwrite=True, home=default_home())
    assert (tmp_path / "run" / "model" / "card.json").read_bytes() != before


@pytest.mark.release
def test_numerics_are_decided_once_whatever_later_timings_say(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, slow = ProductTiming(0.5, 3e-7), ProductTiming(2.0, 3e-7)
    timings = itertools.cycle([fast, slow])

    def measured(device: str, rounds: int = 5, side: int = 0) -> dict[str, ProductTiming]:
        return {"highest": ProductTiming(1.0, 2e-7), "medium": next(timings), "bfloat16": ProductTiming(9.0, 3e-3)}

    monkeypatch.setattr(devices, "measure", measured)

    def decide(home: Home) -> str:
        devices._policy.cache_clear()  # as another process would
        return devices.decided("cpu", home=home).matmul

    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    assert [decide(one), decide(other), decide(one), decide(one)] == ["medium", "highest", "medium", "medium"]

    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if "train_loss" in values:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        train(recipe, part(), tmp_path / "run", progress=stop, home=one)
    devices._policy.cache_clear()
    train(recipe, part(), tmp_path / "run", home=other)  # begun as the first home decides, whatever this one does
    told = read_json(tmp_path / "run" / "numerics.json")
    assert (told["matmul"], told["device"], told["precision"]) == ("medium", "cpu", "float32")
    devices._policy.cache_clear()
    train(recipe, part(), tmp_path / "again", home=one)
    for name, value in weights(tmp_path / "again").items():
        torch.testing.assert_close(weights(tmp_path / "run")[name], value, atol=1e-6, rtol=1e-6)
    devices._policy.cache_clear()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_leaves_no_folder(
    number: int, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        if target.is_relative_to(tmp_path):
            raise OSError(number, os.strerror(number))
        source.replace(target)

    monkeypatch.setattr(homes.files, "replace", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) as error:
        train(recipe, part(), tmp_path / "run", home=default_home())
    assert files.disk_words(error.value).startswith(f"a file could not be written: {os.strerror(number)}; make room")
    assert not (tmp_path / "run").exists()
