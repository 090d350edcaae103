"""Guided tour for people on stage: map, lens, prediction, a modality taken away, the part that decides, an edit.

It moves the app's own pages and shows nothing that they do not; a shipped late-fusion model is what it needs. What its
steps show of their molecule came with that model, so that nobody waits for it. A step is a row of STEPS.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from importlib import import_module

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Model, Target, ViewRef
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, navigation, session
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import (
    BENCH,
    BENCH_BOX,
    BESIDE,
    FUSION_TABS,
    LENS,
    MOLECULE,
    MOLECULE_TAB,
    PANELS,
    PREDICT_TABS,
    SOUGHT,
    SUBGRAPH_TABS,
    WHAT_IF,
)

log = logging.getLogger(__name__)
STEP = "step"
"""What a link of the walk calls the step that it leads to, from 1."""
_AT, _PENDING = "demo", "demo/row"
_A_WHILE_SECONDS = 2.0


@dataclass(frozen=True)
class Step:
    """Tour step: which page, what to say, whether the molecule or the lens is shown, and the tab that opens."""

    page: str
    title: str
    words: str
    molecule: bool = True
    tab: tuple[str, str] = ("", "")
    lens: bool = False


STEPS = (
    Step(
        "Map",
        "A map of molecules",
        "Each point is one of the {n:,} molecules of {data}. The model has learned from {modalities} modalities; here "
        "it places those near each other that it takes to be alike. Point at some to see their structures.",
        molecule=False,
    ),
    Step(
        "Map",
        "Each modality has its own map",
        "Pull the slider above the map: each of the {modalities} modalities places the same molecules, and they move "
        "from one map to the next. Those whose neighbours change most are lit on the way, and drawn below.",
        molecule=False,
        lens=True,
    ),
    Step(
        "Map",
        "A prediction in the label's unit",
        "The ringed point is {name}, which the model has not seen in training. It predicts {predicted}; measured was "
        "{measured}. Its card is beside the map, under Molecule.",
        tab=(BESIDE, MOLECULE_TAB),
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
        "{part} of the {atoms} atoms of {name} are enough: alone the model still gives them {least}. They are drawn "
        "large, the rest is pale; below, what each modality's branch looks at, and the atoms they agree on.",
        tab=(SUBGRAPH_TABS, MOLECULE),
    ),
    Step(
        "Predict",
        "Change the molecule",
        "{name} lies on the bench. Ask the audience for an edit, type or draw it: the prediction, what each modality "
        "adds and the part that decides follow. Undo takes it back.",
        tab=(PREDICT_TABS, BENCH),
    ),
)
_WORDS = (
    "From this map through the lens to a prediction, the part that decides and an edit of your own; needs no network"
)


@dataclass(frozen=True)
class Subject:
    """Tour subject: a model, its data set, a molecule of it, what is sought in it, and the facts of the steps.

    ``parted``: a part of the molecule that decides is known; without one that step is left out.
    """

    model: str
    data: str
    row: int
    goal: Target
    facts: dict[str, object]
    parted: bool = True

    @property
    def steps(self) -> tuple[Step, ...]:
        """Steps that have something to show."""
        return tuple(step for step in STEPS if self.parted or step.page != "Subgraphs")


def button() -> None:
    """Tour button, the way in; nothing where no shipped model would do."""
    if st.session_state.get(_AT) is None and _model():
        _way("Show me round", ":material/tour:", STEPS, 0, _WORDS)


def bar() -> None:
    """Tour bar: what the step says, and the ways on, back and out; nothing while nobody walks."""
    number = st.session_state.get(_AT)
    subject = _subject() if number is not None else None
    if number is None or subject is None:
        return
    if (row := st.session_state.pop(_PENDING, None)) is not None:
        session.choose_row(row)
    steps = subject.steps
    step = steps[number]
    with st.container(border=True, key="demo-bar"):
        words, ways = st.columns([7, 3], vertical_alignment="center")
        words.markdown(f"**{number + 1} of {len(steps)}: {step.title}**  \n{step.words.format(**subject.facts)}")
        with ways, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            if number:
                _way("Back", ":material/arrow_back:", steps, number - 1)
            if number + 1 < len(steps):
                _way("Next", ":material/arrow_forward:", steps, number + 1)
            st.button("End", key="demo/end", on_click=_end, type="tertiary", icon=":material/close:")


def _way(words: str, icon: str, steps: Sequence[Step], number: int, about: str | None = None) -> None:
    navigation.link(steps[number].page, words, icon, about, **{STEP: str(number + 1)})


def arrive(text: str) -> None:
    """Arrange what a step shows, by its number in a link; runs before the frame draws its pickers."""
    number = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 3 else -1
    subject = _subject()
    if subject is None or not 0 <= number < len(subject.steps):
        address.tell(STEP, address.lacking("the step", text, "no step" if subject else "no walk"))
        return
    _prepare(subject)
    step = subject.steps[number]
    if step.molecule:
        _beforehand.submit(copy_context().run, _embed, subject)
    st.session_state[_AT] = number
    st.session_state["model"], st.session_state["data"] = subject.model, subject.data
    st.session_state["view"] = studio.model(subject.model).views[0]
    st.session_state[_PENDING] = subject.row if step.molecule else -1
    for key in ("smiles", "compare", "atoms", PANELS):
        st.session_state.pop(key, None)
    st.session_state[LENS] = step.lens
    if step.tab[0]:
        st.session_state[step.tab[0]] = step.tab[1]
    if step.page == "Subgraphs":
        _seek(subject.goal)
    if step.page == "Predict":
        st.session_state["by"] = [subject.model]
        st.session_state[BENCH_BOX] = str(studio.dataset(subject.data).smiles[subject.row])


_prepared: dict[tuple[str, str, int], "Future[None]"] = {}
_beforehand = ThreadPoolExecutor(1, thread_name_prefix="walk")


def _prepare(subject: Subject) -> None:
    """Have ready what later steps ask for, while people look at this one: its card, and the model for an edit."""
    key = (subject.model, subject.data, subject.row)
    if key not in _prepared:
        _prepared[key] = _beforehand.submit(copy_context().run, _made_ready, subject)


def _made_ready(subject: Subject) -> None:
    try:
        stops = [ViewRef(subject.model, view) for view in studio.model(subject.model).views]
        if len(stops) > 1 and (through := studio.lens(stops, subject.data, studio.first_choice()[3])):
            studio.movers(through, 0, subject.data)
        for step in subject.steps:
            import_module(f"mmexplore.ui.{step.page.lower()}.page")
        view = stops[0].view
        studio.detail(studio.query_of_row(subject.data, subject.row), subject.model, view)
        _first_chart()
        smiles = str(studio.dataset(subject.data).smiles[subject.row])
        studio.part_sizes(smiles)
        studio.read_structure(smiles, "strip")
        studio.intervals_in_words(subject.model)
        for edit in (smiles, "CCO"):  # by the second the model is loaded, and its domain known
            studio.predict_molecule([subject.model], edit)
            studio.contributions_of(subject.model, edit)
    except MmexploreError as mistake:
        log.info("the walk is not prepared: %s", mistake)


def _first_chart() -> None:
    """Have Plotly read the parts that it reads at a process's first chart."""
    from mmexplore.ui.components import charts

    charts.blank("", "", "").add_waterfall(y=[0.0]).add_hline(0.0)


