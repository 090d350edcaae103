"""What-if sliders: a modality counts for nothing, or for more.

The prediction and the test score move with the sliders.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, unquote

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, Evaluation, FusionReport
from mmexplore.ui.components import score_words
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import state, weights
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

TIMES = "times"
"""What a link calls the factors: ``times=gin:0.5,image:0``, those that are not 1."""
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
        _arrive(choice.model, report.modalities)
        factors = tuple(_slider(choice.model, name) for name in report.modalities)
        address.keep(TIMES, written(dict(zip(report.modalities, factors, strict=True))) or None)
        address.answer(TIMES, factors, here=True)
        st.button("All as learned", key="what-if/reset", icon=":material/restart_alt:", on_click=_reset, args=(choice,))
        _score(report, against, factors, absent)
        if against is not None and against.part == "test part":
            name = "roc_auc" if against.kind == "classification" else "rmse"
            if words := score_words.beside_baseline(choice.model, name, report.task):
                st.caption(literal(words))
    with right:
        weights.one(choice, report, added, factors)


def forget_address() -> None:
    """Take the factors out of the address while another tab is open; they come back with this one."""
    address.keep(TIMES, None)


def written(factors: Mapping[str, float]) -> str:
    """Factors as the address holds them, those of 1 left out.

    >>> written({"gin": 0.5, "nmr, 13C": 0.0, "image": 1.0})
    'gin:0.5,nmr%2C%2013C:0'
    """
    return ",".join(f"{quote(name, safe='')}:{value:g}" for name, value in factors.items() if value != 1)


def read(text: str, names: Sequence[str]) -> dict[str, float] | None:
    """Factors of such a text, None where it is none for these modalities.

    >>> read("gin:0.5,nmr%2C%2013C:0", ["gin", "nmr, 13C"]), read("gin:9", ["gin"]), read("ecfp:1", ["gin"])
    ({'gin': 0.5, 'nmr, 13C': 0.0}, None, None)
    """
    found = {}
    for part in text.split(","):
        name, _, number = part.rpartition(":")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if unquote(name) not in names or not 0 <= value <= _MOST:
            return None
        found[unquote(name)] = value
    return found


def _arrive(model: str, names: Sequence[str]) -> None:
    """Set the sliders as a link or Back has them."""
    asked = address.arriving(TIMES)
    if asked is None and not (address.went_back() and TIMES not in st.query_params):
        return
    wanted = read(asked, names) if asked else {}
    if wanted is None:
        address.tell(TIMES, address.lacking("a set of factors", asked or "", "1 each", "does not fit this model"))
    for name in names:
        st.session_state[_key(model, name)] = (wanted or {}).get(name, 1.0)


def _key(model: str, name: str) -> str:
    return f"what-if/{model}/{name}"


def _slider(model: str, name: str) -> float:
    about: dict[str, Any] = {"help": "0 switches the modality off, 1 is as learned", "key": _key(model, name)}
    return float(st.slider(name, 0.0, _MOST, 1.0, 0.05, persist_state="session", **about))


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
    direction = score_words.direction(metric).capitalize()
    words = f"{direction}; on {against.n:,} molecules. Predictions move by {moved:.3g} on average ({report.scale}). "
    words += "At 0 a modality counts as "
    words += f"its mean over {report.reference}." if absent == "mean" else "nothing: its product w · p is zero."
    st.caption(literal(words))
