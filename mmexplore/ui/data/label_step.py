"""The label step of an import: which columns are labels, of what kind, unit and scale, and what becomes of qualifiers.

It gives the choices of :class:`mmexplore.datasets.catalog.Choices`, as the flags of ``mmexplore import`` do.
"""

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from mmexplore.ui.components.words import literal

Options = dict[str, Any]
_NUMBERS = "numbers"
_CLASSES = "classes"
_KINDS = {_CLASSES: "classification", _NUMBERS: "regression"}
_QUALIFIERS = {
    "leave them out": "drop",
    "take the bound as the number": "bound",
    "put them into classes": "classes",
}


def draw(found: Any, free: Sequence[str], key: str, place: Any) -> Options | None:
    """Draw the step; ``free`` are the columns that may be labels, ``place`` is where they are chosen.

    None while something has to be said first.
    """
    guessed = {task.name: task for task in found.tasks if task.name in free}
    about: dict[str, Any] = {"key": f"{key}/labels", "help": "numbers, or classes"}
    targets = place.multiselect("Label columns", free, list(guessed), **about)
    options: Options = {"targets": targets}
    if not targets:
        return options
    asked = [column for column in targets if column in found.asked]
    with st.expander("Labels: kind, unit, scale, qualifiers", expanded=bool(asked)):
        words = "Labels that are classes (the others are numbers)"
        are = [c for c in targets if c in guessed and guessed[c].kind == "classification" and c not in asked]
        chosen = st.multiselect(words, [c for c in targets if c not in asked], are, key=f"{key}/classes")
        left, middle, right = st.columns(3)
        units = {guessed[c].unit for c in targets if c in guessed} - {""}
        found_unit = units.pop() if len(units) == 1 else ""
        words = "of every label that is a number; as it stands, each has the one that its own column says"
        unit = left.text_input("Unit", found_unit, key=f"{key}/unit", max_chars=40, help=words).strip()
        log = left.toggle("Take -log10 of mol/L", key=f"{key}/log", help="nM to pIC50; units M, mM, uM, nM or pM")
        limit = middle.text_input("Threshold to two classes", key=f"{key}/threshold", help="1 from here on, 0 below")
        ways = list(_QUALIFIERS)
        if not limit.strip():
            ways.remove("put them into classes")
        way = right.selectbox(
            "Values such as >10", ways, len(ways) - 1 if limit.strip() else 0, key=f"{key}/signs/{len(ways)}"
        )
        kinds = {c: "classification" for c in chosen if c not in are}
        kinds |= {c: "regression" for c in are if c not in chosen}
        for column in asked if not limit.strip() else ():
            values = ", ".join(map(str, found.asked[column]))
            answer = st.segmented_control(
                f"{literal(column)} holds {values}: classes or numbers?",
                list(_KINDS),
                key=f"{key}/asked/{column}",
                persist_state="session",
            )
            if answer:
                kinds[column] = _KINDS[answer]
    options |= {
        "kinds": kinds or None,
        "unit": unit if unit != found_unit else None,
        "log": log or None,
        "qualifiers": _QUALIFIERS[way],
    }
    if limit.strip():
        threshold = _number(limit)
        if threshold is None:
            st.error(f"A threshold is a number, and {literal(limit)} came.")
            return None
        options["threshold"] = threshold
    elif waiting := [column for column in asked if column not in kinds]:
        named = ", ".join(map(literal, waiting))
        st.info(f"Say of {named} whether it holds classes or numbers, or give a threshold that cuts it in two.")
        return None
    return options


def _number(text: str) -> float | None:
    """A finite number, its comma a decimal one; None for another text.

    >>> _number("6,5"), _number("six")
    (6.5, None)
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
