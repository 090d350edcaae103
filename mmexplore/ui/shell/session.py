"""Session state: what a visitor has chosen, shared by all pages.

Data set, model, view and the current molecule stand in the URL, so that a link shows the same page; the selection may
be a million rows and lives with the session. Pages opened without the frame (in tests) see the app's first choice.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from mmexplore import studio

_CHOICE, _ROW, _SELECTION = "chosen", "row", "selection"
MOLECULE = "molecule"
"""What a link calls the row that is to become the current molecule."""


@dataclass(frozen=True)
class Choice:
    """Current choice: the data set, the model and the view that every page is about."""

    data: str
    model: str
    view: str


def remember(choice: Choice) -> None:
    """Keep what the frame's pickers say; other molecules mean another current molecule and no selection."""
    before = st.session_state.get(_CHOICE)
    if before and before.data != choice.data:
        choose_row(-1)
        clear_selection()
    st.session_state[_CHOICE] = choice
    row = st.session_state.get(_ROW, -1)
    if row >= 0:
        st.query_params[_ROW] = str(row)  # a change of page empties the URL


def choice() -> Choice:
    """Current choice: the data set, the model and the view now."""
    known = st.session_state.get(_CHOICE)
    return known if known else Choice(*studio.first_choice()[:3])


def current_row() -> int:
    """The current molecule's row in the chosen data set, -1 where there is none."""
    if _ROW not in st.session_state:
        st.session_state[_ROW] = _read(st.query_params.get(_ROW, ""))
    row = int(st.session_state[_ROW])
    return row if row < len(studio.dataset(choice().data)) else -1


def choose_row(row: int) -> None:
    """Make a molecule the current one, -1 for none."""
    st.session_state[_ROW] = int(row)
    if row >= 0:
        st.query_params[_ROW] = str(row)
    elif _ROW in st.query_params:
        del st.query_params[_ROW]


def arrive(row: str) -> None:
    """Make the molecule that a link names the current one."""
    if (named := _read(row)) >= 0:
        choose_row(named)


def _read(row: str) -> int:
    """A row as an address has it, -1 for what is none."""
    return int(row) if row.isascii() and row.isdigit() and len(row) < 10 else -1


def selection() -> np.ndarray:
    """Selected rows (int64, ascending) of the chosen data set."""
    digest, rows = st.session_state.get(_SELECTION, ("", _nothing()))
    return rows if len(rows) and digest == studio.dataset(choice().data).digest else _nothing()


def select(rows: np.ndarray, mode: Literal["replace", "add"] = "replace") -> None:
    """Select these rows, or add them to what is selected."""
    before = selection() if mode == "add" else _nothing()
    chosen = np.union1d(before, np.asarray(rows, np.int64))
    st.session_state[_SELECTION] = (studio.dataset(choice().data).digest, chosen)


def clear_selection() -> None:
    """Select nothing."""
    st.session_state.pop(_SELECTION, None)


def _nothing() -> np.ndarray:
    return np.empty(0, np.int64)
