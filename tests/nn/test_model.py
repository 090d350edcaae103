"""A predictor is what its recipe says, and speaks in the units of its tasks."""

import numpy as np
import pytest
import torch

from mmexplore.datasets import Task
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import preset, preset_names
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.home import default_home

SMILES = ["CCO", "c1ccccc1", "[Na+].[Cl-]"]


def batch(recipe: Recipe | None = None) -> Batch:
    wanted = recipe.modalities if recipe else {"graph2d": {}}
    described = {name: features(name, SMILES, options, home=default_home()) for name, options in wanted.items()}
    return next(batches(described, np.zeros((3, 1), np.float32), np.arange(3), 3))


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_makes_its_views_and_outputs(name: str) -> None:
    recipe = preset(name)
    model = Predictor(recipe, [Task("a", "regression"), Task("b", "regression")]).eval()
    found = model(batch(recipe))
    assert found.outputs.shape == (3, 2)
    assert tuple(found.views) == recipe.views
    assert all(view.shape[0] == 3 for view in found.views.values())


def test_classification_is_read_as_probabilities() -> None:
    model = Predictor(preset("dmpnn"), [Task("a", "classification")]).eval()
    found, outputs = model.predict(batch()), model(batch()).outputs
    torch.testing.assert_close(found, 1 / (1 + torch.exp(-outputs)))


def test_regression_is_read_in_original_units() -> None:
    model = Predictor(preset("dmpnn"), [Task("a", "regression"), Task("b", "regression")]).eval()
    model.label_mean.copy_(torch.tensor([5.0, -1.0]))
    model.label_std.copy_(torch.tensor([2.0, 0.1]))
    values = torch.tensor([[7.0, -1.0], [5.0, -0.9]])
    torch.testing.assert_close(model.scale(values), torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    torch.testing.assert_close(model.readable(model.scale(values)), values)


def test_names_of_views_do_not_matter_to_the_weights() -> None:
    """A view may be called anything, also what torch would not take as a module's name."""
    recipe = Recipe.model_validate({"branches": [{"encoder": "dmpnn", "name": "my. view"}]})
    model = Predictor(recipe, [Task("a", "regression")]).eval()
    assert "my. view" in model(batch()).views
    assert model.state_dict().keys() == Predictor(preset("dmpnn"), [Task("a", "regression")]).state_dict().keys()
