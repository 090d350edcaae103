"""Search ranges: which fields of a recipe a search varies, and within what; they stand in the fields themselves.

A range in words is ``LOW:HIGH``, ``LOW:HIGH:log`` or ``A,B,C``, as the command line and the form take it.
"""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from mmexplore.recipes.recipe import Recipe, Training
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import json_text, parse_json
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, OneOf, Range

Span = Range | OneOf
Settings = dict[str, Any]
MOST_VALUES = 100
"""Values of a choice."""
_FORMS = "a range reads LOW:HIGH, LOW:HIGH:log or A,B,C"
_NOT_VARIED = ("seed", "device", "devices", "nodes", "precision", "watch")
"""Fields of the training that say nothing of how a model learns, or what it is scored by."""


def ranges_of(recipe: Recipe, kinds: Collection[str] = ()) -> dict[str, Span]:
    """Search ranges by the path of their field, those that the fields of a recipe bring along.

    ``kinds`` of its tasks leave out what says nothing for them. Each range holds the recipe's own value, too. A frozen
    branch, and what begins from another model, keeps its shape.

    >>> ranges_of(Recipe())["training.learning_rate"]
    Range(low=0.0001, high=0.01, log=True, kind='')
    """
    if recipe.stacks:
        found: dict[str, Span] = {}
        for number, name in enumerate(recipe.parts):
            found |= _of_model(recipe.member(name), f"stack.members.{number}.")
    else:
        found = _of_model(recipe, "")
    return {path: span for path, span in found.items() if not (kinds and span.kind) or span.kind in kinds}


def _of_model(recipe: Recipe, within: str) -> dict[str, Span]:
    if recipe.baseline.name:
        chosen = recipe.baseline
        return _of_section(BASELINES.options(chosen.name), chosen.options, f"{within}baseline.options")
    found = _of_section(Training, recipe.training.model_dump(), f"{within}training")
    for number, branch in enumerate(recipe.branches):
        if not (branch.frozen or branch.start):
            path = f"{within}branches.{number}.options"
            found |= _of_section(ENCODERS.options(branch.encoder), branch.options, path)
    if not recipe.fusion.start:
        options = FUSIONS.options(recipe.fusion.name)
        found |= _of_section(options, recipe.fusion.options, f"{within}fusion.options")
    return found


def _of_section(section: type[BaseModel], values: Mapping[str, Any], path: str) -> dict[str, Span]:
    found = {}
    for name, info in section.model_fields.items():
        for span in info.metadata:
            if isinstance(span, Range | OneOf):
                found[f"{path}.{name}"] = _with(span, values[name])
    return found


def _with(span: Span, own: Any) -> Span:
    """The range, made to hold a value; a choice of values where a logarithm does not reach that."""
    if isinstance(span, OneOf):
        return span if own in span.values else OneOf((*span.values, own), span.kind)
    if span.log and own <= 0:
        return OneOf((own, *(round(v, 6) for v in _spaced(span))), span.kind)
    return Range(min(span.low, own), max(span.high, own), span.log, span.kind)


def _spaced(span: Range) -> list[float]:
    steps = math.log10(span.high / span.low)
    return [span.low * 10 ** (steps * share / 6) for share in range(7)]


def own_settings(recipe: Recipe, spans: Collection[str]) -> Settings:
    """Values of a recipe at these paths. Raises BadRecipe for a path that is none."""
    values = recipe.model_dump(mode="json")
    return {path: _at(values, path) for path in spans}


