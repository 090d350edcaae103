"""Pairs that ECFP calls close and a view far, and the reverse, drawn side by side: activity cliffs among them."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.studio import ECFP, Dataset, Pair, ViewRef
from mmexplore.ui.components import molecule, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.components.words import literal
from mmexplore.ui.retrieval import state
from mmexplore.ui.shell import address, session

_SHOWN, _ACROSS = 6, 3
_NEAR, _FAR = "ECFP near, view far", "View near, ECFP far"


def pairs_panel(panels: list[ViewRef], data: str) -> None:
    """The oddest pairs of one view."""
    views = state.named([panel for panel in panels if panel != ECFP])
    if not views:
        st.caption("Choose a view of a model above, and let it embed the data set, to see where it differs from ECFP.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = address.choose(st.selectbox, "View", list(views), key="pairs-view", kind="the view", width=260)
        about: dict[str, Any] = {"kind": "the pairs", "default": _NEAR, "required": True}
        way = address.choose(st.segmented_control, "Pairs", [_NEAR, _FAR], key="pairs-way", **about)
        least = 0.5
        if way == _NEAR:
            about = {"key": "pairs-least", "kind": "a Tanimoto similarity", "width": 220}
            least = address.number(st.slider, "Tanimoto at least", 0.2, 1.0, 0.5, 0.05, **about)
        table = studio.dataset(data)
        about = {"key": "pairs-cliffs", "bind": "query-params"}
        cliffs = bool(table.tasks) and st.toggle("Labels differ", help=_about(table), **about)
    with waits.bar("Looking for pairs"):
        found = studio.far_pairs(views[name], data, way == _NEAR, least)
    kept = [pair for pair in found if not cliffs or _is_cliff(table, pair)]
    if not kept:
        st.caption("No pair is like that. A lower Tanimoto, or another view, may show some.")
        return
    _words(name, data, way == _NEAR, kept)
    _grid(data, table, kept[:_SHOWN], way == _NEAR)
    _download(data, table, kept, way == _NEAR)


def _about(table: Dataset) -> str:
    task = table.tasks[0]
    by = "the class" if task.kind == "classification" else "at least one standard deviation"
    return literal(f"Activity cliffs: only pairs whose {task.name} differs by {by}")


def _is_cliff(table: Dataset, pair: Pair) -> bool:
    values = table.labels[:, 0]
    gap = abs(float(values[pair.a] - values[pair.b]))  # NaN is neither
    return gap > 0 if table.tasks[0].kind == "classification" else gap >= float(np.nanstd(values))


def _words(name: str, data: str, near: bool, pairs: list[Pair]) -> None:
    first, second = ("ECFP", name) if near else (name, "ECFP")
    count, tied = len(pairs), _tied(pairs)
    ties = f" {tied:,} of them tie at the place of the last one drawn, and go by row." if tied else ""
    st.caption(
        literal(
            f"{count:,} pair{'s' * (count != 1)} that {first} puts among the nearest and {second} does not, the oddest "
            f"first; looked for round up to 500 molecules of {data} drawn with seed 0. The share says how many "
            f"molecules {second} puts nearer.{ties}"
        )
    )


def _tied(pairs: list[Pair]) -> int:
    """Pairs as odd as the last one drawn, 0 where all of them are drawn.

    >>> _tied([Pair(0, n, 1.0, 0.1, 0.5) for n in range(1, 9)]), _tied([Pair(0, 1, 1.0, 0.1, 0.5)])
    (8, 0)
    """
    if len(pairs) <= _SHOWN:
        return 0
    places = [(pair.nearer, pair.near) for pair in pairs]
    return places.count(places[_SHOWN - 1]) if places[_SHOWN] == places[_SHOWN - 1] else 0


def _grid(data: str, table: Dataset, pairs: list[Pair], near: bool) -> None:
    for start in range(0, len(pairs), _ACROSS):
        for place, (column, pair) in enumerate(zip(st.columns(_ACROSS), pairs[start : start + _ACROSS], strict=False)):
            with column, st.container(border=True, gap="xsmall"):
                tanimoto, cosine = (pair.near, pair.far) if near else (pair.far, pair.near)
                st.markdown(f"Tanimoto **{tanimoto:.3f}**, cosine **{cosine:.3f}**")
                key = f"pair-{start + place}"
                cells = [_cell(data, table, row) for row in (pair.a, pair.b)]
                drawings(key, cells, lambda key=key: _pick(key, data), width=110, height=96)  # type: ignore[misc]
                st.caption(f"{pair.nearer:.0%} of the molecules are nearer")


def _cell(data: str, table: Dataset, row: int) -> Drawing:
    name = str(table.names[row]) or f"Molecule {row + 1}"
    return Drawing(of_row(data, row), name, molecule.label_of(table, row), row)


def _pick(key: str, data: str) -> None:
    if (row := picked(key)) >= 0 and data == session.choice().data:
        session.choose_row(row)


def _download(data: str, table: Dataset, pairs: list[Pair], near: bool) -> None:
    def csv() -> bytes:
        rows = [_row(table, pair, near) for pair in pairs]
        return studio.to_csv(pd.DataFrame(rows)).encode()

    st.download_button(
        "All pairs (CSV)", csv, f"{data}-pairs.csv", "text/csv", icon=":material/download:", on_click="ignore"
    )


def _row(table: Dataset, pair: Pair, near: bool) -> dict[str, object]:
    tanimoto, cosine = (pair.near, pair.far) if near else (pair.far, pair.near)
    found: dict[str, object] = {"tanimoto": tanimoto, "cosine": cosine, "share nearer": pair.nearer}
    for which, row in (("a", pair.a), ("b", pair.b)):
        found |= {f"smiles {which}": table.smiles[row], f"name {which}": table.names[row]}
        found |= {f"{task.name} {which}": float(table.labels[row, n]) for n, task in enumerate(table.tasks)}
    return found
