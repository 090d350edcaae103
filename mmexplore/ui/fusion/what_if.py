"""What-if sliders: a modality counts for nothing, or for more.

The prediction and the test score move with the sliders.
"""

from typing import Literal

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, Evaluation, FusionReport
from mmexplore.ui.components import score_words
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import state, weights
from mmexplore.ui.shell.session import Choice

_MOST = 2.0


@st.fragment
def show(choice: Choice, task: str, absent: Absent) -> None:
    """Sliders on the left, what they do on the right; only this part of the page runs again."""
    report = state.report(choice.model, choice.data, task)
    against = state.evaluate(choice.model, choice.data, task)
    added = state.contributions(choice, task, absent)
    if added is None:
        return
    left, right = st.container(key="stacks-fusion-what-if").columns([9, 11], gap="large")
    with left:
        st.markdown("**Each modality's coefficient times**")
        factors = tuple(_slider(choice.model, name) for name in report.modalities)
        st.button("All as learned", key="what-if/reset", icon=":material/restart_alt:", on_click=_reset, args=(choice,))
        _score(report, against, factors, absent)
        if against is not None and against.part == "test part":
            name = "roc_auc" if against.kind == "classification" else "rmse"
            if words := score_words.beside_baseline(choice.model, name, report.task):
                st.caption(literal(words))
    with right:
        weights.one(choice, report, added, factors)


def _slider(model: str, name: str) -> float:
    help_ = "0 switches the modality off, 1 is as learned"
    return float(st.slider(name, 0.0, _MOST, 1.0, 0.05, key=f"what-if/{model}/{name}", help=help_))


def _reset(choice: Choice) -> None:
    for key in [str(key) for key in st.session_state if str(key).startswith(f"what-if/{choice.model}/")]:
        st.session_state[key] = 1.0


def _score(report: FusionReport, against: Evaluation | None, factors: tuple[float, ...], absent: Absent) -> None:
    if against is None:
        st.caption("This data set has no labels of that task, so there is no score to watch.")
        return
    before, after = studio.fusion_score(report, against), studio.fusion_score(report, against, factors, absent)
    if before is None or after is None:
        return
    metric, value = after
    unit = f" {report.unit}" if metric == "rmse" and report.unit else ""
    worse: Literal["inverse", "normal"] = "inverse" if metric == "rmse" else "normal"
    title = f"{score_words.title(metric)}, {against.part}"
    change = f"{value - before[1]:+.4f}" if value != before[1] else None
    st.metric(literal(title), f"{value:.4f}{unit}", change, delta_color=worse, border=True)
    moved = np.abs(studio.counterfactual(report, factors, absent) - report.prediction).mean()
    direction = score_words.direction(metric)
    words = f"{direction}; on {against.n:,} molecules. Predictions move by {moved:.3g} on average ({report.scale}). "
    words += "At 0 a modality counts as "
    words += f"its mean over {report.reference}." if absent == "mean" else "nothing: its product w · p is zero."
    st.caption(literal(words))