def _embed(subject: Subject) -> None:
    """Have the model's space known when an edit is to be placed on its map, and leave the step's page its time."""
    time.sleep(_A_WHILE_SECONDS)
    with suppress(MmexploreError):
        if studio.lacking([ViewRef(subject.model, "")], subject.data):
            studio.start_embedding(subject.model, subject.data)


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
    part, atoms = (found.part, found.atoms) if found else (0, 0)
    told |= {"least": f"{side} {goal.threshold:.3g} {task.unit}".strip(), "data": table.title}
    facts: dict[str, object] = {k: literal(v) for k, v in told.items()}
    facts |= {"n": len(table), "part": part, "atoms": atoms, "modalities": len(studio.summands(model))}
    return Subject(model, data, row, goal, facts, parted=bool(part))


_EXAMPLE = "A molecule of the data set that the model predicts well and has not seen in training, where there is one"


def example_button(choice: Choice) -> None:
    """Makes an example the current molecule."""
    st.button("Show an example", icon=":material/lightbulb:", help=_EXAMPLE, on_click=_choose_example, args=(choice,))


def _choose_example(choice: Choice) -> None:
    row = -1
    with suppress(MmexploreError):
        row = studio.example(choice.model, choice.data, studio.target(choice.model)[0].threshold)
    session.choose_row(row if row >= 0 else len(studio.dataset(choice.data)) // 2)
