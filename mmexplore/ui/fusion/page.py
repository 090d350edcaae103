"""Fusion: what each modality says of each molecule and how much it counts, and how fusions compare."""

from collections.abc import Callable

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Absent
from mmexplore.ui.components import model_links, waits, widgets
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.fusion import added, alike, compared, disagreement, missing, state, weights, what_if
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import ADDED, ALIKE, COMPARED, DISAGREEMENT, FUSION_TABS, MISSING, WEIGHTS, WHAT_IF

_ABSENT: dict[str, Absent] = {"training mean": "mean", "zero": "zero"}


def fusion_page() -> None:
    """The whole page."""
    st.title("Fusion", anchor=False)
    choice = session.choice()
    try:
        _page(choice)
    except MmexploreError as mistake:
        st.error(literal(mistake), icon=":material/info:")


def _page(choice: Choice) -> None:
    fuses, lacking = state.fused(choice.model), state.lacking(choice)
    ready = not lacking
    with st.container():  # always there, so that the tabs keep their place while an embedding is made
        if not fuses:
            _no_fusion(choice)
        elif not ready:
            waits.embedded([choice.model], lacking)
        elif words := left_out(studio.skipped(choice.model, choice.data), "described by this model"):
            st.caption(literal(words))
    task, absent = _asked(choice.model, fuses)
    parts: dict[str, Callable[[], None]] = {}
    if fuses and studio.summands(choice.model):
        parts |= {
            WEIGHTS: lambda: weights.show(choice, task, absent),
            WHAT_IF: lambda: what_if.show(choice, task, absent),
        }
    elif fuses:
        parts[ADDED] = lambda: added.show(choice, task, absent)
    if fuses:
        parts[MISSING] = lambda: missing.show(choice, task, absent)
        parts[ALIKE] = lambda: alike.show(choice, task)
    waiting = () if ready else tuple(parts)
    parts |= {
        COMPARED: lambda: compared.show(choice),
        DISAGREEMENT: lambda: disagreement.show(choice, waited=fuses and not ready),
    }
    for (name, draw), tab in zip(parts.items(), address.tabs(list(parts), FUSION_TABS), strict=True):
        if not tab.open:
            continue
        with tab:
            if name in waiting:
                st.caption(state.WAITING)
            else:
                draw()
    if st.session_state.get(FUSION_TABS) != WHAT_IF:  # known once the tabs are drawn
        what_if.forget_address()


def _asked(model: str, fuses: bool) -> tuple[str, Absent]:
    """The task, and what an absent modality counts as."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task = _task(model)
        if not fuses:
            return task, studio.ABSENT[0]
        about = {"default": next(iter(_ABSENT)), "required": True, "help": _ABSENT_HELP}
        words = "An absent modality counts as"
        names = list(_ABSENT)
        absent = address.choose(st.segmented_control, words, names, key="absent", kind="the stand-in", **about)
    return task, _ABSENT[str(absent)]


_ABSENT_HELP = (
    "What stands in where a modality is switched off, and what contributions are measured from: its mean over the "
    "training molecules, as if nothing were known of it, or zero, as if it said nothing."
)


def _task(model: str) -> str:
    card = studio.model(model).card
    names = [task.name for task in card.data.tasks] if card else []
    if len(names) < 2:
        return names[0] if names else ""
    return str(address.choose(widgets.label_picker, "Task", names, key="task", kind="the task", width=300))


def _no_fusion(choice: Choice) -> None:
    if isinstance(chosen := studio.model(choice.model), studio.Ensemble):
        words = f"{chosen.title} is an ensemble of {len(chosen.members)} models. What each of them makes of a modality:"
        st.info(literal(words), icon=":material/info:")
        model_links.others("Fusion", chosen.members, choice.data)
        return
    able = [known for known in studio.models() if state.fused(known.name)]
    words = f"Model {choice.model} has one branch, or none that predicts, so it fuses nothing. "
    if state.fused_early(choice.model):
        words = f"Model {choice.model} fuses early: its modalities were blended into one target that its one encoder "
        words += "learned from, so none can be taken out of a prediction. "
    words += "These do:" if able else "Train one from the recipes mmfrl_late or mmfrl_intermediate."
    st.info(literal(words), icon=":material/info:")
    model_links.others("Fusion", able, choice.data)
