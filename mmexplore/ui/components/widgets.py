"""One field of a pydantic schema as one widget: its type, bounds, choices and description say which.

Literal -> selectbox, bool -> toggle, int and float with their bounds -> number input, str -> text, a tuple of
numbers -> text with commas, a tuple of texts -> multiselect, anything else -> JSON. Values outlive a page change.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from mmexplore.runtime.registry import choices
from mmexplore.ui.shell import address

_CELL_PX = 184
_SAFE_INTEGER = 2**53 - 1  # beyond this a browser loses digits


@dataclass(frozen=True)
class Field:
    """One field to draw: its dotted path in the recipe, its schema, the value to begin with and a widget key."""

    path: str
    info: FieldInfo
    value: Any
    key: str

    @property
    def label(self) -> str:
        """The field's own name, readable."""
        return self.path.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def about(self) -> dict[str, Any]:
        """What every widget is told: help, key, and to keep its value for the session."""
        return {"help": self.info.description, "key": self.key, "persist_state": "session"}


Draw = Callable[[Field], Any]


def draw(field: Field, instead: Mapping[str, Draw | None] | None = None) -> Any:
    """Draw one field and return the value that stands there; ``instead`` draws the paths that it knows."""
    if instead and (own := instead.get(field.path)):
        return own(field)
    kind = field.info.annotation
    if members := choices(kind):
        return choice(field, members)
    return _BY_TYPE.get(get_origin(kind) or kind, _json)(field)


def choice(field: Field, members: tuple[Any, ...]) -> Any:
    """One of several; begins with the first where the field's value is none of them."""
    index = members.index(field.value) if field.value in members else 0
    return st.selectbox(field.label, members, index, **field.about)


def text(field: Field, placeholder: str | None = None) -> str:
    """A line of text; the placeholder says what an empty one means."""
    return st.text_input(field.label, field.value, max_chars=500, placeholder=placeholder, **field.about) or ""


def grid() -> Iterator[Any]:
    """Cells without end, as many in a row as the page has room for."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    while True:
        yield row.container(width=_CELL_PX)


def bounds(info: FieldInfo, step: int = 0) -> tuple[Any, Any]:
    """Lowest and highest allowed value, None where open; with ``step`` an excluded bound moves in by it.

    >>> from pydantic import Field
    >>> bounds(Field(gt=0, le=8), step=1)
    (1, 8)
    """
    low: Any = None
    high: Any = None
    for rule in info.metadata:
        match rule:
            case Ge(ge=bound):
                low = bound
            case Le(le=bound):
                high = bound
            case Gt(gt=int(bound)) if step:
                low = bound + step
            case Lt(lt=int(bound)) if step:
                high = bound - step
    return low, high


def _toggle(field: Field) -> bool:
    return st.toggle(field.label, field.value, **field.about)


def _integer(field: Field) -> Any:
    if abs(field.value) > _SAFE_INTEGER:
        return _json(field)
    low, high = bounds(field.info, step=1)
    high = _SAFE_INTEGER if high is None else min(high, _SAFE_INTEGER)
    return int(st.number_input(field.label, low, high, int(field.value), 1, **field.about))


def _decimal(field: Field) -> Any:
    """A number within its bounds, shown with the digits that it has."""
    if not math.isfinite(field.value):
        return _json(field)
    low, high = (None if bound is None else float(bound) for bound in bounds(field.info))
    value = float(field.value)
    return float(st.number_input(field.label, low, high, value, _step(value), "%g", **field.about))


def _step(value: float) -> float:
    """What + and - add: a tenth of the leading digit, so that a rate of 0.001 moves as sensibly as a weight of 50.

    >>> _step(0.001), _step(50.0), _step(0.0)
    (0.0001, 1.0, 0.01)
    """
    return float(f"1e{math.floor(math.log10(abs(value))) - 1}") if value else 0.01


def _tuple(field: Field) -> tuple[Any, ...]:
    members, begin = get_args(field.info.annotation), list(field.value)
    if members == (str, ...):
        return tuple(st.multiselect(field.label, begin, begin, accept_new_options=True, **field.about))
    if {float} == set(members) - {...}:
        return _decimals(field)
    return tuple(_json(field))


def _decimals(field: Field) -> tuple[Any, ...]:
    """Numbers with commas between; what is no number is left to the schema to refuse."""
    typed = text(replace(field, value=", ".join(repr(float(value)) for value in field.value)))
    words = typed.replace(",", " ").split()
    try:
        return tuple(float(word) for word in words)
    except ValueError:
        return tuple(words)


def _json(field: Field) -> Any:
    """What no widget fits is typed as JSON; what is no JSON is left to the schema to refuse."""
    typed = text(replace(field, value=json.dumps(field.value, allow_nan=False)))
    try:
        return json.loads(typed)
    except json.JSONDecodeError:
        return typed


_BY_TYPE: dict[Any, Draw] = {bool: _toggle, int: _integer, float: _decimal, str: text, tuple: _tuple}


MOST_LABELS = 6


def label_picker(title: str, names: Sequence[str], key: str, **about: Any) -> str:
    """One of a data set's labels; where there are many, how many is said, and typing finds one."""
    many = f" ({len(names):,})" if len(names) > MOST_LABELS else ""
    words = {"help": f"{len(names):,} labels: type a part of a name to find one"} if many else {}
    return str(st.selectbox(f"{title}{many}", names, key=key, **words | about) or names[0])


def labels_picker(names: Sequence[str], key: str, most: int = MOST_LABELS) -> list[str]:
    """Some of a data set's labels, at first as many as fit; all without a widget where all do."""
    if len(names) <= most:
        return list(names)
    title, words = f"Labels shown, of {len(names):,}", "Type a part of a name to find one"
    about: dict[str, Any] = {"help": words, "placeholder": "none; type to find one"}
    chosen = address.several(title, names, list(names[:most]), key=key, kind="the label", **about)
    if rest := len(names) - len(chosen):
        st.caption(f"and {rest:,} more")
    return chosen
