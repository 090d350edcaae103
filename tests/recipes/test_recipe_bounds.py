"""A recipe or model folder from anywhere: what nobody would write is refused in a sentence, before memory is taken."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.models import checkpoints, registry
from mmexplore.recipes import recipe
from mmexplore.recipes.presets import preset, preset_names, pretraining, pretraining_names, versions
from mmexplore.recipes.recipe import MOST_BYTES, Recipe, parse, read
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, MmexploreError
from mmexplore.runtime.home import parse_json, read_json

HUGE = 10**5_000
BRANCH = {"encoder": "gin", "options": {}}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ODD: dict[str, Any] = {
    "hidden_size": {"branches": [{"encoder": "gin", "options": {"hidden_size": 10**9}}]},
    "many weights": {"branches": [{"encoder": "graphormer", "options": {"layers": 24, "hidden_size": 4096}}]},
    "many branches": {"branches": [BRANCH | {"name": f"b{n}"} for n in range(1_000)], "fusion": {"name": "late"}},
    "deep": {"branches": deep(500)},
    "huge number": {"training": {"epochs": HUGE}},
    "huge seed": {"training": {"seed": 2**40}},
    "not finite": {"training": {"learning_rate": float("nan")}},
    "infinite": {"training": {"warmup_epochs": float("inf")}},
    "long text": {"name": "x" * 1_000_000},
    "long key": {"x" * 1_000_000: 1},
    "many values": {"data": {"targets": ["x"] * 1_000_000}},
    "options of no kind": {"branches": [{"encoder": "gin", "options": [1]}]},
    "features of no kind": {"branches": [{"encoder": "gin", "features": "x"}]},
    "encoder of no kind": {"branches": [{"encoder": ["gin"]}]},
    "a list": [1],
    "a number": 7,
    "nothing": None,
}


@pytest.mark.parametrize("what", ODD)
def test_what_nobody_would_write_is_refused_in_a_sentence(what: str) -> None:
    with pytest.raises(MmexploreError) as told:
        parse(ODD[what])
    assert len(str(told.value)) < 1_000
    assert "\n" not in str(told.value)


def test_what_came_is_said_once() -> None:
    with pytest.raises(BadRecipe) as told:
        parse({"data": {"fractions": [0.8, 0.1, 0.2]}})
    assert str(told.value) == "data: fractions must be positive and add up to 1, and (0.8, 0.1, 0.2) came"
    with pytest.raises(BadRecipe, match="a stack two members or more, and none came"):
        parse(preset("stack").model_dump(mode="json") | {"stack": {"members": []}})
    with pytest.raises(BadRecipe) as told:
        parse({"training": {"epochs": 0}})
    assert str(told.value).endswith("and 0 came")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 2_000, "{", "", "9" * 5_000, "\x00", '"' + "x" * MOST_BYTES])
def test_a_file_that_is_no_recipe_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(BadRecipe, match="is no recipe"):
        read(tmp_path / "recipe.json")
    with pytest.raises(BadRecipe, match="is no recipe"):
        read(tmp_path / "nowhere.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*Recipe.model_fields, "x"]), inner),
    max_leaves=8,
)


@given(VALUES)
def test_any_values_are_a_recipe_or_a_sentence(values: Any) -> None:
    with suppress(MmexploreError):
        assert isinstance(parse(values), Recipe)


def test_ready_recipes_are_within_the_bounds() -> None:
    made = [preset(name) for name in preset_names()]
    made += [pretraining(name, version) for name in pretraining_names() for version in versions(name)]
    for one in made:
        assert parse(json.loads(one.model_dump_json())) == one
        assert sum(recipe._weights(branch.options) for branch in one.branches) * 5 < recipe.MOST_WEIGHTS


@pytest.mark.parametrize("name", [checkpoints.RECIPE, checkpoints.CARD])
@pytest.mark.parametrize("text", ["[" * 100_000, "{", "9" * 5_000, '{"format": 1, "name": ' + "[" * 2_000])
def test_a_model_folder_that_is_none_is_refused(tmp_path: Path, name: str, text: str) -> None:
    shipped = next(one for one in registry.SHIPPED.iterdir() if (one / checkpoints.CARD).is_file())
    for each in (checkpoints.RECIPE, checkpoints.CARD, checkpoints.WEIGHTS):
        (tmp_path / each).write_bytes((shipped / each).read_bytes())
    checkpoints.read(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(BadCheckpoint) as told:
        checkpoints.read(tmp_path)
    assert len(str(told.value)) < 1_000
    assert registry._read(tmp_path, False) is None


def test_json_is_read_whole_or_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[1, 2]")
    assert read_json(tmp_path / "x.json") == [1, 2] == parse_json("[1, 2]")
    with pytest.raises(ValueError, match="6 bytes, and 5 is the most"):
        read_json(tmp_path / "x.json", 5)
