"""Guided tour in five steps, for people on stage: from the map to a fused prediction, its weights and its subgraph.

It moves the app's own pages and shows nothing that they do not; a shipped late-fusion model is what it needs.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Model, Target, ViewRef
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, navigation, session
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import BESIDE, FUSION_TABS, MOLECULE, MOLECULE_TAB, SOUGHT, SUBGRAPH_TABS, WEIGHTS, WHAT_IF

STEP = "step"
"""What a link of the walk calls the step that it leads to, from 1."""
_AT, _PENDING = "demo", "demo/row"


@dataclass(frozen=True)
class Step:
    """Tour step: which page, what to say, whether the molecule is shown yet, and the tab that opens."""

    page: str
    title: str
    words: str
    molecule: bool = True
    tab: tuple[str, str] = ("", "")


STEPS = (
    Step(
        "Map",
        "A map of molecules",
        "Each point is one of the {n:,} molecules of {data}. The model has learned from five modalities; here it "
        "places those near each other that it takes to be alike. Point at some to see their structures.",
        molecule=False,
    ),
    Step(
        "Map",
        "One prediction",
        "The ringed point is {name}, which the model has not seen in training. It predicts {predicted}; measured was "
        "{measured}. Its card is beside the map, under Molecule.",
        tab=(BESIDE, MOLECULE_TAB),
    ),
    Step(
        "Fusion",
        "Where the prediction comes from",
        "Each modality's branch predicts (p) and says how much that counts (w). On the right, what each adds to the "
        "prediction of {name}, from the training molecules' mean on; on the left every molecule, this one a diamond.",
        tab=(FUSION_TABS, WEIGHTS),
    ),
    Step(
        "Fusion",
        "Take a modality away",
        "Pull a slider to 0: the modality is absent, and the prediction of {name} and the score of the test part move "
        "at once. Pull it to 2: it counts twice.",
        tab=(FUSION_TABS, WHAT_IF),
    ),
    Step(
        "Subgraphs",
        "The part that decides",
        "The smallest part of {name} that the model still gives {least}, drawn on the molecule; below, what "
        "each modality's branch looks at, and the atoms they agree on.",
        tab=(SUBGRAPH_TABS, MOLECULE),
    ),
)
_WORDS = "Five steps from this map to a fused prediction, its weights and its subgraph; needs no network"


@dataclass(frozen=True)
class Subject:
    """Tour subject: a model, its data set, a molecule of it, what is sought in it, and the facts of the steps."""

    model: str
    data: str
    row: int
    goal: Target
    facts: dict[str, object]


def button() -> None:
    """Tour button, the way in; nothing where no shipped model would do."""
    if st.session_state.get(_AT) is None and _model():
        _way("Show me round", ":material/tour:", 0, _WORDS)


def bar() -> None:
    """Tour bar: what the step says, and the ways on, back and out; nothing while nobody walks."""
    number = st.session_state.get(_AT)
    subject = _subject() if number is not None else None
    if number is None or subject is None:
        return
    if (row := st.session_state.pop(_PENDING, None)) is not None:
        session.choose_row(row)
    step = STEPS[number]
    with st.container(border=True, key="demo-bar"):
        words, ways = st.columns([7, 3], vertical_alignment="center")
        words.markdown(f"**{number + 1} of {len(STEPS)}: {step.title}**  \n{step.words.format(**subject.facts)}")
        with ways, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            if number:
                _way("Back", ":material/arrow_back:", number - 1)
            if number + 1 < len(STEPS):
                _way("Next", ":material/arrow_forward:", number + 1)
            st.button("End", key="demo/end", on_click=_end, type="tertiary", icon=":material/close:")


def _way(words: str, icon: str, number: int, about: str | None = None) -> None:
    navigation.link(STEPS[number].page, words, icon, about, **{STEP: str(number + 1)})


def arrive(text: str) -> None:
    """Arrange what a step shows, by its number in a link; runs before the frame draws its pickers."""
    number = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 3 else -1
    subject = _subject()
    if subject is None or not 0 <= number < len(STEPS):
        address.tell(STEP, address.lacking("the step", text, "no step" if subject else "no walk"))
        return
    if studio.lacking([ViewRef(subject.model, "")], subject.data):
        studio.start_embedding(subject.model, subject.data)  # ready when the third step asks for it
    step = STEPS[number]
    st.session_state[_AT] = number
    st.session_state["model"], st.session_state["data"] = subject.model, subject.data
    st.session_state["view"] = studio.model(subject.model).views[0]
    st.session_state[_PENDING] = subject.row if step.molecule else -1
    for key in ("smiles", "compare"):
        st.session_state.pop(key, None)
    if step.tab[0]:
        st.session_state[step.tab[0]] = step.tab[1]
    if step.page == "Subgraphs":
        _seek(subject.goal)


def _seek(goal: Target) -> None:
    """Have the Subgraphs page seek what the step tells of; its widgets are bound to the address."""
    kind = next(kind for kind, ways in studio.DIRECTIONS.items() if goal.direction in ways)
    st.session_state["label"], st.session_state[f"{SOUGHT}-{kind}"] = goal.task, goal.direction


def _end() -> None:
    st.session_state.pop(_AT, None)


def _model() -> Model | None:
    """A shipped late fusion whose data set is here, the app's first data set before others."""
    able = [m for m in studio.models() if m.shipped and m.recipe and m.recipe.summands]
    here = studio.available() if able else []
    first = studio.first_choice()[0]
    return min((m for m in able if m.data in here), key=lambda m: (m.data != first, m.name), default=None)


def _subject() -> Subject | None:
    chosen = _model()
    return _told(chosen.name, chosen.data) if chosen else None


@st.cache_data(max_entries=2, show_spinner=False)
def _told(model: str, data: str) -> Subject | None:
    """The molecule that was sought when the model was made, whose deciding part is visibly a part; else an example."""
    try:
        found = studio.shown_molecule(model, data)
        goal, _ = studio.target(model, direction=found.direction if found else "")
        goal = replace(goal, threshold=found.threshold) if found else goal
        row = found.row if found else studio.example(model, data, goal.threshold)
        card = studio.molecule_card(data, row, model)
    except MmexploreError:
        return None
    (_, measured), (_, predicted) = card.facts[:2]
    table = studio.dataset(data)
    task, side = table.tasks[0], "at most" if goal.direction == "below" else "at least"
    told = {"name": card.name or f"molecule {row + 1}", "measured": measured, "predicted": predicted}
    told |= {"least": f"{side} {goal.threshold:.3g} {task.unit}".strip(), "data": table.title}
    return Subject(model, data, row, goal, {k: literal(v) for k, v in told.items()} | {"n": len(table)})


_EXAMPLE = "A molecule of the data set that the model predicts well and has not seen in training, where there is one"


def example_button(choice: Choice) -> None:
    """Makes an example the current molecule."""
    st.button("Show an example", icon=":material/lightbulb:", help=_EXAMPLE, on_click=_choose_example, args=(choice,))


def _choose_example(choice: Choice) -> None:
    row = -1
    with suppress(MmexploreError):
        row = studio.example(choice.model, choice.data, studio.target(choice.model)[0].threshold)
    session.choose_row(row if row >= 0 else len(studio.dataset(choice.data)) // 2)
