"""Prediction request, as it stands in the address: which models, how sure an interval is, what becomes of salts."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mmexplore.studio import Model
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

_MODELS, _LEVEL, _SALTS, _MARK = "by", "level", "salts", "predict-of"
LEVELS = ("80 %", "90 %", "95 %")
_WAYS = {"strip": "Parent, neutral", "keep": "As drawn"}
MOST_MODELS = 6


@dataclass(frozen=True)
class PredictionRequest:
    """Prediction request: models by name, the level of intervals, and whether salts are stripped."""

    models: tuple[str, ...]
    level: float
    salts: str


def asked(choice: Choice, able: Sequence[Model]) -> PredictionRequest:
    """Draw the controls and read them."""
    titles = {model.name: model for model in able}
    _follow(choice, titles)
    left, middle, right = st.columns([5, 2, 2], vertical_alignment="bottom")
    begin = [choice.model] if choice.model in titles else []
    missing = address.unknown(_MODELS, titles)
    with left:
        names = st.multiselect(
            "Models",
            list(titles),
            begin,
            key=_MODELS,
            bind="query-params",
            max_selections=MOST_MODELS,
            help="Several answer, one below the other",
        )
    if missing:
        address.tell(_MODELS, address.lacking("the model", missing[0], ", ".join(names)))
    address.answer(_MODELS, names)
    about = "So many new molecules that are like those of the training are to lie in the interval"
    with middle:
        level = address.choose(st.selectbox, "Interval", LEVELS, key=_LEVEL, kind="the interval", index=1, help=about)
    with right:
        way = address.choose(st.selectbox, "Structure", list(_WAYS.values()), key=_SALTS, kind="the structure")
    _trained(names, titles)
    salts = next((salts for salts, title in _WAYS.items() if title == way), "strip")
    return PredictionRequest(tuple(names), float(str(level or LEVELS[1]).split()[0]) / 100, salts)


def _follow(choice: Choice, titles: dict[str, Model]) -> None:
    """Another model in the frame is the one that predicts."""
    before = st.session_state.get(_MARK)
    st.session_state[_MARK] = choice.model
    if before and before != choice.model and choice.model in titles:
        st.session_state[_MODELS] = [choice.model]


def _trained(names: Sequence[str], titles: dict[str, Model]) -> None:
    for name in names:
        card = titles[name].card
        if card is not None:
            labels = ", ".join(f"{t.name} ({t.unit})" if t.unit else t.name for t in card.data.tasks[:4])
            more = f" and {len(card.data.tasks) - 4} more" if len(card.data.tasks) > 4 else ""
            st.caption(literal(f"{name} predicts {labels}{more}; trained on {titles[name].data}"))


def level_in_words(level: float) -> str:
    """A level as a share.

    >>> level_in_words(0.9)
    '90 %'
    """
    return f"{100 * level:.0f} %"
