"""A study of settings as it grows: its history, its trials side by side, their table, and settings to take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from mmexplore import studio
from mmexplore.recipes.ranges import in_words
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.registry import OneOf
from mmexplore.studio import StudyOfSettings, Trial
from mmexplore.ui.components import charts, score_words, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.train import form

_FIT = ("trial", "state", "score", "epochs")


def show(found: StudyOfSettings, *, active: bool) -> None:
    """Draw a study; the page runs again once settings are taken."""
    study, title = found.study, score_words.title(found.study.metric)
    ended = [trial for trial in found.trials if trial.state != "running"]
    first = next((trial for trial in found.trials if is_the_recipe(found, trial)), None)
    cells = st.columns(4)
    cells[0].metric("Trials", f"{len(ended):,} of {study.search.trials:,}")
    cells[1].metric("Ended early", f"{sum(trial.state == 'pruned' for trial in ended):,}")
    words = f"{score_words.direction(study.metric)}; of {study.rows:,} validation molecules, no test molecule"
    best = found.best
    cells[2].metric(f"Best validation {title}", _number(best), help=words)
    cells[3].metric("As it was", _number(first), help="the recipe with its own settings")
    if not ended:
        return
    left, right = st.columns([2, 3])
    with left:
        charts.show(history(found), f"{found.name}-history", f"study/{found.name}/history", downloads=not active)
    with right:
        charts.show(parallel(found), f"{found.name}-settings", f"study/{found.name}/settings", downloads=False)
    _settings(found, ended, best)
    st.caption(literal(f"Drawn by {study.search.sampler}, seed {study.search.seed}; {study.made_by}. {_among(ended)}"))


def _among(ended: Sequence[Trial]) -> str:
    count = len(ended)
    return f"The best of {count:,} validation scores flatters: the test score of a training with it is what counts."


def _number(trial: Trial | None) -> str:
    return "–" if trial is None or trial.score is None else f"{trial.score:.4g}"


def is_the_recipe(found: StudyOfSettings, trial: Trial) -> bool:
    """Whether a trial is the study's recipe with its own settings."""
    return trial.state == "complete" and found.settled(trial) == found.study.settled(
        trial.model_copy(update={"settings": {}})
    )


def _settings(found: StudyOfSettings, ended: Sequence[Trial], best: Trial | None) -> None:
    """The table of trials, and taking the settings of one: the chosen line's, else the best one's."""
    frame = table(found, ended)
    about: dict[str, Any] = {"on_select": "rerun", "selection_mode": "single-row", "alt": "Trials of the search"}
    picked = structures.fitting(frame, _FIT, "trials", key=f"study/{found.name}/table/{len(frame)}", **about)
    rows = picked.selection.rows
    chosen = ended[rows[0]] if rows and rows[0] < len(ended) else best
    with st.container(horizontal=True, vertical_alignment="center"):
        if chosen is not None and chosen.state in ("complete", "pruned"):
            which = f"trial {chosen.number + 1}" + (", the best" if best and chosen.number == best.number else "")
            label = f"Take the settings of {which}"
            if st.button(label, type="primary", icon=":material/input:", key=f"study/{found.name}/take"):
                form.take(found.settled(chosen), f"{found.study.title}, {which}")
                st.rerun()
        content: dict[str, Any] = {
            "on_click": "ignore",
            "icon": ":material/download:",
            "key": f"study/{found.name}/csv",
        }
        st.download_button("Table (CSV)", lambda: studio.to_csv(frame), f"{found.name}.csv", "text/csv", **content)


def table(found: StudyOfSettings, trials: Sequence[Trial]) -> pd.DataFrame:
    """One row a trial: how it ended, its validation score, and each setting."""
    rows = [
        {"trial": one.number + 1, "state": one.state, "score": one.score, "epochs": len(one.scores)}
        | {path: one.settings.get(path) for path in found.study.ranges}
        | {"seconds": one.seconds, "message": one.message}
        for one in trials
    ]
    return pd.DataFrame(rows).astype({"score": float})


