"""Disagreement table of two views: the molecules whose neighbours they agree on least, ranked."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.studio import ECFP, ViewRef
from mmexplore.ui.components import charts, molecule, structures, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import state
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_GRID, _SHOWN, _LISTED = "disagreement-grid", 18, 1_000


def show(choice: Choice, waited: bool = False) -> None:
    """Two views, their disagreement's distribution, the molecules they part over, and the way to the Map.

    ``waited``: the page has a bar already for the model's own embedding.
    """
    n = len(studio.dataset(choice.data))
    if n > studio.MOST_COMPARED:
        words = f"{choice.data} has {n:,} molecules; neighbours of at most {studio.MOST_COMPARED:,} are compared."
        st.info(literal(words), icon=":material/info:")
        return
    panels = [
        ECFP,
        *(ViewRef(choice.model, view) for view in studio.model(choice.model).views if choice.model != "ecfp"),
    ]
    if len(panels) < 2:
        st.info("Choose a model: its views are compared with each other and with ECFP.", icon=":material/info:")
        return
    one, other, k = _asked(panels)
    if one == other:
        st.info("A view agrees with itself: choose two different ones.", icon=":material/info:")
        return
    lacking = studio.lacking([one, other], choice.data)
    rest = [model for model in lacking if not (waited and model == choice.model)]
    waits.embedded(rest, choice.data)
    if lacking and not rest:
        st.caption(state.WAITING)
    if not lacking:
        _found(choice, state.disagreement(one, other, choice.data, k), f"{one.view} and {other.view}", k)


def _asked(panels: list[ViewRef]) -> tuple[ViewRef, ViewRef, int]:
    names = [panel.view for panel in panels]
    with st.container(horizontal=True):
        about: dict[str, Any] = {"kind": "the view", "width": 220}
        one = address.choose(st.selectbox, "View", names, index=min(1, len(names) - 1), key="one", **about)
        other = address.choose(st.selectbox, "against", names, key="other", **about)
        k = address.whole(st, "Neighbours", 1, 100, 10, key="neighbours", kind="a number of neighbours", width=140)
    return panels[names.index(one)], panels[names.index(other)], k


def _found(choice: Choice, values: np.ndarray, between: str, k: int) -> None:
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(-values[known], kind="stable")]
    left, right = st.container(key="stacks-fusion-disagreement").columns([1, 1], gap="large")
    with left:
        title = f"Disagreement of {between}, {len(known):,} molecules of {choice.data}"
        charts.show(charts.histogram(values, title, "1 - Jaccard"), "disagreement", "fusion/disagreement")
        st.caption(
            f"Mean {studio.mean_disagreement(values):.3f}. 1 - Jaccard index of a molecule's {k} nearest others "
            "(cosine; Tanimoto for ECFP): 0 the same ones, 1 none in common. On the Map, a view can be coloured by its "
            "disagreement with any other."
        )
    with right:
        st.markdown(f"**They part most over these {min(_SHOWN, len(order))}**")
        drawings(_GRID, [_drawing(choice.data, row, values[row]) for row in order[:_SHOWN].tolist()], _pick)
    data = studio.dataset(choice.data)
    table = pd.DataFrame({"disagreement": values[order], "name": data.names[order], "SMILES": data.smiles[order]})
    structures.fitting(table.head(_LISTED), list(map(str, table)), height=300, alt="Molecules by disagreement")
    file = f"{choice.data}-disagreement.csv"
    st.download_button("Table (CSV)", lambda: studio.to_csv(table), file, "text/csv", on_click="ignore")


def _drawing(data: str, row: int, value: float) -> Drawing:
    return Drawing(of_row(data, row), molecule.title(studio.query_of_row(data, row)), f"{value:.2f}", row)


def _pick() -> None:
    if (row := picked(_GRID)) >= 0:
        session.choose_row(row)
