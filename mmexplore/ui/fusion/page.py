"""Fusion: what each modality says of each molecule and how much it counts, and how fusions compare."""

from collections.abc import Callable

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import model_links, waits
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.fusion import alike, compared, disagreement, state, weights, what_if
from mmexplore.ui.shell import session
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import ALIKE, COMPARED, DISAGREEMENT, FUSION_TABS, WEIGHTS, WHAT_IF


def fusion_page() -> None:
    """The whole page."""
    st.title("Fusion", anchor=False)
    choice = session.choice()
    try:
        _page(choice)
    except MmexploreError as mistake:
        st.error(literal(mistake), icon=":material/info:")


def _page(choice: Choice) -> None:
    ready, fused = not studio.lacking([studio.ViewRef(choice.model, choice.view)], choice.data), False
    if state.fused(choice.model):
        waits.embedded([] if ready else [choice.model], choice.data)
        fused = ready
        if words := left_out(studio.skipped(choice.model, choice.data), "described by this model"):
            st.caption(literal(words))
    else:
        _no_fusion(choice)
    task = _task(choice.model)
    parts: dict[str, Callable[[], None]] = {}
    if fused and studio.summands(choice.model):
        parts |= {
            WEIGHTS: lambda: weights.show(choice, task),
            WHAT_IF: lambda: what_if.show(choice, task),
        }
    if fused:
        parts[ALIKE] = lambda: alike.show(choice, task)
    parts |= {
        COMPARED: lambda: compared.show(choice),
        DISAGREEMENT: lambda: disagreement.show(choice),
    }
    for tab, draw in zip(st.tabs(list(parts), key=FUSION_TABS, on_change="rerun"), parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _task(model: str) -> str:
    card = studio.model(model).card
    names = [task.name for task in card.data.tasks] if card else []
    if len(names) < 2:
        return names[0] if names else ""
    return str(st.selectbox("Task", names, key=f"fusion/task/{model}", width=300, persist_state="session"))


def _no_fusion(choice: Choice) -> None:
    able = [known for known in studio.models() if state.fused(known.name)]
    words = f"Model {choice.model} has one branch, or none that predicts, so it fuses nothing. "
    words += "These do:" if able else "Train one from the recipes mmfrl_late or mmfrl_intermediate."
    st.info(literal(words), icon=":material/info:")
    model_links.others("Fusion", able, choice.data)