def history(found: StudyOfSettings) -> go.Figure:
    """Validation score of each trial, and the best of those that came to their end so far."""
    metric = score_words.title(found.study.metric)
    figure = charts.blank("Trials", "trial", f"validation {metric}", score_words.direction(found.study.metric))
    for state, symbol, color in (("complete", "circle", charts.PALETTE[0]), ("pruned", "x", charts.GRAY)):
        some = [one for one in found.trials if one.state == state and one.score is not None]
        name = "to the end" if state == "complete" else "ended early"
        dots = {"color": color, "symbol": symbol, "size": 8}
        x, y = [one.number + 1 for one in some], [one.score for one in some]
        figure.add_scatter(x=x, y=y, mode="markers", name=name, marker=dots)
    done = [one for one in found.trials if one.state == "complete" and one.score is not None]
    scores = np.array([one.score for one in done], float)
    best = np.minimum.accumulate(scores) if found.study.lower_is_better else np.maximum.accumulate(scores)
    stroke = {"color": charts.PALETTE[1], "width": 2, "shape": "hv"}
    x = [one.number + 1 for one in done]
    figure.update_xaxes(dtick=max(1, len(found.trials) // 6))
    return figure.add_scatter(x=x, y=best, mode="lines", name="best so far", line=stroke)


def parallel(found: StudyOfSettings) -> go.Figure:
    """Parallel coordinates: a line a trial through its settings, each from the low to the high end, to its score."""
    some = [one for one in found.trials if one.state in ("complete", "pruned") and one.score is not None]
    figure = charts.blank("Settings of each trial", "", "", "from the low end of a range to its high end")
    axes = {
        short(path): _axis(words, [one.settings[path] for one in some]) for path, words in found.study.ranges.items()
    }
    scores = [float(one.score or 0.0) for one in some]
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    axes[score_words.title(found.study.metric)] = Axis(
        [(score - low) / (high - low or 1.0) for score in scores], f"{low:.4g}", f"{high:.4g}"
    )
    best = found.best
    looks: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("ended early", lambda one: one.state == "pruned", {"color": charts.GRAY, "width": 1, "dash": "dot"}),
        ("to the end", lambda one: one.state == "complete" and one != best, {"color": charts.PALETTE[0], "width": 1}),
        ("best", lambda one: one == best, {"color": charts.PALETTE[1], "width": 3}),
    )
    for name, shown, stroke in looks:
        x: list[float | None] = []
        y: list[float | None] = []
        for number, one in enumerate(some):
            if shown(one):
                x += [*range(len(axes)), None]
                y += [*(axis.places[number] for axis in axes.values()), None]
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line=stroke, hoverinfo="skip")
    for height, end in ((-0.08, "low"), (1.08, "high")):
        texts = [charts.plain(getattr(axis, end)) for axis in axes.values()]
        about = {"mode": "text", "text": texts, "showlegend": False, "hoverinfo": "skip", "name": f"{end} end"}
        figure.add_scatter(x=list(range(len(axes))), y=[height] * len(axes), **about)
    figure.update_xaxes(tickvals=list(range(len(axes))), ticktext=list(map(charts.plain, axes)), tickangle=-30)
    return figure.update_yaxes(visible=False, range=[-0.16, 1.16]).update_layout(height=360, margin_l=90)


@dataclass(frozen=True)
class Axis:
    """Axis of parallel coordinates: where each trial meets it, 0 to 1, and its ends in words."""

    places: Sequence[float]
    low: str
    high: str


def _axis(words: str, values: Sequence[Any]) -> Axis:
    """Numbers as they are or by their logarithms; choices side by side, in the order of their range."""
    ends = words.split(":")
    if len(ends) == 1:
        names = words.split(",")
        place = {name: number / max(len(names) - 1, 1) for number, name in enumerate(names)}
        return Axis([place[in_words(OneOf((value,)))] for value in values], names[0], names[-1])
    low, high = float(ends[0]), float(ends[1])
    if len(ends) == 3:
        shares = [math.log(value / low) / math.log(high / low) for value in values]
    else:
        shares = [(value - low) / (high - low) for value in values]
    return Axis(shares, f"{low:g}", f"{high:g}")


def short(path: str) -> str:
    """A field's path as a label.

    >>> short("training.learning_rate"), short("branches.0.options.layers")
    ('learning rate', 'branches 0 layers')
    """
    words = [word for word in path.split(".") if word not in ("training", "options", "members")]
    return " ".join(words).replace("_", " ")


def kept() -> None:
    """Studies that are here, one to be looked at again, or deleted."""
    found = {one.name: one for one in studio.studies()}
    if not found:
        return
    with st.expander(f"Searches of settings ({len(found)})", icon=":material/tune:"):
        words = {
            name: f"{one.study.title}: {len(one.trials)} trials, best {_number(one.best)}"
            for name, one in found.items()
        }
        about: dict[str, Any] = {"index": None, "placeholder": "choose one", "format_func": lambda name: words[name]}
        name = st.selectbox("Search", list(found), key="studies", **about)
        if not name:
            return
        show(found[name], active=False)
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("Delete this search with its trials? This cannot be undone.")
            if st.button("Delete this search", type="primary"):
                try:
                    studio.delete_study(name)
                except (MmexploreError, OSError) as error:
                    st.error(literal(error))
                    return
                st.rerun()
