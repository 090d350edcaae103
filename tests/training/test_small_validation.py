"""A pre-training whose validation part is one molecule: no epoch is better than another, and the model opens."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from toy_models import a_dataset

from mmexplore.models import registry
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import default_home
from mmexplore.training.train import train

TEXTS = [f"{'C' * length}{end}" for length in range(1, 5) for end in ("O", "N", "c1ccccc1")]


@pytest.mark.parametrize("n", [10, 12])
@pytest.mark.release
def test_a_validation_part_of_one_molecule(tmp_path: Path, n: int) -> None:
    recipe = parse(
        {
            "data": {"split": "random"},
            "branches": [{"encoder": "gin", "name": "graph2d", "options": {"layers": 1, "hidden_size": 8}}],
            "pretraining": {"name": "mmsa", "options": {"dimension": 8, "neighbours": 3, "anchors": 4}},
            "training": {"epochs": 2, "batch_size": 8, "device": "cpu", "precision": "float32"},
        }
    )
    data = replace(a_dataset(TEXTS[:n]), tasks=())
    card = train(recipe, data, tmp_path, home=default_home())
    assert card.split.sizes[1] == 1
    assert "validation" not in card.metrics
    assert card.best_epoch == card.epochs_run == 2
    assert any("1 of the 2 molecules" in note for note in card.notes)
    chosen = registry.model(str(tmp_path), home=default_home())
    assert chosen.card == card
    written = sorted(tmp_path.rglob("*.json"))
    assert {path.name for path in written} == {"card.json", "recipe.json", "history.json", "numerics.json"}
    for path in written:
        json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
