"""Model details: scores with their split, curves, predictions against labels, and how it was made."""

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import charts, score_words
from mmexplore.ui.components.widgets import label_picker
from mmexplore.ui.components.words import duration
from mmexplore.ui.shell import address
from mmexplore.ui.train import coverage, view


def pictures(model: Model) -> None:
    """Loss, validation score, and predictions of the test part against the labels."""
    history, split = studio.history(model.name), score_words.split_of(model.card) if model.card else ""
    left, middle, right = st.container(key="stacks-pictures").columns(3)
    if len(history):
        with left:
            charts.show(view.losses(history), f"{model.name}-loss", f"run-loss/{model.name}")
        with middle:
            charts.show(view.validation(history, split), f"{model.name}-validation", f"run/{model.name}")
    with right:
        _test_picture(model, split)


def _test_picture(model: Model, split: str) -> None:
    """Predictions of the test part against its labels, where both are here."""
    assert model.card is not None
    try:
        told = studio.tested(model.name)
    except MmexploreError:
        return  # the predictions are gone
    tasks = {task.name: task for task in model.card.data.tasks}
    if told is None or not tasks:
        return
    name = next(iter(tasks))
    if len(tasks) > 1:
        name = address.choose(label_picker, "Task", list(tasks), key=f"task-{model.name}", kind="the task")
    number, task = list(tasks).index(name), tasks[name]
    truth, guess = told.truth[:, number], told.prediction[:, number]
    if task.kind == "classification":
        figure = charts.roc(truth, guess, f"ROC of {task.name}, test, {split}")
    else:
        spread = None if told.spread is None else told.spread[:, number]
        figure = coverage.parity(model, task, truth, guess, spread, split)
    charts.show(figure, f"{model.name}-test", f"run-test/{model.name}")
    if task.kind == "classification":
        coverage.reliability(model, task, truth, guess, split)


def facts(model: Model) -> None:
    """Time, machine, versions and recipe."""
    card = model.card
    assert card is not None
    with st.expander("How it was made"):
        for note in card.notes:
            st.text(f"Note: {note}")
        known = {
            "weights of epoch": f"{card.best_epoch} of {card.epochs_run}",
            "calibration rows": f"{card.split.calibration:,} of {card.split.sizes[1]:,} validation molecules",
            "encoder epochs": f"{card.encoder_epochs:,}",
            "time": duration(card.seconds),
            "throughput": f"{card.molecules_per_second:,.0f} molecules/s",
            "peak memory": f"{card.peak_megabytes:,.0f} MB",
            "parameters": f"{card.parameters:,}",
            "numerics": card.numerics,
            "machine": card.machine,
            "code": card.commit,
            "versions": ", ".join(f"{name} {version}" for name, version in card.versions.items()),
            "made": card.created,
            "folder": model.folder.name if model.shipped else model.folder.parent.name,
        }
        if isinstance(model, studio.Ensemble):
            known |= {"weights of epoch": "each member's own", "folder": model.folder.name}
        st.dataframe(pd.DataFrame(known.items(), columns=["", "value"]), hide_index=True)
        if model.recipe:
            st.code(model.recipe.model_dump_json(indent=1), language="json", height=240)
