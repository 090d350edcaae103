"""Session state: what a visitor has chosen, shared by all pages.

Data set, model, view, the current molecule and the selection stand in the URL, so that a link shows the same page; the
selection, which may be a million rows, by a name that the home keeps it under. Pages opened without the frame (in
tests) see the app's first choice.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import UnknownName
from mmexplore.ui.shell import address
from mmexplore.ui.shell.tabs import BESIDE, MOLECULE_TAB

_CHOICE, _ROW, _SELECTION, _SELECTED, _NAME = "chosen", "row", "selection", "selected", "selected/name"
_NO_ROW, _KEPT = "no molecule is chosen instead", "the one that was chosen stays"
MOLECULE = "molecule"
"""What a link calls the row that is to become the current molecule."""


@dataclass(frozen=True)
class Choice:
    """Current choice: the data set, the model and the view that every page is about."""

    data: str
    model: str
    view: str


def remember(choice: Choice) -> None:
    """Keep what the frame's pickers say; other molecules mean another current molecule and no selection.

    A first visit, Back and forward take both from the address.
    """
    before = st.session_state.get(_CHOICE)
    st.session_state[_CHOICE] = choice
    if before is None or address.went_back():
        _take(choice, first=before is None)
    elif before.data != choice.data:
        choose_row(-1)
        clear_selection()
    if (row := int(st.session_state.get(_ROW, -1))) >= (n := len(studio.dataset(choice.data))):
        address.tell(_ROW, f"The link asks for row {row} of {choice.data}, which ends with row {n - 1}; {_NO_ROW}.")
        choose_row(-1)
    address.keep(_ROW, str(row) if (row := current_row()) >= 0 else None)  # a change of page empties the URL
    address.keep(_SELECTED, st.session_state.get(_NAME) if len(selection()) else None)
    address.answer(_ROW, current_row())
    address.answer(_SELECTED, len(selection()))


def _take(choice: Choice, *, first: bool) -> None:
    """The current molecule and the selection as the address has them; a molecule alone opens its tab."""
    named = st.query_params.get(_SELECTED, "")
    if not first or _ROW not in st.session_state:  # else a link has named a molecule
        came = st.query_params.get(_ROW, "")
        st.session_state[_ROW] = _read(came)
        if came and st.session_state[_ROW] < 0:
            address.tell(_ROW, f"The link asks for row {came[:20]!r}, and rows are whole numbers from 0; {_NO_ROW}.")
    clear_selection()
    if named:
        try:
            select(studio.kept_selection(choice.data, named))
        except UnknownName:
            address.tell(_SELECTED, address.lacking("the selection", named, ""))
    if first and st.session_state[_ROW] >= 0 and not named and BESIDE not in st.query_params:
        st.session_state.setdefault(BESIDE, MOLECULE_TAB)


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
    address.keep(_ROW, str(row) if row >= 0 else None)


def arrive(row: str) -> None:
    """Make the molecule that a link names the current one."""
    if (named := _read(row)) >= 0:
        choose_row(named)
    else:
        address.tell(_ROW, f"The link asks for molecule {row[:20]!r}, and rows are whole numbers from 0; {_KEPT}.")


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
    st.session_state[_NAME] = None
    with suppress(OSError):  # a home that takes no file: the selection stands in no link
        st.session_state[_NAME] = studio.keep_selection(choice().data, chosen) if len(chosen) else None
    address.keep(_SELECTED, st.session_state[_NAME])


def clear_selection() -> None:
    """Select nothing."""
    st.session_state.pop(_SELECTION, None)
    address.keep(_SELECTED, None)


def _nothing() -> np.ndarray:
    return np.empty(0, np.int64)
