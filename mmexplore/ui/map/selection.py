"""The selected molecules: drawings, a table, what they have in common, and files to take home."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import short
from mmexplore.studio import Dataset
from mmexplore.ui.components import structures, widgets
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, of_smiles, picked
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, navigation, session, tabs

if TYPE_CHECKING:
    import pandas as pd

A_PAGE = 12
MOST_LISTED = 10_000
_FIT = 2  # labels that have room beside a name and a SMILES, each with its prediction
_GRID, _PAGE = "selection-grid", "selection-page"


def selection_grid(smarts: str = "") -> None:
    """Twelve drawings a page; a click makes a molecule the current one."""
    rows, choice = session.selection(), session.choice()
    if not len(rows):
        st.caption(
            "Draw a line round some molecules on the map (lasso), drag a box, or click a line of the legend: they "
            "appear here. Shift adds to the selection, Escape clears it."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{len(rows):,} selected**", width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            _send(rows)
            tabs.subgraphs_link(tabs.GROUP)
            st.button("Clear", key="clear", type="tertiary", icon=":material/close:", on_click=session.clear_selection)
    pages = -(-len(rows) // A_PAGE)
    if st.session_state.get(_PAGE, 1) > pages:
        del st.session_state[_PAGE]
    grid, page = st.container(), 1
    if pages > 1:
        page = address.number(st.pagination, pages, key=_PAGE, kind="page", max_visible_pages=5)
    shown = rows[(page - 1) * A_PAGE : page * A_PAGE]
    with grid:
        drawings(_GRID, _cells(choice.data, shown, smarts), _pick, width=84, height=66, current=session.current_row())


def _send(rows: np.ndarray) -> None:
    """The way to Retrieval with one of them: the current one if it is selected, else the first."""
    current = session.current_row()
    row = current if current in rows else int(rows[0])
    about = "Find molecules like the current one of these, or else like the first"
    navigation.link("Retrieval", "Retrieval", ":material/manage_search:", about, **{session.MOLECULE: str(row)})


def selection_table() -> None:
    """Selection table: what the selected molecules share, the table of them, and downloads.

    Nothing where nothing is selected.
    """
    rows, choice = session.selection(), session.choice()
    if not len(rows):
        return
    data = studio.dataset(choice.data)
    st.subheader(f"{len(rows):,} selected molecules", anchor=False)
    facts, scaffold = st.columns([3, 1], gap="large", vertical_alignment="center")
    with facts:
        for line in balance(data, rows, first=str(st.session_state.get("colour", ""))):
            st.markdown(line)
        _downloads(choice, rows)
    with scaffold:
        _scaffold(choice.data, rows)
    _table(choice, rows)


def balance(data: Dataset, rows: np.ndarray, most: int = 4, first: str = "") -> list[str]:
    """Labels of a selection against those of the whole set, one line of markdown a task, ``first`` before others."""
    lines = []
    numbered = sorted(enumerate(data.tasks), key=lambda each: each[1].name != first)
    for number, task in numbered[:most]:
        everyone = data.labels[:, number]
        inside, known = everyone[rows][~np.isnan(everyone[rows])], everyone[~np.isnan(everyone)]
        if not len(inside):
            lines.append(f"**{literal(task.name)}**: not known for any of them")
        elif data.has_two_classes(number):
            share = f"{inside.sum():,.0f} of {len(inside):,} positive ({inside.mean():.0%})"
            lines.append(f"**{literal(task.name)}**: {share}; {known.mean():.0%} in the whole set")
        elif task.kind == "classification":
            counts = [f"{c:g}: {(inside == c).sum():,} ({(inside == c).mean():.0%})" for c in data.classes(number)]
            shares = [f"{c:g}: {(known == c).mean():.0%}" for c in data.classes(number)]
            share = f"{', '.join(counts)} of {len(inside):,}; {', '.join(shares)} in the whole set"
            lines.append(f"**{literal(task.name)}**, classes {share}")
        else:
            unit = f" {literal(task.unit)}" if task.unit else ""
            spread = f"{inside.mean():.2f} \u00b1 {inside.std():.2f}{unit} (mean \u00b1 SD of {len(inside):,})"
            lines.append(
                f"**{literal(task.name)}**: {spread}; {known.mean():.2f} \u00b1 {known.std():.2f} in the whole set"
            )
    if len(data.tasks) > most:
        lines.append(f"and {len(data.tasks) - most:,} more labels in the table")
    return lines


def _cells(data: str, rows: np.ndarray, smarts: str) -> list[Drawing]:
    table = studio.dataset(data)
    return [
        Drawing(
            of_row(data, int(row), smarts), str(table.names[row]) or f"Molecule {row + 1}", _label(table, row), int(row)
        )
        for row in rows
    ]


def _label(table: Dataset, row: int) -> str:
    known = [
        (task.name, value) for task, value in zip(table.tasks, table.labels[row], strict=True) if not np.isnan(value)
    ]
    return f"{known[0][0]} {short(known[0][1])}" if known else ""


def _pick() -> None:
    if (row := picked(_GRID)) >= 0:
        session.choose_row(row)


def _scaffold(data: str, rows: np.ndarray) -> None:
    smiles, count = studio.common_scaffold(data, rows)
    looked = f" of the first {500}" if len(rows) > 500 else f" of {len(rows):,}"
    if not smiles:
        st.caption("No common scaffold: these molecules have no rings.")
        return
    drawings(
        "common-scaffold", [Drawing(of_smiles(smiles), "Most common scaffold", f"in {count:,}{looked}")], height=90
    )


def _downloads(choice: session.Choice, rows: np.ndarray) -> None:
    def csv() -> bytes:
        return studio.to_csv(studio.table_of(choice.data, rows, choice.model), "row").encode()

    def sdf() -> bytes:
        return studio.sdf_of(choice.data, rows, choice.model).encode()

    with st.container(horizontal=True):
        _download("CSV", csv, f"{choice.data}-selection.csv", "text/csv")
        _download("SDF", sdf, f"{choice.data}-selection.sdf", "chemical/x-mdl-sdfile")


def _download(kind: str, make: Callable[[], bytes], file: str, mime: str) -> None:
    st.download_button(
        kind, make, file, mime, icon=":material/download:", on_click="ignore", help=f"All of them as {kind}"
    )


def _table(choice: session.Choice, rows: np.ndarray) -> None:
    shown = rows[:MOST_LISTED]
    table: pd.DataFrame = studio.table_of(choice.data, shown, choice.model)
    if len(shown) < len(rows):
        st.caption(f"The first {len(shown):,} of them; the downloads hold all.")
    names = [task.name for task in studio.dataset(choice.data).tasks]
    labels = widgets.labels_picker(names, f"labels-{choice.data}")
    hidden = {f"{name}{suffix}" for name in names if name not in labels for suffix in ("", ", predicted")}
    table = table.drop(columns=[column for column in table if column in hidden])
    fit = {"name", "smiles", *(f"{name}{suffix}" for name in labels[:_FIT] for suffix in ("", ", predicted"))}
    about: dict[str, Any] = {"height": min(420, 42 + 35 * len(table)), "alt": "The selected molecules"}
    structures.fitting(table, fit, "selection", **about)
