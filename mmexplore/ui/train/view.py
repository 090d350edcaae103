"""One training job as it runs: where it is, its curves, and what can be done with it.

Everything is read from the job's folder, so a reload, another tab or a restarted server shows the same.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.jobs.folder import Job
from mmexplore.ui.components import charts, follow_job, model_links, score_words
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.train import study_view

_STATES = {
    "queued": ":gray-badge[:material/hourglass_empty: waiting]",
    "running": ":blue-badge[:material/play_arrow: running]",
    "done": ":green-badge[:material/check: done]",
    "failed": ":red-badge[:material/error: failed]",
    "cancelled": ":orange-badge[:material/stop: cancelled]",
}


def follow(job_id: str) -> None:
    """Show a training, renewed every second while it is active; the whole page runs again when it ends."""
    follow_job.follow_one(studio.job(job_id), _show, every=1.0)


def _show(job: Job) -> None:
    with st.container(border=True):
        head, actions = st.columns([3, 2], vertical_alignment="center")
        head.markdown(f"**{literal(job.title)}** &nbsp; {_STATES[job.state]}")
        with actions, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            _actions(job)
        st.caption(literal(_about(job)))
        _where(job)
        if job.verb == studio.TUNING_VERB:
            if (found := studio.study_of(job)) is not None:
                study_view.show(found, active=job.active)
            _log(job)
            return
        history = studio.job_history(job)
        if len(history):
            _numbers(job, history)
            _curves(job, history)
        elif job.state == "done":  # fitted at once
            _tested(job, st.columns(5))
        if words := _coverage(job):
            st.caption(f":material/target: {literal(words)}, split {literal(split_words(job))}")
        _log(job)


def _log(job: Job) -> None:
    if log := job.log_tail(60):
        with st.expander("Log"):
            st.code(log, language=None)


def _about(job: Job) -> str:
    recipe = studio.recipe_of(job)
    if recipe is None:
        return "its run was deleted"
    return f"{recipe.data.dataset}, split {split_words(job)}, {recipe.in_words}, seed {recipe.training.seed}"


def _actions(job: Job) -> None:
    if job.active:
        follow_job.cancel_button(job, f"cancel/{job.id}", icon=":material/stop:")
        return
    if job.state == "done" and job.verb != studio.TUNING_VERB:
        model_links.link(run_name(job))
        model_links.predict_link(run_name(job))
    elif job.state != "done" and job.retry:
        about: dict[str, Any] = {"help": "goes on after the last finished epoch", "icon": ":material/replay:"}
        st.button("Continue", key=f"again/{job.id}", on_click=_again, args=(job.id,), **about)
    st.button("Close", key=f"close/{job.id}", on_click=_close, help="the run stays in the table below")


def run_name(job: Job) -> str:
    """The name of the model that a training job makes: its run folder's."""
    recipe, *rest = (*job.arguments, "")
    return rest[1].replace("\\", "/").rstrip("/").rpartition("/")[2] if recipe and len(rest) > 1 else ""


def _again(job_id: str) -> None:
    try:
        st.query_params["job"] = studio.restart_job(job_id).id
    except MmexploreError as error:
        st.toast(literal(error), icon=":material/error:")


def _close() -> None:
    st.query_params["job"] = "none"


def _where(job: Job) -> None:
    if job.state == "failed":
        st.error(literal(job.message or "it ended without a word"))
        return
    if job.state == "queued":
        follow_job.bar(job)
        return
    if job.state == "running":
        unit = {"train": "epoch", "tune": "trial"}.get(job.stage, job.stage or "reading what it needs")
        text = f"{unit} {job.done:,} of {job.total:,}" if job.total else unit
        text += f" · about {duration(job.seconds_left)} left" if job.seconds_left else ""
        follow_job.bar(job, text)


