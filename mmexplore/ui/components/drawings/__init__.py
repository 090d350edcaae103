"""Drawing grid of molecules; a click on one is told. Names are set as text by the browser, never as markup."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from mmexplore.ui.components.component_scripts import address, start

HERE = Path(__file__).parent

_component = st.components.v2.component(
    "drawings",
    html="<div class='drawings'></div>",
    css=(HERE / "drawings.css").read_text(encoding="utf-8"),
    js=start(HERE / "drawings.js"),
)


@dataclass(frozen=True)
class Drawing:
    """One molecule: the query of its drawing (see :func:`of_row`), a title and a line under it."""

    query: str
    title: str = ""
    text: str = ""
    row: int = -1


def of_row(data: str, row: int, smarts: str = "") -> str:
    """The query that draws a row of a data set, with the atoms of a SMARTS highlighted."""
    return urlencode({"data": data, "row": row} | ({"smarts": smarts} if smarts else {}))


def of_smiles(smiles: str) -> str:
    """The query that draws any SMILES."""
    return urlencode({"smiles": smiles})


def of_atoms(smiles: str, atoms: Sequence[int], *, faint: bool = False) -> str:
    """The query that draws a SMILES with some of its atoms highlighted; ``faint``: the others are pale."""
    marked = {"atoms": ",".join(map(str, atoms))} | ({"faint": 1} if faint else {}) if atoms else {}
    return urlencode({"smiles": smiles} | marked)


def drawings(
    key: str,
    molecules: Sequence[Drawing],
    on_pick: Callable[[], None] | None = None,
    *,
    width: int = 130,
    height: int = 100,
    current: int = -1,
) -> None:
    """A grid of drawings at least ``width`` px wide; ``on_pick`` is called when ``picked(key)`` was clicked."""
    data: dict[str, Any] = {"address": address("depict.svg"), "items": [asdict(molecule) for molecule in molecules]}
    data |= {"width": width, "height": height, "current": current, "picks": on_pick is not None}
    _component(key=key, data=data, on_picked_change=on_pick or (lambda: None))


def picked(key: str) -> int:
    """The row that was just clicked in the grid of that key, inside its callback; -1 if none was."""
    row = (st.session_state.get(key) or {}).get("picked")
    return int(row) if row is not None else -1
