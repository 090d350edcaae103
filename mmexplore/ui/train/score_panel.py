"""Score panel of a model: scores with intervals beside the baseline's, a threshold to move, and how new the test is."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mmexplore import studio
from mmexplore.models.registry import Model
from mmexplore.studio import ModelEvaluation, PairedTest
from mmexplore.ui.components import charts, score_words
from mmexplore.ui.components.widgets import label_picker
from mmexplore.ui.components.words import literal

_SCORE = st.column_config.NumberColumn(format="%.4g")


def show(model: Model) -> None:
    """Draw the panel: the card's scores, and what is known besides where its predictions are here."""
    assert model.card is not None
    sizes = dict(zip(("train", "validation", "test"), model.card.split.sizes, strict=True))
    st.caption(
        f"On {literal(model.card.data.name)}, split {literal(score_words.split_of(model.card))}: "
        + ", ".join(f"{n:,} {part}" for part, n in sizes.items())
    )
    found = _evaluated(model)
    parts = dict.fromkeys(("validation", "test", "test baseline"), _SCORE) | dict.fromkeys(model.card.metrics, _SCORE)
    st.dataframe(table(model, found), hide_index=True, column_config=parts, placeholder="")
    if found is None:
        _tasks_of_card(model)
        return
    st.caption(literal(f"95 %: interval over {found.n:,} molecules of the {found.part}, drawn with repeats."))
    _against_baseline(found)
    if len(found.per_task) > 1:
        with st.expander("Scores of each task"):
            st.caption(f"{literal(found.part)}, {literal(score_words.split_of(model.card))}")
            st.dataframe(per_task(found))
    kinds = {task.kind for task in model.card.data.tasks}
    if "classification" in kinds:
        with st.expander("Confusion matrix"):
            _confusion(model)
    if found.nearest is not None:
        with st.expander("How new the test molecules are", expanded=True):
            st.caption(literal(f"{found.nearest.words[:1].upper()}{found.nearest.words[1:]} (ECFP4)."))
            charts.show(nearest(found), f"{model.name}-nearest", f"run-nearest/{model.name}")


def _tasks_of_card(model: Model) -> None:
    """Scores of each task as the card has them, where there are several."""
    assert model.card is not None
    if len(model.card.data.tasks) > 1 and model.card.per_task:
        with st.expander("Scores of each task"):
            part = "test" if "test" in model.card.per_task else "validation"
            st.caption(f"{part}, {literal(score_words.split_of(model.card))}")
            st.dataframe(pd.DataFrame.from_dict(model.card.per_task[part], orient="index"))


def _evaluated(model: Model) -> ModelEvaluation | None:
    """Evaluation of the test part; None where nothing but the card is here."""
    assert model.card is not None
    if not model.card.data.tasks:
        return None
    with st.spinner("Drawing molecules with repeats…"):
        return studio.own_evaluation(model.name)


def table(model: Model, found: ModelEvaluation | None) -> pd.DataFrame:
    """One row a score: each part's value, the test part's interval and the baseline's, unit and direction."""
    assert model.card is not None
    metrics = dict(model.card.metrics)
    if found is not None:
        metrics["test"] = {**metrics.get("test", {}), **found.metrics}
    names = dict.fromkeys(name for part in metrics.values() for name in part)
    rows = []
    for name in names:
        if name == "tasks" and len(model.card.data.tasks) == 1:
            continue
        row: dict[str, object] = {"score": score_words.title(name)}
        row |= {part: values.get(name) for part, values in metrics.items()}
        if found is not None:
            row["test 95 %"] = _ends(found.intervals.get(name))
            if found.baseline.model:
                row["test baseline"] = found.baseline.metrics.get(name)
        row["unit"] = score_words.unit(model.card, name)
        row["better"] = score_words.direction(name) if name != "tasks" else ""
        rows.append(row)
    return pd.DataFrame(rows)


def per_task(found: ModelEvaluation) -> pd.DataFrame:
    """One row a task: every score, and the interval of the first."""
    rows = []
    for task, values in found.per_task.items():
        ends = found.per_task_intervals.get(task, {})
        first = next(iter(values))
        rows.append(
            {"task": task, **{score_words.title(n): v for n, v in values.items()}, "95 %": _ends(ends.get(first))}
        )
    return pd.DataFrame(rows).set_index("task")


def _ends(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:.3g} to {pair[1]:.3g}"


def _against_baseline(found: ModelEvaluation) -> None:
    """The baseline's line, the test against it, or how to have one."""
    beside = found.baseline
    if beside.model and found.paired is not None:
        st.markdown(literal(f"{test_words(found.paired)} to {beside.model} on the same molecules."))
    elif beside.model == found.model:
        st.caption("This is the baseline that others on this split are tested against.")
    elif beside.missing:
        st.caption(
            literal(f"{beside.missing[:1].upper()}{beside.missing[1:]}." + (" This trains it:" * bool(beside.command)))
        )
        if beside.command:
            st.code(beside.command, language="shell", wrap_lines=True)


def test_words(test: PairedTest) -> str:
    """Paired test in words.

    >>> test_words(PairedTest("rmse", -0.1, -0.2, 0.01, 0.08, 60, 100, "molecules"))
    'RMSE -0.1 (95 %: -0.2 to 0.01), p 0.08, better on 60 of 100 molecules, compared'
    """
    ends = f"(95 %: {test.low:.3g} to {test.high:.3g})"
    gap = f"{score_words.title(test.metric)} {test.difference:+.3g} {ends}"
    return f"{gap}, p {test.p:.2g}, better on {test.wins:,} of {test.n:,} {test.over}, compared"


@st.fragment
def _confusion(model: Model) -> None:
    """Called and true classes at a threshold that can be moved, and the scores that depend on it."""
    about = studio.judged(model.name)
    names = [task.name for task in about.tasks if task.kind == "classification"]
    name = label_picker("Task", names, f"confusion-task/{model.name}") if len(names) > 1 else names[0]
    words = "A molecule is called class 1 from this probability on"
    threshold = st.slider("Threshold", 0.0, 1.0, 0.5, 0.01, help=words, key=f"threshold/{model.name}")
    made = studio.scores_at(model.name, threshold)
    counts = studio.confusion(model.name, name, threshold)
    st.dataframe(
        pd.DataFrame(counts, index=["class 0", "class 1"], columns=["called 0", "called 1"]), alt="Confusion matrix"
    )
    values, ends = made.per_task.get(name, {}), made.per_task_intervals.get(name, {})
    told = [
        f"{score_words.title(n)} {value:.3g} ({_ends(ends.get(n)) or 'no interval'})" for n, value in values.items()
    ]
    st.caption(literal(f"{name}, {about.part}, threshold {threshold:.2f}: {', '.join(told) or 'one class alone'}."))


def nearest(found: ModelEvaluation) -> go.Figure:
    """Histogram of the test molecules' nearest training molecule."""
    assert found.nearest is not None
    counts = np.array(found.nearest.counts)
    width = 1 / len(counts)
    figure = charts.blank("Nearest training molecule", "Tanimoto of ECFP4", "test molecules")
    bars: dict[str, Any] = {"x": (np.arange(len(counts)) + 0.5) * width, "y": counts, "width": width}
    figure.add_bar(**bars, name="test molecules", marker={"color": charts.PALETTE[0]})
    figure.add_vline(x=found.nearest.median, line={"color": charts.GRAY, "dash": "dash"})
    figure.update_xaxes(range=[0, 1])
    return figure.update_layout(bargap=0.02, showlegend=False, height=220)
