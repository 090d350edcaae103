"""The recipe's form: every field of the schema is there, and what goes in comes out."""

from itertools import count
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as some
from pydantic import BaseModel, ConfigDict, Field
from screens import PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore.recipes import presets, recipe
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.registry import ENCODERS, FUSIONS, choices
from mmexplore.ui.components import widgets
from mmexplore.ui.train.recipe_form import absent, section_in


def _form() -> None:
    import streamlit as st

    from mmexplore.recipes.recipe import Recipe
    from mmexplore.runtime.errors import BadRecipe
    from mmexplore.ui.train.recipe_form import recipe_form

    try:
        found = recipe_form(Recipe.model_validate_json(st.session_state["start"]), st.session_state.get("key", "form"))
        st.session_state["found"] = found.model_dump_json()
    except BadRecipe as error:
        st.error(str(error))


def drawn(start: Recipe, app: AppTest | None = None, key: str = "form") -> AppTest:
    app = app or AppTest.from_function(_form, default_timeout=PATIENCE)
    app.session_state["start"], app.session_state["key"] = start.model_dump_json(), key
    return app.run()


def keys(app: AppTest) -> list[str]:
    kinds = (app.selectbox, app.number_input, app.text_input, app.toggle, app.multiselect)
    return [str(widget.key) for kind in kinds for widget in kind]


def found(app: AppTest) -> Recipe:
    assert not app.exception
    assert not app.error
    return Recipe.model_validate_json(app.session_state["found"])


def _leaves(kind: type[BaseModel], path: str = "") -> list[str]:
    names = []
    for name, info in kind.model_fields.items():
        part = section_in(info.annotation)
        within = f"{path}{name}.0." if part and part[1] else f"{path}{name}."
        names += _leaves(part[0], within) if part else [f"{path}{name}"]
    return [name for name in names if not name.endswith((".options", ".features"))]


@pytest.mark.parametrize("name", presets.preset_names())
@pytest.mark.parametrize("quick", [False, True])
def test_an_untouched_form_is_the_preset(name: str, quick: bool) -> None:
    preset = presets.preset(name, quick=quick)
    assert found(drawn(preset)) == preset


@pytest.mark.parametrize("start", [*map(presets.preset, presets.preset_names()), presets.pretraining("mmsa")])
def test_every_field_of_the_schema_is_drawn(start: Recipe) -> None:
    """Sections that say nothing of this kind of recipe are not drawn; a stack's members are chosen, not written."""
    there = {key.partition("/")[2] for key in keys(drawn(start))}
    other = (*(f"{name}." for name in absent(start)), "stack.members.")
    wanted = [name for name in _leaves(Recipe) if not name.startswith(other)]
    for number, branch in enumerate(start.branches):
        wanted += [f"{branch.encoder}/branches.{number}.options.{o}" for o in branch.options]
        wanted += [f"{branch.reads}/branches.{number}.features.{o}" for o in branch.features]
    for name in {"fusion", "pretraining", "baseline"} - set(absent(start)):
        chosen = getattr(start, name)
        wanted += [f"{chosen.name}/{name}.options.{option}" for option in chosen.options]
    assert set(wanted) <= there


def test_another_encoder_brings_its_own_options() -> None:
    app = drawn(presets.preset("dmpnn"))
    app.selectbox(key="form/branches.0.encoder").select("gin").run()
    branch = found(app).branches[0]
    assert branch.model_dump() == recipe.Branch(encoder="gin").model_dump()
    app.number_input(key="form/gin/branches.0.options.layers").set_value(2).run()
    assert found(app).branches[0].options["layers"] == 2


def test_what_cannot_be_run_is_one_sentence() -> None:
    app = drawn(presets.preset("gin"))
    for typed, said in (
        ("0.5 0.1 0.1", "fractions must be positive and add up to 1"),
        ("0.5 half", "fractions, value 2 (data.fractions): "),
    ):
        app.text_input(key="form/data.fractions").set_value(typed).run()
        assert not app.exception
        assert said in app.error[0].value.replace("\\", "").replace("\u2060", "")


def _values(kind: type[BaseModel]) -> some.SearchStrategy[dict[str, Any]]:
    drawable = {n: _value(i) for n, i in kind.model_fields.items() if not section_in(i.annotation) and n != "options"}
    return some.fixed_dictionaries({n: s for n, s in drawable.items() if s is not None})


def _value(info: Any) -> some.SearchStrategy[Any] | None:
    if choices(info.annotation):
        return some.sampled_from(choices(info.annotation))
    low, high = widgets.bounds(info, step=1e-3 if info.annotation is float else 1)
    texts = some.text("abcxyz *$[_<é", max_size=12)
    if info.annotation is tuple[str, ...]:
        return some.lists(texts.filter(str.strip), max_size=3, unique=True)
    if info.annotation is float:
        smallest = 1e-9 if any(hasattr(rule, "gt") for rule in info.metadata) else low or 0.0
        return some.floats(smallest, 0.999 if high is None else high)
    return {int: some.integers(low or 0, high or 2**40), bool: some.booleans(), str: texts}.get(info.annotation)


@some.composite
def recipes(draw: some.DrawFn) -> Recipe:
    encoder = draw(some.sampled_from(ENCODERS.names()))
    fusion = draw(some.sampled_from(FUSIONS.names()))
    split = draw(some.sampled_from([(0.8, 0.1, 0.1), (0.6, 0.2, 0.2), (1 / 3, 1 / 3, 1 / 3)]))
    branch = {"encoder": encoder, "name": draw(some.sampled_from(["", "left"]))}
    branch |= {"options": draw(_values(ENCODERS.options(encoder)))}
    values = {
        "name": draw(some.text("abc *$", min_size=1, max_size=9)),
        "data": draw(_values(recipe.Data)) | {"fractions": split},
        "branches": [branch],
        "fusion": {"name": fusion, "options": draw(_values(FUSIONS.options(fusion)))},
        "training": draw(_values(recipe.Training)),
    }
    try:
        return recipe.parse(values)
    except BadRecipe:  # options that exclude each other
        reject()


def test_any_recipe_comes_back_from_its_form() -> None:
    app, number = AppTest.from_function(_form, default_timeout=PATIENCE), count()

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(recipes())
    def comes_back(start: Recipe) -> None:
        assert found(drawn(start, app, f"form {next(number)}")) == start

    comes_back()


class _Later(BaseModel):
    """A section as a later version might have it: kinds of fields that no recipe has yet."""

    model_config = ConfigDict(frozen=True)
    phase: Annotated[Literal["a", "b"], Field(description="which")] = "b"
    on: bool = True
    pair: tuple[float, float] = (0.5, 2.0)
    anything: dict[str, int] = Field(default={"x": 1}, description="no widget fits")
    huge: int = 2**60


def _later() -> None:
    import streamlit as st

    from mmexplore.ui.components.widgets import Field, draw

    kind = st.session_state["kind"]
    for name, info in kind.model_fields.items():
        st.session_state[f"found {name}"] = draw(Field(f"later.{name}", info, info.default, name))


def test_kinds_of_fields_that_no_recipe_has_yet() -> None:
    app = AppTest.from_function(_later, default_timeout=PATIENCE)
    app.session_state["kind"] = _Later
    app.run()
    assert not app.exception
    for name, info in _Later.model_fields.items():
        assert app.session_state[f"found {name}"] == info.default
    assert app.selectbox(key="phase").help == "which"
    app.text_input(key="anything").set_value("no json").run()
    assert app.session_state["found anything"] == "no json"
