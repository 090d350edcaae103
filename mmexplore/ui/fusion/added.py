"""What each modality adds where nothing is summed: Shapley values of a molecule, and what would be without some."""

from typing import Literal

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, Contributions, FusionReport
from mmexplore.ui.components import charts, score_words
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import state, weights
from mmexplore.ui.shell.session import Choice


def show(choice: Choice, task: str, absent: Absent) -> None:
    """Contributions of all molecules on the left, of the current one on the right, and switches of modalities."""
    report, found = state.report(choice.model, choice.data, task), state.contributions(choice, task, absent)
    if found is None:
        return
    left, right = st.container(key="stacks-fusion-added").columns([13, 7], gap="large")
    with left:
        places = weights.molecules(report)
        _distributions(choice, report, found, places)
        weights.table(choice, report, found, places)
    with right:
        weights.one(choice, report, found)
        _without(choice, report, found)


def _distributions(choice: Choice, report: FusionReport, found: Contributions, places: np.ndarray) -> None:
    name = f"contribution, {report.contribution_unit}".removesuffix(", ")
    current = np.flatnonzero(places == weights.where(report))
    title = f"{report.task}: what each modality adds, {len(places):,} molecules of {choice.data}"
    at = int(current[0]) if len(current) else -1
    drawn = fusion_charts.distributions({name: found.values[places]}, report.modalities, at, title)
    charts.show(drawn, f"{choice.model}-contributions", "fusion/contributions")
    words = f"This fusion is no sum of its modalities: these are {found.by}, measured from {found.start_is}. "
    st.caption(literal(words + "They add up to the prediction."))


def _without(choice: Choice, report: FusionReport, found: Contributions) -> None:
    """The score with some modalities alone."""
    names = list(found.modalities)
    kept = st.pills("Modalities present", names, default=names, selection_mode="multi", key=f"present/{choice.model}")
    predicted = found.of([name in kept for name in names])
    against = state.evaluate(choice.model, choice.data, report.task)
    if predicted is None:
        st.caption("This combination was not among those tried; leave out one more, or one less.")
        return
    place = weights.where(report)
    if place >= 0:
        st.caption(
            literal(f"The current molecule with these alone: {weights.in_words(report, float(predicted[place]))}")
        )
    now, before = (studio.score(against, one) if against else None for one in (predicted, found.prediction))
    if against is None or now is None or before is None:
        return
    metric, value = now
    worse: Literal["inverse", "normal"] = "inverse" if metric == "rmse" else "normal"
    change = f"{value - before[1]:+.4f}" if value != before[1] else None
    unit = f" {report.unit}" if metric == "rmse" and report.unit else ""
    title = f"{score_words.title(metric)}, {against.part}"
    st.metric(literal(title), f"{value:.4f}{unit}", change, delta_color=worse, border=True)
