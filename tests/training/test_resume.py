"""A training that was stopped or killed goes on, and ends where an uninterrupted one ends."""

import os
import signal
from pathlib import Path

import pytest
import torch
from interrupted import killed_after, part, weights

from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import seals
from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import default_home, read_json
from mmexplore.training import resume
from mmexplore.training.train import train


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    training = {"epochs": 6, "batch_size": 16, "schedule": "noam", "device": "cpu", "precision": "float32"}
    return Recipe.model_validate(
        {
            "data": {"split": "random"},
            "branches": [{"encoder": "dmpnn", "options": {"hidden_size": 24, "depth": 2, "dropout": 0.2}}],
            "fusion": {"options": {"hidden_size": 8}},
            "training": training,
        }
    )


@pytest.mark.release
def test_a_killed_training_goes_on_to_the_same_weights(recipe: Recipe, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed_after(2, recipe, killed)
    assert (killed / "resume" / resume.FILE).is_file()
    assert not (killed / "model").exists()
    card = train(recipe, part(), killed, home=default_home())
    went_on = [note for note in card.notes if note.startswith("went on after epoch")]
    assert int(went_on[0].split()[-1]) >= 2, "at most the epoch in hand is done again"
    train(recipe, part(), whole, home=default_home())
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(killed)[name], value, atol=1e-6, rtol=1e-6)
    histories = [[e["train_loss"] for e in read_json(folder / "history.json")] for folder in (killed, whole)]
    assert histories[0] == pytest.approx(histories[1], rel=1e-6)
    assert not (killed / "resume").exists()


@pytest.mark.release
def test_a_cancelled_training_goes_on_and_another_starts_afresh(recipe: Recipe, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if stage == "train" and done == 2:
            raise Cancelled("stopped by the user")

    for folder in (tmp_path / "one", tmp_path / "other"):
        with pytest.raises(Cancelled):
            train(recipe, part(), folder, progress=stop, home=default_home())
    card = train(recipe, part(), tmp_path / "one", home=default_home())
    assert "went on after epoch 2" in card.notes
    assert card.epochs_run == 6
    other = train(recipe.with_settings(["training.epochs=3"]), part(), tmp_path / "other", home=default_home())
    assert any("started afresh" in note for note in other.notes)
    assert other.epochs_run == 3


def test_a_training_told_to_stop_says_so_and_goes_on(recipe: Recipe, tmp_path: Path) -> None:
    def told(stage: str, done: int, total: int, /, **values: float) -> None:
        if "train_loss" in values and done == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Cancelled, match="SIGTERM"):
        train(recipe, part(), tmp_path, progress=told, home=default_home())
    assert not (tmp_path / "model").exists()
    assert train(recipe, part(), tmp_path, home=default_home()).epochs_run == 6


def test_a_damaged_state_is_left_alone(tmp_path: Path) -> None:
    assert resume.find(tmp_path, "key") == (None, "")
    for content in (b"", b"nonsense", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "):
        (tmp_path / resume.FILE).write_bytes(content)
        found, note = resume.find(tmp_path, "key")
        assert found is None
        assert note.startswith("started afresh")


def test_the_state_is_replaced_whole(tmp_path: Path) -> None:
    """No temporary file stays behind, and the file is there at every moment after the first epoch."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = resume.ResumeState([{"epoch": 1.0}], {k: v.clone() for k, v in model.state_dict().items()}, 1, 0.5)
    for _ in range(3):
        resume.write(tmp_path, "key", state, model, optimizer)
    assert [p.name for p in tmp_path.iterdir() if not seals.is_seal(p)] == [resume.FILE]
    found, note = resume.find(tmp_path, "key")
    assert found is not None
    assert note == "went on after epoch 1"
    other = torch.nn.Linear(3, 2)
    again = torch.optim.Adam(other.parameters())
    found.restore(other, again)
    assert torch.equal(other.weight, model.weight)
    first, second = optimizer.state_dict()["state"], again.state_dict()["state"]
    assert all(torch.equal(first[i][k], second[i][k]) for i in first for k in first[i])
