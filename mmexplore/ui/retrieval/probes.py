"""Linear probe: how well labels are read from each view by a straight line, beside the same from ECFP."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import ECFP, Probe, ViewRef
from mmexplore.ui.components import structures, waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.retrieval import state


def probe_panel(panels: list[ViewRef], data: str) -> None:
    """The probe of each view that is there, or the way to have it made."""
    views = [panel for panel in panels if panel != ECFP]
    if not studio.dataset(data).tasks:
        st.caption("This data set has no labels, and a probe predicts one.")
        return
    if not views:
        st.caption(
            "Choose a view of a model above, or import vectors on the Data page, to see what it tells of labels."
        )
        return
    try:
        found = {name: (panel, studio.stored_probe(panel, data)) for name, panel in state.named(views).items()}
    except MmexploreError as mistake:
        st.caption(literal(mistake))
        return
    if not all(known for _, known in found.values()):
        st.caption("A probe predicts labels from a view by a straight line, on several splits, as from ECFP beside it.")
    for name, (panel, known) in found.items():
        st.markdown(f"**{literal(name)}**")
        if known is None:
            _make(panel, data)
        else:
            _show(known)


def _make(panel: ViewRef, data: str) -> None:
    key, start = f"probe/{data}/{panel.model}/{panel.view}", partial(studio.start_probe, panel, data)
    waits.made_when_asked(key, "Probe it against ECFP", start, "The probe was not finished.", "Probe it again")


def _show(found: Probe) -> None:
    rows = []
    for one in found.tasks:
        row = {"label": one.task, "score": one.metric, "molecules": one.n}
        row |= {"view": _spread(one.view), "ECFP": _spread(one.ecfp)}
        if one.test:
            row |= {"difference": f"{one.test.difference:+.3f} ({one.test.low:+.3f} to {one.test.high:+.3f})"}
            row |= {"p": f"{one.test.p:.2g}"}
        rows.append(row)
    structures.wrapped(pd.DataFrame(rows))
    st.caption(
        literal(
            f"Ridge or logistic regression on the frozen numbers and on the 2,048 bits of ECFP: {found.data}, split "
            f"{found.rule}, seeds {found.seeds[0]} to {found.seeds[-1]}, test part, mean ± standard deviation. The "
            "difference is view minus ECFP with its 95 % interval by Student's t, corrected as splits overlap."
        )
    )
    for note in found.notes:
        st.text(note)


def _spread(values: tuple[float, ...]) -> str:
    known = np.array(values)[np.isfinite(values)] if values else np.empty(0)
    return f"{known.mean():.3f} ± {known.std(ddof=1) if len(known) > 1 else 0:.3f}" if len(known) else "-"