def _at(values: Any, path: str) -> Any:
    for step in path.split("."):
        try:
            values = values[int(step)] if isinstance(values, list) else values[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise BadRecipe(
                f"a search varies fields of the recipe such as training.learning_rate, and {path!r} is none"
            ) from None
    return values


def holds(span: Span, value: Any) -> bool:
    """Whether a value lies in a range."""
    return value in span.values if isinstance(span, OneOf) else bool(span.low <= value <= span.high)


def in_words(span: Span) -> str:
    """A range as :func:`parsed` reads it.

    >>> in_words(Range(1e-4, 1e-2, log=True)), in_words(OneOf((64, 128)))
    ('0.0001:0.01:log', '64,128')
    """
    if isinstance(span, Range):
        return f"{json_text(span.low)}:{json_text(span.high)}" + ":log" * span.log
    return ",".join(value if isinstance(value, str) else json_text(value) for value in span.values)


def chosen_ranges(recipe: Recipe, asked: Mapping[str, str], kinds: Collection[str] = ()) -> dict[str, Span]:
    """Search ranges by path: the asked ones, in words, where "" stands for a field's own; of none asked all there are.

    Raises BadRecipe for a field that no search varies, and for a range whose ends the field does not take.
    """
    known = ranges_of(recipe, kinds)
    if recipe.pretrains:
        raise BadRecipe("a search compares validation scores, and a pre-training learns without labels: it has none")
    if not asked:
        if not known:
            raise BadRecipe("no field of this recipe has a range of its own; name one, as in training.epochs=10:50")
        return known
    found: dict[str, Span] = {}
    for path, words in asked.items():
        own = own_settings(recipe, [path])[path]
        _check_varied(path, own)
        if not words and path not in (every := ranges_of(recipe)):
            raise BadRecipe(f"{path!r} has no range of its own, so name one: {_FORMS}; those with one: {_some(every)}")
        span = parsed(words, own, path) if words else ranges_of(recipe)[path]
        ends = span.values if isinstance(span, OneOf) else (span.low, span.high)
        for end in ends:
            recipe.with_settings([setting(path, end)])
        found[path] = span
    return found


def _some(every: Collection[str]) -> str:
    return ", ".join(list(every)[:12]) or "none"


def _check_varied(path: str, own: Any) -> None:
    words = path.split(".")
    if words[0] == "stack" and words[1:2] == ["members"]:
        words = words[3:]
    learns = words[:1] == ["training"] and words[-1] not in _NOT_VARIED
    learns |= words[:1] in (["fusion"], ["baseline"]) and words[1:2] == ["options"]
    learns |= words[:1] == ["branches"] and words[2:3] == ["options"]
    if not learns or isinstance(own, list | dict) or own is None:
        raise BadRecipe(
            f"a search varies how a model learns: fields of training, and options of branches, fusion and baseline, "
            f"one value each; {path!r} came"
        )


def parsed(words: str, own: Any, path: str = "") -> Span:
    """A range from words, of values of the kind that the field has now. Raises BadRecipe.

    >>> parsed("1:8", 3), parsed("mean,sum", "mean")
    (Range(low=1, high=8, log=False, kind=''), OneOf(values=('mean', 'sum'), kind=''))
    """
    ends = words.split(":")
    if len(ends) > 1 and not isinstance(own, str | bool):
        if len(ends) > 3 or ends[2:] not in ([], ["log"]):
            raise BadRecipe(f"{_FORMS}, and {words[:80]!r} came for {path or 'a field'}")
        low, high = (_value(end, own, path) for end in ends[:2])
        if not low < high or (len(ends) == 3 and low <= 0):
            above = "0 < LOW < HIGH on a logarithmic scale" if len(ends) == 3 else "LOW below HIGH"
            raise BadRecipe(f"a range has {above}, and {words[:80]!r} came for {path or 'a field'}")
        return Range(low, high, log=len(ends) == 3)
    values = tuple(dict.fromkeys(_value(word, own, path) for word in words.split(",")))
    if not 1 <= len(values) <= MOST_VALUES:
        raise BadRecipe(f"a choice has {MOST_VALUES} values at most, and {len(values)} came for {path or 'a field'}")
    return OneOf(values)


def _value(word: str, own: Any, path: str) -> Any:
    """A value of the kind of ``own``."""
    word = word.strip()
    if isinstance(own, str):
        return word
    try:
        value = parse_json(word)
    except ValueError:
        value = None
    whole = isinstance(own, int) and not isinstance(own, bool)
    if isinstance(own, bool) and isinstance(value, bool):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and not isinstance(own, bool):
        if not whole and math.isfinite(value):
            return float(value)
        if whole and value == int(value if math.isfinite(value) else 0.5):
            return int(value)
    kind = "true or false" if isinstance(own, bool) else "a whole number" if whole else "a number"
    raise BadRecipe(f"{path or 'this field'} takes {kind}, and {word[:40]!r} came; {_FORMS}")


def setting(path: str, value: Any) -> str:
    """A ``section.field=value`` setting, as :meth:`Recipe.with_settings` takes it."""
    return f"{path}={json.dumps(value, allow_nan=False)}"
