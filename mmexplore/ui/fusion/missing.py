"""Missing modalities: the score against the share that is missing, over all subsets, and what each one adds."""

import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, MissingModalities
from mmexplore.ui.components import charts, score_words
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import state, weights
from mmexplore.ui.shell.session import Choice


def show(choice: Choice, task: str, absent: Absent) -> None:
    """The curve with its subsets on the left, what each modality adds on the right."""
    report, found = state.report(choice.model, choice.data, task), state.contributions(choice, task, absent)
    if found is None:
        return
    tested = state.stress(found, choice, task)
    left, right = st.container(key="stacks-fusion-missing").columns([1, 1], gap="large")
    metric = f"{score_words.title(tested.metric)} {tested.unit}".strip()
    told = f"{tested.n:,} molecules of {choice.data}, {tested.part}"
    counts = f"its mean over {report.reference}" if absent == "mean" else "zero"
    with left:
        title = f"{metric} where modalities are missing"
        drawn = fusion_charts.missing(tested.curve, tested.subsets, title, told, metric)
        charts.show(drawn, f"{choice.model}-missing", "fusion/missing")
        some = "all subsets" if tested.exact else f"{len(tested.subsets)} subsets, those on the way of drawn orders"
        better = score_words.direction(tested.metric).capitalize()
        words = f"{better}. A dot a subset, over {some}; the bars are one standard "
        st.caption(literal(words + f"deviation over the subsets of a size. A missing modality counts as {counts}."))
        _table(choice, tested)
    with right:
        lost = f"{metric} lost without it"
        follows = f"follows the label, {weights.of_contributions(report)}"
        drawn = fusion_charts.added(tested.added, "What each modality adds", told, (lost, follows))
        charts.show(drawn, f"{choice.model}-added", "fusion/added")
        step = "for class 1 than for class 0" if tested.metric == "roc_auc" else "for a label one deviation higher"
        words = "Left: how much worse the score is without the modality. Right: how much more it contributes "
        words += f"{step}. Bars: 95 % intervals by bootstrap over these molecules; one that holds 0 is grey."
        st.caption(literal(words))


def _table(choice: Choice, tested: MissingModalities) -> None:
    st.dataframe(tested.subsets, hide_index=True, height=250, alt="Scores of subsets of modalities", placeholder="")
    name = f"{choice.model}-{choice.data}-missing.csv"
    st.download_button(
        "Subsets (CSV)",
        lambda: studio.to_csv(tested.subsets),
        name,
        "text/csv",
        key="fusion/subsets",
        on_click="ignore",
    )
