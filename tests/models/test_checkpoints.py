"""A checkpoint comes back as it was, explains itself, and is refused in words when it is damaged or foreign."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmexplore.datasets import Task
from mmexplore.features.store import features
from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.nn.dataloader import batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import preset
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadCheckpoint
from mmexplore.runtime.home import default_home, read_json, write_json

TASKS = (Task("logS", "regression", "log mol/L"),)
RECIPE = preset("dmpnn").with_settings(["branches.0.options.hidden_size=12", "fusion.options.hidden_size=8"])


@pytest.fixture
def model() -> Predictor:
    torch.manual_seed(0)
    model = Predictor(RECIPE, TASKS).eval()
    model.label_mean.fill_(-3.0)
    return model


@pytest.fixture
def saved(model: Predictor, tmp_path: Path) -> Path:
    card = Card(
        name="a model",
        data=DataUsed(name="solubility", digest="abc", rows=3, tasks=TASKS),
        split=SplitUsed(rule="scaffold", seed=0, sizes=(1, 1, 1)),
        seed=0,
        metrics={"test": {"rmse": 1.0}},
        epochs_run=2,
        best_epoch=1,
        seconds=1.5,
    )
    checkpoints.save(tmp_path / "model", model, RECIPE, card)
    return tmp_path / "model"


def predictions(model: Predictor) -> torch.Tensor:
    described = {"graph2d": features("graph2d", ["CCO", "c1ccccc1", "[Na+].[Cl-]"], home=default_home())}
    with torch.inference_mode():
        return model.predict(next(batches(described, np.zeros((3, 1), np.float32), np.arange(3), 3)))


def test_a_model_comes_back_as_it_was(model: Predictor, saved: Path) -> None:
    again = checkpoints.load(saved)
    assert torch.equal(predictions(again), predictions(model))
    assert again.tasks == TASKS
    assert not again.training
    kept = sorted(path.name for path in saved.iterdir() if not seals.is_seal(path))
    assert kept == ["README.md", "card.json", "recipe.json", "weights.safetensors"]


def test_the_card_explains_the_model(model: Predictor, saved: Path) -> None:
    recipe, card = checkpoints.read(saved)
    assert recipe == RECIPE
    assert card.data.tasks == TASKS
    assert card.parameters == sum(p.numel() for p in model.parameters())
    assert card.versions["torch"] == torch.__version__
    assert card.commit
    assert card.machine
    assert card.created.startswith("20")


def test_reading_imports_no_torch(saved: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mmexplore.models.checkpoints import read; read(Path(sys.argv[1]))"
    )
    program += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program, saved], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("name", ["weights.safetensors", "recipe.json", "card.json"])
def test_a_missing_or_cut_file_is_refused(saved: Path, name: str) -> None:
    content = (saved / name).read_bytes()
    for length in (0, 7, len(content) // 2, len(content) - 3):
        (saved / name).write_bytes(content[:length])
        with pytest.raises(BadCheckpoint):
            checkpoints.load(saved)
    (saved / name).unlink()
    with pytest.raises(BadCheckpoint, match=f"{name} is missing"):
        checkpoints.load(saved)


def test_a_flipped_bit_in_the_weights_is_noticed(saved: Path) -> None:
    path = saved / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="damaged"):
        checkpoints.load(saved)


def edited(path: Path, **values: object) -> None:
    write_json(path, read_json(path) | values)


def test_a_foreign_version_and_foreign_recipes_are_refused(saved: Path) -> None:
    edited(saved / "card.json", format=2)
    with pytest.raises(BadCheckpoint, match="format 2"):
        checkpoints.read(saved)
    edited(saved / "card.json", format=1)
    edited(saved / "recipe.json", branches=[{"encoder": "no_such_encoder"}])
    with pytest.raises(BadCheckpoint, match="no_such_encoder"):
        checkpoints.read(saved)


def test_weights_that_do_not_fit_are_refused(saved: Path) -> None:
    wider = RECIPE.with_settings(["branches.0.options.hidden_size=16"])
    write_json(saved / "recipe.json", wider.model_dump(mode="json"))
    with pytest.raises(BadCheckpoint, match="do not fit"):
        checkpoints.load(saved)


def test_a_card_with_more_in_it_is_read(saved: Path) -> None:
    """A later version may say more, as long as the format is the same."""
    edited(saved / "card.json", color="blue")
    assert checkpoints.read(saved)[1].name == "a model"


def test_no_folder_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="no model folder"):
        checkpoints.read(tmp_path / "nowhere")
