"""Linear probe: how well labels are read from each view by a straight line, beside the same from ECFP."""

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import ECFP, Job, Probe, ViewRef
from mmexplore.ui.components import follow_job, structures
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
    for name, (panel, known) in found.items():
        st.markdown(f"**{literal(name)}**")
        if known is None:
            _make(panel, data)
        else:
            _show(known)


def _make(panel: ViewRef, data: str) -> None:
    key = f"probe/{data}/{panel.model}/{panel.view}"
    job = follow_job.known(st.session_state.get(key, ""))
    if job is None:
        st.button("Probe it against ECFP", key=f"{key}/start", on_click=_start, args=(panel, data, key))
        return

    def draw(now: Job) -> None:
        if now.active:
            follow_job.bar(now)
            follow_job.cancel_button(now, f"{key}/cancel")

    if job.active:
        follow_job.follow_one(job, draw)
    elif follow_job.unfinished(job, "The probe was not finished.", "Probe it again", key):
        del st.session_state[key]
        st.rerun()


def _start(panel: ViewRef, data: str, key: str) -> None:
    try:
        st.session_state[key] = studio.start_probe(panel, data).id
    except MmexploreError as error:
        st.toast(literal(error), icon=":material/error:")


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
