"""Search ranges: they stand in the fields, hold what the recipe says, and each of their ends is a recipe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.recipes.presets import preset, preset_names
from mmexplore.recipes.ranges import chosen_ranges, holds, in_words, own_settings, parsed, ranges_of, setting
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, OneOf, Range

PRETRAINED = [name for name in preset_names() if name.startswith(("mm", "all"))]


@pytest.mark.parametrize("family", [ENCODERS, FUSIONS, BASELINES], ids=lambda family: family.kind)
def test_each_member_that_has_options_says_what_a_search_varies(family) -> None:
    without = {
        name
        for name in family.names()
        if family.options(name).model_fields
        and not any(
            isinstance(m, Range | OneOf) for f in family.options(name).model_fields.values() for m in f.metadata
        )
    }
    assert without <= {"resnet"}  # its one option turns pictures, and has two values


@pytest.mark.parametrize("name", preset_names())
def test_a_presets_ranges_hold_its_own_values_and_each_end_is_a_recipe(name: str) -> None:
    recipe = preset(name)
    found = ranges_of(recipe)
    own = own_settings(recipe, found)
    assert found
    for path, span in found.items():
        assert holds(span, own[path]), path
        for end in span.values if isinstance(span, OneOf) else (span.low, span.high):
            assert own_settings(recipe.with_settings([setting(path, end)]), [path])[path] == end
        assert parsed(in_words(span), own[path]) == type(span)(*_plain(span))


def _plain(span: Range | OneOf) -> tuple[object, ...]:
    """A range without what words do not say: the kind of its tasks."""
    return (span.values,) if isinstance(span, OneOf) else (span.low, span.high, span.log)


@given(
    st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.booleans(),
)  # fmt: skip
def test_a_range_in_words_is_read_again(one: float, other: float, log: bool) -> None:
    if one != other:
        span = Range(min(one, other), max(one, other), log)
        assert parsed(in_words(span), 0.5) == span


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=8, unique=True))
def test_a_choice_in_words_is_read_again(values: list[int]) -> None:
    assert parsed(in_words(OneOf(tuple(values))), 3) == OneOf(tuple(values))


@pytest.mark.parametrize(
    ("path", "words", "sentence"),
    [
        ("training.learning_rate", "0.1", "" ),
        ("training.learning_rate", "0:0.1:log", "0 < LOW < HIGH"),
        ("training.learning_rate", "0.1:0.01", "LOW below HIGH"),
        ("training.learning_rate", "a:b", "takes a number"),
        ("training.learning_rate", "0.001:7", "less than or equal to 1"),
        ("training.batch_size", "16:32.5", "a whole number"),
        ("training.batch_size", "16:32:lin", "LOW:HIGH:log"),
        ("training.seed", "0:9", "how a model learns"),
        ("training.watch", "rmse,mae", "how a model learns"),
        ("data.split", "random,scaffold", "how a model learns"),
        ("branches.0.encoder", "gin,gcn", "how a model learns"),
        ("branches.0.features", "1,2", "how a model learns"),
        ("branches.7.options.depth", "1:2", "is none"),
        ("training.epochs", "", "no range of its own"),
        ("nonsense", "1:2", "is none"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_one_sentence(path: str, words: str, sentence: str) -> None:
    if not sentence:
        assert chosen_ranges(preset("dmpnn"), {path: words}) == {path: OneOf((0.1,))}
        return
    with pytest.raises(BadRecipe) as refused:
        chosen_ranges(preset("dmpnn"), {path: words})
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["mmfrl_early", "mmfrl_late"])
def test_what_begins_from_another_model_keeps_its_shape(name: str) -> None:
    recipe = preset(name)
    assert all(branch.start for branch in recipe.branches)
    assert [path for path in ranges_of(recipe) if path.startswith("branches")] == []


def test_a_baseline_is_varied_by_what_says_something_of_its_tasks() -> None:
    numbers, classes = (set(ranges_of(preset("boosting"), {kind})) for kind in ("regression", "classification"))
    assert numbers ^ classes == {"baseline.options.rounds", "baseline.options.rounds_of_classes"}
    assert set(ranges_of(preset("boosting"))) == numbers | classes


def test_a_stack_is_varied_member_by_member() -> None:
    recipe: Recipe = preset("stack_without_foundation")
    assert "stack.members.0.baseline.options.rate" in ranges_of(recipe)
    assert "stack.members.1.baseline.options.shrink" in chosen_ranges(
        recipe, {"stack.members.1.baseline.options.shrink": ""}
    )
