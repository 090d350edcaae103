"""A few molecules in memory are what the whole data set's embedding says of them, set views included."""

from pathlib import Path

import numpy as np
import pytest
from toy_models import TASKS, a_dataset, save_model

from mmexplore.explore.neighbors.query import among, embed_few
from mmexplore.models import checkpoints, embed
from mmexplore.recipes import recipe
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import default_home


def test_the_same_numbers_as_the_embedding_on_disk(tmp_path: Path) -> None:
    save_model(tmp_path)
    data = a_dataset()
    whole = embed.embed(tmp_path, data, home=default_home())
    few = embed_few(tmp_path, data.smiles[[5, 2, 40]], home=default_home())
    assert set(few.views) == set(whole.views)
    for view, values in few.views.items():
        np.testing.assert_allclose(values, whole.view(view)[[5, 2, 40]], atol=1e-6)
    np.testing.assert_allclose(few.predictions, whole.predictions[[5, 2, 40]], atol=1e-6)


def test_nothing_that_can_be_featurised(tmp_path: Path) -> None:
    save_model(tmp_path)
    with pytest.raises(BadMolecule):
        embed_few(tmp_path, ["C" * 3000], home=default_home())


@pytest.mark.parametrize("view", ["structure-aware", "memory-aligned"])
def test_a_set_view_of_one_more_molecule_is_that_of_the_larger_set(tmp_path: Path, view: str) -> None:
    chosen = recipe.parse(
        {"branches": [{"encoder": "gin", "options": {"hidden_size": 16}}],
         "pretraining": {"name": "mmsa", "options": {"prediction_loss": False, "dimension": 16, "neighbours": 5}}}
    )  # fmt: skip
    checkpoints.save_untrained(tmp_path, chosen, TASKS[:0])
    larger = a_dataset(list(dict.fromkeys(a_dataset().smiles)))
    smaller = a_dataset(larger.smiles[:-1].tolist())
    expected = embed.embed(tmp_path, larger, home=default_home()).view(view)[-1]
    few = embed_few(tmp_path, [larger.smiles[-1]], home=default_home())
    found = among(tmp_path, few, embed.embed(tmp_path, smaller, home=default_home()), view)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