def _numbers(job: Job, history: pd.DataFrame) -> None:
    last, number = history.iloc[-1], int(history.index[-1])
    shown = _validation_scores(history)[:2]
    cells = st.columns(3 + len(shown) + len(_test_scores(job)))
    cells[0].metric("Epoch", f"{number:,}" + (f" of {job.total:,}" if job.stage == "train" else ""))
    cells[1].metric("Training loss", f"{last['train_loss']:.4g}")
    for cell, name in zip(cells[2:], shown, strict=False):
        metric = name.removeprefix("validation_")
        value = "–" if pd.isna(last[name]) else f"{last[name]:.4g}"
        cell.metric(
            f"Validation {score_words.title(metric)}", value, help=f"{score_words.direction(metric)}; {_CHOOSE}"
        )
    _tested(job, cells[2 + len(shown) :])
    speed = last.get("molecules_per_second")
    cells[-1].metric("Throughput", "–" if pd.isna(speed) else f"{speed:,.0f}/s", help="molecules a second")


_CHOOSE = "of the last epoch, over the molecules that choose one: those that calibrate intervals are not among them"


def _tested(job: Job, cells: Sequence[Any]) -> None:
    """The test score of a finished training, beside the baseline's."""
    for cell, (metric, score) in zip(cells, _test_scores(job).items(), strict=False):
        words = f"{score_words.direction(metric)}; of the weights that were kept, split {split_words(job)}"
        cell.metric(f"Test {score_words.title(metric)}", f"{score:.4g}", help=words)
        if beside := score_words.beside_baseline(run_name(job), metric):
            cell.caption(literal(beside))


def _test_scores(job: Job) -> dict[str, float]:
    """The main score of the finished model on the test part, empty before and where that part has none."""
    if job.state != "done":
        return {}
    try:
        card = studio.model(run_name(job)).card
    except MmexploreError:
        return {}  # deleted meanwhile
    if card is None:
        return {}
    main, found = score_words.main_metric(card), card.metrics.get("test", {})
    return {main: found[main]} if main in found else {}


def _coverage(job: Job) -> str:
    """What the finished model's intervals or sets covered of its test part; "" before."""
    try:
        card = studio.model(run_name(job)).card if job.state == "done" else None
    except MmexploreError:
        return ""  # deleted meanwhile
    return studio.coverage_in_words(card.coverage) if card else ""


def _curves(job: Job, history: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left:
        charts.show(losses(history), f"{run_name(job)}-loss", f"loss/{job.id}", downloads=not job.active)
    with right:
        name, figure = f"{run_name(job)}-validation", validation(history, split_words(job))
        charts.show(figure, name, f"validation/{job.id}", downloads=not job.active)


def losses(history: pd.DataFrame) -> go.Figure:
    """Every loss term of the training over epochs."""
    terms = [name for name in map(str, history) if name.startswith("train_")]
    return charts.lines(history[terms].rename(columns=score_words.title), "Loss", "epoch", "loss")


def validation(history: pd.DataFrame, split: str = "") -> go.Figure:
    """The first validation score over epochs, which chooses the weights; without labels every term of the loss."""
    names = _validation_scores(history)
    if "validation_loss" in names:
        table = history[names].rename(columns=score_words.title)
        return charts.lines(table, "Validation loss" + (f", {split}" if split else ""), "epoch", "loss")
    names = names[:1]
    metric = names[0].removeprefix("validation_") if names else ""
    title = f"Validation {score_words.title(metric)}" + (f", {split}" if split else "")
    words = f"{score_words.title(metric)} ({score_words.direction(metric)})" if metric else "no labels in this part"
    return charts.lines(history[names].rename(columns=dict.fromkeys(names, words)), title, "epoch", words)


def _validation_scores(history: pd.DataFrame) -> list[str]:
    return [name for name in map(str, history) if name.startswith("validation_")]


def split_words(job: Job) -> str:
    """The split that a training job's scores belong to."""
    recipe = studio.recipe_of(job)
    return score_words.split(recipe.data.split, recipe.data.split_seed, recipe.data.split_options) if recipe else ""
