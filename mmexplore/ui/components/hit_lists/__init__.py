"""Hit lists side by side; what is pointed at in one lights up in all, and what several share is marked."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore.ui.components.component_scripts import address, start

HERE = Path(__file__).parent

_component = st.components.v2.component(
    "hit_lists",
    html="<div class='hit-lists'></div>",
    css=(HERE / "hit_lists.css").read_text(encoding="utf-8"),
    js=start(HERE / "hit_lists.js"),
)


@dataclass(frozen=True)
class Hit:
    """One molecule of a list: the query of its drawing, its row, similarity and name, and a line about it."""

    query: str
    row: int
    similarity: str
    name: str
    text: str = ""


@dataclass(frozen=True)
class HitColumn:
    """One list: a heading, a line under it, and its hits, or a sentence in their place."""

    title: str
    text: str
    hits: tuple[Hit, ...] = ()
    message: str = ""


def hit_lists(key: str, columns: Sequence[HitColumn], on_pick: Callable[[], None]) -> None:
    """Draw the lists; ``on_pick`` is called when ``picked(key)`` was clicked."""
    data: dict[str, Any] = {"address": address("depict.svg"), "columns": [asdict(column) for column in columns]}
    _component(key=key, data=data, on_picked_change=on_pick)


def picked(key: str) -> int:
    """The row that was just clicked, inside the callback; -1 if none was."""
    row = (st.session_state.get(key) or {}).get("picked")
    return int(row) if row is not None else -1
