"""Coverage panel of a model: what its intervals or sets covered of the test part, and what they cover of others."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mmexplore import studio
from mmexplore.datasets import Task
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import charts
from mmexplore.ui.components.words import literal

_SHARE, _SIZE = st.column_config.NumberColumn(format="%.1f %%"), st.column_config.NumberColumn(format="%.3g")
_COLUMNS: dict[str, Any] = dict.fromkeys(("covered", "from", "to", "class 0", "class 1"), _SHARE)
_COLUMNS |= dict.fromkeys(("width", "classes in a set"), _SIZE)


def show(model: Model) -> None:
    """Draw the panel of a model that predicts labels."""
    if model.card is None or not model.card.data.tasks:
        return
    try:
        made, found = studio.calibration(model.name), studio.coverage(model.name)
    except MmexploreError as error:
        st.warning(literal(error))
        return
    if made is None:
        st.caption(literal(studio.intervals_in_words(model.name)))
        return
    if words := studio.coverage_in_words(found):
        st.markdown(f"**{literal(words)}**", help="with the 95 % interval of that share (Wilson)")
    st.caption(literal(f"{made.words} {studio.promise(model.card.split.rule)}"))
    if found and (len(found) > 1 or found[0].classes):
        with st.expander("Coverage of each task and class" if len(found) > 1 else "Coverage of each class"):
            st.dataframe(table(found), hide_index=True, column_config=_COLUMNS)


def table(found: tuple[studio.Coverage, ...]) -> pd.DataFrame:
    """One row a task: labels, covered share and its interval, that of each class, and how wide or large."""
    rows = []
    for one in found:
        low, high = one.bounds()
        shares = {f"class {c}": 100 * hits / of if of else None for c, (hits, of) in (one.classes or {}).items()}
        about: dict[str, object] = {"task": one.task, "test labels": one.of, "covered": 100 * one.share}
        about |= {"from": 100 * low, "to": 100 * high, **shares}
        rows.append(about | {"width" if one.classes is None else "classes in a set": one.width})
    return pd.DataFrame(rows)


def reliability(model: Model, task: Task, truth: np.ndarray, guess: np.ndarray, split: str) -> None:
    """Reliability diagram of the test part: probabilities as they come, and after temperature scaling."""
    assert model.card is not None
    drawn, told = {"as it comes": guess}, split
    if (made := studio.calibration(model.name)) is not None:
        number = model.card.data.tasks.index(task)
        drawn["temperature-scaled"] = made.probability(number, guess)
        told = f"{split}; temperature {made.temperatures[number]:.2f}"
    figure = charts.reliability(truth, drawn, f"Reliability of {task.name}, test", told)
    charts.show(figure, f"{model.name}-reliability", f"run-reliability/{model.name}")


def parity(
    model: Model, task: Task, truth: np.ndarray, guess: np.ndarray, spread: np.ndarray | None, split: str
) -> go.Figure:
    """Predicted against measured values of the test part, each with its interval where the model has them."""
    assert model.card is not None
    label = f"{task.name} ({task.unit})" if task.unit else task.name
    made, title = studio.calibration(model.name), f"{task.name}, test, {split}"
    if made is None:
        return charts.parity(truth, guess, label, title)
    low, high = made.interval(model.card.data.tasks.index(task), guess, spread)
    told = f"with intervals of {100 * studio.LEVEL:.0f} %"
    return charts.parity(truth, guess, label, title, (low, high), told)
