"""A recipe's form, drawn from the recipe's own schema.

Nothing here names a hyper-parameter: sections, fields and help come from :mod:`mmexplore.recipes.recipe`, the options
of an encoder, a fusion or a pre-training from its file, so whatever is new appears by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import streamlit as st
from pydantic import BaseModel

from mmexplore.recipes.recipe import BaselineConfig, Branch, FusionConfig, PretrainingConfig, Recipe, StackConfig, parse
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, MODALITIES, PRETRAININGS, Family
from mmexplore.ui.components.widgets import Draw, Field, choice, draw, grid, text

_CHOOSERS: dict[type[BaseModel], tuple[str, Family]] = {
    Branch: ("encoder", ENCODERS),
    FusionConfig: ("name", FUSIONS),
    PretrainingConfig: ("name", PRETRAININGS),
    BaselineConfig: ("name", BASELINES),
}
_MOST_BRANCHES = 8


@dataclass(frozen=True)
class Form:
    """Form context: the prefix of its widgets' keys, and what draws single fields instead."""

    key: str
    instead: Mapping[str, Draw | None]

    def field(self, model: type[BaseModel], name: str, path: str, value: Any, within: str = "") -> Field:
        """One field of a section; ``within`` keeps equal names of different members apart."""
        return Field(path, model.model_fields[name], value, "/".join(filter(None, (self.key, within, path))))


def recipe_form(start: Recipe, key: str, instead: Mapping[str, Draw | None] | None = None) -> Recipe:
    """Draw a recipe as a form, one tab a section, and return what stands in it. Raises BadRecipe.

    Widgets begin with ``start`` and keep their state under ``key``: another key is a fresh form. ``instead`` maps a
    field's path (``"data.dataset"``) to what draws it, or to None: it keeps its value and is not drawn.
    """
    form, values = Form(key, instead or {}), start.model_dump(mode="json")
    sections = {name: part for name, info in Recipe.model_fields.items() if (part := section_in(info.annotation))}
    for name in absent(start):
        del sections[name]
    for name in [n for n, info in Recipe.model_fields.items() if not section_in(info.annotation)]:
        values[name] = draw(form.field(Recipe, name, name, values[name]), form.instead)
    for (name, (kind, several)), tab in zip(sections.items(), st.tabs([n.capitalize() for n in sections]), strict=True):
        with tab:
            values[name] = (_several if several else _section)(form, kind, values[name], name)
    return parse(values)


def absent(start: Recipe) -> tuple[str, ...]:
    """Sections that say nothing of a recipe of this kind."""
    if start.stacks:
        return "branches", "fusion", "pretraining", "baseline", "training"
    if start.baseline.name:
        return "fusion", "pretraining", "stack", "training"
    return "fusion" if start.pretrains else "pretraining", "baseline", "stack"


def section_in(annotation: Any) -> tuple[type[BaseModel], bool] | None:
    """The section that a field of the recipe holds, and whether it holds several; None for a plain value."""
    for kind, several in ((annotation, False), ((*get_args(annotation), None)[0], True)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind, several
    return None


def _section(form: Form, kind: type[BaseModel], values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The fields of a section in a grid, and after a chosen member of a family the options of that one."""
    chooser, family = _CHOOSERS.get(kind, ("", None))
    found: dict[str, Any] = {}
    cells = grid()
    for name in kind.model_fields:
        field = form.field(kind, name, f"{path}.{name}", values[name])
        if family and name == "options":
            begin = values[name] if found[chooser] == values[chooser] else {}
            found[name] = _options(form, family.options(found[chooser]), replace(field, value=begin), cells)
            continue
        if kind is Branch and name == "features":
            reads = ENCODERS.attribute(found[chooser], "reads")
            begin = values[name] if reads == ENCODERS.attribute(values[chooser], "reads") else {}
            found[name] = _options(form, MODALITIES.options(reads), replace(field, value=begin), cells)
            continue
        if form.instead.get(field.path, draw) is None:
            found[name] = values[name]
            continue
        with next(cells):
            if family and name == chooser:
                found[name] = choice(field, family.names())
            elif kind is StackConfig and name == "members":
                found[name] = _members(field)
            elif kind is Branch and name == "name":
                shown = "" if field.value == values[chooser] else field.value
                found[name] = text(replace(field, value=shown), placeholder=found[chooser])
            else:
                found[name] = draw(field, form.instead)
    return found


def _options(form: Form, kind: type[BaseModel], field: Field, cells: Iterator[Any]) -> dict[str, Any]:
    found = {}
    for name, info in kind.model_fields.items():
        option = form.field(kind, name, f"{field.path}.{name}", field.value.get(name, info.default), kind.__name__)
        if form.instead.get(option.path, draw) is None:
            found[name] = option.value
            continue
        with next(cells):
            found[name] = draw(option, form.instead)
    return found


def _members(field: Field) -> list[Any]:
    """Members of a stack that are kept; a recipe.json may name any others."""
    names = [str(member["name"]) for member in field.value]
    chosen = st.multiselect("Members", names, names, **field.about)
    return [member for member in field.value if member["name"] in chosen]


def _several(form: Form, kind: type[BaseModel], values: list[dict[str, Any]], path: str) -> list[dict[str, Any]]:
    count = len(values)
    if count > 1 or len(FUSIONS.names()) > 1:
        about: dict[str, Any] = {"key": f"{form.key}/{path}", "persist_state": "session"}
        count = int(st.number_input(path.capitalize(), 1, _MOST_BRANCHES, count, help="several need a fusion", **about))
    fresh = kind().model_dump(mode="json")
    found = []
    for i in range(count):
        with st.container(border=count > 1):
            found.append(_section(form, kind, values[i] if i < len(values) else fresh, f"{path}.{i}"))
    return found
